"""Texts of variable length in HDF5: the attributes of objects that libhdf5 would read from a heap.

libhdf5 (1.14) never comes back from a damaged heap. Here the few structures that lead to such a
text are walked within the bytes there are, and what is not as expected gives no text at all.

Source: https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html
"""

import struct
from collections.abc import Iterator

ATTRIBUTE, CONTINUATION = 0x0C, 0x10  # kinds of messages
SHARED = 2  # a flag of messages that are elsewhere
TEXT = 0x19, 1  # of variable length: a datatype's class and version, and its kind
MOST_BLOCKS = 32  # stretches of messages of one object
MOST_STEPS = 1 << 18  # messages and texts that are looked at
OBJECTS, HEAP = b"OHDR", b"GCOL"


class Texts:
    """The attributes of a file that are single texts of variable length.

    Args:
        data: The file's bytes; what stands before its signature is not among them.
    """

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._heaps: dict[int, dict[int, tuple[int, int]]] = {}
        self._left = MOST_STEPS
        # The sizes of addresses and lengths, by the version of the superblock.
        at = 13 if data[8] < 2 else 9
        self._usual = bytes(data[at : at + 2]) == b"\x08\x08"

    def of(self, address: int, name: str) -> str | None:
        """The attribute of an object, whose header is at this address; None if it has none."""
        if not self._usual:
            return None
        try:
            for attribute in self._attributes(address):
                if (text := self._text(attribute, name.encode())) is not None:
                    return bytes(text).decode()
        except (struct.error, ValueError, IndexError):
            pass
        return None

    def _attributes(self, address: int) -> Iterator[memoryview]:
        """The messages of an object's header that are attributes."""
        data = self._data
        newer = bytes(data[address : address + 4]) == OBJECTS
        if newer:
            flags = data[address + 5]
            at = address + 6 + 16 * (flags >> 5 & 1) + 4 * (flags >> 4 & 1)
            width = 1 << (flags & 3)
            blocks, head = [(at + width, _number(data, at, width))], 4 + 2 * (flags >> 2 & 1)
        else:
            if data[address] != 1:
                return
            blocks, head = [(address + 16, _number(data, address + 8, 4))], 8
        done = 0
        while done < len(blocks) < MOST_BLOCKS:
            at, size = blocks[done]
            end, done = at + size, done + 1
            if end > len(data):
                return
            while at + head <= end and self._left:
                self._left -= 1
                kind = data[at] if newer else _number(data, at, 2)
                length = _number(data, at + (1 if newer else 2), 2)
                is_shared = data[at + (3 if newer else 4)] & SHARED
                content = data[at + head : min(at + head + length, end)]
                at += head + length
                if kind == ATTRIBUTE and not is_shared:
                    yield content
                elif kind == CONTINUATION:
                    start, size = _number(content, 0, 8), _number(content, 8, 8)
                    # A newer one has a signature before its messages, and a checksum behind.
                    blocks.append((start + 4, max(size - 8, 0)) if newer else (start, size))

    def _text(self, message: memoryview, wanted: bytes) -> memoryview | None:
        """The text of an attribute, if it is of this name and one text."""
        version, flags = message[0], message[1]
        sizes = [_number(message, at, 2) for at in (2, 4, 6)]
        if version not in (1, 2, 3) or (version > 1 and flags):
            return None
        at, step = 8 + (version == 3), 8 if version == 1 else 1
        parts = []
        for size in sizes:
            parts.append(message[at : at + size])
            at += -(-size // step) * step
        name, kind, space = parts
        if bytes(name).rstrip(b"\0") != wanted or (kind[0], kind[1] & 15) != TEXT or space[1]:
            return None
        length, heap, index = struct.unpack_from("<IQI", message, at)
        start, size = self._heap(heap).get(index, (0, 0))
        return self._data[start : start + length] if length <= size else None

    def _heap(self, address: int) -> dict[int, tuple[int, int]]:
        """The place and size of each object in a heap."""
        if address in self._heaps:
            return self._heaps[address]
        data, found = self._data, self._heaps.setdefault(address, {})
        if bytes(data[address : address + 4]) != HEAP:
            return found
        at, end = address + 16, min(address + _number(data, address + 8, 8), len(data))
        while at + 16 <= end and self._left:
            self._left -= 1
            index, size = _number(data, at, 2), _number(data, at + 8, 8)
            if not index or size > end - at - 16:
                break
            found[index] = at + 16, size
            at += 16 + -(-size // 8) * 8
        return found


def _number(data: memoryview, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "little")
