"""A variable that TensorFlow saved in slices, as partitioners make them: one array out of many.

Source: tensor_slice.proto, ordered_code.cc and saved_tensor_slice_util.cc of
https://github.com/tensorflow/tensorflow
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.containers.protocol import LazyArray, is_one, rows_of, wrong

# In each dimension: the start, and the length, or -1 for all of it.
Slice = tuple[tuple[int, int], ...]
WHOLE = -1


def slice_key(name: str, part: Slice) -> bytes:
    """What a slice's entry is called in an index, so that slices are in order there."""
    text = name.encode().replace(b"\0", b"\0\xff")
    numbers = b"".join(_signed(number) for extent in part for number in extent)
    return b"\0" + text + b"\0\x01" + _unsigned(len(part)) + numbers


def _unsigned(number: int) -> bytes:
    """How many bytes it takes, and these, the largest first."""
    size = (number.bit_length() + 7) // 8
    return bytes([size]) + number.to_bytes(size, "big")


def _signed(number: int) -> bytes:
    """As many ones as it takes bytes, then the number; the opposite of all if it is negative."""
    magnitude = ~number if number < 0 else number
    size = 1 + magnitude.bit_length() // 7
    whole = number.to_bytes(size + 2, "big", signed=True)[-size:]
    marks = (((1 << size) - 1) << (16 - size)).to_bytes(2, "big")
    return bytes(byte ^ mark for byte, mark in zip(whole, marks[:size] + bytes(size), strict=False))


def joined(
    shape: tuple[int, ...], parts: Sequence[tuple[Slice, LazyArray]], where: str
) -> LazyArray:
    """The slices of a variable as one array. Rows are read from the slices that hold them.

    Args:
        shape: The variable's shape.
        parts: Each slice's place and its array.
        where: What to call it in messages.

    Raises:
        FormatError: Slices that overlap, leave something out or have other shapes than their
            place; or that divide more than one dimension, which no partitioner does.
    """
    places = [_place(shape, part, entry, where) for part, entry in parts]
    divided = {axis for place in places for axis, (_, n) in enumerate(place) if n != shape[axis]}
    if len(divided) > 1:
        raise wrong(where, "slices of one dimension", f"slices of {len(divided)}")
    axis = min(divided, default=0)
    order = sorted(range(len(parts)), key=lambda i: places[i][axis])
    behind = 0
    for i in order:
        start, length = places[i][axis]
        if start != behind:
            raise wrong(where, f"a slice that begins at {behind}", f"one at {start}")
        behind += length
    if behind != shape[axis] or len({entry.dtype for _, entry in parts}) != 1:
        raise wrong(where, f"slices of {shape[axis]} and of one type", f"{behind} in all")
    pieces = [(*places[i][axis], parts[i][1]) for i in order]

    def read(index: Any) -> Array:
        wanted = None if axis else rows_of(index, shape[0])
        if wanted is None:
            whole: Array = np.concatenate([entry[...] for *_, entry in pieces], axis)
            return np.asarray(whole[index])
        found = np.empty((wanted.size, *shape[1:]), pieces[0][2].dtype)
        for start, length, entry in pieces:
            here = (wanted >= start) & (wanted < start + length)
            if here.any():
                found[here] = entry[wanted[here] - start]
        return np.asarray(found[0]) if is_one(index) else found

    return LazyArray(shape, pieces[0][2].dtype, read)


def _place(shape: tuple[int, ...], part: Slice, entry: LazyArray, where: str) -> Slice:
    """A slice with its length in each dimension."""
    if len(part) != len(shape) or not shape:
        raise wrong(where, f"slices of {len(shape)} dimensions", f"{part}")
    place = tuple(
        (start, size if length == WHOLE else length)
        for (start, length), size in zip(part, shape, strict=True)
    )
    if entry.shape != tuple(length for _, length in place):
        raise wrong(where, f"a slice of shape {tuple(n for _, n in place)}", f"{entry.shape}")
    return place
