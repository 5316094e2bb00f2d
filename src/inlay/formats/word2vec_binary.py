"""word2vec binary: a header `rows dim`, then token, space, float32 little-endian numbers.

Mikolov's program writes a line feed behind each vector; Google's file has none. Both are read.
"""

import re
from pathlib import Path
from typing import IO, ClassVar

import numpy as np

from inlay.aliases import Array
from inlay.bytes.content import Content
from inlay.checks import choice
from inlay.core import Table
from inlay.errors import FormatError
from inlay.formats.format_options import HeaderUse, RowsFormat, options
from inlay.formats.heads import HEADER as TEXT_HEADER
from inlay.formats.heads import split_head, text_head
from inlay.formats.line_rules import not_finite
from inlay.formats.protocol import ReadOptions
from inlay.formats.rows import Rows
from inlay.formats.strangers import CONTROLS
from inlay.formats.text_writer import SEPARATORS, check_tokens, float32_rows
from inlay.formats.word2vec import HINT

HEADER = re.compile(TEXT_HEADER.pattern + b"\n")
LONGEST_TOKEN = 1 << 20
# By these first words a header's dimension is judged, if there are as many.
LOOKED_AT, ENOUGH, LONGEST_PLAUSIBLE, LARGEST_FOUND = 8, 3, 256, 1 << 13
FIELDS = re.compile(rb"[ \t]")
WRITTEN_AT_ONCE = 4096
# Bytes that are still in the cache when their tokens are taken, after their vectors.
WINDOW = 1 << 21


@options
class Word2VecBinary(RowsFormat):
    """The binary format of word2vec.

    Args:
        nonfinite: Whether NaN and infinity are errors.
        encoding: What the tokens are written in.
        errors: What to do with tokens that are not in it: `"strict"` raises; `"replace"`,
            `"ignore"` and `"backslashreplace"` are Python's, and counted in the provenance.
        header: `"ignore"` takes the words there are, however many the first line says.
    """

    header: HeaderUse = "check"

    name: ClassVar[str] = "word2vec-binary"
    suffixes: ClassVar[tuple[str, ...]] = (".bin",)

    def __post_init__(self) -> None:
        super().__post_init__()
        choice("header", self.header, ("check", "ignore"))

    def sniff(self, head: bytes, path: Path) -> bool:
        match = HEADER.match(head)
        if match is None or len(head) == match.end():
            return False
        if text_head(head) is None or _shows_no_vector(head):
            return True
        return _is_whole(head[match.end() :], int(match[1]), int(match[2]))

    def read(self, source: Content, options: ReadOptions) -> Table:
        match = HEADER.match(source.head)
        if match is None:
            raise FormatError(
                f"{source.name}, line 1",
                expected="two whole numbers, rows and dimension",
                got=repr(source.head[:40]) if source.head else "an empty file",
                hint="let load recognise the format: leave format= out",
            )
        skip, said, dim = len(match[0]), int(match[1]), int(match[2])
        if dim == 0:
            where, hint = f"{source.name}, line 1", "download it again"
            raise FormatError(where, expected="dimension 1 or more", got="0", hint=hint)
        reader = _Reader(source, options, self, said, dim)
        if options.limit is not None:
            _check_dim(source, skip, dim)  # what would tell may not be read
        try:
            return reader.read(skip).table()
        except FormatError:
            _check_dim(source, skip, dim)
            raise

    def write(self, table: Table, file: IO[bytes]) -> None:
        check_tokens(table, self.name, HINT, forbidden=SEPARATORS, longest=LONGEST_TOKEN)
        file.write(f"{len(table)} {table.dim}\n".encode())
        for start in range(0, len(table), WRITTEN_AT_ONCE):
            stop = min(start + WRITTEN_AT_ONCE, len(table))
            block = float32_rows(table._rows, start, stop).astype("<f4", copy=False)
            tokens = table.tokens[start:stop]
            for token, row in zip(tokens, block, strict=True):
                file.write(b"%b %b\n" % (token.encode(), row.tobytes()))


def _shows_no_vector(head: bytes) -> bool:
    """Whether a token, of text or of a binary file, fills all that there is to see."""
    found = split_head(head)
    return found.cut and not FIELDS.search(found.rows[0])


def _is_whole(words: bytes, rows: int, dim: int) -> bool:
    """Whether a short file that may be text is also just what the header says of binary words.

    Numbers whose bytes are digits do not count: that is text.
    """
    at, letters = 0, False
    for _ in range(rows):
        space = words.find(b" ", at)
        start, end = space + 1, space + 1 + 4 * dim
        if space < 0 or end > len(words):
            return False
        letters = letters or not set(words[start:end]) <= set(b"0123456789+-.eE \r\n")
        at = end + (words[end : end + 1] == b"\n")
    return letters and at == len(words)


