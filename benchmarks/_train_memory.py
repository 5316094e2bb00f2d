"""Memory of each trainer as the corpus grows: the English Wikipedia sample, once and ten times.

Each copy has rare words of its own, as more text has: a new one on every tenth line. `beyond` is
the memory in no file at its highest, less that of an idle process, less the rows that are trained.
Pages of the numbered corpus are those of a temporary file, which the system takes back when it
wants them. An epoch is trained; CPU seconds are those of numbering and training.
"""

import argparse
import lzma
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from _measure import run_measured, versions
from _train_choice import SOURCE

CALLS = {
    "word2vec, skip-gram": "word2vec({path!r}, {how})",
    "word2vec, CBOW": 'word2vec({path!r}, architecture="cbow", {how})',
    "fastText": "fasttext({path!r}, {how})",
    "GloVe": "glove({path!r}, {how})",
    "PV-DBOW": "doc2vec({path!r}, {how})",
}
# MB of the rows that are trained, of 100 numbers in 112; of GloVe those of AdaGrad among them.
SIZE = """
def size(made):
    if {name!r} == "PV-DBOW":
        rows = len(made.documents) + len(made.outputs)
    elif {name!r} == "fastText":
        rows = 2 * len(made) + len(made._subwords.rows)  # words, as they are predicted, n-grams
    else:
        rows = len(made) * (4 if {name!r} == "GloVe" else 2)
    return rows * 112 * 4 / 2**20
"""


def rows(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """A row for each trainer and size of the corpus."""
    print(versions("numpy", "numba"), flush=True)
    with tempfile.TemporaryDirectory() as place:
        warm = Path(place, "warm.txt")
        warm.write_text("the cat sat on the mat\n" * 50, "utf-8")
        for times in args.times:
            path = grown(Path(place, "corpus.txt"), times)
            for name, call in CALLS.items():
                if args.jobs and not any(text in name for text in args.jobs):
                    continue
                yield one(name, call, path, warm, args.workers[0])


def grown(path: Path, times: int) -> Path:
    """The corpus so many times, each time with rare words of its own."""
    with lzma.open(SOURCE, "rt", encoding="utf-8") as file:
        lines = file.read().lower().splitlines()
    with path.open("w", encoding="utf-8", newline="\n") as out:
        for copy in range(times):
            for number, line in enumerate(lines):
                out.write(f"{line} w{copy}x{number}\n" if number % 10 == 0 else line + "\n")
    return path


def one(name: str, call: str, path: Path, warm: Path, workers: int) -> dict[str, Any]:
    """Train once."""
    how = f"epochs=1, workers={workers}, tokenizer='split'"
    first = call.format(path=str(warm), how=how + ", min_count=1")
    setup = f"import inlay\n{SIZE.format(name=name)}\ninlay.train.{first}"
    answer = run_measured(
        f"made = inlay.train.{call.format(path=str(path), how=how)}",
        setup=setup,
        result="size(made)",
    )
    added, model = answer["private_peak_added_mb"], answer["result"]
    return {
        "job": f"{path.stat().st_size / 1e6:,.0f} MB of text",
        "who": name,
        "peak_mb": added,
        "model_mb": round(model),
        "beyond_mb": round(added - model),
        "cpu_s": answer["cpu_s"],
    }
