"""What a container is: names in the file's order, each with an array that is read on request.

A container knows bytes and names. What the names mean is known by whoever asks: a format, an
encoder, a user.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

import numpy as np

from inlay.aliases import Array
from inlay.errors import FormatError, UnknownArrayError

MOST_DIMENSIONS = 32
LARGEST_SIZE = 1 << 58  # elements: so many of 16 bytes each are what numpy can count
# Takes an index as numpy knows it (`...`, a slice, rows); gives that part of the array.
Read = Callable[[Any], Array]


class LazyArray:
    """An array that is still in its file: `entry[...]` reads it, `entry[2:5]` three rows.

    What is read is an array of one's own, or one that shares a copy-on-write map of the file.

    Attributes:
        shape: As the file says, and as its size allows.
        dtype: As stored, byte order included.
        read: What indexing calls.
    """

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any], read: Read) -> None:
        self.shape, self.dtype, self.read = shape, dtype, read

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    def __getitem__(self, index: Any) -> Array:
        return self.read(index)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        array = self.read(...)
        return np.array(array, dtype) if copy else np.asarray(array, dtype)

    def __repr__(self) -> str:
        return f"<{self.dtype} {self.shape}, not read yet>"


class Container(Mapping[str, LazyArray]):
    """A file of named arrays, open: `with containers.open(path) as file: file["embedding"][:10]`.

    Arrays that were read stay valid when it is closed; entries that were not cannot be read then.

    Args:
        where: What to call the file in messages.
        entries: The arrays, in the file's order.
        metadata: What else the file says of itself, where its kind has a place for it.
        close: Lets go of the file.

    Attributes:
        kind: What `containers.open(path, kind=...)` calls files of this kind.
    """

    kind: ClassVar[str]

    def __init__(
        self,
        where: str,
        entries: Mapping[str, LazyArray],
        metadata: Mapping[str, str] | None = None,
        close: Callable[[], None] | None = None,
    ) -> None:
        self.where, self.metadata = where, dict(metadata or {})
        self._entries, self._close = dict(entries), close

    @classmethod
    def exists(cls, path: Path) -> bool:
        """Whether there is anything at all of this name."""
        return path.is_file()

    @classmethod
    def sniff(cls, head: bytes, path: Path) -> bool:
        """Whether a file may be of this kind, by its first bytes.

        Args:
            head: The first kilobytes; none of a checkpoint whose files have longer names.
            path: For kinds that are several files, or known by their end.
        """
        raise NotImplementedError

    @classmethod
    def open(cls, path: Path) -> Self:
        """Look at the names, shapes and dtypes in a file.

        Raises:
            FormatError: A damaged file, or one of another kind.
            MissingPackageError: What reads it is not installed.
        """
        raise NotImplementedError

    def __getitem__(self, name: str) -> LazyArray:
        try:
            return self._entries[name]
        except KeyError:
            raise UnknownArrayError(
                self.where, expected=f"an array {name!r}", got=f"only {listed(self)}"
            ) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; more than once does no harm."""
        if self._close is not None:
            self._close()
            self._close = None


def mapped_bytes(path: Path) -> Array:
    """A file as uint8 `(bytes,)`, mapped copy-on-write."""
    if not path.stat().st_size:
        return np.empty(0, np.uint8)
    return np.memmap(path, np.uint8, "c").view(np.ndarray)


def viewed(data: Array, dtype: np.dtype[Any], shape: tuple[int, ...], where: str) -> Array:
    """Bytes, uint8, as an array that shares them.

    Raises:
        FormatError: Fewer or more bytes than it takes, or a shape that numpy cannot have.
    """
    if len(shape) > MOST_DIMENSIONS or math.prod(filter(None, shape)) >= LARGEST_SIZE:
        raise wrong(where, "a shape that can be", f"{shape!s:.200}")
    size = math.prod(shape) * dtype.itemsize
    if size != data.size:
        raise wrong(where, f"{size} bytes for {dtype} {shape}", f"{data.size}")
    return data.view(dtype).reshape(shape)


def is_beside(name: str) -> bool:
    """Whether a name in a file can only mean another file in the same folder."""
    return name not in ("", ".", "..") and not {*name} & {*"\\/:\0"}


def rows_of(index: Any, n_rows: int) -> Array | None:
    """The rows that an index asks for, int64 `(n,)`, from 0 on; None if it is not one of rows.

    Takes a whole number, a slice, or a list or array of whole numbers, as numpy does.

    Raises:
        IndexError: There is no such row.

    Examples:
        >>> rows_of([-1, 0], 5), rows_of(slice(1, None, 2), 5), rows_of((0, 1), 5)
        (array([4, 0]), array([1, 3]), None)
    """
    if isinstance(index, slice):
        chosen = range(n_rows)[index]
        return np.arange(chosen.start, chosen.stop, chosen.step)
    if isinstance(index, tuple) or index is ...:
        return None
    rows = np.asarray(index)
    if rows.size == 0 and isinstance(index, list):
        rows = rows.astype(np.int64)
    if rows.dtype.kind not in "iu" or rows.ndim > 1:
        return None
    rows = np.atleast_1d(rows).astype(np.int64)
    if rows.size and not -n_rows <= rows.min() <= rows.max() < n_rows:
        raise IndexError(f"row {rows.max()} of {n_rows}")
    return np.where(rows < 0, rows + n_rows, rows)


def is_one(index: Any) -> bool:
    """Whether an index asks for a single row, which then has one dimension less."""
    return not isinstance(index, slice) and np.ndim(index) == 0


def widened(bits: Array) -> Array:
    """bfloat16, given as uint16, as float32, of which it is the first half; a copy."""
    return np.asarray((bits.astype(np.uint32) << np.uint32(16)).view(np.float32))


def listed(names: Mapping[str, Any]) -> str:
    """The first names of many, for a message."""
    some = ", ".join(list(names)[:8]) or "nothing"
    return f"{some}, ..." if len(names) > 8 else some


def wrong(where: str, expected: str, got: str) -> FormatError:
    """The error of a damaged file."""
    return FormatError(where, expected=expected, got=got, hint="download or convert it again")
