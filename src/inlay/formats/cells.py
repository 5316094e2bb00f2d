"""Rows of cells: by a kernel as long as nothing is quoted, and by Python's csv module from then on.

What the kernel cannot read, a line at a time, is judged by the csv module too, so that a file is
read, or refused, as that module and `float` say.
"""

import io
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from inlay.aliases import Array
from inlay.bytes.content import Content
from inlay.bytes.encodings import BOM, UTF8
from inlay.bytes.windows import Windows
from inlay.core import Tokens
from inlay.core.tokens import pack
from inlay.errors import FormatError
from inlay.formats.rows import spans
from inlay.formats.text import LineBlock, fitting, last_line_feed, split

NUMBER = re.compile(r"[ ]*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?[ ]*|[ ]*[-+]?(nan|inf)[ ]*", re.I)
SMALL = 1 << 22  # bytes that are read before numba is imported
AT_ONCE = 4096  # rows of the csv module's
QUOTE = b'"'


class Layout(NamedTuple):
    """How the rows of a file are laid out.

    Attributes:
        separator: What stands between two cells.
        first: The first cell that holds a number; the one before it, if any, holds the word.
        width: Cells in a row.
        has_names: Whether the first line names the columns.
    """

    separator: str
    first: int
    width: int
    has_names: bool


def csv_rows(lines: Iterable[str], separator: str) -> Iterator[list[str]]:
    """The cells of each row, by the csv module."""
    import csv

    # The projector quotes nothing, and a quotation mark may be a word.
    if separator == "\t":
        return csv.reader(lines, delimiter=separator, quoting=csv.QUOTE_NONE)
    return csv.reader(lines, delimiter=separator)


def is_number(text: str) -> bool:
    """Whether a cell holds a number, spaces around it included."""
    return NUMBER.fullmatch(text) is not None


