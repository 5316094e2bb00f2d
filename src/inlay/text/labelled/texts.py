"""Labelled texts as all readers give them, and how their bytes become text."""

import bz2
import gzip
import lzma
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, NamedTuple, Self

from inlay.errors import FormatError

OPENERS: dict[str, Callable[[Path, str], Any]] = {
    ".gz": gzip.open,
    ".tgz": gzip.open,
    ".bz2": bz2.open,
    ".tbz2": bz2.open,
    ".xz": lzma.open,
    ".txz": lzma.open,
}
RATED = re.compile(r"(?:.*/)?\d+_(\d+)\.\w+")
UTF8_MARK = "\ufeff"


class Item(NamedTuple):
    """A text, its label, and where it came from."""

    text: str
    label: str
    id: str


@dataclass(frozen=True)
class LabelledTexts:
    """Texts and their labels, position by position.

    Attributes:
        texts: As they lie in the file.
        labels: A name for each.
        ids: Where each came from: `"pos/0_9.txt"`, or file name and line.
        ratings: From file names such as `0_9.txt` (text 0, rating 9), if all have one.
        skipped: What was not read, by name, and how much of it.
    """

    texts: list[str]
    labels: list[str]
    ids: list[str]
    ratings: list[int] | None = None
    skipped: dict[str, int] = field(default_factory=dict)

    @classmethod
    def from_items(
        cls, items: Sequence[Item], skipped: dict[str, int], max_words: int | None
    ) -> Self:
        """Collect what a reader gave; `max_words` as in `read_labelled`."""
        texts = [item.text for item in items]
        if max_words is not None:
            texts = [" ".join(text.split(maxsplit=max_words)[:max_words]) for text in texts]
        rated = [RATED.fullmatch(item.id) for item in items]
        ratings = [int(found[1]) for found in rated if found]
        return cls(
            texts,
            [item.label for item in items],
            [item.id for item in items],
            ratings if len(ratings) == len(items) else None,
            skipped,
        )

    @property
    def classes(self) -> list[str]:
        """The different labels, sorted."""
        return sorted(set(self.labels))

    def __len__(self) -> int:
        return len(self.texts)

    def __repr__(self) -> str:
        shown = ", ".join(self.classes[:8])
        return f"LabelledTexts({len(self)} texts of {len(self.classes)} classes: {shown})"


@dataclass(frozen=True)
class Source:
    """A path and how to make text of its bytes."""

    path: Path
    encoding: str
    errors: str

    def open(self, path: Path | None = None) -> IO[bytes]:
        """The bytes of a file, unpacked if its suffix says so."""
        path = path or self.path
        if not path.is_file():
            raise FormatError(str(path), expected="a file", got="a folder", hint="kind='folders'")
        opener = OPENERS.get(path.suffix.lower(), Path.open)
        opened: IO[bytes] = opener(path, "rb")
        return opened

    def decode(self, raw: bytes, where: str, *, start: bool = True) -> str:
        """Bytes to text; `start` where a byte order mark may stand."""
        try:
            text = raw.decode(self.encoding, self.errors)
        except UnicodeDecodeError as error:
            raise FormatError(
                where,
                expected=f"text in {self.encoding}",
                got=f"byte 0x{raw[error.start]:02x} at position {error.start}",
                hint="encoding='cp1252', or errors='replace'",
            ) from error
        return text.removeprefix(UTF8_MARK) if start else text

    def lines(
        self, path: Path | None = None, *, keep_ends: bool = False
    ) -> Iterator[tuple[int, str]]:
        """Line numbers from 1, and lines without their ends (LF or CRLF) unless kept."""
        path = path or self.path
        try:
            with self.open(path) as file:
                for number, raw in enumerate(file, 1):
                    line = self.decode(raw, f"{path}, line {number}", start=number == 1)
                    if not keep_ends:
                        line = line.removesuffix("\n").removesuffix("\r")
                    yield number, line
        except (EOFError, gzip.BadGzipFile, lzma.LZMAError) as error:
            raise FormatError(
                str(path),
                expected="a whole packed file",
                got=str(error),
                hint="download it again; a cut-off file looks like this",
            ) from error
