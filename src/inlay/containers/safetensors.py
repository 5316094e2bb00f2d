"""The container of safetensors: a header of JSON, then arrays one after the other.

Source: https://github.com/huggingface/safetensors#format
"""

import json
import math
from typing import Any, NamedTuple

import numpy as np

from inlay.aliases import Array
from inlay.errors import FormatError

ALIGNMENT = 64
LARGEST_HEADER = 100_000_000  # of the specification
DTYPES: dict[str, np.dtype[Any]] = {
    "F16": np.dtype("<f2"),
    "F32": np.dtype("<f4"),
    "F64": np.dtype("<f8"),
    "I64": np.dtype("<i8"),
    "U32": np.dtype("<u4"),
    "U8": np.dtype("u1"),
}
NAMES = {dtype: name for name, dtype in DTYPES.items()}


class Tensor(NamedTuple):
    """One entry of a header; `begin` and `end` count from the end of the header."""

    dtype: str
    shape: list[int]
    begin: int
    end: int


class Header(NamedTuple):
    """What stands before the data, and where they start."""

    metadata: dict[str, str]
    tensors: dict[str, Tensor]
    start: int


def make_header(arrays: dict[str, Array], metadata: dict[str, str]) -> bytes:
    """Length and JSON, filled up with spaces so that the data begin at a multiple of 64."""
    entries: dict[str, Any] = {"__metadata__": metadata}
    at = 0
    for name, array in arrays.items():
        entries[name] = {
            "dtype": NAMES[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [at, at + array.nbytes],
        }
        at += array.nbytes
    text = json.dumps(entries, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-(8 + len(text)) % ALIGNMENT)
    return len(text).to_bytes(8, "little") + text


def read_header(data: Array, name: str) -> Header:
    """Parse and check a header; touches nothing behind it.

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
    if at != data.size - 8 - length:
        raise wrong(name, f"{at} bytes of data, as the header says", f"{data.size - 8 - length}")
    return Header(metadata, tensors, 8 + length)


def tensor_array(data: Array, header: Header, key: str, name: str) -> Array:
    """A tensor as an array that shares the bytes of `data`.

    Copied only if it stands at an odd place (behind a float16 matrix of odd size, say).

    Raises:
        FormatError: No such tensor, a dtype we do not know, or a size that does not fit.
    """
    if key not in header.tensors:
        raise wrong(name, f"a tensor {key!r}", f"only {', '.join(header.tensors) or 'nothing'}")
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


def wrong(name: str, expected: str, got: str) -> FormatError:
    """The error of a damaged file."""
    return FormatError(name, expected=expected, got=got, hint="download or convert it again")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"metadata {value!r:.60} is no string")
    return value


def _tensor(entry: dict[str, Any]) -> Tensor:
    shape, offsets = entry["shape"], entry["data_offsets"]
    for values in (shape, offsets):
        if type(values) is not list or not all(type(x) is int and x >= 0 for x in values):
            raise ValueError(f"{values!r:.60} is no list of whole numbers")
    begin, end = offsets
    return Tensor(str(entry["dtype"]), shape, begin, end)
