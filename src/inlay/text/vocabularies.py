"""The vocabularies of stretches of a text, which together are that of all of it.

Each is complete and counts its words, and numbers of words mean nothing without it. Those that
have become large wait on the disk. To find the words of the whole text they are merged part by
part, a part being the words whose keys fall into it, so that never more than one part of all
words and one vocabulary are in memory, however large the text. Nothing is estimated: the counts
are those of one vocabulary that had held them all.
"""

import tempfile
from functools import cached_property
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from inlay.aliases import Array
from inlay.errors import ArgumentError
from inlay.jobs.threads import lock
from inlay.text.distinct import Distinct, Words
from inlay.text.space import write_whole

# Words that all open vocabularies may have together: so few that a table of 2 ** 20 is enough
# with those of one more chunk.
MOST = 7 << 17
MOST_BYTES = 1 << 24  # and bytes of them
PART = 1 << 19  # words that a part may have, if all were different


class Chosen(NamedTuple):
    """The words that are kept.

    Attributes:
        tokens: The words, the most frequent first.
        counts: How often each is in the text.
        words: How many words there are in it, all counted.
    """

    tokens: list[str]
    counts: Array
    words: int


class Vocabularies:
    """Vocabularies in the order in which they were begun, by whose places texts name them.

    Args:
        folder: Where those that are large wait; None: in the folder for temporary files.
        workers: How many there are that each fill one at a time.

    Attributes:
        distinct: How many different words there are, known when they have been chosen from.
    """

    def __init__(self, folder: Path | None, workers: int) -> None:
        self.distinct = 0
        self.most, self.most_bytes = MOST // workers, MOST_BYTES // workers
        self._folder, self._lock = folder, lock()
        self._file: IO[bytes] | None = None
        self._all: list[_InMemory | _OnDisk | None] = []
        self._ranks: dict[int, Array] = {}
        self._rank_of = np.empty(0, np.int32)  # of each word that was frequent enough, and -1

    def begin(self) -> int:
        """The place of a new one."""
        with self._lock:
            self._all.append(None)
            return len(self._all) - 1

    def is_full(self, words: Distinct) -> bool:
        """Whether one is so large that another should be begun."""
        return words.n > self.most or words.size > self.most_bytes

    def put(self, place: int, words: Words, *, last: bool) -> None:
        """Put one that is complete into its place; on the disk, if others are to come."""
        numbers = np.empty(words.keys.size, np.int32)
        if last:
            self._all[place] = _InMemory(words, numbers)
            return
        with self._lock:
            self._all[place] = self._written(words, numbers)

    def _written(self, words: Words, numbers: Array) -> "_OnDisk":
        if self._file is None:
            self._file = tempfile.TemporaryFile(  # noqa: SIM115 (closed below)
                buffering=0, prefix="inlay-words-", dir=self._folder
            )
        self._file.seek(0, 2)
        order, starts = _by_part(words.keys)
        begins = []
        for array in (*words, order, numbers):
            write_whole(self._file, np.zeros(-self._file.tell() % 8, np.uint8))
            begins.append((self._file.tell(), array.dtype, array.size))
            write_whole(self._file, array)
        return _OnDisk(self._file, begins, starts)

    def close(self) -> None:
        """Leave nothing on the disk."""
        if self._file is not None:
            self._file.close()

    def choose(
        self,
        least: int,
        most: int | None,
        where: str,
        *,
        may_be_none: bool = False,
        once: bool = False,
    ) -> Chosen:
        """Find the words that occur `least` times, `most` of them at most.

        Equally frequent words come in the order of their code points.

        Args:
            least: How often each occurs at least.
            most: How many there are at most; None: any number.
            where: What to call the text in errors.
            may_be_none: Whether it is no error if none is frequent enough.
            once: Whether the text was an iterator, which may have been used up.

        Raises:
            ArgumentError: There is none.
        """
        from inlay.kernels.corpus import PARTS

        total = sum(each.size for each in self._all if each)
        parts = 1
        while total > parts * PART and len(self._all) > 1 and parts < PARTS:
            parts *= 2
        found: list[Words] = []
        n = words = highest = 0
        for part in range(parts):
            merged = self._merged((part, parts))
            words += int(merged.counts.sum())
            self.distinct += merged.counts.size
            highest = max(highest, int(merged.counts.max(initial=0)))
            kept = np.flatnonzero(merged.counts >= least)
            chosen = np.full(merged.counts.size, -1, np.int32)
            chosen[kept] = np.arange(n, n + kept.size, dtype=np.int32)
            n += kept.size
            self._settle((part, parts), chosen)
            found.append(_picked(merged, kept))
        if not words:
            hint = "list(corpus), for an iterator is read once" if once else ""
            raise ArgumentError(where, expected="a corpus with words", got="none", hint=hint)
        if not n and not may_be_none:
            raise ArgumentError(
                where,
                expected=f"a word that occurs {least} times (min_count)",
                got=f"{words:,} words, none more than {_times(highest)}",
                hint="a smaller min_count",
            )
        return self._ranked(_joined(found), most, words)

    def rank(self, place: int) -> Array:
        """The rank of each word of one vocabulary among those chosen, -1 where it is not."""
        if place not in self._ranks:
            while len(self._ranks) >= 64 or (self._ranks and self._held() > MOST):
                self._ranks.pop(next(iter(self._ranks)))
            rows, numbers = self._at(place).part((0, 1))
            rank = np.empty(rows.size, np.int32)
            rank[rows] = self._rank_of[numbers]
            self._ranks[place] = rank
        return self._ranks[place]

    def _held(self) -> int:
        return sum(rank.size for rank in self._ranks.values())

    def _at(self, place: int) -> "_InMemory | _OnDisk":
        found = self._all[place]
        assert found is not None, "a vocabulary that was begun and not put"
        return found

    def _merged(self, which: tuple[int, int]) -> Words:
        if len(self._all) == 1:
            only = self._at(0)
            rows, numbers = only.part((0, 1))
            numbers[:] = rows
            return only.words()
        merged = Distinct()
        for place in range(len(self._all)):
            each = self._at(place)
            merged.merge(each.words(), *each.part(which))
        return merged.words

    def _settle(self, which: tuple[int, int], chosen: Array) -> None:
        for place in range(len(self._all)):
            _, numbers = self._at(place).part(which)
            numbers[:] = chosen[numbers]

    def _ranked(self, words: Words, most: int | None, total: int) -> Chosen:
        rows = np.arange(words.counts.size)
        if most is not None and rows.size > most:
            # Only words that can be chosen are sorted.
            rows = rows[words.counts >= np.partition(words.counts, -most)[-most]]
        rows = words.by_frequency(rows)[:most]
        self._rank_of = np.full(words.counts.size + 1, -1, np.int32)
        self._rank_of[rows] = np.arange(rows.size, dtype=np.int32)
        return Chosen(words.strings(rows), words.counts[rows], total)


