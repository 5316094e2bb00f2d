"""NumPy's containers: `.npy`, one array after a header, and `.npz`, a zip of these.

The header is a Python literal and the zip has sizes of its own: each is checked against the bytes
that are there before anything is allocated. Arrays of Python objects are pickles: they are
listed, and refused when they are read.

Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

import ast
import io
import math
import re
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from inlay.aliases import Array
from inlay.bytes.limits import UNPACKED
from inlay.containers.protocol import Container, LazyArray, Read, mapped_bytes, wrong
from inlay.errors import FormatError, InlayError

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

MAGIC = b"\x93NUMPY"
STORED, DEFLATED = 0, 8  # the two ways in which a zip has a member here
PICKLED = "an array of Python objects, which only unpickling could read"
LARGEST_HEADER = 1 << 16  # bytes: all that a header of version 1 can have
LARGEST_RATIO = 1032  # of deflate: no byte can stand for more
WINDOW = 1 << 18  # bytes unpacked at a time
_LOCAL_HEADER = 30  # bytes of a zip's entry before its name


class NumpyArray(Container):
    """An `.npy`: one array, under the empty name.

    Args:
        data: The file's bytes, uint8 `(bytes,)`; the array shares them.
        where: What to call it in messages.
    """

    kind = "npy"

    def __init__(self, data: Array, where: str) -> None:
        header = _parse(data[: LARGEST_HEADER + 12].tobytes(), data.size, where)
        super().__init__(where, {"": _entry(data, header, where)})

    @classmethod
    def sniff(cls, head: bytes, path: Path) -> bool:
        return head.startswith(MAGIC)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Map a file: nothing is read but its header."""
        return cls(mapped_bytes(path), str(path))


class NumpyArchive(Container):
    """An `.npz`: a zip of `.npy` files. What is not compressed can be read in slices.

    Args:
        data: The file's bytes, uint8 `(bytes,)`.
        where: What to call it in messages.
        path: The file that `data` is a map of, if it is one.
    """

    kind = "npz"

    def __init__(self, data: Array, where: str, *, path: Path | None = None) -> None:
        import zipfile

        try:
            archive = zipfile.ZipFile(_Bytes(data))
            members = [info for info in archive.infolist() if not info.is_dir()]
            _check_members(members, data.size, where)
            entries = {
                info.filename.removesuffix(".npy"): _member(archive, info, data, where, path)
                for info in members
            }
        except (InlayError, MemoryError):
            raise
        except Exception as error:  # broken bytes make zipfile raise anything
            raise _not_whole(where, error) from error
        super().__init__(where, entries)

    @classmethod
    def sniff(cls, head: bytes, path: Path) -> bool:
        return head.startswith(b"PK\x03\x04") and first_member(head).endswith(b".npy")

    @classmethod
    def open(cls, path: Path) -> Self:
        """Map a file and look at the headers in it."""
        return cls(mapped_bytes(path), str(path), path=path)


