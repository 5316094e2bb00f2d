"""The vectors of a text's words, of one table, as one: by which name, and how."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.checks import described
from inlay.core import Table
from inlay.encode.static.lexicon import COMPOSED, Words
from inlay.errors import ArgumentError, ArgumentTypeError

PLAIN = ("mean", "sum", "max", "min")
LEARNED = ("sif", "tfidf")
POWER, LARGEST_POWER = "power:", 9
JOINED = "+"
EXPECTED = f"one of {', '.join(map(repr, (*PLAIN, 'power:2', *LEARNED)))}, or several but the last"


def checked_pool(pool: Any) -> str:
    """The name of a pooling: of several that are laid side by side, `"mean+max+min"`.

    Raises:
        ArgumentError: No such pooling; one that is learned, beside others.
        ArgumentTypeError: Neither a name nor several.
    """
    if not isinstance(pool, str) and not (
        isinstance(pool, Sequence) and pool and all(isinstance(name, str) for name in pool)
    ):
        raise ArgumentTypeError("pool", expected=EXPECTED, got=described(pool))
    names = pool.split(JOINED) if isinstance(pool, str) else list(pool)
    known = all(name in (*PLAIN, *LEARNED) or _power(name) for name in names)
    if not known or (len(names) > 1 and set(names) & set(LEARNED)) or len({*names}) < len(names):
        raise ArgumentError("pool", expected=EXPECTED, got=described(pool))
    return JOINED.join(names)


def parts_of(pool: str) -> list[str]:
    """The poolings that are laid side by side."""
    return pool.split(JOINED)


def _power(name: str) -> int:
    """The power in `"power:3"`; 0 for another name."""
    digits = name.removeprefix(POWER)
    of_power = name.startswith(POWER) and digits.isascii() and digits.isdigit() and len(digits) == 1
    return int(digits) if of_power and 2 <= int(digits) <= LARGEST_POWER else 0


class Found:
    """The vectors of the words that some texts had, in one table.

    Attributes:
        matrix: float32 `(rows, dim)`: the table's own, if it can be read as it is; else the
            distinct rows of these texts.
        ids: int64 `(n,)`: which of them each word has that has a vector.
        rows: int64 `(n,)`: its row in the table, or `COMPOSED`.
        offsets: int64 `(texts + 1,)`: where each text begins among them.
    """

    def __init__(self, table: Table, words: Words, which: int) -> None:
        rows = words.rows[which]
        own, is_plain = table._rows, False
        if isinstance(own, np.ndarray):
            is_plain = own.dtype == np.float32 and own.flags.c_contiguous
        ids = self.rows = rows[words.numbers]
        if is_plain and not (table.can_compose and (ids == COMPOSED).any()):
            self.matrix: Array = own  # type: ignore[assignment]
        else:
            self.matrix, places = _gathered(table, words, rows)
            ids = places[words.numbers]
        self.is_known = ids >= 0
        if self.is_known.all():
            self.ids, self.offsets = ids, words.offsets
        else:
            self.ids, self.rows = ids[self.is_known], self.rows[self.is_known]
            self.offsets = np.append(0, np.cumsum(self.is_known))[words.offsets]

    @property
    def counts(self) -> Array:
        """How many words with a vector each text has, float32 `(texts,)`."""
        return np.diff(self.offsets).astype(np.float32)

    def pooled(self, how: str, weights: Array | None, out: Array) -> None:
        """Pool the vectors of each text.

        Args:
            how: One pooling.
            weights: What each word counts, float32 `(n,)`, for one that is learned; else None.
            out: float32 `(texts, dim)`, contiguous zeros.
        """
        from inlay.kernels.bags import maxima, minima, power_means, sums

        given = self.matrix, self.ids, self.offsets
        if how in ("max", "min"):
            (maxima if how == "max" else minima)(*given, out)
        elif power := _power(how):
            power_means(*given, power, out)
        else:
            if weights is None:
                weights = np.ones(self.ids.size, np.float32)
            sums(*given, weights, out)
            if how != "sum":
                by = self.counts
                if how == "tfidf":
                    texts = np.repeat(np.arange(len(out)), np.diff(self.offsets))
                    by = np.bincount(texts, weights, len(out)).astype(np.float32)
                out /= np.where(by == 0, np.float32(1), by)[:, None]


def _gathered(table: Table, words: Words, rows: Array) -> tuple[Array, Array]:
    """The distinct vectors of some texts as float32, and the place of each word among them."""
    asked = np.zeros(rows.size, np.bool_)
    asked[words.numbers] = True
    numbers = np.flatnonzero(asked)
    own = numbers[rows[numbers] >= 0]
    matrix = np.ascontiguousarray(table._rows[rows[own]], np.float32).reshape(-1, table.dim)
    made = numbers[rows[numbers] == COMPOSED]
    if made.size:
        vectors, is_made = table._composed([words.words[i] for i in made.tolist()])
        matrix = np.concatenate([matrix, vectors[is_made]])
        own = np.concatenate([own, made[is_made]])
    places = np.full(rows.size, -1, np.int64)
    places[own] = np.arange(own.size)
    return matrix, places
