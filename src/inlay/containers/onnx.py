"""The container of ONNX: the initialisers and constants of a model's graph, by name.

The onnx package is not needed. Numbers may lie in a file beside the model, if they are many; a
name that would lead elsewhere is refused.

Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import numpy as np

from inlay.aliases import Array
from inlay.bytes.protobuf import BYTES, Value, fields, signed, varint, varints
from inlay.containers.protocol import (
    Container,
    LazyArray,
    Read,
    is_beside,
    mapped_bytes,
    viewed,
    widened,
    wrong,
)
from inlay.errors import FormatError, MissingFileError

STRING, BFLOAT16 = 8, 16
# By the numbers of TensorProto.DataType; bfloat16 is read as float32.
DTYPES: dict[int, np.dtype[Any]] = {
    1: np.dtype("<f4"),
    2: np.dtype("u1"),
    3: np.dtype("i1"),
    4: np.dtype("<u2"),
    5: np.dtype("<i2"),
    6: np.dtype("<i4"),
    7: np.dtype("<i8"),
    9: np.dtype("?"),
    10: np.dtype("<f2"),
    11: np.dtype("<f8"),
    12: np.dtype("<u4"),
    13: np.dtype("<u8"),
    14: np.dtype("<c8"),
    15: np.dtype("<c16"),
    BFLOAT16: np.dtype("<u2"),
}
OTHERS = {17: "float8e4m3fn", 18: "float8e4m3fnuz", 19: "float8e5m2", 20: "float8e5m2fnuz"}
OTHERS |= {21: "uint4", 22: "int4", 23: "float4e2m1", 24: "float8e8m0", 25: "uint2", 26: "int2"}
A_MODEL = "an ONNX model"
# Fields of a model that come before its graph, which is the seventh.
_GRAPH, _VERSION, _FIELDS = 7, 1, frozenset({1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25, 26})
_EXTERNAL = 1


class Onnx(Container):
    """The initialisers of a model and the values of its `Constant` nodes, in the graph's order.

    They share a map of the file. Numbers that were written one by one as varints (`int32_data`
    and `int64_data`) are read whole. bfloat16 is read as float32; texts are bytes in an object
    array.

    Args:
        path: The model.
    """

    kind = "onnx"

    def __init__(self, path: Path) -> None:
        where = str(path)
        model = memoryview(mapped_bytes(path))  # type: ignore[arg-type]
        graph = next((value for number, value in fields(model, where) if number == _GRAPH), None)
        if not isinstance(graph, memoryview):
            raise FormatError(where, expected=A_MODEL, got="a message without a graph")
        outside = _Outside(path)
        entries: dict[str, LazyArray] = {}
        for tensor in _tensors(graph, where):
            if tensor.name in entries:
                expected = "each initialiser under a name of its own"
                raise wrong(where, expected, f"two called {tensor.name!r:.200}")
            entries[tensor.name] = _entry(tensor, outside, f"{where}, {tensor.name:.200}")
        super().__init__(where, entries)

    @classmethod
    def sniff(cls, head: bytes, path: Path) -> bool:
        """By the fields of a model before its graph, the first of which is a small version."""
        view, at = memoryview(head), 0
        try:
            while at < len(head):
                key, at = varint(view, at, "")
                number, wire = key >> 3, key & 7
                if wire not in (0, BYTES) or number not in _FIELDS or (at == 1) != (number == 1):
                    return False
                size, at = varint(view, at, "")
                if number == _GRAPH:
                    return wire == BYTES
                if number == _VERSION and not 0 < size < 32:
                    return False
                at += size if wire == BYTES else 0
        except FormatError:
            pass
        return False

    @classmethod
    def open(cls, path: Path) -> Self:
        """Map a model, and walk through the names in its graph."""
        return cls(path)


class _Tensor:
    """A `TensorProto`.

    Attributes:
        listed: Its numbers, if they are in a field of their type: the pieces of each field.
        raw: Its numbers as bytes, if they are there as such.
        outside: Where else they are, by the model's own words.
        what: Why it cannot be read, if it cannot.
    """

    def __init__(self, name: str = "", what: str = "") -> None:
        self.name, self.what = name, what
        self.dtype = self.location = 0
        self.shape: list[int] = []
        self.raw: memoryview | None = None
        self.listed: dict[int, list[Value]] = {}
        self.outside: dict[str, str] = {}


def _tensors(graph: memoryview, where: str) -> Iterator[_Tensor]:
    for number, value in fields(graph, where):
        if not isinstance(value, memoryview):
            continue
        if number == 1:
            yield from _constant(value, where)
        elif number == 5:
            yield _tensor(value, where)
        elif number == 15:
            values = next((v for n, v in fields(value, where) if n == 1), None)
            if isinstance(values, memoryview):
                tensor = _tensor(values, where)
                yield _Tensor(tensor.name, what="a sparse tensor")


def _constant(node: memoryview, where: str) -> Iterator[_Tensor]:
    """The value of a node, if it is a constant one: under the name of its output."""
    output, kind, values = "", b"", []
    for number, value in fields(node, where):
        if number == 2:
            output = _text(value)
        elif number == 4 and isinstance(value, memoryview):
            kind = bytes(value)
        elif number == 5 and kind in (b"", b"Constant") and isinstance(value, memoryview):
            values.append(value)
    if kind != b"Constant":
        return
    for attribute in values:
        for number, value in fields(attribute, where):
            if number == 5 and isinstance(value, memoryview):
                tensor = _tensor(value, where)
                tensor.name = output
                yield tensor


def _tensor(message: memoryview, where: str) -> _Tensor:
    tensor = _Tensor()
    for number, value in fields(message, where):
        if number == 1:
            sizes = varints(value, where).tolist() if isinstance(value, memoryview) else [value]
            tensor.shape += map(signed, sizes)
        elif number in (4, 5, 6, 7, 10, 11):
            tensor.listed.setdefault(number, []).append(value)
        elif number == 8:
            tensor.name = _text(value)
        elif number == 9 and isinstance(value, memoryview):
            tensor.raw = value
        elif number == 13 and isinstance(value, memoryview):
            pair = {n: _text(v) for n, v in fields(value, where)}
            tensor.outside[pair.get(1, "")] = pair.get(2, "")
        elif number in (2, 14) and isinstance(value, int):
            setattr(tensor, {2: "dtype", 14: "location"}[number], value)
    if any(not 0 <= size < 2**58 for size in tensor.shape):
        raise wrong(where, "sizes of at least 0", f"{tensor.shape!s:.100} of {tensor.name!r:.200}")
    return tensor


def _text(value: Value) -> str:
    return bytes(value).decode("utf-8", "replace") if isinstance(value, memoryview) else ""


class _Outside:
    """The files of numbers beside a model, each mapped once."""

    def __init__(self, model: Path) -> None:
        self.model = model
        self.maps: dict[str, Array] = {}

    def part(self, tensor: _Tensor, size: int, where: str) -> Array:
        """The bytes of a tensor that says where they are."""
        name = tensor.outside.get("location", "")
        if not all(map(is_beside, name.removeprefix("./").split("/"))):
            raise wrong(where, "numbers in a file beside the model", f"{name!r:.200}")
        path = self.model.parent / name
        if not path.is_file():
            raise MissingFileError(
                where,
                expected=f"its numbers in {name:.200}",
                got="no such file",
                hint="put it where the model is",
            )
        if name not in self.maps:
            self.maps[name] = mapped_bytes(path)
        data = self.maps[name]
        offset, length = (tensor.outside.get(key) or "0" for key in ("offset", "length"))
        if not (offset + length).isascii() or not (offset + length).isdigit():
            raise wrong(where, "an offset and a length", f"{offset!r:.40} and {length!r:.40}")
        end = int(offset[:20]) + size
        if end > data.size or int(length[:20]) not in (0, size):
            raise wrong(
                where, f"{size} bytes at byte {offset:.20}", f"{data.size}, or {length:.20}"
            )
        return data[end - size : end]


def _entry(tensor: _Tensor, outside: _Outside, where: str) -> LazyArray:
    shape, count = tuple(tensor.shape), math.prod(tensor.shape)
    if tensor.dtype == STRING and not tensor.what:
        return _texts(tensor.listed.get(6, []), shape, where)
    if tensor.dtype not in DTYPES or tensor.what:
        what = tensor.what or OTHERS.get(tensor.dtype, f"the type {tensor.dtype}")
        return LazyArray(shape, np.dtype(np.void), _refused(where, what))
    dtype = DTYPES[tensor.dtype]
    said = np.dtype(np.float32) if tensor.dtype == BFLOAT16 else dtype
    if tensor.location == _EXTERNAL:
        data = outside.part(tensor, count * dtype.itemsize, where)
    elif tensor.raw is not None:
        data = np.frombuffer(tensor.raw, np.uint8)
    elif (pieces := tensor.listed.get(4) or tensor.listed.get(10)) is not None:
        data = _joined(pieces, 4 if 4 in tensor.listed else 8)
    else:
        return LazyArray(shape, said, _listed(tensor, shape, dtype, where))
    stored = viewed(data, dtype, shape, where)

    def read(index: Any) -> Array:
        part = stored[index]
        return np.require(widened(part) if said != dtype else part, requirements="A")

    return LazyArray(shape, said, read)


def _joined(pieces: list[Value], width: int) -> Array:
    """Numbers of a fixed width, packed or one by one; the map itself if they are in one piece."""
    most = (1 << 8 * width) - 1
    parts = [(p & most).to_bytes(width, "little") if isinstance(p, int) else p for p in pieces]
    return np.frombuffer(parts[0] if len(parts) == 1 else b"".join(parts), np.uint8)


def _listed(
    tensor: _Tensor, shape: tuple[int, ...], dtype: np.dtype[Any], where: str
) -> Callable[[Any], Array]:
    """Whole numbers that were written as varints; also the bits of float16 and bfloat16."""
    pieces = [piece for number in (5, 7, 11) for piece in tensor.listed.get(number, [])]
    count, there = math.prod(shape), sum(len(p) if isinstance(p, memoryview) else 1 for p in pieces)
    if count > there:
        raise wrong(where, f"at least {count} bytes for {count} numbers", f"{there}")
    bits = dtype if dtype.kind in "iub" else np.dtype("<u2")

    def read(index: Any) -> Array:
        parts = [
            varints(piece, where) if isinstance(piece, memoryview) else np.array([piece], np.uint64)
            for piece in pieces
        ]
        numbers = np.concatenate(parts) if parts else np.empty(0, np.uint64)
        data = numbers.astype(bits).view(np.uint8)
        part = viewed(data, dtype, shape, where)[index]
        return np.asarray(widened(part) if tensor.dtype == BFLOAT16 else part)

    return read


def _texts(pieces: list[Value], shape: tuple[int, ...], where: str) -> LazyArray:
    if math.prod(shape) != len(pieces):
        raise wrong(where, f"{math.prod(shape)} texts", f"{len(pieces)}")
    order = viewed(np.arange(len(pieces)).view(np.uint8), np.dtype(np.int64), shape, where)

    def read(index: Any) -> Array:
        chosen = np.asarray(order[index])
        texts = np.empty(chosen.size, object)
        for i, place in enumerate(chosen.ravel().tolist()):
            piece = pieces[place]
            texts[i] = bytes(piece) if isinstance(piece, memoryview) else b""
        return texts.reshape(chosen.shape)

    return LazyArray(shape, np.dtype(object), read)


def _refused(where: str, what: str) -> Read:
    def read(index: Any) -> Array:
        raise FormatError(where, expected="numbers or texts", got=what)

    return read
