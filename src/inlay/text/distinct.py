"""Distinct words of bytes, numbered in the order in which they come."""

from itertools import pairwise
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.core.tokens import Tokens


class Distinct:
    """Distinct words, numbered as they come: the growing vocabulary of `inlay.kernels.corpus`.

    Attributes:
        n: How many there are.
    """

    def __init__(self, capacity: int = 1 << 15) -> None:
        self.n = 0
        self.keys = np.zeros(0, np.uint64)
        self.counts = np.zeros(0, np.int64)
        self.offsets = np.zeros(1, np.int64)
        self.blob = np.zeros(8 * capacity, np.uint8)
        self._resize(capacity)

    @property
    def arrays(self) -> tuple[Any, ...]:
        """What the kernel takes."""
        return self.slots, self.keys, self.offsets, self.blob, self.counts

    @property
    def tokens(self) -> Tokens:
        """All of them."""
        offsets = self.offsets[: self.n + 1]
        return Tokens(self.blob[: offsets[-1]], offsets)

    def look_up(self, text: Array, items: tuple[Array, Array, Array], n: int, ids: Array) -> None:
        """Number the first `n` items of a text that was split; new ones get the next numbers.

        Args:
            text: uint8, what was split.
            items: The `keys`, `starts` and `stops` of `inlay.kernels.corpus.split`.
            n: How many.
            ids: int32, at least `n`; receives the numbers.
        """
        from inlay.kernels.corpus import look_up

        at = 0
        while at < n:
            at, self.n = look_up(text, items, at, n, self.arrays, self.n, self.shift, ids)
            if at < n:
                self.enlarge(text.size)

    def since(self, first: int) -> list[str]:
        """Those from a number on."""
        ends = self.offsets[first : self.n + 1]
        raw, bounds = self.blob[ends[0] : ends[-1]].tobytes(), (ends - ends[0]).tolist()
        return [raw[begin:end].decode() for begin, end in pairwise(bounds)]

    def enlarge(self, word_size: int) -> None:
        """Make room for more words, one of them of up to `word_size` bytes."""
        if self.n == self.keys.size:
            self._resize(2 * self.n)
        else:
            self.blob = grown(self.blob, 2 * self.blob.size + word_size)

    def _resize(self, capacity: int) -> None:
        from inlay.kernels.corpus import enter

        self.keys = grown(self.keys, capacity)
        self.counts = grown(self.counts, capacity)
        self.offsets = grown(self.offsets, capacity + 1)
        self.slots = np.zeros(2 * capacity, np.int32)
        self.shift = np.uint64(64 - (2 * capacity).bit_length() + 1)
        enter(self.arrays, self.n, self.shift)


def grown(old: Array, size: int) -> Array:
    """The same numbers with zeros behind them, `(size,)`."""
    new = np.zeros(size, old.dtype)
    new[: old.size] = old
    return new
