"""Files of UTF-8 as pieces of text of about one size, each of which knows where it is from."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from inlay.aliases import Array
from inlay.bytes.damage import damage_reported
from inlay.bytes.encodings import BOM, Encoding
from inlay.bytes.limits import TEXT
from inlay.bytes.lines import open_text

CHUNK = 1 << 18  # bytes read at a time: they and their numbers stay in the second-level cache
BEYOND = b" " * 64  # what kernels may look at behind a text


class Place(NamedTuple):
    """Where a stretch of a chunk begins, and what it is: `path` from `line` on."""

    begin: int
    path: Path
    line: int


class Chunk(NamedTuple):
    """A piece of text that begins and ends between two words; each file in it ends its last line.

    Attributes:
        raw: The text, and `BEYOND`.
        places: Of each file that it is from.
    """

    raw: bytes
    places: list[Place]

    @property
    def size(self) -> int:
        """How many bytes are text."""
        return len(self.raw) - len(BEYOND)

    def checked(self) -> Array:
        """All bytes, uint8.

        Raises:
            FormatError: They are not UTF-8; it says in which line of which file.
        """
        from inlay.kernels.utf8 import is_utf8

        text = np.frombuffer(self.raw, np.uint8)
        if not self.raw.isascii() and not is_utf8(text, self.size):
            self._refuse()
        return text

    def _refuse(self) -> None:
        begins = [place.begin for place in self.places]
        ends = pairwise([*begins, self.size])
        for (begin, end), (_, path, line) in zip(ends, self.places, strict=True):
            text = self.raw[begin:end]
            try:
                text.decode()
            except UnicodeDecodeError as error:
                line += text.count(b"\n", 0, error.start)
                raise Encoding.of_lines("utf-8", path).refused(
                    f"{path}, line {line}", error
                ) from None


def chunks(paths: Iterable[Path]) -> Iterator[Chunk]:
    """The text of files, one after the other; small ones share a chunk.

    Raises:
        MissingFileError: There is no such file.
        FormatError: A word beyond `limits.TEXT`, or a packed file that is damaged or cut off.
    """
    parts: list[bytes] = []
    places: list[Place] = []
    held = 0
    for path in paths:
        for text, line in _pieces(path):
            if held and held + len(text) > CHUNK:
                yield Chunk(b"".join([*parts, BEYOND]), places)
                parts, places, held = [], [], 0
            places.append(Place(held, path, line))
            parts.append(text)
            held += len(text)
    if held:
        yield Chunk(b"".join([*parts, BEYOND]), places)


def _pieces(path: Path) -> Iterator[tuple[bytes, int]]:
    """A file in pieces that end at white space, and the line in which each begins."""
    line, most = 1, TEXT.bytes()
    begun, held = [b""], 0  # the word that the last piece broke off
    ended = True
    with open_text(path) as file, damage_reported(lambda: f"{path}, line {line}"):
        piece = file.read(CHUNK).removeprefix(BOM)
        while piece:
            cut = max(piece.rfind(b"\n"), piece.rfind(b" ")) + 1
            if cut:
                text = b"".join([*begun, piece[:cut]])
                yield text, line
                line += text.count(b"\n")
                begun, held = [], 0
            begun.append(piece[cut:])
            held += len(piece) - cut
            if held > most:
                raise TEXT.exceeded(f"{path}, line {line}", "a word of more")
            ended = piece.endswith(b"\n")
            piece = file.read(CHUNK)
        if not ended:
            yield b"".join([*begun, b"\n"]), line
