"""Lines of text, packed or not, with errors that say where."""

import contextlib
import os
import stat
from collections.abc import Iterator
from functools import partial
from typing import IO

from inlay.bytes.content import kind_of, open_content, shortened
from inlay.bytes.damage import damage_reported
from inlay.bytes.encodings import MARK, UTF8, Encoding
from inlay.bytes.limits import TEXT
from inlay.errors import MissingFileError
from inlay.paths import path_to_read

AHEAD = 1 << 16  # bytes that tell an encoding, behind the line that is in another one


@contextlib.contextmanager
def open_text(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """The bytes of a text file, unpacked; what a pipe gives is taken as it is, once.

    Raises:
        MissingFileError: There is no such file.
        FormatError: A folder, a damaged archive, or one of several files.
    """
    path = path_to_read("path", path)
    kind = kind_of(path)
    if kind is None:
        raise MissingFileError(
            shortened(path),
            expected="a text file",
            got="nothing there",
            hint="texts themselves are given as a list of strings",
        )
    if kind in (stat.S_IFREG, stat.S_IFDIR):
        with open_content(path, what="a text file", choosable=False).open() as file:
            yield file
    else:
        with path.open("rb") as pipe:
            yield pipe


def read_lines(path: str | os.PathLike[str], encoding: Encoding = UTF8) -> Iterator[str]:
    """The lines of a text file with their ends, without its byte order mark.

    Raises:
        MissingFileError: There is no such file.
        FormatError: Bytes in another encoding, a line beyond `limits.TEXT`, or a packed file
            that is damaged or cut off.
    """
    with open_text(path) as file:
        yield from decoded(file, str(path), encoding)


def first_lines(path: str | os.PathLike[str], encoding: Encoding = UTF8) -> list[str]:
    """The lines with which a text file begins, for a look at them; the last may be cut off.

    None of a pipe, which can be read once only, and of what is no file.
    """
    path = path_to_read("path", path)
    if kind_of(path) != stat.S_IFREG:
        return []
    head = open_content(path, what="a text file", choosable=False).head
    return head.decode(encoding.name, "ignore").removeprefix(MARK).splitlines()


def decoded(file: IO[bytes], where: str, encoding: Encoding = UTF8) -> Iterator[str]:
    """The lines of an open file as text, as `read_lines` gives them; `where` is for errors."""
    most, number = TEXT.bytes(), 1
    with damage_reported(lambda: f"{where}, line {number}"):
        for line in iter(partial(file.readline, most + 1), b""):
            if len(line) > most:
                raise TEXT.exceeded(f"{where}, line {number}")
            try:
                text = line.decode(encoding.name, encoding.errors)
            except UnicodeDecodeError as error:
                more = file.read(AHEAD) if file.seekable() else b""  # a terminal would wait
                raise encoding.refused(f"{where}, line {number}", error, more) from None
            yield text if number > 1 else text.removeprefix(MARK)
            number += 1
