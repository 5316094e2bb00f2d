"""Reading text vectors: windows of bytes, blocks of lines in parallel, rows to a table."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from inlay.aliases import Array
from inlay.bytes.content import Content
from inlay.core import Table
from inlay.errors import FormatError
from inlay.formats.lines import LineRules, TextHead, text_head, usual_dim
from inlay.formats.protocol import ReadOptions
from inlay.formats.recognise import is_html
from inlay.formats.rows import Rows
from inlay.jobs.threads import Pool, thread_count

BLOCK = 1 << 20
LINE_FEED = 10


class Block(NamedTuple):
    """Whole lines in a window: `window[start:stop]` holds lines `first` to `first + lines`."""

    start: int
    stop: int
    first: int
    lines: int


def read_text(source: Content, options: ReadOptions, *, format: str, header: bool) -> Table:
    """Read a table from text.

    Args:
        source: The file.
        options: All but `vocabulary` and `verify`.
        format: Its name, for the provenance.
        header: Whether the first line is `rows dim`.

    Returns:
        float32; allocates the matrix, the tokens, and a window of 16 MiB.

    Raises:
        FormatError: The first line that is wrong, or a header that is.
    """
    head = _checked_head(source, header=header)
    rules = _rules(source.name, head, options, header=header)
    rows = Rows(source, options, rules.dim, unit="line")
    reader = TextReader(rules, rows, number=2 if header else 1, limit=options.limit)
    with source.windows() as windows, Pool(thread_count()) as pool:
        window, final = windows.next(0)
        used = min(head.skip if header else head.bom, window.size)
        if not source.packed:
            reader.expect(source.path.stat().st_size, window[used:])
        reader.pool = pool
        while True:
            used = reader.take(window, used, final=final)
            if final or reader.done:
                break
            window, final = windows.next(used)
            used = 0
    if header and options.header == "check" and not reader.done:
        _check_count(source.name, head, rows.read)
    return rows.table(format, tokens_with_spaces=reader.spaced)


class TextReader:
    """The state of reading one file."""

    pool: Pool

    def __init__(self, rules: LineRules, rows: Rows, *, number: int, limit: int | None) -> None:
        self._rules, self._rows, self._number = rules, rows, number
        self._left = limit
        self._blank: int | None = None  # the number of the first blank line
        self.spaced = 0

    @property
    def done(self) -> bool:
        """Whether `limit` is reached."""
        return self._left == 0

    def expect(self, size: int, window: Array) -> None:
        """Estimate the number of rows, a little high, by the lines of the first window."""
        lines = max(int(np.count_nonzero(window == LINE_FEED)), 1)
        rows = int(size / max(window.size, 1) * lines * 1.02) + 16
        self._rows.expect(rows if self._left is None else min(rows, self._left))

    def take(self, window: Array, used: int, *, final: bool) -> int:
        """Parse the whole lines of a window; returns how many bytes are done with."""
        from inlay.kernels.parse import parse_lines

        stop = window.size if final else last_line_feed(window) + 1
        blocks = list(self._limited(split(window, used, max(stop, used))))
        n = sum(block.lines for block in blocks)
        matrix = self._rows.room(n)
        bounds, status = np.empty((n, 2), np.int64), np.empty(n, np.uint8)

        def work(block: Block) -> None:
            lines = slice(block.first, block.first + block.lines)
            args = (matrix[lines], bounds[lines], status[lines])
            parse_lines(window, block.start, block.stop, *args)

        for _ in self.pool.map(work, blocks):
            pass
        n = self._judge(window, matrix, bounds, status)
        self._rows.add(window, bounds[:n], self._number)
        self._number += len(status)
        return max(stop, used)

    def _limited(self, blocks: Iterator[Block]) -> Iterator[Block]:
        for block in blocks:
            lines = block.lines if self._left is None else min(block.lines, self._left)
            if self._left is not None:
                self._left -= lines
            if lines:
                yield block._replace(lines=lines)

    def _judge(self, window: Array, matrix: Array, bounds: Array, status: Array) -> int:
        """Look at the lines that the kernel did not take as they are; count the rows."""
        from inlay.kernels.parse import BLANK, SPACED

        if self._blank is not None:
            if (status != BLANK).any():
                raise self._rules.error(self._blank, "an empty line")
            return 0
        n = len(status)
        for row in np.flatnonzero(status):
            number = self._number + int(row)
            if status[row] == BLANK:
                if self._blank is None:
                    self._blank, n = number, int(row)
                continue
            if self._blank is not None:
                raise self._rules.error(self._blank, "an empty line")
            line = window[bounds[row, 0] : bounds[row, 1]].tobytes()
            if status[row] == SPACED:
                self._rules.check_spaced(line, number)
                self.spaced += 1
                continue
            end, matrix[row] = self._rules.parse(line, number)
            bounds[row, 1] = bounds[row, 0] + end
        if n < len(status) and (status[n:] != BLANK).any():
            raise self._rules.error(self._number + n, "an empty line")
        return n


def split(window: Array, start: int, stop: int) -> Iterator[Block]:
    """Cut at the first line feed behind every megabyte."""
    first = 0
    while start < stop:
        end = min(start + BLOCK, stop)
        end = min(_line_feed(window, end, stop) + 1, stop)
        lines = int(np.count_nonzero(window[start:end] == LINE_FEED))
        lines += int(window[end - 1] != LINE_FEED)
        yield Block(start, end, first, lines)
        start, first = end, first + lines


def _line_feed(window: Array, start: int, stop: int) -> int:
    """Where the first line feed at or behind `start` is, or `stop`."""
    for at in range(start, stop, 4096):
        found = window[at : min(at + 4096, stop)].tobytes().find(b"\n")
        if found >= 0:
            return at + found
    return stop


def last_line_feed(window: Array) -> int:
    """Where the last line feed of a window is, or -1."""
    for stop in range(window.size, 0, -4096):
        start = max(stop - 4096, 0)
        found = window[start:stop].tobytes().rfind(b"\n")
        if found >= 0:
            return start + found
    return -1


def _checked_head(source: Content, *, header: bool) -> TextHead:
    head = text_head(source.head)
    if not source.head[head.bom if head else 0 :].strip():
        hint = "download it again"
        raise FormatError(source.name, expected="rows of vectors", got="an empty file", hint=hint)
    if is_html(source.head):
        raise FormatError(
            source.name,
            expected="rows of vectors",
            got="an HTML page",
            hint="download it again: the address gave a web page, not the file",
        )
    if head is None:
        first = source.head.split(b"\n", 1)[0][:60]
        binary = b"\0" in source.head[:4096]
        raise FormatError(
            f"{source.name}, line 1",
            expected="a token and numbers, as text",
            got="binary data" if binary else repr(first.decode(errors="replace")),
            hint="leave format= out: the content says what it is" if binary else "",
        )
    if header and head.header is None:
        raise FormatError(
            f"{source.name}, line 1",
            expected="a header of two whole numbers: rows and dimension",
            got=repr(head.lines[0][:60].decode(errors="replace")),
            hint="format='glove' for a file without a header",
        )
    return head


def _rules(name: str, head: TextHead, options: ReadOptions, *, header: bool) -> LineRules:
    """Find out the dimension, and why it is believed."""
    lines = head.lines[1:] if header else head.lines
    usual, counts = usual_dim(lines)
    finite = options.nonfinite == "error"
    said = head.header[1] if header and head.header else None
    if options.dim is not None:
        if said not in (None, options.dim) and options.header == "check":
            raise FormatError(
                f"{name}, line 1",
                expected=f"dimension {options.dim}, as dim= says",
                got=str(said),
                hint="leave dim= out, or header='ignore'",
            )
        return LineRules(name, options.dim, f"dim={options.dim}", finite)
    if said is not None and options.header == "check":
        if counts and counts[said] < counts[usual]:
            raise FormatError(
                f"{name}, line 1",
                expected=f"a header that says dimension {usual}, as the rows have",
                got=str(said),
                hint="header='ignore' to believe the rows",
            )
        return LineRules(name, said, "as line 1 says", finite)
    dim = usual or said or 0
    if dim == 0:
        raise FormatError(name, expected="rows of a token and numbers", got="no rows")
    first = usual_dim(lines[:1])[0] == dim
    line = "line 2" if header else "line 1"
    because = f"as in {line}" if first else f"as in most of the first {counts.total()} rows"
    return LineRules(name, dim, because, finite)


def _check_count(name: str, head: TextHead, rows: int) -> None:
    if head.header is not None and head.header[0] != rows:
        raise FormatError(
            name,
            expected=f"{head.header[0]} rows, as line 1 says",
            got=str(rows),
            hint="download it again if rows are missing, or header='ignore' to take what is there",
        )
