"""What a transformer is named by, and how another process knows that it reads the same files."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from inlay.encode.folder import FILE
from inlay.encode.stamps import Stamp, stamp_of
from inlay.encode.transformer.files import Files
from inlay.errors import FormatError, MissingFileError

CARD = ".md"


@dataclass(frozen=True)
class Stamps:
    """The size and the time of each file when an encoder was made of them.

    An encoder that goes to another process takes these instead of its numbers, which are read
    again there.

    Attributes:
        files: For each file its name and its stamp.
    """

    files: tuple[tuple[str, Stamp], ...]

    @classmethod
    def of(cls, files: Files) -> Self:
        """As they are now."""
        return cls(tuple((str(file.absolute()), stamp_of(file)) for file in _counting(files)))

    def check(self, files: Files) -> None:
        """Whether they still are.

        Raises:
            MissingFileError: One is not there.
            FormatError: One is another.
        """
        for name, stamp in self.files:
            file = Path(name)
            if not file.is_file():
                expected = "the files that this encoder was read from, in this process too"
                raise MissingFileError(name, expected=expected, got="nothing there")
            if stamp_of(file) != stamp:
                raise FormatError(
                    name,
                    expected="the file that this encoder was read from",
                    got="another, written since",
                    hint="load it again",
                )


def digest(files: Files) -> str:
    """SHA-256 over all files that decide over a vector; reads all of them."""
    found = hashlib.sha256()
    for file in _counting(files):
        with file.open("rb") as opened:
            inner = hashlib.file_digest(opened, "sha256").hexdigest()
        name = file.relative_to(files.root).as_posix()
        found.update(json.dumps([name, inner]).encode() + b"\n")
    return found.hexdigest()


def _counting(files: Files) -> list[Path]:
    return [file for file in files.every() if file.suffix != CARD and file.name != FILE]
