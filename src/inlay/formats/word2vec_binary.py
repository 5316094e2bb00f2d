"""word2vec binary: a header `rows dim`, then token, space, float32 little-endian numbers.

Mikolov's program writes a line feed behind each vector; Google's file has none. Both are read.
"""

import re
from pathlib import Path
from typing import IO

import numpy as np

from inlay.aliases import Array
from inlay.bytes.content import Content
from inlay.core import Table
from inlay.errors import FormatError
from inlay.formats.lines import HEADER as TEXT_HEADER
from inlay.formats.lines import not_finite, text_head
from inlay.formats.protocol import ReadOptions
from inlay.formats.rows import Rows
from inlay.formats.text_writer import SEPARATORS, check_tokens, float32_rows
from inlay.formats.word2vec import HINT

HEADER = re.compile(TEXT_HEADER.pattern + b"\n")
LONGEST_TOKEN = 1 << 20
WRITTEN_AT_ONCE = 4096


class Word2VecBinary:
    """The binary format of word2vec."""

    name = "word2vec-binary"
    suffixes = (".bin",)

    def sniff(self, head: bytes, path: Path) -> bool:
        match = HEADER.match(head)
        return match is not None and len(head) > match.end() and text_head(head) is None

    def read(self, source: Content, options: ReadOptions) -> Table:
        match = HEADER.match(source.head)
        if match is None:
            raise FormatError(
                f"{source.name}, line 1",
                expected="two whole numbers, rows and dimension",
                got=repr(source.head[:40]) if source.head else "an empty file",
                hint="let load recognise the format: leave format= out",
            )
        reader = _Reader(source, options, int(match[1]), int(match[2]))
        return reader.read(len(match[0])).table(self.name)

    def write(self, table: Table, file: IO[bytes]) -> None:
        check_tokens(table, self.name, HINT, forbidden=SEPARATORS)
        file.write(f"{len(table)} {table.dim}\n".encode())
        for start in range(0, len(table), WRITTEN_AT_ONCE):
            stop = min(start + WRITTEN_AT_ONCE, len(table))
            block = float32_rows(table.matrix, start, stop).astype("<f4", copy=False)
            tokens = table.tokens[start:stop]
            for token, row in zip(tokens, block, strict=True):
                file.write(b"%b %b\n" % (token.encode(), row.tobytes()))


class _Reader:
    def __init__(self, source: Content, options: ReadOptions, said: int, dim: int) -> None:
        if dim == 0 or options.dim not in (None, dim):
            raise FormatError(
                f"{source.name}, line 1",
                expected=f"dimension {options.dim or '1 or more'}",
                got=str(dim),
                hint="download it again" if dim == 0 else "leave dim= out",
            )
        self._source, self._options, self._said, self._width = source, options, said, 4 * dim
        self._rows = Rows(source, options, dim, unit="word")

    def read(self, skip: int) -> Rows:
        """Read every word; `skip` is where the first begins."""
        options, rows = self._options, self._rows
        with self._source.windows() as windows:
            window, final = windows.next(0)
            used = skip
            if not self._source.packed:
                possible = self._source.path.stat().st_size // self._width
                rows.expect(min(self._said, possible, options.limit or possible))
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
        n, end = scan_words(window, start, room.view(np.uint8), bounds)
        if self._options.nonfinite == "error" and not np.isfinite(room[:n]).all():
            self._refuse(window, room[:n], bounds)
        self._rows.add(window, bounds[:n], self._rows.read + 1)
        return int(end)

    def _refuse(self, window: Array, vectors: Array, bounds: Array) -> None:
        row, place = np.argwhere(~np.isfinite(vectors))[0].tolist()
        token = window[bounds[row, 0] : bounds[row, 1]].tobytes().decode(errors="replace")
        where = f"{self._source.name}, word {self._rows.read + row + 1}"
        raise not_finite(where, token, place, str(vectors[row, place]))

    def _check_end(self, rest: Array) -> None:
        read, said = self._rows.read, self._said
        checked = self._options.header == "check"
        if rest.size and not (checked and read >= said):
            raise self._cut(f"{rest.size} bytes")
        if checked and (read != said or rest.size):
            more = f" and {rest.size} bytes more" if rest.size else ""
            raise FormatError(
                self._source.name,
                expected=f"{said} words, as line 1 says",
                got=f"{read}{more}",
                hint="download it again if words are missing, or header='ignore'",
            )

    def _cut(self, got: str) -> FormatError:
        return FormatError(
            f"{self._source.name}, word {self._rows.read + 1}",
            expected=f"a token, a space and {self._width} bytes of numbers",
            got=got,
            hint="download it again; a cut-off file, or a header of another dimension, "
            "looks like this",
        )