class CellReader:
    """The words and numbers of one file.

    Args:
        name: The file's, for messages.
        layout: How it is laid out.
    """

    def __init__(self, name: str, layout: Layout) -> None:
        self._name, self._layout = name, layout
        self._dim, self._head = layout.width - layout.first, b""
        self._blobs, self._lengths = [np.empty(0, np.uint8)], [np.empty(0, np.int64)]
        self._blocks = [np.empty((0, self._dim), np.float32)]

    def read(self, source: Content) -> tuple[Tokens, Array]:
        """All rows; the words are empty if none is in the file.

        Returns:
            The words, and float32 `(rows, numbers)`, which takes twice its memory for a moment.

        Raises:
            FormatError: A row of another width, what is no number, what is no UTF-8.
        """
        from inlay.jobs.threads import Pool, thread_count

        self._head = source.head
        with source.windows() as windows, Pool(thread_count()) as pool:
            window, final = windows.next(0)
            used = len(BOM) if source.head.startswith(BOM) else 0
            names = self._layout.has_names
            while True:
                stop = max(window.size if final else last_line_feed(window) + 1, used)
                piece = window[used:stop].tobytes()
                if names and piece.strip():
                    used += self._behind_names(piece)
                    piece, names = window[used:stop].tobytes(), False
                small = final and window.size < SMALL
                if small or not self._is_plain(piece):
                    self._read_by_csv(self._lines(windows, window, used, final=final))
                    break
                while used < stop:
                    used = self._parse(window, used, stop, pool.map)
                if final:
                    break
                window, final = windows.next(used)
                used = 0
        offsets = np.concatenate([[0], np.cumsum(np.concatenate(self._lengths))]).astype(np.int64)
        return Tokens(np.concatenate(self._blobs), offsets), np.concatenate(self._blocks)

    def _is_plain(self, piece: bytes) -> bool:
        """Whether no cell is quoted; what is no UTF-8 is for the csv module's reader to report."""
        try:
            piece.decode()
        except UnicodeDecodeError:
            return False
        return self._layout.separator == "\t" or QUOTE not in piece

    def _behind_names(self, piece: bytes) -> int:
        """How many bytes the first row takes, and what is empty before it."""
        lines, passed = io.BytesIO(piece), 0
        for row in self._rows(line.decode() for line in lines):
            passed = lines.tell()
            if row:
                break
        return passed

    def _parse(self, window: Array, used: int, stop: int, run: Callable[..., Any]) -> int:
        """Read lines of a window in parallel; gives where the first begins that was not."""
        import csv

        from inlay.kernels.cells import parse_cells
        from inlay.kernels.parse import BLANK, ODD

        blocks = list(fitting(window, split(window, used, stop), self._dim))
        n = sum(block.lines for block in blocks)
        matrix = np.empty((n, self._dim), np.float32)
        bounds, status = np.empty((n, 2), np.int64), np.empty(n, np.uint8)
        how = (np.uint8(ord(self._layout.separator)), self._layout.first, csv.field_size_limit())

        def work(block: LineBlock) -> None:
            rows = slice(block.first, block.first + block.lines)
            parse_cells(
                window, block.start, block.stop, *how, matrix[rows], bounds[rows], status[rows]
            )

        for _ in run(work, blocks):
            pass
        for row in np.flatnonzero(status == ODD).tolist():
            start, end = bounds[row].tolist()
            cells = self._cells(window[start:end].tobytes().decode())
            if not cells:
                status[row] = BLANK
                continue
            word, numbers = self._checked(cells)
            matrix[row] = self._numbers([(word, numbers)])
            start += sum(len(cell.encode()) + 1 for cell in cells[: max(self._layout.first - 1, 0)])
            bounds[row] = start, start + len(word.encode())
        if (status == BLANK).any():
            matrix, bounds = matrix[status != BLANK], bounds[status != BLANK]
        self._add(matrix, *spans(window, bounds))
        return blocks[-1].stop

    def _lines(self, windows: Windows, window: Array, used: int, *, final: bool) -> Iterator[bytes]:
        """All lines from a place in a window on."""
        while True:
            stop = max(window.size if final else last_line_feed(window) + 1, used)
            yield from io.BytesIO(window[used:stop].tobytes())
            if final:
                return
            window, final = windows.next(stop)
            used = 0

    def _read_by_csv(self, lines: Iterator[bytes]) -> None:
        rows = map(self._checked, filter(None, self._rows(line.decode() for line in lines)))
        while block := list(islice(rows, AT_ONCE)):
            blob, offsets = pack([word for word, _ in block])
            self._add(self._numbers(block), blob, offsets)

    def _cells(self, line: str) -> list[str]:
        return next(self._rows([line]), [])

    def _rows(self, texts: Iterable[str]) -> Iterator[list[str]]:
        import csv

        try:
            yield from csv_rows(texts, self._layout.separator)
        except UnicodeDecodeError as error:
            raise UTF8.refused(self._name, error, self._head) from None
        except csv.Error as error:
            raise FormatError(self._name, expected="columns", got=str(error)) from error

    def _checked(self, cells: list[str]) -> tuple[str, list[str]]:
        """The word and the numbers of a row."""
        first, width = self._layout.first, self._layout.width
        if len(cells) != width:
            raise FormatError(
                f"{self._name}, the row of {cells[0]!r:.80}",
                expected=f"{width} columns, as in the first row",
                got=str(len(cells)),
                hint="download it again; a cut-off file looks like this",
            )
        return cells[first - 1] if first else "", cells[first:]

    def _numbers(self, block: list[tuple[str, list[str]]]) -> Array:
        """float32 of what are numbers, each rounded from its float64."""
        try:
            with np.errstate(over="ignore"):
                return np.array([numbers for _, numbers in block], np.float64).astype(np.float32)
        except ValueError as error:
            word, wrong = next(
                (word, text) for word, row in block for text in row if not is_number(text)
            )
            raise FormatError(
                f"{self._name}, the row of {word!r:.80}",
                expected="numbers in the columns behind it",
                got=f"{wrong!r:.80}",
            ) from error

    def _add(self, matrix: Array, blob: Array, offsets: Array) -> None:
        self._blocks.append(matrix)
        self._blobs.append(blob)
        self._lengths.append(np.diff(offsets))
