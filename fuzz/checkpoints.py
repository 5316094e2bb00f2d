"""Small TensorFlow checkpoints, written byte by byte: no TensorFlow, and any lie one likes."""

import struct
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from inlay.containers.checksums import crc32c, masked
from inlay.containers.sliced import slice_key
from inlay.containers.sorted_table import MAGIC
from inlay.containers.tensorflow import BFLOAT16, DTYPES, STRING

NUMBERS = {
    dtype.newbyteorder("<"): number for number, dtype in DTYPES.items() if number != BFLOAT16
}
Pairs = Sequence[tuple[bytes, bytes]]


class Brain:
    """An array that is stored as bfloat16; it holds what float32 cuts off."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array


class Sliced:
    """An array that is stored in slices along an axis, which begin at these places."""

    def __init__(self, array: np.ndarray, starts: Sequence[int], axis: int = 0) -> None:
        self.array, self.starts, self.axis = array, starts, axis

    def parts(self) -> list[tuple[tuple[tuple[int, int], ...], np.ndarray]]:
        """The place and the array of each slice."""
        pieces = np.split(self.array, self.starts[1:], self.axis)
        places = [
            tuple((start, piece.shape[d]) if d == self.axis else (0, -1) for d in range(piece.ndim))
            for start, piece in zip(self.starts, pieces, strict=True)
        ]
        return list(zip(places, pieces, strict=True))


def varint(number: int) -> bytes:
    """A whole number, seven bits to a byte."""
    number %= 1 << 64
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def message(*fields: tuple[int, int | bytes]) -> bytes:
    """A message of varints and texts."""
    out = b""
    for number, value in fields:
        if isinstance(value, int):
            out += varint(number << 3) + varint(value)
        else:
            out += varint(number << 3 | 2) + varint(len(value)) + value
    return out


def crc(data: bytes, before: int = 0) -> int:
    """The checksum of bytes, not masked."""
    return crc32c(np.frombuffer(data, np.uint8), before)


def block(pairs: Pairs, restart: int = 16) -> bytes:
    """A block of a sorted table; every so many keys are written whole."""
    out, last, marks = b"", b"", []
    for i, (key, value) in enumerate(pairs):
        shared = 0
        if i % restart:
            while shared < min(len(key), len(last)) and key[shared] == last[shared]:
                shared += 1
        else:
            marks.append(len(out))
        out += varint(shared) + varint(len(key) - shared) + varint(len(value))
        out += key[shared:] + value
        last = key
    return out + struct.pack(f"<{len(marks) + 1}I", *marks, len(marks))


def table(blocks: Pairs, pack: Callable[[bytes], bytes] | None = None) -> bytes:
    """A sorted table of blocks, each given with its last key."""
    out = b""

    def put(content: bytes) -> bytes:
        nonlocal out
        content = content if pack is None else pack(content)
        content += b"\0" if pack is None else b"\1"
        place = varint(len(out)) + varint(len(content) - 1)
        out += content + struct.pack("<I", masked(crc(content)))
        return place

    places = [(key, put(content)) for key, content in blocks]
    footer = put(block([])) + put(block(places, 1))
    return out + footer.ljust(40, b"\0") + MAGIC


def stored(array: object, order: str) -> tuple[int, bytes, int]:
    """The type, the bytes and the checksum of an array."""
    if isinstance(array, Brain):
        bits = (np.ascontiguousarray(array.array, np.float32).view(np.uint32) >> 16).astype("<u2")
        data = bits.astype(f"{order}u2").tobytes()
        return BFLOAT16, data, crc(data)
    plain = np.asarray(array)
    if plain.dtype.kind in "SO":
        texts = [bytes(text) for text in plain.ravel().tolist()]
        sizes = b"".join(struct.pack(f"{order}I", len(text)) for text in texts)
        check = struct.pack(f"{order}I", masked(crc(sizes)))
        lengths = b"".join(varint(len(text)) for text in texts)
        tail = check + b"".join(texts)
        return STRING, lengths + tail, crc(tail, crc(sizes))
    data = plain.astype(plain.dtype.newbyteorder(order)).tobytes()
    return NUMBERS[plain.dtype.newbyteorder("<")], data, crc(data)


def shape_of(shape: Sequence[int]) -> bytes:
    """A `TensorShapeProto`."""
    return message(*((2, message((1, size))) for size in shape))


def pairs_of(
    arrays: Mapping[str, object], order: str = "<", shards: int = 1
) -> tuple[list[tuple[bytes, bytes]], list[bytes]]:
    """The keys and values of an index, in order, and the data of each file."""
    data = [b""] * shards
    found = {b"": message((1, shards), (2, int(order == ">")), (3, message((1, 1))))}

    def put(array: object) -> bytes:
        dtype, content, check = stored(array, order)
        file = (len(found) - 1) % shards
        shape = np.shape(array.array if isinstance(array, Brain) else array)  # type: ignore[arg-type]
        entry = message((1, dtype), (2, shape_of(shape)), (3, file), (4, len(data[file])))
        entry += message((5, len(content))) + b"\x35" + struct.pack("<I", masked(check))
        data[file] += content
        return entry

    for name, array in arrays.items():
        if isinstance(array, Sliced):
            entry = message((1, NUMBERS[array.array.dtype]), (2, shape_of(array.array.shape)))
            for place, piece in array.parts():
                extents = [
                    message() if size < 0 else message((1, start), (2, size))
                    for start, size in place
                ]
                entry += message((7, message(*((1, extent) for extent in extents))))
                found[slice_key(name, place)] = put(piece)
            found[name.encode()] = entry
        else:
            found[name.encode()] = put(array)
    return sorted(found.items()), data


def write(
    prefix: Path,
    arrays: Mapping[str, object],
    *,
    order: str = "<",
    shards: int = 1,
    per_block: int = 99,
    pack: Callable[[bytes], bytes] | None = None,
) -> Path:
    """A checkpoint as TensorFlow writes it; gives `prefix`."""
    pairs, data = pairs_of(arrays, order, shards)
    groups = [pairs[i : i + per_block] for i in range(0, len(pairs), per_block)]
    blocks = [(group[-1][0], block(group)) for group in groups]
    prefix.parent.mkdir(parents=True, exist_ok=True)
    prefix.with_name(f"{prefix.name}.index").write_bytes(table(blocks, pack))
    for i, content in enumerate(data):
        prefix.with_name(f"{prefix.name}.data-{i:05}-of-{shards:05}").write_bytes(content)
    return prefix
