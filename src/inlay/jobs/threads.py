"""Threads: how many there are, and work for them in pieces, which ends cleanly.

An error in a thread is raised in the caller. An error there or here, Ctrl-C among them, drops the
pieces that no thread has begun and waits for the others: when it arrives, no thread is left.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from queue import SimpleQueue
from typing import Any, TypeVar

from inlay.checks import whole

T = TypeVar("T")
R = TypeVar("R")
Spread = Callable[[Callable[[int], object], int], None]


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
    work: Callable[[T, Any], object], pieces: Iterable[T], scratches: Sequence[Any]
) -> None:
    """Call `work(piece, scratch)` for every piece, in a thread for each scratch.

    Pieces are taken in order, by one thread at a time, so they may come from a generator, which
    may also end early. `work` should release the GIL. Even one scratch has a thread, so that
    Ctrl-C interrupts no piece: when it arrives, all that were taken have ended.
    """
    order, taking, stop = iter(pieces), threading.Lock(), threading.Event()
    # A thread that Ctrl-C finds half started would be waited for by nobody.
    all_there = threading.Event()

    def loop(scratch: Any) -> None:
        all_there.wait()
        while True:
            with taking:
                if stop.is_set():
                    return
                try:
                    piece = next(order)
                except StopIteration:
                    return
            work(piece, scratch)

    with Pool(len(scratches)) as pool:
        try:
            loops = [pool.submit(loop, scratch) for scratch in scratches]
            all_there.set()
            for ended in as_completed(loops):
                ended.result()
        finally:
            stop.set()
            all_there.set()


def run_rounds(
    work: Callable[[T, Any], R],
    settle: Callable[[list[R], Spread], object],
    rounds: Iterable[Iterable[T]],
    scratches: Sequence[Any],
) -> None:
    """For every round, `settle` what `work(piece, scratch)` returned for each of its pieces.

    The pieces of a round are worked on in as many threads as there are scratches, and are settled
    in their order when all have ended. Ctrl-C interrupts no round.

    Args:
        work: For one piece; it should release the GIL, and change nothing that others read.
        settle: Gets the results of a round, and a function `spread(part, n)` that calls `part(i)`
            for each i below n, in the same threads.
        rounds: The pieces of each round.
        scratches: One for each thread.
    """
    crew, stop, is_there = _Crew(scratches), threading.Event(), threading.Event()

    def round_of(pieces: list[T]) -> list[R]:
        results: list[Any] = [None] * len(pieces)

        def one(i: int, scratch: Any) -> None:
            results[i] = work(pieces[i], scratch)

        crew.each(one, len(pieces))
        return results

    def spread(part: Callable[[int], object], n: int) -> None:
        crew.each(lambda i, _: part(i), n)

    def drive() -> None:
        is_there.wait()
        order = iter(rounds)
        try:
            while not stop.is_set() and (pieces := next(order, None)) is not None:
                settle(round_of(list(pieces)), spread)
        finally:
            crew.leave()

    with Pool(len(scratches)) as pool:
        try:
            driving = pool.submit(drive)
            for helper in range(len(scratches) - 1):
                pool.submit(crew.help, helper)
            is_there.set()
            driving.result()
        finally:
            stop.set()
            is_there.set()


class _Crew:
    """Threads that wait for the next thing to do: the caller's own is the first of them.

    Pieces of a round may take a fifth of a millisecond, as long as a pool takes to hand one out.
    """

    def __init__(self, scratches: Sequence[Any]) -> None:
        self._scratches, self._taking = scratches, threading.Lock()
        self._told: list[SimpleQueue[Any]] = [SimpleQueue() for _ in scratches[1:]]
        self._ended: SimpleQueue[None] = SimpleQueue()

    def each(self, work: Callable[[int, Any], object], n: int) -> None:
        """Call `work(i, scratch)` for each i below n, and return when all have ended."""
        order, errors = iter(range(n)), list[BaseException]()
        for told in self._told:
            told.put((work, order, errors))
        self._take(work, order, errors, self._scratches[0])
        for _ in self._told:
            self._ended.get()
        if errors:
            raise errors[0]

    def help(self, helper: int) -> None:
        """Be one of the others, until `leave`."""
        while (task := self._told[helper].get()) is not None:
            work, order, errors = task
            self._take(work, order, errors, self._scratches[1 + helper])
            self._ended.put(None)

    def leave(self) -> None:
        """Let the others go."""
        for told in self._told:
            told.put(None)

    def _take(
        self,
        work: Callable[[int, Any], object],
        order: Iterator[int],
        errors: list[BaseException],
        scratch: Any,
    ) -> None:
        try:
            while not errors:
                with self._taking:
                    i = next(order, None)
                if i is None:
                    return
                work(i, scratch)
        except BaseException as error:
            errors.append(error)
