"""Distinct words of bytes, numbered in the order in which they come."""

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from inlay.aliases import Array


class Words(NamedTuple):
    """Words with their counts, as arrays that may be maps of a file.

    Attributes:
        keys: uint64 `(n,)`: what `inlay.kernels.word_keys` makes of them.
        counts: int64 `(n,)`.
        offsets: int64 `(n + 1,)`: word `i` is `blob[offsets[i]:offsets[i + 1]]`.
        blob: uint8.
    """

    keys: Array
    counts: Array
    offsets: Array
    blob: Array

    def strings(self, rows: Array) -> list[str]:
        """Some of them."""
        raw = self.blob.tobytes()
        begins, ends = self.offsets[rows].tolist(), self.offsets[rows + 1].tolist()
        spans = zip(begins, ends, strict=True)
        return [raw[begin:end].decode("utf-8", "surrogatepass") for begin, end in spans]

    def by_frequency(self, rows: Array) -> Array:
        """Some of them, the most frequent first; equally frequent ones by their code points.

        They are sorted by their first 16 bytes, and where these are the same, one by one.
        """
        counts, heads = self.counts[rows], [self._eight(rows, at) for at in (0, 8)]
        order = np.lexsort((heads[1], heads[0], -counts))
        same = np.ones(max(rows.size - 1, 0), bool)
        for keys in (counts, *heads):
            same &= np.diff(keys[order]) == 0
        found: Array = rows[order]
        edges = np.diff(same.astype(np.int8), prepend=0, append=0)
        raw = memoryview(self.blob)  # type: ignore[arg-type]
        for begin, last in zip(*(np.flatnonzero(edges == way) for way in (1, -1)), strict=True):
            some = found[begin : last + 1]
            found[begin : last + 1] = sorted(
                some, key=lambda row: raw[self.offsets[row] : self.offsets[row + 1]].tobytes()
            )
        return found

    def _eight(self, rows: Array, at: int) -> Array:
        """Eight bytes of each from `at` on as one number, that of the first word the least."""
        begins, sizes = self.offsets[rows], np.diff(self.offsets)[rows]
        blob, found = np.append(self.blob, np.uint8(0)), np.zeros(rows.size, np.uint64)
        for i in range(at, at + 8):
            byte = np.where(i < sizes, blob[np.where(i < sizes, begins + i, 0)], 0)
            found = found << np.uint64(8) | byte.astype(np.uint64)
        return found


class Distinct:
    """Distinct words, numbered as they come: the growing vocabulary of `inlay.kernels.corpus`.

    Takes 24 to 40 bytes for each word besides its own, and half as much again while it grows.

    Attributes:
        n: How many there are.
    """

    def __init__(self, capacity: int = 1 << 15) -> None:
        self.n = 0
        self.table = np.zeros(0, np.uint64)
        self.offsets = np.zeros(1, np.int64)
        self.blob = np.zeros(8 * capacity, np.uint8)
        self._resize(capacity)

    @property
    def arrays(self) -> tuple[Any, ...]:
        """What the kernel takes."""
        return self.table, self.offsets, self.blob

    @property
    def size(self) -> int:
        """Bytes of all words."""
        return int(self.offsets[self.n])

    @property
    def words(self) -> Words:
        """All of them, with how often each was counted; the bytes are shared."""
        from inlay.kernels.corpus import read_table

        keys, counts = np.empty(self.n, np.uint64), np.empty(self.n, np.int64)
        read_table(self.table, keys, counts)
        return Words(keys, counts, self.offsets[: self.n + 1], self.blob[: self.size])

    def look_up(
        self,
        text: Array,
        items: tuple[Array, Array, Array],
        n: int,
        ids: Array,
        *,
        counted: bool = True,
    ) -> None:
        """Number the first `n` items of a text that was split; new ones get the next numbers.

        Args:
            text: uint8, what was split.
            items: The `keys`, `starts` and `stops` of `inlay.kernels.spaces.split`.
            n: How many.
            ids: int32, at least `n`; receives the numbers.
            counted: Whether each counts.
        """
        from inlay.kernels.corpus import NONE, ONE, look_up

        once, at = ONE if counted else NONE, 0
        while at < n:
            at, self.n = look_up(text, items, at, n, self.arrays, self.n, self.shift, once, ids)
            if at < n:
                self.enlarge(text.size)

    def merge(self, theirs: Words, rows: Array, numbers: Array) -> None:
        """Enter words of another vocabulary, with their counts.

        Args:
            theirs: The other one.
            rows: int32, which of its words.
            numbers: int32, receives the number of each of these.
        """
        from inlay.kernels.corpus import merge

        at = 0
        while at < rows.size:
            to = self.arrays, self.n, self.shift
            at, self.n = merge(tuple(theirs), rows, at, *to, numbers)
            if at < rows.size:
                row = int(rows[at])
                self.enlarge(int(theirs.offsets[row + 1] - theirs.offsets[row]))

    def since(self, first: int) -> list[str]:
        """Those from a number on."""
        ends = self.offsets[first : self.n + 1]
        raw, bounds = self.blob[ends[0] : ends[-1]].tobytes(), (ends - ends[0]).tolist()
        return [raw[begin:end].decode() for begin, end in pairwise(bounds)]

    def enlarge(self, word_size: int) -> None:
        """Make room for more words, one of them of up to `word_size` bytes."""
        if self.n == self.offsets.size - 1:
            self._resize(2 * self.n)
        else:
            self.blob = grown(self.blob, 2 * self.blob.size + word_size)

    def _resize(self, capacity: int) -> None:
        from inlay.kernels.corpus import enter

        self.offsets = grown(self.offsets, capacity + 1)
        old, self.table = self.table, np.zeros(4 * capacity, np.uint64)
        self.shift = np.uint64(64 - (2 * capacity).bit_length() + 1)
        enter(old, self.table, self.shift)


def grown(old: Array, size: int) -> Array:
    """The same numbers with zeros behind them, `(size,)`."""
    new = np.zeros(size, old.dtype)
    new[: old.size] = old
    return new
