"""Two workers beside one: seconds of each trainer's whole call on a numbered corpus, in turns.

These are wall-clock seconds: the machine must have two cores to itself. Each run is a process of
its own, whose kernels are compiled before the clock starts. `times` is how much faster two workers
are; `apart`, how much more two processes of one worker each get done side by side, that have
nothing in common: what the machine has to give at that time. `cpu` is how many CPU seconds two
workers take for one of one worker. `shared` is how many times as long two threads take to change
rows that both do than rows of their own, before and after those two workers: 3 or so where the
cores share a cache, 6 or more where they do not. A virtual machine may be moved between the two.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from _measure import run_measured, versions
from _train_memory import grown
from numba import njit

CALLS = {
    "skip-gram, ns": "word2vec(corpus, {how})",
    "skip-gram, hs": 'word2vec(corpus, loss="hs", {how})',
    "skip-gram, deterministic": "word2vec(corpus, deterministic=True, {how})",
    "CBOW, ns": 'word2vec(corpus, architecture="cbow", {how})',
    "fastText": "fasttext(corpus, {how})",
    "GloVe": "glove(corpus, {how})",
    "PV-DBOW": "doc2vec(corpus, {how})",
    "PV-DM": 'doc2vec(corpus, architecture="dm", {how})',
}
SETUP = """
from inlay.text import encode_corpus
from inlay.train import doc2vec, fasttext, glove, word2vec
corpus = encode_corpus([["a", "b", "c", "d"]] * 9, min_count=1, every_text=True)
{warm}
corpus = encode_corpus({path!r}, every_text=True)
"""
TOGETHER = """
import time
from pathlib import Path
Path({ready!r}, "{number}").touch()
while len(list(Path({ready!r}).iterdir())) < 2:
    time.sleep(0.001)
"""


def rows(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """A row for each trainer: seconds of one worker and of two, and how many times as fast."""
    print(versions("numpy", "numba"), flush=True)
    with tempfile.TemporaryDirectory() as place:
        path = grown(Path(place, "corpus.txt"), args.times[0])
        for name, call in CALLS.items():
            if args.jobs and not any(text in name for text in args.jobs):
                continue
            turns = [
                _turn(call, path, f"epochs={args.epochs or 5}, seed={seed}")
                for seed in range(args.seeds)
            ]
            one, apart, two, cpu, shared = map(statistics.median, zip(*turns, strict=True))
            yield {
                "job": name,
                "who": "inlay",
                "one_s": one,
                "two_s": two,
                "times": one / two,
                "apart": 2 * one / apart,
                "cpu": cpu,
                "shared": shared,
            }


def _turn(call: str, path: Path, how: str) -> tuple[float, ...]:
    """Seconds of one worker, of two processes side by side, of two workers; and the two ratios."""

    def measured(workers: int, more: str = "") -> dict[str, Any]:
        warm = call.format(how=f"epochs=1, workers={workers}")
        setup = SETUP.format(path=str(path), warm=warm) + more
        return run_measured(call.format(how=f"{how}, workers={workers}"), setup=setup)

    one = measured(1)
    with tempfile.TemporaryDirectory() as ready, ThreadPoolExecutor(2) as pool:
        waits = [TOGETHER.format(ready=ready, number=number) for number in range(2)]
        apart = [each["wall_s"] for each in pool.map(measured, (1, 1), waits)]
    before, two, after = _shared(), measured(2), _shared()
    cpu, shared = two["cpu_s"] / one["cpu_s"], (before + after) / 2
    return one["wall_s"], sum(apart) / 2, two["wall_s"], cpu, shared


@njit(nogil=True)
def _change(rows: Any, state: Any, times: Any) -> None:
    for _ in range(times):
        state = state * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
        row = rows[(state >> np.uint64(33)) % np.uint64(len(rows))]
        for i in range(row.size):
            row[i] = row[i] * np.float32(0.999) + np.float32(0.001)


def _shared(times: int = 4_000_000) -> float:
    """How many times as long two threads take for rows that both change than for their own."""

    def seconds(matrices: list[Any]) -> float:
        begun = time.perf_counter()
        list(pool.map(_change, matrices, map(np.uint64, (1, 2)), (times, times)))
        return time.perf_counter() - begun

    with ThreadPoolExecutor(2) as pool:
        own = [np.zeros((1024, 112), np.float32) for _ in range(2)]
        _change(own[0], np.uint64(0), 1)
        return seconds([own[0]] * 2) / seconds(own)
