"""The sorted table of LevelDB, in which TensorFlow keeps the index of a checkpoint.

Blocks of keys and values, each behind the last; then a block of where they are; then a footer of
48 bytes. In a block, a key is written as what it does not share with the key before it. What a
few bytes may claim by that, and by Snappy, is held against what the table has.

Source: https://github.com/google/leveldb/blob/main/doc/table_format.md
"""

from collections.abc import Iterator

import numpy as np

from inlay.bytes.protobuf import varint
from inlay.containers.checksums import crc32c, masked
from inlay.containers.protocol import wrong
from inlay.errors import FormatError
from inlay.optional import require

MAGIC = bytes.fromhex("57fb808b247547db")  # its last bytes
FOOTER, TRAILER = 48, 5  # bytes at the end, and behind each block: its packing and checksum
PLAIN, SNAPPY = 0, 1
LARGEST_RATIO = 32  # of Snappy: three bytes stand for at most 64
SHARED = 16  # keys in a row may share what they begin with: then one is written whole
TABLE = "a TensorFlow checkpoint's index"


def entries(table: memoryview, where: str) -> dict[bytes, memoryview]:
    """All keys and values of a table, in its order.

    Args:
        table: The file's bytes, of format `B`; the values share them.
        where: What to call it in messages.

    Raises:
        FormatError: A damaged table, by its checksums too, or one that claims more than it has.
        MissingPackageError: A block is packed, and cramjam is not installed.
    """
    if len(table) < FOOTER or table[-len(MAGIC) :] != MAGIC:
        raise wrong(where, f"{TABLE} with a footer", f"{len(table)} bytes with none")
    footer = table[-FOOTER:]
    _, at = _handle(footer, 0, where)  # of the block about the table itself, which is empty
    (offset, size), _ = _handle(footer, at, where)
    index = _block(table, offset, size, where)
    found: dict[bytes, memoryview] = {}
    last, behind, keys = b"", 0, SHARED * len(table) + (1 << 16)
    for _, handle in _pairs(index, where, keys):
        (offset, size), _ = _handle(handle, 0, where)
        if offset < behind:
            raise wrong(where, f"{TABLE} with one block behind the other", f"one at {offset}")
        behind = offset + size
        block = _block(table, offset, size, where)
        for key, value in _pairs(block, where, SHARED * len(block)):
            if found and key <= last:
                raise wrong(where, f"{TABLE} in order", f"{key!r:.80} behind {last!r:.80}")
            found[key], last = value, key
    return found


def _handle(data: memoryview, at: int, where: str) -> tuple[tuple[int, int], int]:
    """Where a block is, `(offset, size)`, and the place behind that."""
    offset, at = varint(data, at, where)
    size, at = varint(data, at, where)
    return (offset, size), at


def _block(table: memoryview, offset: int, size: int, where: str) -> memoryview:
    """A block, checked and unpacked."""
    end = offset + size
    if end + TRAILER > len(table):
        raise wrong(where, f"{TABLE} with {end + TRAILER} bytes", f"{len(table)}: it is cut off")
    packing, stored = table[end], int.from_bytes(table[end + 1 : end + TRAILER], "little")
    if masked(crc32c(np.frombuffer(table[offset : end + 1], np.uint8))) != stored:
        raise wrong(where, f"{TABLE} as it was written", "other bytes (bad CRC-32C)")
    if packing == PLAIN:
        return table[offset:end]
    if packing != SNAPPY:
        raise wrong(where, f"{TABLE}, plain or packed with Snappy", f"a packing {packing}")
    return _unpacked(table[offset:end], where)


def _unpacked(packed: memoryview, where: str) -> memoryview:
    size, _ = varint(packed, 0, where)
    if size > LARGEST_RATIO * len(packed):
        raise wrong(where, f"at most {LARGEST_RATIO * len(packed)} bytes in a block", f"{size}")
    cramjam = require("cramjam", extra="snappy", need="reading a checkpoint with a packed index")
    try:
        return memoryview(bytes(cramjam.snappy.decompress_raw(bytes(packed))))
    except Exception as error:  # of its own kind
        raise wrong(where, f"{TABLE} packed with Snappy", str(error)) from error


def _pairs(block: memoryview, where: str, most: int) -> Iterator[tuple[bytes, memoryview]]:
    """The keys and values of a block whose keys take at most so many bytes when written whole."""
    restarts = int.from_bytes(block[-4:], "little")
    end = len(block) - 4 * (restarts + 1)
    if len(block) < 4 or end < 0:
        raise wrong(where, f"{TABLE} with whole blocks", f"{restarts} marks in {len(block)} bytes")
    key, at, keys = b"", 0, 0
    while at < end:
        shared, at = varint(block, at, where)
        rest, at = varint(block, at, where)
        size, at = varint(block, at, where)
        if shared > len(key) or rest + size > end - at:
            raise _cut(where, at)
        key = key[:shared] + bytes(block[at : at + rest])
        at += rest
        keys += len(key)
        if keys > most:
            raise wrong(where, f"{TABLE} with keys of up to {most} bytes in all", "more")
        yield key, block[at : at + size]
        at += size


def _cut(where: str, at: int) -> FormatError:
    return wrong(where, f"{TABLE} with whole keys and values", f"others at byte {at} of a block")
