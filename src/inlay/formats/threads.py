"""Work in blocks of fixed size, so that the number of threads cannot change a result."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from inlay.workers import available_workers

T = TypeVar("T")
R = TypeVar("R")


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
