"""What of a table a layer trains: all, nothing, some rows apart, or a difference that is added.

A layer that trains some rows keeps the whole matrix frozen, and shared with the table as in any
frozen layer. A small matrix beside it, the only one that an optimiser ever sees, holds the rows
that train, and `slots` says of each id which row of it to take, or -1: the frozen one. So nothing
that an optimiser does, weight decay, momentum and moving averages among it, can reach another row.

A layer that trains a difference keeps the whole matrix frozen in the form in which it is stored,
see `inlay.layers.stored`, and adds to each row that it looks up one that starts at zero.
"""

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np

from inlay.aliases import Array
from inlay.checks import choice, described, flag, many, many_tokens, shown, whole_or_none
from inlay.core import Table
from inlay.errors import ArgumentError, ArgumentTypeError, IdError, UnknownTokenError

Trainable = bool | Literal["rows", "delta"]
Check = Literal["debug", "always", "off"]
CHECKS: tuple[Check, ...] = ("debug", "always", "off")
# Tokens, ids, or a bool for each row.
Rows = Iterable[str] | Iterable[int] | Array


def checked_trainable(trainable: Any, rows: Any, rank: Any = None) -> Trainable:
    """What trains, as it was asked for: True, False, "rows" or "delta".

    Raises:
        ArgumentTypeError: Something else, or a rank that is no whole number.
        ArgumentError: `rows` without `trainable="rows"`, or `rank` without `trainable="delta"`.
    """
    found: Trainable
    if isinstance(trainable, str) and trainable in ("rows", "delta"):
        found = "rows" if trainable == "rows" else "delta"
    else:
        found = flag("trainable", trainable, expected='True, False, "rows" or "delta"')
    for name, value, needs in (("rows", rows, "rows"), ("rank", rank, "delta")):
        if value is not None and found != needs:
            raise ArgumentError(
                name,
                expected=f"None for a layer that trains {_TRAINS[found]}",
                got=described(value),
                hint=f'trainable="{needs}"',
            )
    whole_or_none("rank", rank)
    return found


_TRAINS: dict[Trainable, str] = {
    True: "every row",
    False: "no row",
    "rows": "some rows",
    "delta": "a difference in every row",
}


def checked_check(check: Any) -> Check:
    """When a layer looks at its ids.

    Raises:
        ArgumentError: None of the three.
    """
    hint = {True: 'check="always"', False: 'check="off"'}.get(check, "") if _plain(check) else ""
    return choice("check", check, CHECKS, hint=hint)


class ChecksIds:
    """What a layer has that looks at its ids."""

    _when: Check = "debug"

    @property
    def check(self) -> Check:
        """When a call looks at its ids: "debug", "always" or "off". May be set."""
        return self._when

    @check.setter
    def check(self, value: Check) -> None:
        self._when = checked_check(value)


def _plain(value: Any) -> bool:
    return isinstance(value, bool | np.bool_)


def chosen(table: Table, rows: Any) -> Array:
    """The ids of the rows that are to train, int64 `(n,)`, ascending, never the one of padding.

    Args:
        table: The layer's table.
        rows: Tokens, ids, or a bool for each row. None: unk, and whatever the table was aligned
            to and did not hold.

    Raises:
        UnknownTokenError: A token that the table lacks.
        IdError: An id beyond the table.
        ArgumentError: A mask of another length, or no row at all.
        ArgumentTypeError: None of these.
    """
    ids = _filled(table) if rows is None else _named(table, rows)
    ids = np.unique(ids[ids != table.pad_id])
    if not ids.size:
        raise ArgumentError(
            "rows",
            expected="at least one row to train",
            got="none, for every token of the vocabulary has a vector"
            if rows is None
            else "none, or only the row of padding, which never trains",
            hint="trainable=False, or rows= with the tokens that are to train",
        )
    return ids.astype(np.int64)


def slots_of(ids: Array, size: int) -> Array:
    """For each row of a table its number among those that train, or -1: int32 `(size,)`."""
    slots = np.full(size, -1, np.int32)
    slots[ids] = np.arange(ids.size, dtype=np.int32)
    return slots


def rows_at(table: Table, ids: Array) -> Array:
    """The vectors of some rows, as float32 `(len(ids), dim)`: a copy."""
    return np.array(table.storage[ids], np.float32)


def merged(tokens: Any, matrix: Array, pad_id: int | None) -> Table:
    """A layer's matrix as a table.

    Args:
        tokens: A table or a vocabulary, or the tokens in the order of their ids.
        matrix: All rows, which the table is to share.
        pad_id: The row of padding, if `tokens` does not say.

    Raises:
        ArgumentError: Another number of tokens than of rows.
    """
    has_own = getattr(tokens, "pad_id", None) is not None
    return Table(tokens, matrix, pad_id=None if has_own else pad_id)


def _filled(table: Table) -> Array:
    if table.coverage is None:
        raise ArgumentError(
            "rows",
            expected="the rows that are to train, for a table that was not aligned",
            got="None",
            hint="rows= with tokens, ids or a mask; or give the layer a vocabulary: (table, vocab, "
            'trainable="rows") trains what the table lacks',
        )
    unk = [] if table.unk_id is None else [table.unk_id]
    return np.append(table.coverage.filled, unk).astype(np.int64)


def _named(table: Table, rows: Any) -> Array:
    listed = many("rows", rows, "tokens or ids")
    given = rows if isinstance(rows, np.ndarray) else np.asarray(list(listed))
    if given.dtype == bool:
        if given.shape != (len(table),):
            raise ArgumentError(
                "rows", expected=f"a mask of shape ({len(table)},)", got=f"one of {given.shape}"
            )
        return np.flatnonzero(given)
    if given.dtype.kind in "iu" or not given.size:
        wrong = given[(given < 0) | (given >= len(table))].ravel()
        if wrong.size:
            expected = f"ids from 0 to {len(table) - 1}"
            raise IdError("rows", expected=expected, got=str(wrong[0]))
        return given.ravel().astype(np.int64)
    if given.dtype.kind == "f":
        raise ArgumentTypeError(
            "rows", expected="tokens, ids or a mask", got=described(rows), hint="whole numbers"
        )
    tokens = many_tokens("rows", given.tolist(), hint="[token for token, count in rows]")
    ids = table.tokens.find_many(tokens)
    if (ids < 0).any():
        absent = [shown(token) for token, id in zip(tokens, ids, strict=True) if id < 0]
        raise UnknownTokenError(
            "rows",
            expected="tokens of the layer's vocabulary",
            got=", ".join(absent[:10]),
            hint="Vocabulary(tokens) with these among them, and table.align(vocab)",
        )
    return ids
