"""Messages in the wire format of protocol buffers, walked without a schema.

A message is fields one after the other, each with a number and a value. What the numbers mean
is known by whoever asks. Nothing is copied: a text or an inner message is a view of the bytes.

Source: https://protobuf.dev/programming-guides/encoding
"""

from collections.abc import Iterator

import numpy as np

from inlay.aliases import Array
from inlay.errors import FormatError

LONGEST_VARINT = 10  # bytes that 64 bits take, seven in each
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # the ways in which a value is written
_FIXED = {FIXED64: 8, FIXED32: 4}
_MASK = (1 << 64) - 1

Value = int | memoryview


def fields(message: memoryview, where: str) -> Iterator[tuple[int, Value]]:
    """The fields of a message, in its order: `(number, value)`.

    Args:
        message: Its bytes, of format `B`.
        where: What to call it in errors.

    Returns:
        Whole numbers, without a sign, for what is written as a varint or in 4 or 8 bytes; a view
        of the bytes for texts, inner messages and packed lists.

    Raises:
        FormatError: While it is walked, where the bytes end too early or are no message.

    Examples:
        >>> list(fields(memoryview(bytes([0x08, 0x96, 0x01, 0x12, 1, 65])), "x"))
        [(1, 150), (2, <memory at ...>)]
    """
    at, end = 0, len(message)
    while at < end:
        key, at = varint(message, at, where)
        number, wire = key >> 3, key & 7
        if wire == VARINT:
            value, at = varint(message, at, where)
            yield number, value
            continue
        if wire == BYTES:
            size, at = varint(message, at, where)
        elif wire in _FIXED:
            size = _FIXED[wire]
        else:
            raise _wrong(where, f"a field of type {wire}")
        if not number or size > end - at:
            raise _wrong(where, f"a field {number} of {size} bytes where {end - at} are left")
        piece = message[at : at + size]
        at += size
        yield number, piece if wire == BYTES else int.from_bytes(piece, "little")


def varint(data: memoryview, at: int, where: str) -> tuple[int, int]:
    """A whole number of 64 bits in one to ten bytes, and the place behind it.

    Raises:
        FormatError: The bytes end within it, or it is longer than any.
    """
    value = 0
    for shift, byte in enumerate(data[at : at + LONGEST_VARINT]):
        value |= (byte & 127) << 7 * shift
        if byte < 128:
            return value & _MASK, at + shift + 1
    raise _wrong(where, f"a number without an end at byte {at}")


def inner(value: Value) -> memoryview:
    """The bytes of an inner message; none, where a damaged file has a number in its place."""
    return value if isinstance(value, memoryview) else memoryview(b"")


def signed(value: Value) -> int:
    """A varint as the whole number with a sign that it stands for.

    Examples:
        >>> signed((1 << 64) - 1)
        -1
    """
    number = value if isinstance(value, int) else 0
    return number - (1 << 64) if number >> 63 else number


def varints(packed: memoryview, where: str) -> Array:
    """A packed list of varints, as uint64 `(n,)`.

    Allocates up to 40 bytes for each of them.

    Raises:
        FormatError: The last one has no end, or one is longer than any.
    """
    data = np.frombuffer(packed, np.uint8)
    last = np.flatnonzero(data < 128)
    if data.size and (not last.size or last[-1] != data.size - 1):
        raise _wrong(where, "a list whose last number has no end")
    first = np.concatenate([[0], last[:-1] + 1]) if last.size else last
    longest = int((last - first).max(initial=-1)) + 1
    if longest > LONGEST_VARINT:
        raise _wrong(where, f"a number of {longest} bytes")
    values = np.zeros(last.size, np.uint64)
    for k in range(longest):
        more = first + k <= last
        values[more] |= (data[first[more] + k] & 127).astype(np.uint64) << np.uint64(7 * k)
    return values


def _wrong(where: str, got: str) -> FormatError:
    return FormatError(where, expected="a message of protocol buffers", got=got)
