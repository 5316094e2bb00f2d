"""A file's bytes, whatever it is packed in, always by the first bytes and never by the name.

`open_content` takes away gzip, bzip2, xz, zip and tar, one inside the other if need be. What is
left is read in windows that hold a few megabytes, so that the text of a compressed file is
never in memory as a whole, or as one array, which for a plain file is a map of it.
"""

import bz2
import contextlib
import gzip
import lzma
import mmap
import os
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import numpy as np

from inlay.aliases import Array
from inlay.errors import FormatError, MissingFileError

HEAD = 1 << 18  # bytes that formats are recognised by
WINDOW = 1 << 24
DEPTH = 4  # a .tar.gz is two deep

# Opens the content; whatever has to be closed afterwards goes onto the stack.
Opener = Callable[[contextlib.ExitStack], IO[bytes]]

STREAMS: tuple[tuple[bytes, str, Callable[..., Any]], ...] = (
    (b"\x1f\x8b", ".gz", gzip.open),
    (b"BZh", ".bz2", bz2.open),
    (b"\xfd7zXZ\x00", ".xz", lzma.open),
)
# A RuntimeError is zipfile's word for a member that needs a password.
BROKEN = (EOFError, RuntimeError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)


@dataclass(frozen=True)
class Content:
    """An open question to a file: its name for messages, its first bytes, its content.

    Attributes:
        path: The file on the disk.
        name: What to call it in a message: the file's name, and the member's behind a colon.
        inner: The name of what was unpacked: its suffix is the format's.
        head: The first 256 KiB of the content.
        packed: Whether anything had to be unpacked.
    """

    path: Path
    name: str
    inner: str
    head: bytes
    packed: bool
    opener: Opener

    @contextlib.contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """The content from its beginning, as a binary file."""
        with contextlib.ExitStack() as stack:
            yield self.opener(stack)

    def array(self) -> Array:
        """The whole content as uint8 `(bytes,)`.

        A plain file is mapped copy-on-write, so nothing is read and writing to the array
        never reaches the file. Anything packed is unpacked into memory.
        """
        if not self.packed:
            return np.memmap(self.path, np.uint8, "c") if self.head else np.empty(0, np.uint8)
        content = bytearray()
        with self.open() as file, damaged(self.name):
            while piece := file.read(WINDOW):
                content += piece
        return np.frombuffer(content, np.uint8)

    @contextlib.contextmanager
    def windows(self, size: int = WINDOW) -> "Iterator[Windows]":
        """The content, a stretch of about `size` bytes at a time."""
        with self.open() as file:
            if self.packed:
                yield StreamWindows(file, size, self.name)
            else:
                yield MapWindows(file, size)


class Windows:
    """Consecutive stretches of bytes.

    `next(used)` says how many bytes of the last window are done with and gives the next one,
    which begins with the first byte not used, and whether the content ends with it. A reader
    that could use nothing gets a window twice as large.
    """

    def next(self, used: int) -> tuple[Array, bool]:
        raise NotImplementedError


