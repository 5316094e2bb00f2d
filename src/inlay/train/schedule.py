"""Pieces of work over threads, with progress and a clean stop."""

import itertools
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from inlay.jobs.progress import Progress

MASK = 2**64 - 1


def seed_of(seed: int, piece: int) -> np.uint64:
    """A seed for each piece of work, alike in no bit (the mixer of SplitMix64)."""
    x = (seed * 0xD1342543DE82EF95 + (piece + 1) * 0x9E3779B97F4A7C15) & MASK
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & MASK
    x = (x ^ x >> 27) * 0x94D049BB133111EB & MASK
    return np.uint64(x ^ x >> 31)


def run_pieces(
    work: Callable[[int, Any], int], n: int, scratches: Sequence[Any], report: Progress
) -> None:
    """Call `work(piece, scratch)` for every piece below `n`, a thread for each scratch.

    Pieces are begun in order. `work` returns the units it has done; it should release the GIL.
    With one scratch all happens in this thread. An exception, Ctrl-C among them, stops every
    thread after its present piece and is raised here.
    """
    if len(scratches) == 1:
        for piece in range(n):
            report.update(work(piece, scratches[0]))
        return
    order, lock = itertools.count(), threading.Lock()
    failures: list[BaseException] = []
    stop = threading.Event()

    def loop(scratch: Any) -> None:
        try:
            while not stop.is_set() and (piece := next(order)) < n:
                done = work(piece, scratch)
                with lock:
                    report.update(done)
        except BaseException as error:  # raised again by the caller's thread
            failures.append(error)
            stop.set()

    threads = [threading.Thread(target=loop, args=(scratch,)) for scratch in scratches]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        stop.set()
        for thread in threads:
            if thread.ident is not None:
                thread.join()
    if failures:
        raise failures[0]
