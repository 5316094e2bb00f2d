"""Numbers in columns: CSV with the words in one, and the Embedding Projector's TSV without words.

The numbers are the columns at the end of each line in which the first lines have nothing else; the
column before them holds the words, and what stands before that (an index of pandas, say) is left
out. If there is no column before them, the words stand in a list beside the file, as the
projector has them in `metadata.tsv` beside `tensors.tsv`. A first line without numbers names the
columns. Of tabs, only what is no GloVe text is read here: lines without words, or with names above.
"""

import io
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, ClassVar

import numpy as np

from inlay.aliases import Array
from inlay.bytes.content import Content
from inlay.bytes.encodings import MARK
from inlay.containers.protocol import LazyArray
from inlay.core import Table
from inlay.errors import FormatError
from inlay.formats.format_options import NumbersFormat, options
from inlay.formats.names import Named, find_names
from inlay.formats.protocol import ReadOptions, refuse_write
from inlay.formats.selection import packed_tokens, table_of

NUMBER = re.compile(r"[ ]*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?[ ]*|[ ]*[-+]?(nan|inf)[ ]*", re.I)
DECIMAL = re.compile(r"[.eE]")
SAMPLE = 50  # lines that the columns are known by
MANY = 8  # columns
AT_ONCE = 4096  # rows


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
        separator, first, has_names = layout
        return separator != "\t" or has_names or first == 0

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
        separator, first, has_names = layout
        words: list[str] = []
        blocks: list[Array] = []
        with source.open() as file:
            lines = _lines(file, separator, source.name)
            if has_names:
                next(lines)
            for block in _blocks(lines, first, source.name):
                words += [word for word, _ in block]
                blocks.append(_numbers(block, source.name))
        matrix = np.concatenate(blocks) if blocks else np.empty((0, 1), np.float32)
        if first == 0 or options.tokens is not None:
            entry = LazyArray(matrix.shape, matrix.dtype, matrix.__getitem__)
            named = find_names(source.path, options.tokens, entry)
        else:
            named = Named(packed_tokens(words, source.name))

        def rows(index: slice | Array) -> Array:
            return np.ascontiguousarray(matrix[named.row_of(index)])

        details: dict[str, Any] = {"rows_without_token": named.without} if named.without else {}
        special = (named.pad, named.unk)
        return table_of(source, options, self, named.tokens, rows, special=special, **details)

    def write(self, table: Table, file: IO[bytes]) -> None:
        raise refuse_write(self.name)


def _layout(head: bytes) -> tuple[str, int, bool] | None:
    """What separates columns, the first that holds numbers, and whether a line names them."""
    text = head[: 1 << 16].decode("utf-8-sig", errors="replace")
    if "\0" in text:
        return None
    for separator in (",", ";", "\t"):
        whole = text.rsplit("\n", 1)[0] if len(head) >= 1 << 16 else text
        rows = _split(whole, separator)[: SAMPLE + 1]
        if not rows or len(rows[0]) < 2:
            continue
        places = [str(place) for place in range(len(rows[0]) - 1)]  # as pandas numbers columns
        has_names = rows[0][1:] == places or not any(map(_is_number, rows[0][1:]))
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
            return separator, first, has_names
    return None


def _split(text: str, separator: str) -> list[list[str]]:
    import csv

    try:
        return [row for row in _reader(io.StringIO(text, newline=""), separator) if row]
    except csv.Error:
        return []


def _reader(file: Any, separator: str) -> Iterator[list[str]]:
    import csv

    # The projector quotes nothing, and a quotation mark may be a word.
    if separator == "\t":
        return csv.reader(file, delimiter=separator, quoting=csv.QUOTE_NONE)
    return csv.reader(file, delimiter=separator)


def _first_number(row: list[str]) -> int:
    """The column from which on there are only numbers."""
    first = len(row)
    while first and _is_number(row[first - 1]):
        first -= 1
    return first


def _is_number(text: str) -> bool:
    return NUMBER.fullmatch(text) is not None


def _lines(file: IO[bytes], separator: str, where: str) -> Iterator[list[str]]:
    import csv

    texts = (line.decode("utf-8") for line in file)
    try:
        first = next(texts, "").removeprefix(MARK)
        yield from _reader(itertools.chain([first], texts), separator)
    except UnicodeDecodeError as error:
        raise FormatError(where, expected="text in UTF-8", got=str(error)) from error
    except csv.Error as error:
        raise FormatError(where, expected="columns", got=str(error)) from error


def _blocks(
    lines: Iterator[list[str]], first: int, where: str
) -> Iterator[list[tuple[str, list[str]]]]:
    """The word and the numbers of each line, many lines at a time."""
    block: list[tuple[str, list[str]]] = []
    width = 0
    for line in lines:
        if not line:
            continue
        width = width or len(line)
        if len(line) != width:
            raise FormatError(
                f"{where}, the row of {line[0]!r:.80}",
                expected=f"{width} columns, as in the first row",
                got=str(len(line)),
                hint="download it again; a cut-off file looks like this",
            )
        block.append((line[first - 1] if first else "", line[first:]))
        if len(block) == AT_ONCE:
            yield block
            block = []
    if block:
        yield block


def _numbers(block: list[tuple[str, list[str]]], where: str) -> Array:
    """float32 of what are numbers, each rounded from its float64."""
    try:
        with np.errstate(over="ignore"):
            return np.array([numbers for _, numbers in block], np.float64).astype(np.float32)
    except ValueError as error:
        word, wrong = next(
            (word, text) for word, row in block for text in row if not _is_number(text)
        )
        raise FormatError(
            f"{where}, the row of {word!r:.80}",
            expected="numbers in the columns behind it",
            got=f"{wrong!r:.80}",
        ) from error