class MapWindows(Windows):
    """Windows into the map of a plain file: no copies; pages that were used are let go."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._at, self._size, self._seen = 0, size, 0
        if os.fstat(file.fileno()).st_size:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            self._bytes = np.frombuffer(self._map, np.uint8)
        else:
            self._bytes = np.empty(0, np.uint8)

    def next(self, used: int) -> tuple[Array, bool]:
        if used == 0 and self._seen:
            self._size *= 2
        done = self._at // mmap.PAGESIZE * mmap.PAGESIZE
        self._at += used
        pages = self._at // mmap.PAGESIZE * mmap.PAGESIZE - done
        if pages and hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED, done, pages)
        window = self._bytes[self._at : self._at + self._size]
        self._seen = window.size
        return window, self._at + window.size == self._bytes.size


class StreamWindows(Windows):
    """Windows over one buffer that a stream is read into."""

    def __init__(self, file: IO[bytes], size: int, name: str) -> None:
        self._file, self._name = file, name
        self._buffer, self._filled = np.empty(size, np.uint8), 0

    def next(self, used: int) -> tuple[Array, bool]:
        left = self._filled - used
        old = self._buffer
        if used == 0 and self._filled:
            self._buffer = np.empty(2 * old.size, np.uint8)
        self._buffer[:left] = old[used : self._filled]
        self._filled = left
        room = memoryview(self._buffer)  # type: ignore[arg-type]
        with damaged(self._name):
            while self._filled < self._buffer.size:
                n = self._file.readinto(room[self._filled :])  # type: ignore[attr-defined]
                if not n:
                    return self._buffer[: self._filled], True
                self._filled += n
        return self._buffer, False


def open_content(path: str | os.PathLike[str], member: str | None = None) -> Content:
    """Look into a file and everything it is packed in.

    Args:
        path: A plain or packed file.
        member: Which file of a zip or tar archive, if it holds several.

    Raises:
        MissingFileError: There is no such file.
        FormatError: A folder, a pipe, a broken archive, or an archive of several files and no
            `member`.
    """
    path = Path(path)
    if path.is_dir():
        names = sorted(child.name for child in path.iterdir())
        raise FormatError(
            str(path),
            expected="a file of vectors",
            got="a folder",
            hint=f"one of the files in it: {_some(names)}" if names else "",
        )
    if not path.exists():
        raise MissingFileError(str(path), expected="a file of vectors", got="nothing there")
    if not path.is_file():
        raise FormatError(
            str(path),
            expected="a file of vectors that can be read twice",
            got="a pipe or a device",
            hint="write it to a file first",
        )

    def plain(stack: contextlib.ExitStack) -> IO[bytes]:
        return stack.enter_context(path.open("rb"))

    return _unpack(Content(path, path.name, path.name, b"", False, plain), member, DEPTH)


def _unpack(source: Content, member: str | None, depth: int) -> Content:
    """Take away one layer of packing after the other."""
    with damaged(source.name), source.open() as file:
        head = file.read(HEAD)
        names = _members(file, head) if depth else None
    if names is not None:
        chosen = _choose(source.name, names, member)
        opener = _member_opener(source.opener, chosen, zipped=head.startswith(b"PK"))
        layer = Content(source.path, f"{source.name}:{chosen}", chosen, b"", True, opener)
        return _unpack(layer, None, depth - 1)
    for magic, suffix, wrap in STREAMS if depth else ():
        if head.startswith(magic):
            inner, opener = _without(source.inner, suffix), _stream_opener(source.opener, wrap)
            layer = Content(source.path, source.name, inner, b"", True, opener)
            return _unpack(layer, member, depth - 1)
    if member is not None:
        raise FormatError(
            source.name, expected=f"an archive with a member {member!r}", got="no archive"
        )
    return replace(source, head=head)


def _members(file: IO[bytes], head: bytes) -> list[str] | None:
    """The names of an archive's files, or None if this is no archive (an .npz is none)."""
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        file.seek(0)
        with zipfile.ZipFile(file) as archive:
            names = [info.filename for info in archive.infolist() if not info.is_dir()]
        return None if names and all(name.endswith(".npy") for name in names) else names
    if head[257:262] == b"ustar":
        file.seek(0)
        with tarfile.open(fileobj=file, mode="r|") as tar:
            return [info.name for info in tar if info.isfile()]
    return None


def _choose(name: str, names: list[str], member: str | None) -> str:
    if member in names:
        return str(member)
    if member is None and len(names) == 1:
        return names[0]
    what = f"{len(names)} files: {_some(names)}" if names else "no file"
    expected = "one file in the archive" if member is None else f"a member {member!r}"
    raise FormatError(name, expected=expected, got=what, hint=_member_hint(names))


def _member_hint(names: list[str]) -> str:
    return f"member={names[0]!r}, or whichever you mean" if names else "download it again"


def _stream_opener(outer: Opener, wrap: Callable[..., Any]) -> Opener:
    def opener(stack: contextlib.ExitStack) -> IO[bytes]:
        stream: IO[bytes] = stack.enter_context(wrap(outer(stack), "rb"))
        return stream

    return opener


def _member_opener(outer: Opener, member: str, *, zipped: bool) -> Opener:
    def opener(stack: contextlib.ExitStack) -> IO[bytes]:
        if zipped:
            archive = stack.enter_context(zipfile.ZipFile(outer(stack)))
            return stack.enter_context(archive.open(member))
        tar = stack.enter_context(tarfile.open(fileobj=outer(stack), mode="r|"))  # noqa: SIM115
        files = (tar.extractfile(info) for info in tar if info.name == member)
        return stack.enter_context(next(file for file in files if file is not None))

    return opener


@contextlib.contextmanager
def damaged(name: str) -> Iterator[None]:
    """Say of a broken compressed file which one it is."""
    try:
        yield
    except (*BROKEN, tarfile.TarError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise FormatError(
            name,
            expected="a whole compressed file that can be opened",
            got=f"another one ({str(error) or type(error).__name__})",
            hint="download it again",
        ) from error


def _without(name: str, suffix: str) -> str:
    if name.lower().endswith(".tgz"):
        return name[:-4] + ".tar"
    return name[: -len(suffix)] if name.lower().endswith(suffix) else name


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
