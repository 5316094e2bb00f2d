"""GloVe beside the original programs: counting, shuffling, training, quality.

The original is C, and no package has it: build `cooccur`, `shuffle` and `glove` of Stanford's
GloVe with `gcc -O3 -march=native -funroll-loops -pthread -lm`, and name the folder in
`INLAY_GLOVE_C`; without it, inlay is measured alone. Both read the same lower-cased file, with the
vocabulary that inlay writes for them. CPU seconds, because the machine may be busy; our kernels are
compiled before the clock starts.

Work for each pair at 100 dimensions, whose rows have 112 floats: 2,240 FLOP, and 1,792 bytes read
and as many written. `copy_gb_s` is the machine's own measure in the same process: bytes read and
written by copying 64 MB.
"""

import json
import os
import resource
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from _measure import DATA, run_measured, versions
from skipgram import tokenised

CORPUS = DATA / "corpus-enwiki" / "enwiki_sample.txt.xz"
FLOP, BYTES = 2240, 3584  # of each pair
SETUP = """
import os, tempfile, time
import numpy as np
from wordsim import agreement
from inlay.text import encode_corpus
from inlay.train import glove
from inlay.train.glove_files import write_cooccurrences
few = encode_corpus(
    [["a", "b"]], min_count=1)
glove(few, vector_size=100, epochs=1, workers=1)
with tempfile.TemporaryDirectory() as folder:
    write_cooccurrences(few, os.path.join(folder, "x"), workers=1)
    path = os.path.join(folder, "few.txt")
    open(path, "w").write("a b")
    encode_corpus(path, min_count=1, tokenizer="split")
clock, marks = time.process_time, []
def mark(epoch):
    marks.append((clock(), time.perf_counter()))
"""
COUNT = """
corpus = encode_corpus({path!r}, tokenizer="split")
pairs = write_cooccurrences(corpus, {pairs!r}, workers=1)
"""
TRAIN = """
begun = clock()
corpus = encode_corpus({path!r}, tokenizer="split")
table = glove(corpus, epochs={epochs}, workers={workers}, seed={seed}, callbacks=[mark])
a = np.ones(1 << 24, np.float32)
b = np.zeros_like(a)
copied = clock()
for _ in range(16):
    b[:] = a
copied = clock() - copied
"""
TRAINED = """agreement(table.index_to_key, table.vectors) | {
    "epoch_s": (marks[-1][0] - marks[0][0]) / (len(marks) - 1),
    "epoch_wall_s": (marks[-1][1] - marks[0][1]) / (len(marks) - 1),
    "before_s": 2 * marks[0][0] - marks[1][0] - begun,
    "loss": table.provenance["losses"][-1],
    "copy_gb_s": 16 * 2 * a.nbytes / copied / 1e9}"""
VOCAB = """
from inlay.train.glove_files import write_vocab
write_vocab(encode_corpus({path!r}, tokenizer="split"), {vocab!r})
"""


def rows(args: Any) -> Iterator[dict[str, object]]:
    """Counting, training and the peer's figures; a row each."""
    print(versions("numpy", "numba", "scipy"))
    programs = os.environ.get("INLAY_GLOVE_C")
    epochs = max(args.epochs or 15, 2)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        words = tokenised(CORPUS, folder / "corpus.txt", args.words)
        yield {"job": "corpus", "who": "both", "words": words, "epochs": epochs}
        ours = _counting(folder, words)
        yield ours
        peer = None
        if programs and not args.skip_peers:
            peer = _original(Path(programs), folder, epochs)
            yield peer
        for workers in args.workers:
            seeds = range(1, args.seeds + 1)
            runs = [_train(folder, epochs, workers, seed) for seed in seeds]
            row = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
            means = [run["mean"] for run in runs]
            n = ours["pairs"]
            row |= {
                "mean_spread": max(means) - min(means),
                "pair_ns": row["epoch_s"] / n * 1e9,
                "gflop_s": n * FLOP / row["epoch_s"] / 1e9,
                "row_gb_s": n * BYTES / row["epoch_s"] / 1e9,
            }
            row["row_bytes_over_copy"] = row["row_gb_s"] / row["copy_gb_s"]
            if peer is not None:
                row |= {
                    "times_counting": peer["count_s"] / ours["count_s"],
                    "times_counting_and_shuffling": (peer["count_s"] + peer["shuffle_s"])
                    / row["before_s"],
                    "times_training": peer["epoch_s"] / row["epoch_s"],
                }
            yield {"job": "training", "who": f"inlay, {workers} worker(s)"} | row


def _counting(folder: Path, words: int) -> dict[str, Any]:
    path, pairs = str(folder / "corpus.txt"), str(folder / "ours.bin")
    made = run_measured(COUNT.format(path=path, pairs=pairs), setup=SETUP, result="pairs")
    run_measured(VOCAB.format(path=path, vocab=str(folder / "vocab.txt")), setup=SETUP, result="0")
    (folder / "ours.bin").unlink()
    return {
        "job": "counting",
        "who": "inlay",
        "pairs": made["result"],
        "count_s": made["cpu_s"],
        "words_s": words / made["cpu_s"],
        "peak_rss_mb": made["peak_rss_mb"],
    }


def _train(folder: Path, epochs: int, workers: int, seed: int) -> dict[str, float]:
    body = TRAIN.format(path=str(folder / "corpus.txt"), epochs=epochs, workers=workers, seed=seed)
    made = run_measured(body, setup=SETUP, result=TRAINED)
    return made["result"] | {"peak_rss_mb": made["peak_rss_mb"]}


def _cpu(command: list[str], source: Path | None, target: Path | None, folder: Path) -> float:
    """CPU seconds of a program, which reads and writes these files."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with (
        open(source or os.devnull, "rb") as given,
        open(target or os.devnull, "wb") as taken,
        (folder / "log").open("wb") as log,
    ):
        subprocess.run(command, stdin=given, stdout=taken, stderr=log, cwd=folder, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _original(programs: Path, folder: Path, epochs: int) -> dict[str, Any]:
    """The three programs in turn; training is timed by two epochs less one, and then to the end."""
    counted, mixed = folder / "cooccurrence.bin", folder / "cooccurrence.shuf.bin"
    count_s = _cpu(
        [str(programs / "cooccur"), "-memory", "4.0"], folder / "corpus.txt", counted, folder
    )
    shuffle_s = _cpu([str(programs / "shuffle"), "-memory", "2.0"], counted, mixed, folder)
    train = [str(programs / "glove"), "-vector-size", "100", "-threads", "1", "-save-file", "peer"]
    train += ["-input-file", mixed.name, "-vocab-file", "vocab.txt", "-binary", "0"]
    first = _cpu([*train, "-iter", "1"], None, None, folder)
    whole = _cpu([*train, "-iter", str(epochs)], None, None, folder)
    loss = float((folder / "log").read_text().rsplit("cost: ")[-1].split()[0].rstrip(","))
    body = f"import inlay\ntable = inlay.load({str(folder / 'peer.txt')!r})"
    scored = run_measured(body, setup=SETUP, result="agreement(table.index_to_key, table.vectors)")
    found = {"job": "training", "who": "Stanford's C", "count_s": count_s, "shuffle_s": shuffle_s}
    found |= {"epoch_s": (whole - first) / (epochs - 1), "loss": loss}
    return found | json.loads(json.dumps(scored["result"]))
