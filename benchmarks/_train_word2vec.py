"""word2vec beside gensim and Mikolov's program: words a CPU second, and whether they are as good.

A word is a word of the file, thinned out or not, once an epoch. Seconds are CPU seconds of training
in one thread (so wall-clock ones of workers do not count the machine's other work), each run in a
process of its own, the peers in turn with ours; kernels are compiled before the clock starts.
`WORD2VEC_C` names Mikolov's program, compiled with `gcc -O3 -march=native -funroll-loops`; what it
takes to read its vocabulary and to fill its table of noise words is taken off.

The operations of a kept word are counted from the kernel's formulas (products and sums of numbers,
each by itself), for windows of 3 in the mean and 8 noise words a block; `share` is how much of what
one core does in registers alone (`_core.py`) is reached.
"""

import argparse
import os
import resource
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from _core import core_rate
from _measure import run_measured, versions
from skipgram import CLOCK, CORPUS, tokenised
from wordsim import agreement

# Name, what inlay is called with, gensim's, Mikolov's, and operations of a kept word for each of
# its numbers and for a path of L nodes.
KINDS: dict[str, tuple[dict[str, Any], dict[str, Any], str, Any]] = {
    "skip-gram, ns": ({}, {"sg": 1}, "-cbow 0", lambda path: 2 * 3 * (8 * 14 / 8 + 6)),
    "skip-gram, ns, deterministic": (
        {"deterministic": True},
        {"sg": 1},
        "-cbow 0",
        lambda path: 2 * 3 * (8 * 14 / 8 + 6),
    ),
    "CBOW, ns": (
        {"architecture": "cbow"},
        {"sg": 0},
        "-cbow 1",
        lambda path: 2 * 3 * 9 + 2 * (2 * 14 / 8 + 3),
    ),
    "skip-gram, hs": (
        {"loss": "hs"},
        {"sg": 1, "hs": 1, "negative": 0},
        "-cbow 0 -hs 1 -negative 0",
        lambda path: 2 * 6 * (3 * path + 1),
    ),
    "CBOW, hs": (
        {"architecture": "cbow", "loss": "hs"},
        {"sg": 0, "hs": 1, "negative": 0},
        "-cbow 1 -hs 1 -negative 0",
        lambda path: 2 * (3 * path + 12),
    ),
    "skip-gram, exact": (
        {"exact": True},
        {"sg": 1},
        "-cbow 0",
        lambda path: 2 * 6 * (3 * 6 + 1),
    ),
    "CBOW, exact": (
        {"architecture": "cbow", "exact": True},
        {"sg": 0},
        "-cbow 1",
        lambda path: 2 * (3 * 6 + 12),
    ),
}
SIZES = ((100, 1e-4), (100, 1e-3), (300, 1e-4), (300, 1e-3))

INLAY = """
corpus = encode_corpus({path!r})
begun = time.process_time()
table = word2vec(corpus, vector_size={dim}, sample={sample}, epochs={epochs}, seed={seed},
                 workers=1, **{given!r})
train_s = time.process_time() - begun
tokens, vectors, counts = table.index_to_key, table.vectors, np.array(table.counts)
"""
GENSIM = """
model = Word2Vec(vector_size={dim}, sample={sample}, epochs={epochs}, seed={seed}, workers=1,
                 **{given!r})
model.build_vocab(corpus_file={path!r})
begun = time.process_time()
model.train(corpus_file={path!r}, total_words=model.corpus_total_words,
            total_examples=model.corpus_count, epochs={epochs})
train_s = time.process_time() - begun
tokens, vectors = model.wv.index_to_key, model.wv.vectors
counts = np.array([0])
"""
SETUP = {
    "inlay": CLOCK
    + "import numpy as np\nfrom inlay.text import encode_corpus\nfrom inlay.train import word2vec\n"
    + "word2vec(['a b c d'] * 9, min_count=1, vector_size={dim}, workers=1, **{given!r})",
    "gensim": CLOCK + "import numpy as np\nfrom gensim.models import Word2Vec",
}
RESULT = "agreement(tokens, vectors) | {'train_s': train_s, 'counts': counts.tolist()}"


