"""How many threads there are, and work in blocks of fixed size: their number changes no result."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from inlay.errors import ArgumentError

T = TypeVar("T")
R = TypeVar("R")


def available_workers(workers: int | None = None) -> int:
    """The number of threads to use; None: the processors that this process may run on.

    Raises:
        ArgumentError: Less than one.
    """
    if workers is None:
        if hasattr(os, "sched_getaffinity"):
            return len(os.sched_getaffinity(0))
        return os.cpu_count() or 1
    if workers < 1:
        raise ArgumentError("workers", expected="at least 1, or None for all", got=str(workers))
    return workers


def thread_count() -> int:
    """The cores this process may use, at most 8: beyond that, memory is the limit."""
    return min(available_workers(), 8)


def in_order(
    pool: ThreadPoolExecutor, work: Callable[[T], R], items: Iterable[T], ahead: int
) -> Iterator[R]:
    """`map` by a pool that never holds more than `ahead` results."""
    waiting: deque[Future[R]] = deque()
    for item in items:
        if len(waiting) == ahead:
            yield waiting.popleft().result()
        waiting.append(pool.submit(work, item))
    while waiting:
        yield waiting.popleft().result()
