"""Copies of the rows that all threads change all the time, a set for each thread."""

from inlay.aliases import Array
from inlay.jobs.threads import lock


class Replicas:
    """A matrix some of whose rows each thread changes in copies of its own.

    The copies stand behind the rows of the model, in the same array, so that a kernel finds them by
    their numbers. A thread takes the rows at the beginning of a piece, and adds what it changed at
    its end: these are learned as in pieces apart, and all others by all threads at once.

    Args:
        n: Rows of the model.
        row: Floats from one to the next.
        hot: How many of them are copied.
        threads: How many threads there are to be.
        first: The first that is copied.

    Attributes:
        whole: float32, flat: the model, and behind it the copies.
        matrix: That part of it which is the model.
    """

    def __init__(self, n: int, row: int, hot: int, threads: int, first: int = 0) -> None:
        from inlay.kernels.rows import aligned_zeros

        self.n, self.row, self.hot, self.first = n, row, hot, first
        self.whole: Array = aligned_zeros((n + threads * hot) * row)
        self.matrix: Array = self.whole[: n * row]
        self._before: dict[int, Array] = {}
        self._lock = lock()

    def add(self) -> int:
        """How much higher the numbers of the copies of one more thread are."""
        from inlay.kernels.rows import aligned_zeros

        by = self.n - self.first + len(self._before) * self.hot
        self._before[by] = aligned_zeros(self.hot * self.row)
        return by

    def take(self, by: int) -> None:
        """Set a thread's copies to the rows as they stand."""
        from inlay.kernels.replicas import take

        take(self.whole, self.first * self.row, by * self.row, self._before[by])

    def give(self, by: int, factors: Array) -> None:
        """Add what a thread changed since then, times the factor of each row."""
        from inlay.kernels.replicas import give

        there = self.first * self.row
        with self._lock:
            give(self.whole, there, by * self.row, self._before[by], factors, self.row)
