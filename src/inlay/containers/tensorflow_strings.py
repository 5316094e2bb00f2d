"""Texts in a TensorFlow checkpoint: their lengths, a checksum of these, and the bytes.

Source: `WriteStringTensor` of tensor_bundle.cc
"""

import math
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.bytes.protobuf import varint
from inlay.containers.checksums import crc32c, masked
from inlay.containers.protocol import LARGEST_SIZE, MOST_DIMENSIONS, LazyArray, wrong

LONG = 1 << 32  # bytes of a text whose length counts as 8 bytes, not 4, in the checksum


def strings(data: Array, shape: tuple[int, ...], order: str, crc: int, where: str) -> LazyArray:
    """An object array of `bytes`, read as a whole.

    Args:
        data: The variable's bytes, uint8.
        shape: Its shape.
        order: The byte order of the file's numbers, `<` or `>`.
        crc: The checksum that the index has of it.
        where: What to call it in messages.
    """
    count = math.prod(shape)
    if len(shape) > MOST_DIMENSIONS or math.prod(filter(None, shape)) >= LARGEST_SIZE:
        raise wrong(where, "a shape that can be", f"{shape!s:.200}")
    if count + 4 * bool(count) > data.size:
        raise wrong(where, f"at least {count + 4} bytes for {count} texts", f"{data.size}")

    def read(index: Any) -> Array:
        view, at, lengths = memoryview(data), 0, []  # type: ignore[arg-type]
        for _ in range(count):
            length, at = varint(view, at, where)
            lengths.append(length)
        if at + 4 + sum(lengths) != data.size:
            raise wrong(where, f"{data.size} bytes of texts", f"{at + 4 + sum(lengths)}")
        sizes = b"".join(
            n.to_bytes(8 if n >= LONG else 4, "little" if order == "<" else "big") for n in lengths
        )
        found = masked(crc32c(data[at:], crc32c(np.frombuffer(sizes, np.uint8))))
        if found != crc:
            raise wrong(where, "the bytes that were written", "others (bad CRC-32C)")
        at += 4
        texts = np.empty(count, object)
        for i, length in enumerate(lengths):
            texts[i] = bytes(view[at : at + length])
            at += length
        return np.asarray(texts.reshape(shape)[index], object)

    return LazyArray(shape, np.dtype(object), read)
