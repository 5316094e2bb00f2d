"""The container of TensorFlow's checkpoints: `NAME.index`, and data in one or several files.

TensorFlow is not needed. The index is a sorted table: under the name of each variable, a small
message with its type, its shape and its place. A variable that was saved in slices has its
slices' names there instead, and their data at places of their own.

Source: https://www.tensorflow.org/guide/checkpoint, tensor_bundle.proto and naming.h of
https://github.com/tensorflow/tensorflow/tree/master/tensorflow/core/util/tensor_bundle
"""

import re
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np

from inlay.aliases import Array
from inlay.bytes.protobuf import Value, fields, inner, signed
from inlay.containers.checksums import crc32c, masked
from inlay.containers.protocol import (
    LARGEST_SIZE,
    Container,
    LazyArray,
    mapped_bytes,
    viewed,
    widened,
    wrong,
)
from inlay.containers.sliced import Slice, joined, slice_key
from inlay.containers.sorted_table import MAGIC, entries
from inlay.containers.tensorflow_strings import strings
from inlay.errors import FormatError, MissingFileError

STRING, BFLOAT16 = 7, 14
# By the numbers of TensorFlow's types.proto; bfloat16 is read as float32.
DTYPES: dict[int, np.dtype[Any]] = {
    1: np.dtype("<f4"),
    2: np.dtype("<f8"),
    3: np.dtype("<i4"),
    4: np.dtype("u1"),
    5: np.dtype("<i2"),
    6: np.dtype("i1"),
    STRING: np.dtype(object),
    8: np.dtype("<c8"),
    9: np.dtype("<i8"),
    10: np.dtype("?"),
    BFLOAT16: np.dtype("<u2"),
    17: np.dtype("<u2"),
    18: np.dtype("<c16"),
    19: np.dtype("<f2"),
    22: np.dtype("<u4"),
    23: np.dtype("<u8"),
}
# What else TensorFlow can save, for messages.
OTHERS = {11: "qint8", 12: "quint8", 13: "qint32", 15: "qint16", 16: "quint16", 20: "a resource"}
OTHERS |= {21: "a variant", 24: "float8_e5m2", 25: "float8_e4m3fn", 29: "int4", 30: "uint4"}
Order = Literal["<", ">"]
LONGEST_NOTE = 1 << 16  # characters
_GRAPH, _VARIABLES = "saved_model.pb", "variables/variables.index"


class TensorFlow(Container):
    """The variables of a checkpoint or a SavedModel, by name; texts are bytes in object arrays.

    They share maps of the files, and rows are read alone. bfloat16 is read as float32, which
    holds it. What is read whole is held against its checksum.

    Args:
        path: The checkpoint: what the names of its files have in common, or one of them; or the
            folder of a SavedModel or of checkpoints, of which the last is read.
    """

    kind = "tensorflow"

    def __init__(self, path: Path) -> None:
        index = _table_of(path)
        where = str(path)
        table = entries(memoryview(mapped_bytes(index)), where)  # type: ignore[arg-type]
        order, n_files = _header(table.pop(b"", None), where)
        files = _Files(prefix_of(index), n_files)
        found = {}
        for key, value in table.items():
            if key.startswith(b"\0"):  # a slice, which its variable knows
                continue
            try:
                name = key.decode()
            except UnicodeDecodeError as error:
                raise wrong(where, "names in UTF-8", f"{key!r:.100}") from error
            found[name] = _entry(_Entry(value, where), name, table, files, order)
        super().__init__(where, found)

    @classmethod
    def exists(cls, path: Path) -> bool:
        """Whether it has an index."""
        return _table_of(path).is_file()

    @classmethod
    def sniff(cls, head: bytes, path: Path) -> bool:
        """By the last bytes of the index: the first could be those of any file."""
        index = _table_of(path)
        if not cls.exists(path) or index.stat().st_size < len(MAGIC):
            return False
        with index.open("rb") as file:
            file.seek(-len(MAGIC), 2)
            return file.read() == MAGIC

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read the index, and map the data."""
        return cls(path)


def prefix_of(path: Path) -> Path:
    """What TensorFlow calls a checkpoint, which is several files: what their names share."""
    return path.parent / re.sub(r"\.(index|data-\d+-of-\d+)$", "", path.name)


def index_of(path: Path) -> Path:
    """The index of a checkpoint, of which `path` may be any file, the prefix or the folder.

    Of several checkpoints in a folder, it is that of the last; of a SavedModel, its variables'.
    """
    if path.is_dir():
        found = path / _VARIABLES if (path / _GRAPH).is_file() else latest_in(path)
        if found is not None:
            return found
    prefix = prefix_of(path)
    return prefix.parent / f"{prefix.name}.index"


def latest_in(folder: Path) -> Path | None:
    """The index of the last checkpoint by TensorFlow's own note, whose folders may have moved."""
    note = folder / "checkpoint"
    if not note.is_file():
        return None
    with note.open(encoding="utf-8", errors="replace") as file:
        text = file.read(LONGEST_NOTE)
    found = re.search(r'^model_checkpoint_path: "(?:.*[/\\])?(.+)"', text, re.MULTILINE)
    index = folder / f"{found[1]}.index" if found else note
    return index if found and index.is_file() else None


