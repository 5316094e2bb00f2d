"""Opening text, compressed or not, with errors that say where."""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from inlay.errors import ArgumentError, FormatError, MissingFileError

OPENERS: dict[bytes, Any] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}
BOM = b"\xef\xbb\xbf"


def open_text(path: Path) -> IO[bytes]:
    """Open a text file as bytes, unpacked if it begins like a gzip, bzip2 or xz file.

    What a pipe gives is taken as it is.

    Raises:
        MissingFileError: There is no such file.
        ArgumentError: It is a folder.
    """
    if path.is_dir():
        raise ArgumentError(str(path), expected="a text file", got="a folder")
    if not path.exists():
        raise MissingFileError(
            str(path),
            expected="a text file",
            got="nothing of that name",
            hint="texts themselves are given as a list of strings",
        )
    if path.is_file():  # a pipe gives its bytes once
        with path.open("rb") as file:
            start = file.read(8)
        for magic, opener in OPENERS.items():
            if start.startswith(magic):
                unpacked: IO[bytes] = opener(path, "rb")
                return unpacked
    return path.open("rb")


def read_lines(path: Path) -> Iterator[str]:
    """The lines of a UTF-8 file, without its byte order mark.

    Raises:
        FormatError: Bytes that are not UTF-8, or a compressed file that is cut off.
    """
    with open_text(path) as file, damage_reported(path):
        yield from decoded(file, str(path))


def decoded(lines: Iterable[bytes], where: str) -> Iterator[str]:
    """Lines of UTF-8 as text, without a byte order mark; `where` they are from is for errors."""
    for number, line in enumerate(lines, 1):
        if number == 1:
            line = line.removeprefix(BOM)
        try:
            yield line.decode()
        except UnicodeDecodeError as error:
            raise not_utf8(f"{where}, line {number}", error) from None


def not_utf8(where: str, error: UnicodeDecodeError) -> FormatError:
    """The error for text in another encoding."""
    return FormatError(
        where,
        expected="text in UTF-8",
        got=f"the byte 0x{error.object[error.start]:02x}",
        hint="convert it first: iconv -f LATIN1 -t UTF-8",
    )


@contextmanager
def damage_reported(path: Path) -> Iterator[None]:
    """What the decompressors raise, as one error of ours."""
    try:
        yield
    except (EOFError, lzma.LZMAError, zlib.error, OSError) as error:
        # An error of the disk has a number; one of the gzip and bz2 modules has none.
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise FormatError(
            str(path),
            expected="a whole compressed file",
            got=str(error),
            hint="download it again; a cut-off file looks like this",
        ) from error
