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
    """The slices of a variable as one array, into which each is read that has a part of it.

    Args:
        shape: The variable's shape.
        parts: Each slice's place and its array.
        where: What to call it in messages.

    Raises:
        FormatError: Slices that overlap, leave something out or have other shapes than their
            place; or that do not divide each dimension for all others, as partitioners do.
    """
    places = [_place(shape, part, entry, where) for part, entry in parts]
    cells = 1
    for axis, size in enumerate(shape):
        extents = sorted({place[axis] for place in places})
        cells *= len(extents)
        behind = 0
        for start, length in extents:
            if start != behind:
                raise wrong(where, f"a slice that begins at {behind}", f"one at {start}")
            behind += length
        if behind != size:
            raise wrong(where, f"slices of {size} in all", f"{behind}")
    dtypes = {entry.dtype for _, entry in parts}
    if cells != len(places) or len(set(places)) != len(places) or len(dtypes) != 1:
        got = f"{len(places)} of {len(dtypes)}, where {cells} fill it"
        raise wrong(where, "slices of one type, each once", got)
    pieces = [
        (*place[0], tuple(slice(start, start + n) for start, n in place[1:]), entry)
        for place, (_, entry) in zip(places, parts, strict=True)
    ]
    dtype = dtypes.pop()

    def read(index: Any) -> Array:
        run = range(shape[0])[index] if isinstance(index, slice) else range(shape[0])
        wanted = rows_of(index, shape[0])
        if wanted is not None and (not isinstance(index, slice) or run.step != 1):
            found = np.empty((wanted.size, *shape[1:]), dtype)
            for start, length, columns, entry in pieces:
                here = np.flatnonzero((wanted >= start) & (wanted < start + length))
                if here.size:
                    chosen: tuple[Any, ...] = (here, *columns)
                    found[chosen] = entry[wanted[here] - start]
            return np.asarray(found[0]) if is_one(index) else found
        found = np.empty((len(run), *shape[1:]), dtype)
        for start, length, columns, entry in pieces:
            first, last = max(start, run.start), min(start + length, run.stop)
            if first < last:
                rows = slice(first - run.start, last - run.start)
                whole = last - first == length
                found[(rows, *columns)] = entry[
                    ... if whole else slice(first - start, last - start)
                ]
        return found if wanted is not None else np.asarray(found[index])

    return LazyArray(shape, dtype, read)


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