def _check_dim(source: Content, skip: int, said: int) -> None:
    """Hold the dimension that the header says against the first words, where there is a doubt.

    With another one, vectors are read as tokens, and the error would be one of their encoding.

    Args:
        source: The file.
        skip: Where the first word begins.
        said: The dimension.
    """
    words = source.head[skip:]
    n, broken = _plausible(words, said)
    if n >= ENOUGH and not broken:
        return
    # Where the words so far do not speak against it, only many that speak for another one count.
    needed = ENOUGH if broken else LOOKED_AT
    others = range(1, min(len(words) // (4 * ENOUGH), LARGEST_FOUND) + 1)
    seen = ((dim, *_plausible(words, dim)) for dim in others)
    found = next((dim for dim, n, broken in seen if n >= needed and not broken), None)
    if found is not None:
        raise FormatError(
            f"{source.name}, line 1",
            expected=f"a header that says dimension {found}, as the first words have",
            got=str(said),
            hint="write the right number into the first line, or download it again",
        )


def _plausible(words: bytes, dim: int) -> tuple[int, bool]:
    """How many of the first words look like words, and whether the next one does not."""
    at, n = 0, 0
    while n < LOOKED_AT and at < len(words):
        at += words[at : at + 1] == b"\n"
        space = words.find(b" ", at, at + LONGEST_PLAUSIBLE)
        token = words[at : space if space >= 0 else at + LONGEST_PLAUSIBLE]
        whole = space >= 0 or at + LONGEST_PLAUSIBLE <= len(words)
        if whole and not (space > at and _is_text(token)):
            return n, True
        at, n = space + 1 + 4 * dim, n + 1
        if not whole or at > len(words):
            return n - 1, False
    return n, False


def _is_text(token: bytes) -> bool:
    try:
        token.decode()
    except UnicodeDecodeError:
        return False
    return CONTROLS.search(token) is None


class _Reader:
    def __init__(
        self, source: Content, options: ReadOptions, format: Word2VecBinary, said: int, dim: int
    ) -> None:
        self._source, self._options, self._format = source, options, format
        self._said, self._width = said, 4 * dim
        self._rows = Rows(source, options, format, dim, unit="word")

    def read(self, skip: int) -> Rows:
        """Read every word; `skip` is where the first begins."""
        options, rows = self._options, self._rows
        with self._source.windows(WINDOW) as windows:
            window, final = windows.next(0)
            used = skip
            if not self._source.packed:
                possible = self._source.path.stat().st_size // self._width
                # The last window has room for more words than are left: growing would touch it all.
                expected = min(self._said, possible, options.limit or possible)
                rows.expect(expected + min(expected, window.size // self._width + 1))
            while True:
                used = self._take(window, used)
                if options.limit == rows.read:
                    break
                if final:
                    self._check_end(window[used:])
                    break
                if window.size - used > self._width + LONGEST_TOKEN:
                    raise self._cut(f"no space in {LONGEST_TOKEN} bytes")
                window, final = windows.next(used)
                used = 0
        return rows

    def _take(self, window: Array, start: int) -> int:
        """Take the whole words of a window; returns where the next begins."""
        from inlay.kernels.binary import scan_words

        most = (window.size - start) // (self._width + 1)
        if self._options.limit is not None:
            most = min(most, self._options.limit - self._rows.read)
        room = self._rows.room(most)
        bounds = np.empty((most, 2), np.int64)
        n, end, is_finite = scan_words(window, start, room.view(np.uint32), bounds)
        if self._format.nonfinite == "error" and not is_finite:
            self._refuse(window, room[:n], bounds)
        self._rows.add(window, bounds[:n], range(self._rows.read + 1, self._rows.read + 1 + n))
        return int(end)

    def _refuse(self, window: Array, vectors: Array, bounds: Array) -> None:
        row, place = np.argwhere(~np.isfinite(vectors))[0].tolist()
        token = window[bounds[row, 0] : bounds[row, 1]].tobytes().decode(errors="replace")
        where = f"{self._source.name}, word {self._rows.read + row + 1}"
        raise not_finite(where, token, place, str(vectors[row, place]), self._format)

    def _check_end(self, rest: Array) -> None:
        read, said = self._rows.read, self._said
        checked = self._format.header == "check"
        if rest.size and not (checked and read >= said):
            raise self._cut(f"{rest.size} bytes")
        if checked and (read != said or rest.size):
            more = f" and {rest.size} bytes more" if rest.size else ""
            raise FormatError(
                self._source.name,
                expected=f"{said} words, as line 1 says",
                got=f"{read}{more}",
                hint="download it again if words are missing, or "
                f"{self._format.saying('header', 'ignore')} to take what is there",
            )

    def _cut(self, got: str) -> FormatError:
        return FormatError(
            f"{self._source.name}, word {self._rows.read + 1}",
            expected=f"a token, a space and {self._width} bytes of numbers",
            got=got,
            hint="download it again; a cut-off file, or a header of another dimension, "
            "looks like this",
        )
