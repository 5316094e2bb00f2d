"""Fewer rows, or those of several tables in one."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from inlay.calls import refuses_unknown
from inlay.checks import choice, described, many, whole_or_none
from inlay.core import Table
from inlay.core.tokens import Tokens
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.formats.selection import taken
from inlay.train.refine.rows import blocks, checked, room, with_rows

BOTH = ("first", "mean")


@refuses_unknown(
    {"topn": "max_size=", "limit": "max_size=", "size": "max_size=", "min_freq": "min_count="}
)
def prune(
    table: Table,
    *,
    max_size: int | None = None,
    min_count: int | None = None,
    keep: Callable[[str], bool] | None = None,
) -> Table:
    """Keep some of the rows, in their order, each as it is stored.

    Args:
        table: The vectors, with the most frequent words first, as trainers give them.
        max_size: How many of the first rows are kept, padding and the row of unknown tokens
            among them. None: all.
        min_count: How often a word must have been seen, if the table has counts. Padding and the
            row of unknown tokens stay.
        keep: A function of a token; those stay for which it is true, and padding and the row of
            unknown tokens.

    Returns:
        A table of the rows that stay, with the same rows of `parts` that have its tokens. One
        that could compose the vectors of other words still can.

    Raises:
        ArgumentError: Counts are asked for and there are none, or nothing would stay.
        ArgumentTypeError: No table, no whole number, or no function.

    Examples:
        >>> table = Table(["the", "film", "of"], np.eye(3, dtype="float32"), counts=[9, 5, 2])
        >>> [*prune(table, min_count=3).tokens]
        ['the', 'film']
    """
    checked("table", table)
    max_size, min_count = whole_or_none("max_size", max_size), whole_or_none("min_count", min_count)
    stays = np.ones(len(table), bool)
    if min_count is not None:
        if table.counts is None:
            hint = "max_size=, or keep="
            raise ArgumentError("table", expected="counts of its tokens", got="none", hint=hint)
        stays &= table.counts >= min_count
    if keep is not None:
        given: Any = keep
        if not callable(given):
            hint = "keep=lambda token: token in words; or table.align(vocab), for their order"
            expected = "a function of a token"
            raise ArgumentTypeError("keep", expected=expected, got=described(given), hint=hint)
        stays &= np.fromiter((bool(keep(token)) for token in table.tokens), bool, len(table))
    special = [row for row in (table.pad_id, table.unk_id) if row is not None]
    stays[special] = True
    if max_size is not None:
        ordinary = stays.copy()
        ordinary[special] = False
        beyond = np.flatnonzero(ordinary)[max(max_size - len(special), 0) :]
        stays[beyond] = False
    rows = np.flatnonzero(stays)
    if not rows.size:
        raise ArgumentError("table", expected="a row that stays", got="none of them")
    made = {"name": "prune", "max_size": max_size, "min_count": min_count}
    before = table.provenance
    refined = [*before.get("refined", []), made]
    return taken(table, rows)._replaced(provenance={**before, "refined": refined})


@refuses_unknown()
def merge(tables: Iterable[Table], *, both: str = "first") -> Table:
    """The words of several tables in one table: those of the first, then what the others add.

    The tables must be of one space, as those are that `align_to` gives, or of which one went on
    from another; nothing can check that.

    Args:
        tables: Two or more, of the same dimension.
        both: What a word of several tables gets: its vector of the "first" that has it, or the
            "mean" of all its vectors.

    Returns:
        A float32 table without counts, parts and subwords. Padding and the row of unknown tokens
        are the first's.

    Raises:
        ArgumentError: Fewer than two tables, other dimensions, or a vector with NaN.
        ArgumentTypeError: No tables.
    """
    alone: Any = tables
    if isinstance(alone, Table):
        expected, got = "two tables or more", described(alone)
        raise ArgumentTypeError("tables", expected=expected, got=got, hint="merge([a, b])")
    given = [checked("tables", table) for table in many("tables", tables, "tables")]
    choice("both", both, BOTH)
    if len(given) < 2:
        raise ArgumentError("tables", expected="two tables or more", got=f"{len(given)}")
    first = given[0]
    if other := [table.dim for table in given if table.dim != first.dim]:
        raise ArgumentError(
            "tables",
            expected=f"{first.dim} dimensions, as the first has",
            got=f"{other[0]}",
            hint="refine.pca(table, dim) of each, then refine.align_to",
        )
    place: dict[str, int] = {}
    for table in given:
        for token in table.tokens:
            place.setdefault(token, len(place))
    matrix = room((len(place), first.dim))
    matrix[:] = 0
    seen = np.zeros(len(place), np.int64)
    for table in given:
        tokens = table.tokens
        for some, block in blocks(table):
            at = np.array([place[tokens[i]] for i in range(some.start, some.stop)])
            new = seen[at] == 0 if both == "first" else np.ones(len(at), bool)
            matrix[at[new]] += block[new].astype(np.float32)
            seen[at] += 1
    if both == "mean":
        matrix /= np.maximum(seen, 1)[:, None].astype(np.float32)
    if first.pad_id is not None:
        matrix[first.pad_id] = 0
    whole = Table._unchecked(
        Tokens.from_list([*place]),
        matrix,
        pad_id=first.pad_id,
        unk_id=first.unk_id,
        provenance={"merged": [table.provenance for table in given]},
    )
    return with_rows(whole, matrix, {"name": "merge", "tables": len(given), "both": both})
