"""The tags of texts: a vector is that of a tag, which several texts may bear."""

import hashlib
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.checks import described, many
from inlay.core import Table, Tokens
from inlay.core.given import plain_json
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.text.corpus import Corpus

BLOCK = 1 << 14  # numbers that are written together
Tags = Iterable[str | int | Sequence[str | int]]


class Tagged:
    """Which tags each text bears.

    Attributes:
        names: The tags; None: each text's number.
        offsets: int64 `(texts + 1,)`, where those of each text begin.
        numbers: int32, the tags.
    """

    def __init__(self, names: list[str] | None, offsets: Array, numbers: Array) -> None:
        self.names, self.offsets, self.numbers = names, offsets, numbers
        self.n = len(numbers) if names is None else len(names)

    @classmethod
    def of(cls, tags: Tags | None, data: Corpus, *, one: bool) -> "Tagged":
        """Check and number them.

        Raises:
            ArgumentError: Another number of them than of texts, a text without one, or with
                several where it has to be `one`.
            ArgumentTypeError: No tags.
        """
        n = data.texts
        if tags is None:
            return cls(None, np.arange(n + 1), np.arange(n, dtype=np.int32))
        known: dict[str, int] = {}
        numbers, offsets = [], [0]
        for i, tag in enumerate(many("tags", tags, "tags")):
            several = [tag] if isinstance(tag, str | int | np.integer) else tag
            if isinstance(several, bytes) or not isinstance(several, Iterable):
                raise _no_tag(i, tag)
            for each in several:
                if isinstance(each, bool) or not isinstance(each, str | int | np.integer):
                    raise _no_tag(i, each)
                numbers.append(known.setdefault(str(each), len(known)))
            offsets.append(len(numbers))
            if offsets[-1] == offsets[-2] or (one and offsets[-1] > offsets[-2] + 1):
                raise ArgumentError(
                    f"tags, item {i}",
                    expected="one tag, with concatenate=True" if one else "a tag or several",
                    got=described(tag),
                )
        if len(offsets) != n + 1:
            raise ArgumentError(
                "tags",
                expected=f"tags for {n:,} texts, as many as the corpus has",
                got=f"{len(offsets) - 1:,}",
                hint="" if n else "encode_corpus(..., every_text=True)",
            )
        return cls([*known], np.array(offsets), np.array(numbers, np.int32))

    def of_texts(self, first: int, last: int) -> tuple[Array, Array]:
        """Where the tags of each of these texts begin, from 0, and their numbers."""
        begin, end = self.offsets[first], self.offsets[last]
        return self.offsets[first : last + 1] - begin, self.numbers[begin:end]

    def digest(self) -> str:
        """SHA-256 of all of it."""
        found = hashlib.sha256(self.offsets.tobytes() + self.numbers.tobytes())
        for name in self.names or ():
            found.update(name.encode("utf-8", "surrogatepass") + b"\0")
        return found.hexdigest()

    def table(self, matrix: Array, about: dict[str, Any]) -> Table:
        """Their vectors, float32 `(n, dim)`, by their names."""
        if self.names is not None:
            return Table(self.names, matrix, provenance=about)
        return Table._unchecked(_decimals(self.n), matrix, provenance=plain_json(about))

    def with_words(self, ends: Array) -> Array:
        """Which tags some text with a word bears: bool `(n,)`. Texts end at `ends`."""
        has = np.diff(ends, prepend=-1) > 1
        found = np.zeros(self.n, bool)
        found[self.numbers[np.repeat(has, np.diff(self.offsets))]] = True
        return found


def _decimals(n: int) -> Tokens:
    """The whole numbers below n as they are written: no strings are made."""
    offsets = np.ones(n + 1, np.int64)  # how long each is, and then where it begins
    offsets[0] = 0
    powers = [10**k for k in range(1, len(str(n))) if 10**k < n]
    for power in powers:
        offsets[1 + power :] += 1
    np.cumsum(offsets, out=offsets)
    blob = np.empty(offsets[-1], np.uint8)
    for digits, (low, high) in enumerate(pairwise([0, *powers, n]), start=1):
        places = 10 ** np.arange(digits)[::-1]
        for at in range(low, high, BLOCK):
            end = min(at + BLOCK, high)
            rest = np.arange(at, end)[:, None] // places % 10
            blob[offsets[at] : offsets[end]] = (rest + ord("0")).reshape(-1)
    return Tokens(blob, offsets)


def _no_tag(i: int, got: Any) -> ArgumentTypeError:
    return ArgumentTypeError(
        f"tags, item {i}",
        expected="a string or a whole number, or a list of them",
        got=described(got),
    )
