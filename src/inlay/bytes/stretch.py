"""Some of a file's bytes as a file of its own: a member of a zip that is not packed."""

import io
import os
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from zipfile import ZipInfo

STORED, ENCRYPTED = 0, 1
# The bytes of a zip before a member's name, of which the lengths of what follows are the last.
HEADER, LENGTHS = 30, 26


class Place(NamedTuple):
    """Where some bytes are in a file."""

    start: int
    size: int


def stored_at(file: IO[bytes], info: "ZipInfo") -> Place | None:
    """Where a member's bytes are in a zip archive; None if they are packed or encrypted.

    Args:
        file: The archive.
        info: The member, as the archive's directory has it.

    Raises:
        EOFError: The archive ends before the member does.
    """
    if info.compress_type != STORED or info.flag_bits & ENCRYPTED:
        return None
    file.seek(max(0, info.header_offset) + LENGTHS)
    lengths = file.read(HEADER - LENGTHS)  # of the name, and of what is behind it
    start = info.header_offset + HEADER
    start += int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little")
    if info.header_offset < 0 or start + info.file_size > file.seek(0, os.SEEK_END):
        raise EOFError(f"{info.filename} claims bytes that are not there")
    return Place(start, info.file_size)


class Stretch(io.RawIOBase):
    """Bytes of a file that can be read, and nothing beyond them.

    Args:
        path: The file.
        place: Where they are.
    """

    def __init__(self, path: Path, place: Place) -> None:
        super().__init__()
        self._file, self._place, self._at = path.open("rb"), place, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, at: int, whence: int = os.SEEK_SET, /) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._place.size}[whence]
        self._at = max(0, base + at)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, room: Any, /) -> int:
        view = memoryview(room).cast("B")[: max(0, self._place.size - self._at)]
        self._file.seek(self._place.start + self._at)
        n = self._file.readinto(view)
        self._at += n
        return n

    def close(self) -> None:
        self._file.close()
        super().close()
