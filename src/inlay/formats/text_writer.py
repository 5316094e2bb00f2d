"""Writing text vectors: the shortest decimals that read back as the same float32."""

from collections.abc import Iterator
from typing import IO, Any

import numpy as np

from inlay.aliases import Array
from inlay.bytes.encodings import BOM
from inlay.core import Table
from inlay.errors import FormatError
from inlay.formats.line_rules import holds_row

NUMBERS_AT_ONCE = 1 << 18
BREAKS = (b"\n",)
SEPARATORS = (b"\n", b" ", b"\t", b"\r")


def write_text(table: Table, file: IO[bytes], *, header: bool, space_at_end: bool = False) -> None:
    """Write rows of text, after a header `rows dim` if the format has one.

    float64 is rounded to float32. Allocates a few megabytes for each thread.
    """
    from inlay.jobs.threads import Pool, thread_count

    if header:
        file.write(f"{len(table)} {table.dim}\n".encode())
    rows = max(NUMBERS_AT_ONCE // table.dim, 1)

    def work(start: int) -> list[bytes]:
        return list(_lines(table, start, min(start + rows, len(table)), space_at_end))

    threads = thread_count()
    with Pool(threads) as pool:
        for pieces in pool.in_order(work, range(0, len(table), rows), 2 * threads):
            file.writelines(pieces)


def _lines(table: Table, start: int, stop: int, space_at_end: bool) -> Iterator[bytes]:
    from inlay.kernels.decimals import WIDEST, write_rows

    matrix = float32_rows(table._rows, start, stop)
    offsets = np.asarray(table.tokens.offsets[start : stop + 1])
    tokens = int(offsets[-1] - offsets[0])
    out = np.empty(len(matrix) * (table.dim * WIDEST + 2) + tokens, np.uint8)
    row = 0
    while True:
        row, size = write_rows(table.tokens.blob, offsets, matrix, row, space_at_end, out)
        yield out[:size].tobytes()
        if row == len(matrix):
            return
        # Not finite, or of no certain decimal: all digits of the float64.
        numbers = " ".join(map(repr, matrix[row].astype(np.float64).tolist()))
        yield f"{table.tokens[start + row]} {numbers}{' ' * space_at_end}\n".encode()
        row += 1


def float32_rows(matrix: Any, start: int, stop: int) -> Array:
    """Rows as float32, C-contiguous; a view if they are that already."""
    return np.ascontiguousarray(matrix[start:stop], np.float32)


def check_tokens(
    table: Table,
    format: str,
    hint: str,
    *,
    forbidden: tuple[bytes, ...],
    longest: int | None = None,
) -> None:
    """Raise `FormatError` for the first token that is empty, too long or has a forbidden byte."""
    table.tokens.check()
    blob, offsets = table.tokens.blob, table.tokens.offsets
    bad = np.isin(blob, np.frombuffer(b"".join(forbidden), np.uint8)).nonzero()[0][:1]
    lengths = np.diff(offsets)
    odd = lengths == 0 if longest is None else (lengths == 0) | (lengths > longest)
    rows = [*np.flatnonzero(odd)[:1], *np.searchsorted(offsets, bad, "right") - 1]
    if rows:
        row = int(min(rows))
        refuse(table.tokens[row], row, format, hint)
    if len(table) and blob[offsets[0] : offsets[1]][:3].tobytes() == BOM:
        refuse(table.tokens[0], 0, format, hint)


def check_glove_tokens(table: Table, format: str, hint: str) -> None:
    """Spaces are allowed in a token, but only where reading gives the same token back."""
    check_tokens(table, format, hint, forbidden=BREAKS)
    blob, offsets = table.tokens.blob, table.tokens.offsets
    header = table.dim == 1 and len(table) > 1 and table.tokens[0] == str(len(table) - 1)
    if header and table._rows[0][0] == 1:  # token and number together say what the others are
        refuse(table.tokens[0], 0, format, hint)
    spaced = np.flatnonzero((blob == 32) | (blob == 9))
    for row in np.unique(np.searchsorted(offsets, spaced, "right") - 1).tolist():
        token = table.tokens[row]
        if token.strip(" \t") != token or "\r" in token or holds_row(token.encode(), table.dim):
            refuse(token, row, format, hint)


def refuse(token: str, row: int, format: str, hint: str) -> None:
    """Raise the error of a token that a format cannot hold."""
    raise FormatError(
        f"token {row}",
        expected=f"a token that the format {format!r} can hold",
        got=repr(token) if len(token) < 100 else f"one of {len(token):,} characters",
        hint=hint,
    )
