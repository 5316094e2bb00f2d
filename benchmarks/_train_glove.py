"""GloVe beside the original programs: counting, shuffling, training, quality.

The original is C, and no package has it: build `cooccur`, `shuffle` and `glove` of Stanford's
GloVe with `gcc -O3 -march=native -funroll-loops -pthread -lm`, and name the folder in
`INLAY_GLOVE_C`; without it, inlay is measured alone. Both read the same lower-cased file, with the
vocabulary that inlay writes for them: English Wikipedia, or the text that `--corpus` names. CPU
seconds, because the machine may be busy; our kernels are compiled before the clock starts.

Quality is printed for each `x_max`, side by side, with the loss of each epoch: medians over the
seeds, and how far apart the largest and the smallest are. Programs that know no `-seed` give the
same each time. Words that stand up to 10 places apart count, as in the paper.

Work for each pair at 100 dimensions, whose rows have 112 floats: 2,240 FLOP, and 1,792 bytes read
and as many written. `copy_gb_s` is the machine's own measure in the same process: bytes read and
written by copying 64 MB.
"""

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
WINDOW, X_MAX = 10, (100, 10)
FLOP, BYTES = 2240, 3584  # of each pair
SETUP = """
import os, tempfile, time
import numpy as np
from _measure import english_scores
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
pairs = write_cooccurrences(corpus, {pairs!r}, window={window}, workers=1)
"""
TRAIN = """
begun = clock()
corpus = encode_corpus({path!r}, tokenizer="split")
table = glove(corpus, window={window}, x_max={x_max}, epochs={epochs}, workers={workers},
              seed={seed}, callbacks=[mark])
a = np.ones(1 << 24, np.float32)
b = np.zeros_like(a)
copied = clock()
for _ in range(16):
    b[:] = a
copied = clock() - copied
"""
TRAINED = """english_scores(table) | {
    "epoch_s": (marks[-1][0] - marks[0][0]) / (len(marks) - 1),
    "epoch_wall_s": (marks[-1][1] - marks[0][1]) / (len(marks) - 1),
    "before_s": 2 * marks[0][0] - marks[1][0] - begun,
    "losses": [float(loss) for loss in table.provenance["losses"]],
    "copy_gb_s": 16 * 2 * a.nbytes / copied / 1e9}"""
VOCAB = """
from inlay.train.glove_files import write_vocab
write_vocab(encode_corpus({path!r}, tokenizer="split"), {vocab!r})
"""


