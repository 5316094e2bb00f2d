"""The container of safetensors: a header of JSON, then arrays one after the other.

Source: https://github.com/huggingface/safetensors#format
"""

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple, Self

import numpy as np

from inlay.aliases import Array
from inlay.bytes.writing import atomic_path
from inlay.containers.protocol import (
    Container,
    LazyArray,
    listed,
    mapped_bytes,
    viewed,
    widened,
    wrong,
)
from inlay.errors import ArgumentTypeError

ALIGNMENT = 64
LARGEST_HEADER = 100_000_000  # of the specification
DTYPES: dict[str, np.dtype[Any]] = {
    "F16": np.dtype("<f2"),
    "F32": np.dtype("<f4"),
    "F64": np.dtype("<f8"),
    "I64": np.dtype("<i8"),
    "I32": np.dtype("<i4"),
    "I16": np.dtype("<i2"),
    "I8": np.dtype("i1"),
    "U64": np.dtype("<u8"),
    "U32": np.dtype("<u4"),
    "U16": np.dtype("<u2"),
    "U8": np.dtype("u1"),
    "BOOL": np.dtype("?"),
}
BRAIN = "BF16"
NAMES = {dtype: name for name, dtype in DTYPES.items()}


class Safetensors(Container):
    """A `.safetensors`: arrays that share a map of the file.

    bfloat16 is read as float32, which holds it; an entry of another type that numpy does not
    have (float8) has the dtype void, and is refused when it is read.

    Args:
        data: The file's bytes, uint8 `(bytes,)`; the arrays share them.
        where: What to call it in messages.
    """

    kind = "safetensors"

    def __init__(self, data: Array, where: str) -> None:
        header = read_header(data, where)
        entries = {key: _entry(data, header, key, where) for key in header.tensors}
        super().__init__(where, entries, header.metadata)

    @classmethod
    def sniff(cls, head: bytes, path: Path) -> bool:
        return head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= LARGEST_HEADER

    @classmethod
    def open(cls, path: Path) -> Self:
        """Map a file: nothing is read but its header."""
        return cls(mapped_bytes(path), str(path))


