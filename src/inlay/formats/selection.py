"""`limit` and `keep` for formats that have the whole matrix at hand, mapped or in memory."""

import numpy as np

from inlay.aliases import Array
from inlay.core import Table, Tokens
from inlay.formats.protocol import ReadOptions
from inlay.formats.rows import as_keep, kept_rows, take


def select(table: Table, options: ReadOptions) -> Table:
    """The rows that were asked for; the table itself if all were.

    `limit` alone gives a view of the matrix. `keep` copies the rows that are kept.
    """
    n = len(table) if options.limit is None else min(options.limit, len(table))
    wanted = as_keep(options.keep)
    if n == len(table) and wanted is None:
        return table
    rows = np.arange(n)
    if wanted is not None:
        rows = kept_rows(take(table.tokens, rows), wanted)
    origin = None
    if table._origin is not None and wanted is None:
        origin = table._origin.limited(n)
    matrix = table.storage[:n] if wanted is None else table.storage[rows]
    counts = None if table.counts is None else table.counts[rows]
    return Table._unchecked(
        take(table.tokens, rows),
        matrix,
        counts=counts,
        pad_id=_moved(table.pad_id, rows),
        unk_id=_moved(table.unk_id, rows),
        provenance=table.provenance,
        origin=origin,
    )


def drop_duplicates(
    tokens: Tokens, matrix: Array, counts: Array | None
) -> tuple[Tokens, Array, Array | None, list[str]]:
    """Tokens each once, the first of equal ones, their rows and counts, and those left out.

    Copies the matrix if there is any to leave out.
    """
    first = tokens.first_rows()
    later = np.flatnonzero(first != np.arange(len(tokens)))
    if not later.size:
        return tokens, matrix, counts, []
    kept = np.delete(np.arange(len(tokens)), later)
    counts = None if counts is None else counts[kept]
    return take(tokens, kept), matrix[kept], counts, [tokens[row] for row in later.tolist()]


def _moved(row: int | None, rows: Array) -> int | None:
    """Where a row is among those that were kept."""
    found = np.flatnonzero(rows == row) if row is not None else rows[:0]
    return int(found[0]) if found.size else None
