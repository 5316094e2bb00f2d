"""The stored hash index of a table: built and searched in bulk.

Open addressing with linear probing. A token's first slot is

    (crc32(utf8) * 0x9E3779B97F4A7C15 mod 2**64) >> (64 - log2(number of slots))

and a slot holds `row + 1`, or 0 when empty. The number of slots is a power of two, at least
twice the number of tokens, so that a probe always ends. CRC-32 because Python has it in C
(`zlib.crc32`) for single look-ups without numba, and every other language has it too; the
multiplication spreads it (Knuth, The Art of Computer Programming, volume 3, section 6.4).

Tokens are given as `blob` uint8 `(bytes,)` and `offsets` int64 `(n + 1,)`: token `i` is
`blob[offsets[i]:offsets[i + 1]]`. The caller has checked that offsets rise and stay inside.
"""

import numpy as np

from inlay.kernels.compiled import njit

GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def _crc_table() -> np.ndarray:
    """The 256 remainders of the CRC-32 of zlib (reflected polynomial 0xEDB88320)."""
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ np.uint32(0xEDB88320), table >> 1)
    return table


CRC = _crc_table()


@njit(cache=True, nogil=True, inline="always")
def _crc32(blob, start, stop):
    crc = np.uint32(0xFFFFFFFF)
    for i in range(start, stop):
        crc = CRC[(crc ^ blob[i]) & np.uint32(0xFF)] ^ (crc >> np.uint32(8))
    return crc ^ np.uint32(0xFFFFFFFF)


@njit(cache=True, nogil=True, inline="always")
def _slot_of(crc, shift):
    return np.int64((np.uint64(crc) * GOLDEN) >> shift)


@njit(cache=True, nogil=True, inline="always")
def _first_slot(blob, start, stop, shift):
    return _slot_of(_crc32(blob, start, stop), shift)


@njit(cache=True, nogil=True, inline="always")
def equal(blob, start, stop, other, other_start, other_stop):
    """Whether two tokens have the same bytes."""
    if stop - start != other_stop - other_start:
        return False
    for i in range(stop - start):
        if blob[start + i] != other[other_start + i]:
            return False
    return True


@njit(cache=True, nogil=True)
def build_index(blob, offsets, slots, shift, first):
    """Fill the empty `slots` uint32 with every distinct token's first row, plus one.

    `first` int64 `(n,)` receives, for each token, the row of the first token equal to it.

    All hashes come first, in `4 * n` bytes: as a pass of their own they keep the processor
    busy, and of two tokens in one slot they tell at once that the tokens are not equal.
    """
    mask = slots.size - 1
    n = offsets.size - 1
    hashes = np.empty(n, np.uint32)
    for row in range(n):
        hashes[row] = _crc32(blob, offsets[row], offsets[row + 1])
    for row in range(n):
        slot, same = _slot_of(hashes[row], shift), np.int64(row)
        while slots[slot] != 0:
            other = np.int64(slots[slot]) - 1
            if hashes[other] == hashes[row] and equal(
                blob, offsets[row], offsets[row + 1], blob, offsets[other], offsets[other + 1]
            ):
                same = other
                break
            slot = (slot + 1) & mask
        first[row] = same
        if same == row:
            slots[slot] = row + 1


@njit(cache=True, nogil=True)
def find_row(blob, offsets, slots, shift, query, start, stop):
    """The row of one query token, `query[start:stop]`, or -1: as `find_rows`."""
    mask = slots.size - 1
    slot = _first_slot(query, start, stop, shift)
    for _ in range(slots.size):
        row = np.int64(slots[slot]) - 1
        if row < 0:
            break
        if equal(query, start, stop, blob, offsets[row], offsets[row + 1]):
            return row
        slot = (slot + 1) & mask
    return -1


@njit(cache=True, nogil=True)
def find_rows(blob, offsets, slots, shift, query, query_offsets, rows):
    """Write into `rows` int64 `(m,)` each query token's row, or -1.

    The caller has checked that no slot points beyond the table. The probe ends also in a table
    without an empty slot (a damaged file).
    """
    for q in range(query_offsets.size - 1):
        start, stop = query_offsets[q], query_offsets[q + 1]
        rows[q] = find_row(blob, offsets, slots, shift, query, start, stop)
