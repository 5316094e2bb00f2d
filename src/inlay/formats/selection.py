"""`limit` and `keep` for formats that have the whole matrix at hand, mapped or in memory."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.bytes.content import Content
from inlay.core import Table, Tokens
from inlay.core.storage import StoredRows
from inlay.core.subwords import Subwords
from inlay.core.travel import Origin
from inlay.errors import ArgumentError, FormatError
from inlay.formats.format_options import NumbersFormat
from inlay.formats.protocol import ReadOptions
from inlay.formats.rows import EXAMPLES, as_keep, kept_rows, take

CHECKED_AT_ONCE = 8192  # rows
# Gives rows of a matrix: those of a slice, or of int64 `(n,)`.
TakeRows = Callable[[slice | Array], Array]


def table_of(
    source: Content,
    options: ReadOptions,
    format: NumbersFormat,
    tokens: Tokens,
    rows: TakeRows,
    *,
    counts: Array | None = None,
    read: int | None = None,
    special: tuple[str | None, str | None] = (None, None),
    subwords: Subwords | None = None,
    **details: Any,
) -> Table:
    """The table of the rows that were asked for, of equal tokens the first.

    Args:
        source: Where they come from.
        options: What was asked for.
        format: Its name goes into the provenance; it says what NaN and infinity do.
        tokens: All that the file has, checked.
        rows: Gives rows of the matrix; a slice, where all are wanted, need not be copied.
        counts: The tokens' counts.
        read: How many rows were read, where some were left out on the way.
        special: The tokens that are said to be padding, which it is if its row is zero, and to
            stand for unknown ones.
        subwords: What makes vectors of other words.
        details: What else goes into the provenance.

    Raises:
        FormatError: NaN or infinity, unless the format is told to keep them.
    """
    n = len(tokens) if options.limit is None else min(options.limit, len(tokens))
    if n < len(tokens):
        tokens = take(tokens, np.arange(n))
    wanted = as_keep(options.keep)
    chosen = np.arange(n) if wanted is None else kept_rows(tokens, wanted)
    if chosen.size < n:
        tokens = take(tokens, chosen)
    first = tokens.first_rows()
    later = np.flatnonzero(first != np.arange(len(tokens)))
    examples = [tokens[row] for row in later[:EXAMPLES].tolist()]
    if later.size:
        kept = np.delete(np.arange(len(tokens)), later)
        tokens, chosen = take(tokens, kept), chosen[kept]
    is_all = chosen.size == n
    matrix = rows(slice(n) if is_all else chosen)
    if format.nonfinite == "error":
        _check_finite(source.name, format, tokens, matrix, chosen)
    if counts is not None:
        counts = counts[:n] if is_all else counts[chosen]
    provenance = {
        "source": source.name,
        "format": format.name,
        "rows": n if read is None else read,
        "duplicates": later.size,
        "duplicate_examples": examples,
        **details,
    }
    pad_id, unk_id = (-1 if token is None else tokens.find(token) for token in special)
    return Table._unchecked(
        tokens,
        matrix,
        counts=counts,
        pad_id=pad_id if pad_id >= 0 and not matrix[pad_id].any() else None,
        unk_id=unk_id if unk_id >= 0 and unk_id != pad_id else None,
        provenance=provenance,
        subwords=subwords,
    )


def packed_tokens(tokens: Sequence[str], name: str) -> Tokens:
    """Strings out of a file; half of a pair of surrogates, which JSON can hold, is damage."""
    try:
        return Tokens.from_list(tokens)
    except ArgumentError as error:
        hint = "download or convert it again"
        raise FormatError(name, expected=error.expected, got=error.got, hint=hint) from error


def _check_finite(
    name: str, format: NumbersFormat, tokens: Tokens, matrix: Array, rows: Array
) -> None:
    for start in range(0, len(matrix), CHECKED_AT_ONCE):
        block = matrix[start : start + CHECKED_AT_ONCE]
        bad = np.flatnonzero(~np.isfinite(block).all(axis=1))
        if bad.size:
            at = start + int(bad[0])
            raise FormatError(
                f"{name}, row {rows[at]}",
                expected="finite numbers",
                got=f"NaN or infinity in the vector of {tokens[at]!r:.80}",
                hint=f"{format.saying('nonfinite', 'keep')} to read them as they are",
            )


def select(table: Table, options: ReadOptions) -> Table:
    """The rows that were asked for; the table itself if all were.

    `limit` alone gives a view of the matrix. `keep` copies the rows that are kept. So it is with
    parts that have the same tokens; others stay whole.
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
    return taken(table, slice(n) if wanted is None else rows, origin)


def taken(table: Table, chosen: slice | Array, origin: Origin | None = None) -> Table:
    """Some rows of a table, of its counts, and of those parts that have the same tokens.

    Subwords stay, for these vectors are as they were; other parts stay whole.

    Args:
        table: The table.
        chosen: A slice, which makes a view; or row numbers, rising, which make a copy.
        origin: The file where these rows, and no others, can be had.
    """
    rows = np.arange(len(table))[chosen]
    tokens = take(table.tokens, rows)
    stored = table._rows
    matrix = stored.taken(chosen) if isinstance(stored, StoredRows) else stored[chosen]
    return Table._unchecked(
        tokens,
        matrix,
        counts=None if table.counts is None else table.counts[rows],
        pad_id=_moved(table.pad_id, rows),
        unk_id=_moved(table.unk_id, rows),
        provenance=table.provenance,
        origin=origin,
        subwords=table._subwords,
        parts={
            name: _part(part, tokens, chosen) if part.tokens is table.tokens else part
            for name, part in table.parts.items()
        },
    )


def _part(part: Table, tokens: Tokens, chosen: slice | Array) -> Table:
    """Some rows of a part, which is of numbers alone and has no special ones."""
    counts = None if part.counts is None else part.counts[chosen]
    rows = part._rows[chosen]
    return Table._unchecked(tokens, rows, counts=counts, provenance=part.provenance)


def _moved(row: int | None, rows: Array) -> int | None:
    """Where a row is among those that were kept."""
    found = np.flatnonzero(rows == row) if row is not None else rows[:0]
    return int(found[0]) if found.size else None