class ArrayHeader(NamedTuple):
    """What stands before the numbers of an `.npy`, and where they begin."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool
    start: int

    @property
    def nbytes(self) -> int:
        """Bytes of the numbers."""
        return math.prod(self.shape) * self.dtype.itemsize


def first_member(head: bytes) -> bytes:
    """The name of the first file in a zip, by its first bytes."""
    return head[_LOCAL_HEADER : _LOCAL_HEADER + int.from_bytes(head[26:28], "little")]


def _parse(head: bytes, size: int, where: str) -> ArrayHeader:
    """Parse a header and hold what it claims against the bytes there are.

    Args:
        head: The first bytes.
        size: How many there are in all, the header's included.
        where: What to call it in messages.
    """
    width = {1: 2, 2: 4, 3: 4}.get(head[6]) if len(head) > 6 else None
    if not head.startswith(MAGIC) or width is None:
        raise wrong(where, "an .npy of version 1 to 3", f"one that begins with {head[:8]!r}")
    start = 8 + width
    length = int.from_bytes(head[8:start], "little")
    if len(head) < start + length:
        raise wrong(where, f"a header within {len(head)} bytes", f"a length of {length}")
    text = head[start : start + length].decode("utf-8" if head[6] == 3 else "latin-1", "replace")
    try:
        values = _literal(text)
        shape, fortran, descr = (values.pop(key) for key in ("shape", "fortran_order", "descr"))
        # What a type may be is numpy's to know, and it raises anything at what is none.
        dtype = np.lib.format.descr_to_dtype(descr)
    except Exception as error:
        raise wrong(where, "the header of an .npy", f"{type(error).__name__}: {error}") from error
    whole = type(shape) is tuple and all(type(n) is int and 0 <= n < 2**63 for n in shape)
    if not whole or type(fortran) is not bool or values or dtype.subdtype:
        raise wrong(where, "a shape, an order and a dtype", f"{text:.100}")
    header = ArrayHeader(shape, dtype, fortran, start + length)
    if not dtype.hasobject and header.nbytes != size - header.start:
        raise wrong(
            where,
            f"{header.nbytes} bytes for {dtype} of shape {shape}",
            f"{size - header.start} bytes",
        )
    if not dtype.itemsize and math.prod(shape):
        raise wrong(where, "elements of at least a byte", f"{dtype} of shape {shape}")
    return header


def _literal(text: str) -> dict[str, Any]:
    try:
        values = ast.literal_eval(text)
    except SyntaxError:  # Python 2 wrote whole numbers as 10L
        values = ast.literal_eval(re.sub(r"(?<=\d)L(?=[,) ])", "", text))
    return dict(values)


def _entry(data: Array, header: ArrayHeader, where: str) -> LazyArray:
    """An array whose numbers lie in `data` as they are: a view of them."""
    if header.dtype.hasobject:
        return LazyArray(header.shape, header.dtype, _refuse(where))
    array = _shaped(data[header.start :], header, where)
    return LazyArray(
        header.shape, header.dtype, lambda index: np.require(array[index], requirements="A")
    )


def _shaped(numbers: Array, header: ArrayHeader, where: str) -> Array:
    """Bytes, as an array of what the header says."""
    flat = numbers.view(header.dtype)
    try:
        if header.fortran:
            return flat.reshape(header.shape[::-1]).T
        return flat.reshape(header.shape)
    except ValueError as error:  # more dimensions than numpy has, or too long ones of nothing
        raise wrong(where, "a shape that can be", str(error)) from error


def _member(
    archive: "ZipFile", info: "ZipInfo", data: Array, where: str, path: Path | None
) -> LazyArray:
    where = f"{where}:{info.filename}"
    if info.compress_type != STORED or info.flag_bits & 1:
        with archive.open(info) as file:
            header = _parse(file.read(LARGEST_HEADER + 12), info.file_size, where)
        return _compressed(archive, info, header, where)
    at = info.header_offset
    lengths = data[at + 26 : at + _LOCAL_HEADER].tobytes()  # of the name, and of what is behind it
    at += _LOCAL_HEADER + sum(int.from_bytes(lengths[i : i + 2], "little") for i in (0, 2))
    inside = data[at : at + info.file_size]
    header = _parse(inside[: LARGEST_HEADER + 12].tobytes(), inside.size, where)
    entry = _entry(inside, header, where)

    def read(index: Any) -> Array:
        if index is not ... or header.dtype.hasobject:
            return np.array(entry[index])
        content = np.empty(inside.size, np.uint8)
        if path is None:
            content[:] = inside
        else:  # which is faster than to touch its map page by page
            with path.open("rb") as file:
                file.seek(at)
                file.readinto(content.data)
        if zlib.crc32(content.data) != info.CRC:
            raise wrong(where, "the bytes that were written", "others (Bad CRC-32)")
        return np.require(_shaped(content[header.start :], header, where), requirements="A")

    return LazyArray(entry.shape, entry.dtype, read)


def _compressed(archive: "ZipFile", info: "ZipInfo", header: ArrayHeader, where: str) -> LazyArray:
    """An array that is unpacked as a whole, whatever part of it is asked for."""
    if header.dtype.hasobject:
        return LazyArray(header.shape, header.dtype, _refuse(where))

    def read(index: Any) -> Array:
        content = np.empty(info.file_size, np.uint8)
        room, at = memoryview(content), 0  # type: ignore[arg-type]
        try:
            with archive.open(info) as file:
                while piece := file.read(min(WINDOW, content.size - at)):
                    room[at : at + len(piece)] = piece
                    at += len(piece)
        except MemoryError:
            raise
        except Exception as error:
            raise _not_whole(where, error) from error
        if at < content.size:
            raise wrong(where, f"{content.size} bytes", f"{at}")
        array = _shaped(content[header.start :], header, where)
        return np.require(array[index], requirements="A")

    return LazyArray(header.shape, header.dtype, read)


def _check_members(members: "list[ZipInfo]", size: int, where: str) -> None:
    """Hold what a zip says of its members against the file, before any is opened."""
    names = [info.filename for info in members]
    if not all(name.endswith(".npy") for name in names) or len(set(names)) < len(names):
        expected = "a zip of .npy files, each of another name"
        raise wrong(where, expected, f"{', '.join(names):.200}")
    if sum(info.compress_size for info in members) > size:
        raise wrong(where, f"members within {size} bytes", "members that overlap or lie beyond")
    for info in members:
        most = info.compress_size * (LARGEST_RATIO if info.compress_type else 1)
        deflated = info.compress_type in (STORED, DEFLATED)
        if deflated and info.file_size > most:
            got = f"{info.file_size} bytes out of {info.compress_size}"
            raise wrong(f"{where}:{info.filename}", f"at most {most} bytes", got)
    claimed = sum(info.file_size for info in members if info.compress_type)
    if claimed > UNPACKED.bytes():
        raise UNPACKED.exceeded(where, f"{claimed:,}")


def _refuse(where: str) -> Read:
    def read(index: Any) -> Array:
        raise FormatError(
            where,
            expected="an array of numbers or strings",
            got=PICKLED,
            hint="save it again without dtype=object",
        )

    return read


def _not_whole(where: str, error: Exception) -> FormatError:
    return wrong(where, "a whole .npz", f"{str(error) or type(error).__name__}")


class _Bytes(io.RawIOBase):
    """An array of bytes as a file: unlike `io.BytesIO` it copies nothing."""

    def __init__(self, data: Array) -> None:
        self._data, self._at = data, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._data.size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        end = self._data.size if size is None or size < 0 else self._at + size
        piece = self._data[self._at : end].tobytes()
        self._at += len(piece)
        return piece
