"""Rows of one table becoming those of another, a block at a time."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.checks import described
from inlay.core import Table
from inlay.errors import ArgumentError, ArgumentTypeError

BLOCK = 8192  # rows that are float64 at a time
LARGE = 1 << 30  # bytes from which the result lies in a temporary file, and not in memory


def checked(name: str, table: Any) -> Table:
    """What must be a table."""
    if not isinstance(table, Table):
        raise ArgumentTypeError(
            name, expected="a table", got=described(table), hint="inlay.load(path)"
        )
    return table


def blocks(table: Table) -> Iterator[tuple[slice, Array]]:
    """The rows as float64 of their own, some at a time.

    Raises:
        ArgumentError: A row with NaN or infinity, which would be in every row of the result.
    """
    rows = table._whole
    for start in range(0, len(table), BLOCK):
        some = slice(start, min(start + BLOCK, len(table)))
        block = np.array(rows[some], np.float64)
        finite = np.isfinite(block).all(axis=1)
        if not finite.all():
            token = table.tokens[start + int(np.flatnonzero(~finite)[0])]
            raise ArgumentError("table", expected="vectors of numbers", got=f"NaN at {token!r}")
        yield some, block


def learned_from(table: Table) -> Array:
    """Which rows say something about the space: all but padding; bool `(n,)`."""
    kept = np.ones(len(table), bool)
    if table.pad_id is not None:
        kept[table.pad_id] = False
    if kept.sum() < 2:
        raise ArgumentError("table", expected="two vectors or more", got=f"{int(kept.sum())}")
    return kept


def moments(table: Table) -> tuple[Array, Array]:
    """The mean of all rows but padding, `(dim,)`, and their covariance, `(dim, dim)`: float64."""
    kept = learned_from(table)
    mean = np.zeros(table.dim)
    for some, block in blocks(table):
        mean += block[kept[some]].sum(axis=0)
    mean /= kept.sum()
    scatter = np.zeros((table.dim, table.dim))
    for some, block in blocks(table):
        block = block[kept[some]] - mean
        scatter += block.T @ block
    return mean, scatter / kept.sum()


def components(covariance: Array) -> tuple[Array, Array]:
    """Variances, falling, and their directions as columns.

    The largest number of each direction is positive, so that the result does not depend on the
    library of linear algebra.
    """
    variances, axes = np.linalg.eigh(covariance)
    variances, axes = variances.clip(min=0)[::-1], axes[:, ::-1]
    largest = np.take_along_axis(axes, abs(axes).argmax(axis=0)[None], axis=0)[0]
    return variances, axes * np.where(largest < 0, -1, 1)


def room(shape: tuple[int, int]) -> Array:
    """A place for float32: in memory, or in a temporary file without a name, if it is large."""
    if shape[0] * shape[1] * 4 < LARGE:
        return np.empty(shape, np.float32)
    with tempfile.TemporaryFile(prefix="inlay-table-") as file:
        file.truncate(shape[0] * shape[1] * 4)
        mapped: Array = np.memmap(file, np.float32, mode="r+", shape=shape)
        return mapped


def changed(
    table: Table, change: Callable[[slice, Array], Array], dim: int, made: Mapping[str, Any]
) -> Table:
    """A table whose rows are `change(rows, block)`; padding stays zero, and provenance says `made`.

    It has neither subwords nor parts: what was done to the rows was not done to those.
    """
    matrix = room((len(table), dim))
    for some, block in blocks(table):
        matrix[some] = change(some, block)
    if table.pad_id is not None:
        matrix[table.pad_id] = 0
    return with_rows(table, matrix, made)


def with_rows(table: Table, matrix: Array, made: Mapping[str, Any]) -> Table:
    """The tokens of a table with other vectors."""
    before = table.provenance
    refined = [*before.get("refined", []), dict(made)]
    return Table._unchecked(
        table.tokens,
        matrix,
        counts=table.counts,
        pad_id=table.pad_id,
        unk_id=table.unk_id,
        provenance={**before, "refined": refined},
    )