def _table_of(path: Path) -> Path:
    """The index, or the file itself: a checkpoint of TensorFlow's first year was its own."""
    index = index_of(path)
    return path if path.is_file() and not index.is_file() else index


class _Entry:
    """What the index says of a variable or a slice of one: a `BundleEntryProto`."""

    def __init__(self, message: memoryview, where: str) -> None:
        self.dtype = self.file = self.offset = self.size = self.crc = 0
        self.shape: tuple[int, ...] = ()
        self.slices: list[Slice] = []
        numbers = {1: "dtype", 3: "file", 4: "offset", 5: "size", 6: "crc"}
        for number, value in fields(message, where):
            if number in numbers and isinstance(value, int):
                setattr(self, numbers[number], value)
            elif number == 2:
                self.shape = tuple(
                    _size(v, where) for k, v in fields(inner(value), where) if k == 2
                )
            elif number == 7:
                self.slices.append(_slice(inner(value), where))


class _Files:
    """The files of data, each mapped when the first variable in it is looked at."""

    def __init__(self, prefix: Path, n: int) -> None:
        self.prefix, self.n = prefix, n
        self.maps: dict[int, Array] = {}

    def part(self, entry: _Entry, where: str) -> Array:
        """The bytes of an entry."""
        if entry.file not in self.maps:
            path = self.prefix.parent / f"{self.prefix.name}.data-{entry.file:05}-of-{self.n:05}"
            if entry.file >= self.n or not path.is_file():
                hint = "a checkpoint is several files: put them into one folder"
                got = "no such file"
                raise MissingFileError(
                    where,
                    expected=f"a TensorFlow checkpoint with its data in {path.name}",
                    got=got,
                    hint=hint,
                )
            self.maps[entry.file] = mapped_bytes(path)
        data, end = self.maps[entry.file], entry.offset + entry.size
        if end > data.size:
            expected = f"a TensorFlow checkpoint with {entry.size} bytes at byte {entry.offset}"
            raise wrong(where, expected, f"{data.size} bytes of data")
        return data[entry.offset : end]


def _header(message: memoryview | None, where: str) -> tuple[Order, int]:
    """The byte order of the numbers, and how many files hold them."""
    if message is None or bytes(message[:1]) == b"\n":
        raise FormatError(
            where,
            expected="a checkpoint of TensorFlow 0.12 or newer",
            got="a sorted table of something else" if message is None else "an older one",
            hint="read it with TensorFlow 1 and save it in the newer layout",
        )
    found = {number: value for number, value in fields(message, where) if isinstance(value, int)}
    return ">" if found.get(2) == 1 else "<", found.get(1, 0)


def _size(dimension: Value, where: str) -> int:
    size = next((signed(v) for k, v in fields(inner(dimension), where) if k == 1), 0)
    if not 0 <= size < LARGEST_SIZE:
        raise wrong(where, "sizes of at least 0", str(size))
    return size


def _slice(message: memoryview, where: str) -> Slice:
    """A `TensorSliceProto`: the start and the length in each dimension, -1 for the whole."""
    extents = []
    for number, value in fields(message, where):
        if number == 1:
            extent = {k: signed(v) for k, v in fields(inner(value), where)}
            extents.append((extent.get(1, 0), extent.get(2, -1)))
    return tuple(extents)


def _entry(
    entry: _Entry, name: str, table: dict[bytes, memoryview], files: _Files, order: Order
) -> LazyArray:
    where = f"{files.prefix}, {name}"
    if not entry.slices:
        return _array(entry, files, order, where)
    parts = []
    for part in entry.slices:
        message = table.get(slice_key(name, part))
        if message is None:
            raise wrong(where, "all slices of the variable", f"none of {part}")
        parts.append((part, _array(_Entry(message, where), files, order, where)))
    return joined(entry.shape, parts, where)


def _array(entry: _Entry, files: _Files, order: Order, where: str) -> LazyArray:
    """A variable that lies in one piece."""
    shape, data = entry.shape, files.part(entry, where)
    if entry.dtype not in DTYPES:
        what = OTHERS.get(entry.dtype, f"of the type {entry.dtype}")
        return _refused(shape, where, what)
    dtype = DTYPES[entry.dtype].newbyteorder(">") if order == ">" else DTYPES[entry.dtype]
    if entry.dtype == STRING:
        return strings(data, shape, order, entry.crc, where)
    stored = viewed(data, dtype, shape, where)

    def read(index: Any) -> Array:
        if index is ... and masked(crc32c(data)) != entry.crc:
            raise wrong(where, "the bytes that were written", "others (bad CRC-32C)")
        part = stored[index]
        return np.require(widened(part) if entry.dtype == BFLOAT16 else part, requirements="A")

    return LazyArray(shape, np.dtype(np.float32) if entry.dtype == BFLOAT16 else dtype, read)


def _refused(shape: tuple[int, ...], where: str, what: str) -> LazyArray:
    def read(index: Any) -> Array:
        raise FormatError(where, expected="numbers or texts", got=what)

    return LazyArray(shape, np.dtype(np.void), read)
