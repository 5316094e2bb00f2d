"""Threads: how many there are, and work for them in pieces, which ends cleanly.

An error in a thread is raised in the caller. An error there or here, Ctrl-C among them, drops the
pieces that no thread has begun and waits for the others: when it arrives, no thread is left.
"""

import itertools
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from typing import Any, TypeVar

from inlay.checks import whole
from inlay.jobs.progress import Progress

T = TypeVar("T")
R = TypeVar("R")


def available_workers(workers: int | None = None) -> int:
    """The number of threads to use; None: the processors that this process may run on.

    Raises:
        ArgumentTypeError: No whole number.
        ArgumentError: Less than one.
    """
    if workers is not None:
        return whole("workers", workers)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def thread_count() -> int:
    """The cores this process may use, at most 8: beyond that, memory is the limit."""
    return min(available_workers(), 8)


def lock() -> "threading.Lock":
    """What only one thread at a time may hold: `with lock:`. It cannot be copied or pickled."""
    return threading.Lock()


class Pool(ThreadPoolExecutor):
    """Threads for the time of a `with` block: when it ends, they have ended.

    Work that has not begun by then is dropped, so take the results inside the block.
    """

    def __exit__(self, *error: object) -> None:
        self.shutdown(cancel_futures=True)

    def in_order(self, work: Callable[[T], R], items: Iterable[T], ahead: int) -> Iterator[R]:
        """`map` that never holds more than `ahead` results, for items of any number."""
        waiting: deque[Future[R]] = deque()
        for item in items:
            if len(waiting) == ahead:
                yield waiting.popleft().result()
            waiting.append(self.submit(work, item))
        while waiting:
            yield waiting.popleft().result()


def run_pieces(
    work: Callable[[int, Any], int], n: int, scratches: Sequence[Any], report: Progress
) -> None:
    """Call `work(piece, scratch)` for every piece below `n`, a thread for each scratch.

    Pieces are begun in order. `work` returns the units it has done; it should release the GIL.
    With one scratch all happens in this thread.
    """
    if len(scratches) == 1:
        for piece in range(n):
            report.update(work(piece, scratches[0]))
        return
    order, lock, stop = itertools.count(), threading.Lock(), threading.Event()

    def loop(scratch: Any) -> None:
        while not stop.is_set() and (piece := next(order)) < n:
            done = work(piece, scratch)
            with lock:
                report.update(done)

    with Pool(len(scratches)) as pool:
        try:
            for ended in as_completed([pool.submit(loop, scratch) for scratch in scratches]):
                ended.result()
        finally:
            stop.set()
