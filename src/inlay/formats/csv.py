"""Numbers in columns: CSV with the words in one, and the Embedding Projector's TSV without words.

The numbers are the columns at the end of each line in which the first lines have nothing else; the
column before them holds the words, and what stands before that (an index of pandas, say) is left
out. If there is no column before them, the words stand in a list beside the file, as the
projector has them in `metadata.tsv` beside `tensors.tsv`. A first line without numbers names the
columns. Of tabs, only what is no GloVe text is read here: lines without words, or with names above.
"""

import io
import re
from pathlib import Path
from typing import IO, Any, ClassVar

import numpy as np

from inlay.aliases import Array
from inlay.bytes.content import Content
from inlay.containers.protocol import LazyArray
from inlay.core import Table
from inlay.errors import FormatError
from inlay.formats.cells import CellReader, Layout, csv_rows, is_number
from inlay.formats.format_options import NumbersFormat, options
from inlay.formats.names import Named, find_names
from inlay.formats.protocol import ReadOptions, refuse_write
from inlay.formats.selection import table_of

DECIMAL = re.compile(r"[.eE]")
SAMPLE = 50  # lines that the columns are known by
MANY = 8  # columns


@options
class Csv(NumbersFormat):
    """A table of numbers between commas, semicolons or tabs; float32, as text gives everywhere.

    Args:
        nonfinite: Whether NaN and infinity are errors.
    """

    name: ClassVar[str] = "csv"
    suffixes: ClassVar[tuple[str, ...]] = ()
    takes: ClassVar[tuple[str, ...]] = ("tokens",)

    def sniff(self, head: bytes, path: Path) -> bool:
        layout = _layout(head)
        if layout is None:
            return False
        return layout.separator != "\t" or layout.has_names or layout.first == 0

    def read(self, source: Content, options: ReadOptions) -> Table:
        """Reads all rows; those that are kept are copied."""
        layout = _layout(source.head)
        if layout is None:
            raise FormatError(
                source.name,
                expected="columns of numbers between commas, semicolons or tabs",
                got=repr(source.head[:60].decode(errors="replace")),
                hint="leave format= out: the content says what it is",
            )
        words, matrix = CellReader(source.name, layout).read(source)
        if layout.first == 0 or options.tokens is not None:
            entry = LazyArray(matrix.shape, matrix.dtype, matrix.__getitem__)
            named = find_names(source.path, options.tokens, entry)
        else:
            named = Named(words)

        def rows(index: slice | Array) -> Array:
            return np.ascontiguousarray(matrix[named.row_of(index)])

        details: dict[str, Any] = {"rows_without_token": named.without} if named.without else {}
        special = (named.pad, named.unk)
        return table_of(source, options, self, named.tokens, rows, special=special, **details)

    def write(self, table: Table, file: IO[bytes]) -> None:
        raise refuse_write(self.name)


def _layout(head: bytes) -> Layout | None:
    """How the first lines are laid out, if they are rows of numbers."""
    text = head[: 1 << 16].decode("utf-8-sig", errors="replace")
    if "\0" in text:
        return None
    for separator in (",", ";", "\t"):
        whole = text.rsplit("\n", 1)[0] if len(head) >= 1 << 16 else text
        rows = _split(whole, separator)[: SAMPLE + 1]
        if not rows or len(rows[0]) < 2:
            continue
        places = [str(place) for place in range(len(rows[0]) - 1)]  # as pandas numbers columns
        has_names = rows[0][1:] == places or not any(map(is_number, rows[0][1:]))
        has_names = has_names and len(rows) > 1
        body = rows[1:] if has_names else rows
        width = len(body[0])
        if any(len(row) != width for row in rows[:-1]):
            continue
        starts = [_first_number(row) for row in body if len(row) == width]
        first = max(starts)
        cells = [cell for row in body for cell in row[first:]]
        # Whole numbers may be labels or counts, unless there are many.
        enough = width - first >= (2 if any(map(DECIMAL.search, cells)) else MANY)
        # In the first column `1999` is a word, and `0.25` is none.
        if enough and (first or any(DECIMAL.search(row[0]) for row in body)):
            return Layout(separator, first, width, has_names)
    return None


def _split(text: str, separator: str) -> list[list[str]]:
    import csv

    try:
        return [row for row in csv_rows(io.StringIO(text, newline=""), separator) if row]
    except csv.Error:
        return []


def _first_number(row: list[str]) -> int:
    """The column from which on there are only numbers."""
    first = len(row)
    while first and is_number(row[first - 1]):
        first -= 1
    return first
