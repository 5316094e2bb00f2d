"""Vectors that a training goes on from: whose rows they become, how fast these may move."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from inlay.aliases import Array
from inlay.checks import described, number
from inlay.core import Table
from inlay.errors import ArgumentError, ArgumentTypeError

BLOCK = 1 << 14  # rows that are read together


@dataclass(frozen=True)
class Start:
    """A table to go on from.

    Attributes:
        table: Its rows; words that it does not have begin at random.
        rates: float32 `(len(table),)`, what the learning rate of each row is multiplied by, from 0
            to 1; None: all by 1.
        pull: How strongly a row is drawn back to where it began, each time its word is read.
    """

    table: Table
    rates: Array | None
    pull: float

    @classmethod
    def of(cls, start: Any, start_rate: Any, pull: Any, dim: int) -> Self | None:
        """What a user gave, checked; None: nothing.

        Raises:
            ArgumentError: Vectors of another size, rates out of bounds, or either of them
                without a table.
            ArgumentTypeError: No table, or no numbers.
        """
        strength = number("pull", pull, least=0)
        if start is None:
            for name, value in (("start_rate", start_rate), ("pull", strength or None)):
                if value is not None:
                    raise ArgumentError(
                        name,
                        expected="nothing, without start=",
                        got=described(value),
                        hint="start= as well",
                    )
            return None
        if not isinstance(start, Table):
            hint = "inlay.load(path)"
            raise ArgumentTypeError("start", expected="a Table", got=described(start), hint=hint)
        if start.dim != dim:
            raise ArgumentError(
                "start",
                expected=f"vectors of {dim} numbers",
                got=f"{start.dim}",
                hint=f"vector_size={start.dim}",
            )
        rates = None if start_rate is None else _rates(start_rate, len(start))
        return cls(start, rates, strength)

    def merged(self, tokens: Sequence[str]) -> tuple[list[str], Array]:
        """Tokens of a corpus and behind them all others of the table; and the row of each, or -1.

        A word keeps its rank in the corpus. What the corpus does not have is not learned, and
        stays in the result.
        """
        found = self.table.tokens.find_many(tokens)
        others = np.ones(len(self.table), bool)
        others[found[found >= 0]] = False
        rest = np.flatnonzero(others)
        more = [self.table.tokens[int(row)] for row in rest]
        return [*tokens, *more], np.concatenate([found, rest])

    def fill(self, rows: Array, of: Array) -> None:
        """Begin with the vectors of the table: `rows[i] = table[of[i]]`, where that is not -1."""
        _fill(self.table, rows, of)

    def fill_context(self, rows: Array, tokens: Sequence[str]) -> None:
        """The same for context vectors, if the table has some."""
        context = self.table.parts.get("context")
        if context is not None and context.dim == self.table.dim:
            _fill(context, rows, context.tokens.find_many(tokens))

    def factors(self, of: Array) -> Array | None:
        """What the rate of each row is multiplied by, float32; None, if all are as they are."""
        if self.rates is None:
            return None
        return np.where(of >= 0, self.rates[of], np.float32(1))

    def digest(self) -> str:
        """SHA-256 of the words, the vectors and the rates: whatever is learned depends on them."""
        found = hashlib.sha256(self.table.tokens.blob.tobytes())
        found.update(self.table.tokens.offsets.tobytes())
        tables = [self.table, *(p for k, p in self.table.parts.items() if k == "context")]
        for table in tables:
            for at in range(0, len(table), BLOCK):
                found.update(np.asarray(table._rows[at : at + BLOCK], np.float32).tobytes())
        if self.rates is not None:
            found.update(self.rates.tobytes())
        return found.hexdigest()

    def facts(self) -> dict[str, Any]:
        """What the provenance says of it."""
        return {"digest": self.digest(), "words": len(self.table), "pull": self.pull}


def _fill(table: Table, rows: Array, of: Array) -> None:
    for at in range(0, len(rows), BLOCK):
        here = np.flatnonzero(of[at : at + BLOCK] >= 0)
        rows[at + here, : table.dim] = table._rows[of[at + here]]


def _rates(given: Any, n: int) -> Array:
    """A rate for each row."""
    if np.ndim(given) == 0:
        return np.full(n, number("start_rate", given, least=0, most=1), np.float32)
    expected = f"a number from 0 to 1, or {n} of them"
    try:
        rates = np.asarray(given, np.float32)
    except (TypeError, ValueError):
        raise ArgumentTypeError("start_rate", expected=expected, got=described(given)) from None
    if rates.shape != (n,):
        raise ArgumentError("start_rate", expected=expected, got=f"an array of {rates.shape}")
    if not ((rates >= 0) & (rates <= 1)).all():
        got = f"from {rates.min():g} to {rates.max():g}"
        raise ArgumentError("start_rate", expected=expected, got=got)
    return rates