def rows(args: Any) -> Iterator[dict[str, object]]:
    """Counting, then training with each `x_max`, and the peer's figures; a row each."""
    print(versions("numpy", "numba", "scipy"))
    programs = os.environ.get("INLAY_GLOVE_C")
    epochs, seeds = max(args.epochs or 15, 2), range(1, args.seeds + 1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        words = tokenised(args.corpus or CORPUS, folder / "corpus.txt", args.words)
        yield {"job": "corpus", "who": "both", "words": words, "window": WINDOW, "epochs": epochs}
        counting = _counting(folder, words)
        yield counting
        peer = None
        if programs and not args.skip_peers:
            peer = _Original(Path(programs), folder, epochs)
            yield peer.counting(counting["count_s"])
        for x_max in X_MAX:
            job = {"job": f"training, x_max {x_max}"}
            theirs = None
            if peer is not None:
                theirs = _together([peer.train(x_max, seed) for seed in seeds])
                yield job | {"who": "Stanford's C"} | theirs
            for workers in args.workers:
                runs = [_train(folder, epochs, workers, x_max, seed) for seed in seeds]
                row = _together(runs) | _rates(counting["pairs"], runs)
                if peer is not None and theirs is not None:
                    row |= {
                        "times_counting_and_shuffling": peer.before_s / row["before_s"],
                        "times_training": theirs["epoch_s"] / row["epoch_s"],
                    }
                yield job | {"who": f"inlay, {workers} worker(s)"} | row


def _together(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Medians of several runs, how far apart their scores are, and the losses of the first."""
    found: dict[str, Any] = {
        key: statistics.median(run[key] for run in runs) for key in runs[0] if key != "losses"
    }
    for key in ("mean", "analogies"):
        found[f"{key}_spread"] = max(r[key] for r in runs) - min(r[key] for r in runs)
    return found | {"losses": [round(loss, 5) for loss in runs[0]["losses"]]}


def _rates(pairs: int, runs: list[dict[str, Any]]) -> dict[str, float]:
    """What the seconds of an epoch say of each pair and of the machine."""
    epoch_s = statistics.median(run["epoch_s"] for run in runs)
    row_gb_s = pairs * BYTES / epoch_s / 1e9
    return {
        "pair_ns": epoch_s / pairs * 1e9,
        "gflop_s": pairs * FLOP / epoch_s / 1e9,
        "row_gb_s": row_gb_s,
        "row_bytes_over_copy": row_gb_s / statistics.median(run["copy_gb_s"] for run in runs),
    }


def _counting(folder: Path, words: int) -> dict[str, Any]:
    path, pairs = str(folder / "corpus.txt"), str(folder / "ours.bin")
    body = COUNT.format(path=path, pairs=pairs, window=WINDOW)
    made = run_measured(body, setup=SETUP, result="pairs")
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


def _train(folder: Path, epochs: int, workers: int, x_max: float, seed: int) -> dict[str, Any]:
    given = {"path": str(folder / "corpus.txt"), "epochs": epochs, "workers": workers}
    body = TRAIN.format(**given, window=WINDOW, x_max=x_max, seed=seed)
    made = run_measured(body, setup=SETUP, result=TRAINED)
    return made["result"] | {"peak_rss_mb": made["peak_rss_mb"]}


class _Original:
    """The C programs, which count and shuffle once, and then train as often as they are asked."""

    def __init__(self, programs: Path, folder: Path, epochs: int) -> None:
        self.programs, self.folder, self.epochs = programs, folder, epochs
        corpus, counted = folder / "corpus.txt", folder / "cooccurrence.bin"
        self.mixed = folder / "cooccurrence.shuf.bin"
        count = ["cooccur", "-memory", "4.0", "-window-size", str(WINDOW)]
        self.count_s = self._cpu(count, corpus, counted)
        self.before_s = self.count_s + self._cpu(["shuffle", "-memory", "2.0"], counted, self.mixed)
        counted.unlink()
        self.first_s: float | None = None  # of one epoch, with reading and writing

    def counting(self, ours_s: float) -> dict[str, Any]:
        row = {"job": "counting", "who": "Stanford's C", "count_s": self.count_s}
        return row | {"count_shuffle_s": self.before_s, "inlay_is_times": self.count_s / ours_s}

    def train(self, x_max: float, seed: int) -> dict[str, Any]:
        """Quality and losses; an epoch is timed by all of them less one."""
        command = ["glove", "-vector-size", "100", "-threads", "1", "-save-file", "peer"]
        command += ["-input-file", self.mixed.name, "-vocab-file", "vocab.txt", "-binary", "0"]
        command += ["-x-max", str(x_max), "-seed", str(seed)]
        if self.first_s is None:
            self.first_s = self._cpu([*command, "-iter", "1"], None, None)
        whole = self._cpu([*command, "-iter", str(self.epochs)], None, None)
        costs = (self.folder / "log").read_text().split("cost: ")[1:]
        body = f"import inlay\ntable = inlay.load({str(self.folder / 'peer.txt')!r})"
        scored = run_measured(body, setup=SETUP, result="english_scores(table)")
        return scored["result"] | {
            "epoch_s": (whole - self.first_s) / (self.epochs - 1),
            "losses": [float(cost.split()[0].rstrip(",")) for cost in costs],
        }

    def _cpu(self, command: list[str], source: Path | None, target: Path | None) -> float:
        """CPU seconds of a program, which reads and writes these files."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with (
            open(source or os.devnull, "rb") as given,
            open(target or os.devnull, "wb") as taken,
            (self.folder / "log").open("wb") as log,
        ):
            subprocess.run(
                [str(self.programs / command[0]), *command[1:]],
                stdin=given,
                stdout=taken,
                stderr=log,
                cwd=self.folder,
                check=True,
            )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