def run(who: str, **values: Any) -> dict[str, Any]:
    body = INLAY if who == "inlay" else GENSIM
    setup = SETUP[who].format(**values)
    answer: dict[str, Any] = run_measured(body.format(**values), setup=setup, result=RESULT)
    return answer["result"] | {"peak_mb": answer["peak_rss_mb"]}


def run_original(program: str, path: Path, flags: str, **values: Any) -> dict[str, Any]:
    """Mikolov's program on the same file, with its vocabulary counted before."""
    words, vectors, line = (path.with_suffix(end) for end in (".vocab", ".vec", ".line"))
    if not words.exists():
        subprocess.run(
            [program, "-train", path, "-save-vocab", words], check=True, stdout=subprocess.DEVNULL
        )
        line.write_text("the\n")
    seconds = []
    for file in (line, path):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [program, "-train", file, "-read-vocab", words, "-output", vectors, "-threads"]
        command += ["1", "-size", str(values["dim"]), "-sample", str(values["sample"])]
        command += ["-iter", str(values["epochs"]), "-alpha", "0.025", *flags.split()]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    with vectors.open(encoding="utf-8") as lines:
        next(lines)
        fields = [line.split() for line in lines]
    found = agreement([f[0] for f in fields], np.array([f[1:] for f in fields], np.float32))
    return found | {"train_s": seconds[1] - seconds[0]}


def kept_share(counts: np.ndarray, sample: float) -> float:
    """The share of words that are left when frequent ones are thinned out."""
    ratio = sample * counts.sum() / counts
    return float((counts * np.minimum(np.sqrt(ratio) + ratio, 1)).sum() / counts.sum())


def path_length(counts: np.ndarray, sample: float) -> float:
    """How many nodes the path of a kept word has in the mean."""
    from inlay.kernels.huffman import make_tree

    ratio = sample * counts.sum() / counts
    kept = counts * np.minimum(np.sqrt(ratio) + ratio, 1)
    return float((np.diff(make_tree(counts).starts) * kept).sum() / kept.sum())


def rows(args: argparse.Namespace) -> Iterator[dict[str, object]]:
    """Each kind and size: words a CPU second and the mean rho; medians over the seeds."""
    print(versions("numpy", "numba", "gensim", "scipy"))
    epochs, program, peak = args.epochs or 5, os.environ.get("WORD2VEC_C"), core_rate()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "corpus.txt")
        words = tokenised(CORPUS, path, args.words) * epochs
        print(f"{words // epochs:,} words, {epochs} epochs, {args.seeds} seeds (medians)")
        for name, (ours, theirs, flags, operations) in KINDS.items():
            for dim, sample in SIZES:
                job = f"{name}, {dim} dimensions, sample {sample:g}"
                if args.jobs and not any(text in job for text in args.jobs):
                    continue
                common = {"path": str(path), "dim": dim, "sample": sample, "epochs": epochs}
                runs: dict[str, list[dict[str, Any]]] = {}
                for seed in range(1, args.seeds + 1):
                    if not args.skip_peers:
                        found = run("gensim", given=theirs, seed=seed, **common)
                        runs.setdefault("gensim", []).append(found)
                        if program and seed == 1:  # it knows no seed: one result
                            found = run_original(program, flags=flags, **common | {"path": path})
                            runs.setdefault("word2vec.c", []).append(found)
                    runs.setdefault("inlay", []).append(
                        run("inlay", given=ours, seed=seed, **common)
                    )
                counts = np.array(runs["inlay"][0]["counts"])
                flop = operations(path_length(counts, sample)) * dim * kept_share(counts, sample)
                speeds = {
                    who: words / statistics.median(r["train_s"] for r in each)
                    for who, each in runs.items()
                }
                for who, each in runs.items():
                    rho = [r["mean"] for r in each]
                    row: dict[str, object] = {
                        "job": job,
                        "who": who,
                        "words_per_cpu_s": speeds[who],
                        "rho": statistics.median(rho),
                        "spread": max(rho) - min(rho),
                    }
                    if who == "inlay":
                        row |= {
                            "flop_per_word": flop,
                            "share": flop * speeds[who] / peak,
                            "peak_mb": each[0]["peak_mb"],
                        }
                    else:
                        row |= {"inlay_is_times": speeds["inlay"] / speeds[who]}
                    yield row