def write(
    path: str | os.PathLike[str],
    arrays: Mapping[str, Array],
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write a file, whole or not at all, with the mode of what it replaces or of any new file.

    Args:
        path: The file.
        arrays: Numbers of a type in `DTYPES`. What is not contiguous is copied, one at a time.
        metadata: What else to note in the header.

    Raises:
        ArgumentTypeError: An array of something else; nothing has been written then.
    """
    with atomic_path(path) as part, part.open("wb") as file:
        write_to(file, arrays, metadata)


def write_to(
    file: IO[bytes], arrays: Mapping[str, Array], metadata: Mapping[str, str] | None = None
) -> None:
    """`write`, into a file that is open: front to back, so that it may be packed."""
    for name, array in arrays.items():
        if array.dtype.newbyteorder("<") not in NAMES:
            raise ArgumentTypeError(
                name, expected=f"an array of {', '.join(map(str, NAMES))}", got=str(array.dtype)
            )
    # Large elements first, so that each stands at a multiple of its size: others ask for that.
    ordered = sorted(arrays.items(), key=lambda item: -item[1].dtype.itemsize)
    file.write(make_header(dict(ordered), metadata or {}))
    for _, array in ordered:
        plain = np.asarray(array, array.dtype.newbyteorder("<"), order="C")
        file.write(memoryview(plain.reshape(-1).view(np.uint8)))  # type: ignore[arg-type]


class Entry(NamedTuple):
    """One entry of a header; `begin` and `end` count from the end of the header."""

    dtype: str
    shape: list[int]
    begin: int
    end: int


class Header(NamedTuple):
    """What stands before the data, and where they start."""

    metadata: dict[str, str]
    tensors: dict[str, Entry]
    start: int


def make_header(
    arrays: Mapping[str, Any], metadata: Mapping[str, str], codes: Mapping[str, str] | None = None
) -> bytes:
    """Length and JSON, filled up with spaces so that the data begin at a multiple of 64.

    Args:
        arrays: What has the dtype, the shape and the `nbytes` of each tensor.
        metadata: What else to note.
        codes: The types of tensors whose dtype in numpy is another: BF16.
    """
    codes = codes or {}
    entries: dict[str, Any] = {"__metadata__": dict(metadata)}
    at = 0
    for name, array in arrays.items():
        entries[name] = {
            "dtype": codes.get(name) or NAMES[array.dtype.newbyteorder("<")],
            "shape": list(array.shape),
            "data_offsets": [at, at + array.nbytes],
        }
        at += array.nbytes
    text = json.dumps(entries, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-(8 + len(text)) % ALIGNMENT)
    return len(text).to_bytes(8, "little") + text


def read_header(data: Array, name: str, *, alone: bool = False) -> Header:
    """Parse and check a header; touches nothing behind it.

    Args:
        data: The file's bytes, uint8 `(bytes,)`.
        name: What to call it in messages.
        alone: Whether `data` ends with the header, so that it cannot be held against the rest.

    Raises:
        FormatError: A length beyond the file, no JSON, or tensors that do not fill the data
            one after the other.
    """
    length = int.from_bytes(data[:8].tobytes(), "little")
    if data.size < 8 or not 2 <= length <= min(data.size - 8, LARGEST_HEADER):
        raise wrong(name, f"a header within {data.size} bytes", f"a length of {length}")
    try:
        entries = json.loads(data[8 : 8 + length].tobytes())
        metadata = entries.pop("__metadata__", {})
        tensors = {str(key): _tensor(entry) for key, entry in entries.items()}
        metadata = {str(key): _text(value) for key, value in metadata.items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise wrong(name, "a safetensors header", f"{type(error).__name__}: {error}") from error
    at = 0
    for key, tensor in sorted(tensors.items(), key=lambda item: item[1][2:]):
        if tensor.begin != at or tensor.end < at:
            span = f"{tensor.begin} to {tensor.end}"
            raise wrong(name, f"tensor {key!r} to begin at byte {at}", span)
        at = tensor.end
    if at != data.size - 8 - length and not alone:
        raise wrong(name, f"{at} bytes of data, as the header says", f"{data.size - 8 - length}")
    return Header(metadata, tensors, 8 + length)


def tensor_array(data: Array, header: Header, key: str, name: str) -> Array:
    """A tensor as an array that shares the bytes of `data`.

    Copied only if it stands at an odd place (behind a float16 matrix of odd size, say).

    Raises:
        FormatError: No such tensor, a dtype we do not know, or a size that does not fit.
    """
    if key not in header.tensors:
        raise wrong(name, f"a tensor {key!r}", f"only {listed(header.tensors)}")
    dtype, shape, begin, end = header.tensors[key]
    if dtype not in DTYPES:
        raise wrong(name, f"tensor {key!r} as one of {', '.join(DTYPES)}", dtype)
    if math.prod(shape) * DTYPES[dtype].itemsize != end - begin:
        raise wrong(name, f"{dtype} {shape} in tensor {key!r}", f"{end - begin} bytes")
    flat = data[header.start + begin : header.start + end].view(DTYPES[dtype])
    try:
        return np.require(flat.reshape(shape), requirements="A")
    except ValueError as error:  # dimensions beyond what numpy can count
        raise wrong(name, f"a shape of tensor {key!r} that can be", str(error)) from error


def _entry(data: Array, header: Header, key: str, where: str) -> LazyArray:
    """A tensor that is looked at when it is asked for; its size is checked now."""
    dtype, shape, begin, end = header.tensors[key]
    count = math.prod(shape)
    if dtype == BRAIN:
        return _brain(data[header.start + begin : header.start + end], shape, f"{where}, {key}")
    if dtype in DTYPES:
        stored = DTYPES[dtype]
    else:
        stored = np.dtype((np.void, (end - begin) // count if count else 0))
    if count * stored.itemsize != end - begin:
        raise wrong(where, f"{dtype} {shape} in tensor {key!r}", f"{end - begin} bytes")
    return LazyArray(
        tuple(shape), stored, lambda index: tensor_array(data, header, key, where)[index]
    )


def _brain(data: Array, shape: list[int], where: str) -> LazyArray:
    """bfloat16, of which what is asked for is widened to float32."""
    stored = viewed(data, np.dtype("<u2"), tuple(shape), where)
    dtype = np.dtype(np.float32)
    return LazyArray(tuple(shape), dtype, lambda index: np.asarray(widened(stored[index])))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"metadata {value!r:.60} is no string")
    return value


def _tensor(entry: dict[str, Any]) -> Entry:
    shape, offsets = entry["shape"], entry["data_offsets"]
    for values in (shape, offsets):
        if type(values) is not list or not all(type(x) is int and 0 <= x < 2**63 for x in values):
            raise ValueError(f"{values!r:.60} is no list of whole numbers")
    begin, end = offsets
    return Entry(str(entry["dtype"]), shape, begin, end)
