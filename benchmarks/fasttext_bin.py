"""Open a model of fastText (.bin): inlay beside fastText itself and gensim, in one run.

    python benchmarks/fasttext_bin.py [--words 100000] [--bucket 200000] [--dim 100] [--repeat 3]

The model is made here: random rows, and words of 3 to 12 letters, with n-grams of 3 to 6. Each
reader runs in a process of its own, after its imports, on a file that is in the page cache; the
least of the repeats counts. For inlay, a small model is loaded before, which loads the kernels.
"unseen" composes the vectors of 1,000 words that are not in the model after opening it, and
"matrix" makes those of all words, which fastText and gensim do for none and for all. Private memory
is what only the process can free: pages of a mapped file are the page cache's. Targets: at most
1/3 of the CPU seconds of fastText's load_model and half its memory, 1.1 x the file at most.
"""

import argparse
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from _measure import run_measured, versions

from inlay import Table, save
from inlay.core import Tokens
from inlay.core.subwords import Ngrams, Subwords

LETTERS = np.frombuffer(b"etaoinshrdlucmfwypvbgkjqxz", np.uint8)
UNSEEN = "; words = ['unseen%dword' % i for i in range(1000)]"
INLAY = "import inlay; inlay.load({tiny!r})['unseen']"
READERS = {
    "inlay": (INLAY, "table = inlay.load({path!r})", "table.shape"),
    "inlay, unseen": (INLAY + UNSEEN, "v = inlay.load({path!r})[words]", "v.shape"),
    "inlay, matrix": (INLAY, "table = inlay.load({path!r}); table.matrix", "table.shape"),
    "fasttext": (
        "import fasttext",
        "model = fasttext.load_model({path!r})",
        "model.get_input_matrix().shape",
    ),
    "fasttext, unseen": (
        "import fasttext" + UNSEEN,
        "m = fasttext.load_model({path!r}); v = [m.get_word_vector(word) for word in words]",
        "len(v)",
    ),
    "gensim": (
        "from gensim.models.fasttext import load_facebook_vectors",
        "vectors = load_facebook_vectors({path!r})",
        "vectors.vectors.shape",
    ),
}


def make_model(path: Path, words: int, bucket: int, dim: int) -> None:
    """A model of random rows."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(3, 13, words)
    letters = LETTERS[rng.integers(0, len(LETTERS), int(lengths.sum()))].tobytes().decode()
    ends = np.cumsum(lengths).tolist()
    names = [f"{letters[a:b]}{i}" for i, (a, b) in enumerate(zip([0, *ends], ends, strict=False))]
    rows = rng.standard_normal((words + bucket, dim), np.float32)
    table = Table._unchecked(
        Tokens.from_list(names),
        rows[:words],
        counts=np.arange(words, 0, -1),
        subwords=Subwords(Ngrams(3, 6, bucket), rows[words:]),
    )
    save(table, path, format="fasttext")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--words", type=int, default=100_000)
    parser.add_argument("--bucket", type=int, default=200_000)
    parser.add_argument("--dim", type=int, default=100)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    there = {"inlay"} | {name for name in ("fasttext", "gensim") if find_spec(name)}
    readers = [name for name in READERS if name.split(",")[0] in there]
    print(versions("numpy", "numba", "fasttext", "gensim"))
    with tempfile.TemporaryDirectory() as folder:
        path, tiny = Path(folder, "model.bin"), Path(folder, "tiny.bin")
        make_model(path, options.words, options.bucket, options.dim)
        make_model(tiny, 1000, 100, 8)
        size = path.stat().st_size / 2**20
        shape = f"{options.words} words, {options.bucket} buckets x {options.dim}"
        print(f"{shape}: {size:.0f} MB")
        path.read_bytes()
        runs: dict[str, list[dict[str, Any]]] = {name: [] for name in readers}
        for _ in range(options.repeat):
            for name in readers:  # in turn, so that a busy machine is busy for all
                texts = (text.format(path=str(path), tiny=str(tiny)) for text in READERS[name])
                setup, body, result = texts
                runs[name].append(run_measured(body, setup=setup, result=result))
    least = {name: min(done, key=lambda run: run["cpu_s"]) for name, done in runs.items()}
    for name, run in least.items():
        spread = ", ".join(f"{other['cpu_s']:.2f}" for other in runs[name])
        private = run["private_peak_added_mb"]
        print(
            f"{name:18} CPU {run['cpu_s']:6.2f} s (runs: {spread}); wall {run['wall_s']:.2f} s; "
            f"private {private:.0f} MB, {private / size:.2f} x the file; all pages, imports too, "
            f"{run['peak_rss_mb']:.0f} MB"
        )
    for name in readers:
        if not name.startswith("inlay"):
            mine = least[name.replace(name.split(",")[0], "inlay")]
            print(f"inlay / {name}: CPU {mine['cpu_s'] / least[name]['cpu_s']:.3f}")


if __name__ == "__main__":
    main()
