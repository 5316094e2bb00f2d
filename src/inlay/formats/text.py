"""Reading text vectors: windows of bytes, blocks of lines in parallel, rows to a table."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from inlay.aliases import Array
from inlay.bytes.content import Content
from inlay.core import Table
from inlay.formats.doubts import Doubts
from inlay.formats.format_options import HeaderUse, TextFormat
from inlay.formats.heads import check_count, checked_head, line_rules
from inlay.formats.line_rules import LineRules, found_in
from inlay.formats.protocol import ReadOptions
from inlay.formats.rows import Rows
from inlay.formats.wanted import Wanted, WantedLines, wanted_of

BLOCK = 1 << 20
LOOKED_AT = 1 << 22  # bytes of which every line is read, whichever rows are kept
LINE_FEED = 10
SLACK = 1 << 24
SEPARATORS = b" \t\r\n"


class LineBlock(NamedTuple):
    """Whole lines in a window: `window[start:stop]` holds lines `first` to `first + lines`."""

    start: int
    stop: int
    first: int
    lines: int


def read_text(
    source: Content, options: ReadOptions, format: TextFormat, *, header: HeaderUse | None = None
) -> Table:
    """Read a table from text.

    With `keep`, lines behind the first 4 MiB whose first field begins no token that is kept are
    counted, and not read.

    Args:
        source: The file.
        options: What is wanted of it.
        format: What the user said about it.
        header: Whether the first line, `rows dim`, is checked; None if there is no such line.

    Returns:
        float32; allocates the matrix, the tokens, and a window of 16 MiB.

    Raises:
        FormatError: The first line that is wrong, or a header that is.
    """
    from inlay.jobs.threads import Pool, thread_count

    head = checked_head(source, format, header=header is not None)
    rules = line_rules(source.name, head, format, header)
    rows = Rows(source, options, format, rules.dim, unit="line")
    reader = TextReader(rules, rows, number=2 if header else 1, limit=options.limit)
    plain = options.limit is None and format.encoding == "utf-8" and format.errors == "strict"
    wanted = wanted_of(rows.wanted) if plain else None
    with source.windows() as windows, Pool(thread_count()) as pool:
        window, final = windows.next(0)
        used = min(head.skip if header else head.bom, window.size)
        if not source.packed:
            reader.expect(source.path.stat().st_size, window[used:])
        reader.map = pool.map
        if wanted is not None and window.size > LOOKED_AT:
            used = reader.take(window[:LOOKED_AT], used, final=False)
            reader.wanted = wanted
        while True:
            used = reader.take(window, used, final=final)
            if reader.done or (final and used == window.size):
                break
            window, final = windows.next(used)
            used = 0
    if header == "check" and not reader.done:
        check_count(source.name, head, rows.read, format)
    table = rows.table(tokens_with_spaces=reader.spaced)
    if header is None and format.dim is None:
        reader.doubts.check(source.name, table, format)
    return table


class TextReader:
    """The state of reading one file."""

    map: Callable[..., Iterator[None]]

    def __init__(self, rules: LineRules, rows: Rows, *, number: int, limit: int | None) -> None:
        self._rules, self._rows, self._number = rules, rows, number
        self._left = limit
        self._blank: int | None = None  # the number of the first blank line
        self.spaced, self.doubts = 0, Doubts()
        self.wanted: Wanted | None = None

    @property
    def done(self) -> bool:
        """Whether `limit` is reached."""
        return self._left == 0

    def expect(self, size: int, window: Array) -> None:
        """Estimate the number of rows, a little high, by the first lines of the first window."""
        window = window[:LOOKED_AT]
        lines = max(int(np.count_nonzero(window == LINE_FEED)), 1)
        rows = int(size / max(window.size, 1) * lines * 1.02) + 16
        rows = min(rows, size // (2 * self._rules.dim))  # two bytes a number, at least
        self._rows.expect(rows if self._left is None else min(rows, self._left))

    def take(self, window: Array, used: int, *, final: bool) -> int:
        """Parse the whole lines of a window; returns how many bytes are done with."""
        stop = max(window.size if final else last_line_feed(window) + 1, used)
        if self.done:
            return stop
        if self._blank is not None or stop - used < 2 * self._rules.dim:
            return self._take_no_row(window, used, stop)
        if self.wanted is not None:
            return self._take_wanted(self.wanted.lines(window, used, stop))
        used, lines = self._parse(window, used, stop)
        self._number += lines
        return used

    def _take_wanted(self, found: WantedLines) -> int:
        """Parse the lines of a window that may be wanted: the others count, and are not read."""
        numbers, done, used = self._number + found.numbers, 0, 0
        while used < found.text.size:
            if self._blank is not None:
                used = self._take_no_row(found.text, used, found.text.size)
                break
            used, lines = self._parse(found.text, used, found.text.size, numbers[done:])
            done += lines
        if self._blank is not None:
            behind = self._number + found.passed - 1 - self._blank
            if behind != np.count_nonzero(numbers > self._blank):
                raise self._rules.error(self._blank, "an empty line")
        self._rows.read += found.passed - numbers.size
        self._number += found.passed
        return found.stop

    def _parse(
        self, window: Array, used: int, stop: int, numbers: Sequence[int] | Array | None = None
    ) -> tuple[int, int]:
        """Parse lines in parallel, whose numbers follow the last one's if they are not given.

        Returns where in the window the first line begins that was not parsed, and how many were.
        """
        from inlay.kernels.parse import parse_lines

        blocks = list(self._limited(fitting(window, split(window, used, stop), self._rules.dim)))
        n = sum(block.lines for block in blocks)
        if numbers is None:
            numbers = range(self._number, self._number + n)
        matrix = self._rows.room(n)
        bounds, status = np.empty((n, 2), np.int64), np.empty(n, np.uint8)

        def work(block: LineBlock) -> None:
            lines = slice(block.first, block.first + block.lines)
            args = (matrix[lines], bounds[lines], status[lines])
            parse_lines(window, block.start, block.stop, *args)

        for _ in self.map(work, blocks) if len(blocks) > 1 else map(work, blocks):
            pass
        rows = self._judge(window, matrix, bounds, status, numbers)
        if self.wanted is None:
            self.doubts.look(window, bounds[:rows], matrix[:rows], self.spaced)
        self._rows.add(window, bounds[:rows], numbers)
        return (blocks[-1].stop if blocks else used), n

    def _take_no_row(self, window: Array, used: int, stop: int) -> int:
        """Pass over blank lines where no row can be: behind one, or in too few bytes for one."""
        rest = window[used:stop].tobytes()
        if not rest.strip(SEPARATORS):
            if self._blank is None and rest:
                self._blank = self._number
            return stop
        if self._blank is not None:
            raise self._rules.error(self._blank, "an empty line")
        line = rest.split(b"\n", 1)[0].rstrip(SEPARATORS)
        raise self._rules.error(self._number, found_in(line))

    def _limited(self, blocks: Iterator[LineBlock]) -> Iterator[LineBlock]:
        for block in blocks:
            lines = block.lines if self._left is None else min(block.lines, self._left)
            if self._left is not None:
                self._left -= lines
            if lines:
                yield block._replace(lines=lines)

    def _judge(
        self,
        window: Array,
        matrix: Array,
        bounds: Array,
        status: Array,
        numbers: Sequence[int] | Array,
    ) -> int:
        """Look at the lines that the kernel did not take as they are; count the rows."""
        from inlay.kernels.parse import BLANK, SPACED

        n = len(status)
        for row in np.flatnonzero(status).tolist():
            number = int(numbers[row])
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
            raise self._rules.error(int(numbers[n]), "an empty line")
        return n


def split(window: Array, start: int, stop: int) -> Iterator[LineBlock]:
    """Cut at the first line feed behind every megabyte."""
    first = 0
    while start < stop:
        end = min(start + BLOCK, stop)
        end = min(_line_feed(window, end, stop) + 1, stop)
        lines = int(np.count_nonzero(window[start:end] == LINE_FEED))
        lines += int(window[end - 1] != LINE_FEED)
        yield LineBlock(start, end, first, lines)
        start, first = end, first + lines


def fitting(window: Array, blocks: Iterator[LineBlock], dim: int) -> Iterator[LineBlock]:
    """Blocks of as many lines as vectors may take memory for.

    A number takes two bytes of text at least, and four of the matrix. Where a dimension that is
    wrong would take more than that, the lines are taken a few at a time: the first will tell.
    """
    most = max((2 * window.size + SLACK) // (4 * dim), 1)
    for block in blocks:
        lines = min(block.lines, most - block.first)
        if lines == block.lines:
            yield block
            continue
        if lines:
            ends = np.flatnonzero(window[block.start : block.stop] == LINE_FEED)
            stop = block.start + int(ends[lines - 1]) + 1
            yield LineBlock(block.start, stop, block.first, lines)
        return


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