class _InMemory:
    def __init__(self, words: Words, numbers: Array) -> None:
        self._words, self._numbers, self.size = words, numbers, numbers.size

    @cached_property
    def _order(self) -> tuple[Array, Array]:
        return _by_part(self._words.keys)

    def part(self, which: tuple[int, int]) -> tuple[Array, Array]:
        order, starts = self._order
        part = _part(starts, which)
        return order[part], self._numbers[part]

    def words(self) -> Words:
        return self._words


class _OnDisk:
    """Opened for each look at it: what is mapped counts as memory of this process."""

    def __init__(
        self, file: IO[bytes], begins: list[tuple[int, np.dtype, int]], starts: Array
    ) -> None:
        self._file, self._begins, self._starts, self.size = file, begins, starts, begins[-1][2]

    def words(self) -> Words:
        return Words(*map(self._map, self._begins[:-2]))

    def part(self, which: tuple[int, int]) -> tuple[Array, Array]:
        part = _part(self._starts, which)
        order, numbers = map(self._map, self._begins[-2:])
        return order[part], numbers[part]

    def _map(self, begin: tuple[int, np.dtype, int]) -> Array:
        at, dtype, size = begin
        if not size:
            return np.empty(0, dtype)
        return np.memmap(self._file, dtype, "r+", at, (size,)).view(np.ndarray)


def _by_part(keys: Array) -> tuple[Array, Array]:
    """Words in the order of their parts, int32, and where each part begins in it."""
    from inlay.kernels.corpus import PARTS, by_part

    order, starts = np.empty(keys.size, np.int32), np.zeros(PARTS + 2, np.int64)
    by_part(keys, order, starts)
    return order, starts


def _part(starts: Array, which: tuple[int, int]) -> slice:
    """Where the words of one part of so many, a power of two, stand in that order."""
    part, parts = which
    each = (starts.size - 2) // parts
    return slice(starts[part * each], starts[(part + 1) * each])


def _picked(words: Words, rows: Array) -> Words:
    """Some words, with the bytes of these alone."""
    sizes = np.diff(words.offsets)[rows]
    offsets = np.zeros(rows.size + 1, np.int64)
    np.cumsum(sizes, out=offsets[1:])
    where = np.repeat(words.offsets[rows] - offsets[:-1], sizes) + np.arange(offsets[-1])
    return Words(words.keys[rows], words.counts[rows], offsets, words.blob[where])


def _joined(parts: list[Words]) -> Words:
    if len(parts) == 1:
        return parts[0]
    begins = np.cumsum([0, *(part.blob.size for part in parts)])
    offsets = [part.offsets[:-1] + at for part, at in zip(parts, begins, strict=False)]
    return Words(
        np.concatenate([part.keys for part in parts]),
        np.concatenate([part.counts for part in parts]),
        np.concatenate([*offsets, begins[-1:]]),
        np.concatenate([part.blob for part in parts]),
    )


def _times(n: int) -> str:
    return "once" if n == 1 else f"{n:,} times"
