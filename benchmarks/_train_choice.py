"""Which trainer for how much text: each on a part of the English Wikipedia, and on all of it.

WS-353, MEN and SimLex-999 are Spearman's rank correlations on the pairs that all tables hold; the
rare words of RW are asked of all that a table can give, and counted. Analogies are Google's.
"""

import argparse
import lzma
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from _measure import DATA, run_measured, versions

SOURCE = DATA / "corpus-enwiki" / "enwiki_sample.txt.xz"
PAIRS = {"WS-353": "EN-WS-353-ALL", "MEN": "EN-MEN-TR-3k", "SimLex": "EN-SIMLEX-999"}
SIZES = (5_000_000, None)  # bytes of text
EPOCHS = {5_000_000: 20, None: 5}
CALLS = {
    "word2vec, skip-gram": "word2vec(path, {how})",
    "word2vec, CBOW": 'word2vec(path, architecture="cbow", alpha=0.05, {how})',
    "fastText": "fasttext(path, {how})",
    "GloVe": "glove(path, **{how_glove!r})",
}
BODY = """
    table = inlay.train.{call}
"""
RESULT = """{{
    **{{name: word_pairs(table, str(pairs / (file + ".txt"))).spearman
        for name, file in {sets!r}.items()}},
    "RW": word_pairs(table, str(pairs / "EN-RW-STANFORD.txt")).spearman,
    "RW pairs": word_pairs(table, str(pairs / "EN-RW-STANFORD.txt")).n_pairs,
    "analogies": analogies(table, str(questions)).accuracy,
    "vocab_size": len(table), "corpus_words": table.provenance["corpus_words"],
}}"""
SETUP = """
import inlay
from pathlib import Path
from inlay.evaluate import analogies, word_pairs
path, pairs, questions = {path!r}, Path({pairs!r}), Path({questions!r})
inlay.train.{warm}
"""


def part(target: Path, size: int | None) -> Path:
    """The first `size` bytes of the corpus, in whole lines."""
    done = 0
    with lzma.open(SOURCE, "rb") as lines, target.open("wb") as out:
        for line in lines:
            done += out.write(line)
            if size is not None and done >= size:
                break
    return target


def rows(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    print(versions("numpy", "numba"), flush=True)
    with tempfile.TemporaryDirectory() as place:
        warm = Path(place) / "warm.txt"
        warm.write_text("the cat sat on the mat\n" * 50, encoding="utf-8")
        for size in SIZES:
            path = part(Path(place) / f"corpus-{size}.txt", size)
            for name, call in CALLS.items():
                yield one(name, call, path, warm, size, args)


def one(
    name: str, call: str, path: Path, warm: Path, size: int | None, args: argparse.Namespace
) -> dict[str, Any]:
    epochs = args.epochs or EPOCHS[size]
    runs = []
    for seed in range(args.seeds):
        same = {"tokenizer": "lower", "vector_size": 100, "workers": args.workers[0], "seed": seed}
        how = ", ".join(f"{key}={value!r}" for key, value in (same | {"epochs": epochs}).items())
        said = call.format(how=how, how_glove=same | {"epochs": 25, "x_max": 10})
        quick = said.replace("(path", f"({str(warm)!r}").replace(f"epochs={epochs}", "epochs=1")
        answer = run_measured(
            BODY.format(call=said),
            setup=SETUP.format(
                path=str(path),
                pairs=str(DATA / "eval-wordsim-en"),
                questions=str(DATA / "eval-analogy-en" / "questions-words.txt"),
                warm=quick,
            ),
            result=RESULT.format(sets=PAIRS),
        )
        runs.append(answer["result"] | {"cpu_s": answer["cpu_s"], "peak": answer["peak_rss_mb"]})
    scores = [run["WS-353"] for run in runs]
    middle = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
    return {
        "job": f"{path.stat().st_size / 1e6:.0f} MB of text, {middle['corpus_words']:,.0f} words",
        "who": name,
        "CPU s": round(middle["cpu_s"], 1),
        "peak MB": round(middle["peak"]),
        **{key: round(middle[key], 3) for key in (*PAIRS, "RW", "analogies")},
        "RW pairs": round(middle["RW pairs"]),
        "spread of WS-353": round(max(scores) - min(scores), 3),
    }
