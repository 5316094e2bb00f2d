"""Lines whose first field is wanted, found without reading the others.

Of a line that is not wanted, its first bytes are compared with three separators, 64 at a time
(`inlay.kernels.masks`), and the others with a line feed. Few fields are looked up at all: a bit
for the hash of each field that is wanted, from its first and last eight bytes alone, tells the
others apart (Bloom 1970, "Space/time trade-offs in hash coding with allowable errors", with one
hash).
"""

import numpy as np

from inlay.kernels.compiled import njit
from inlay.kernels.hashing import GOLDEN, _first_slot, equal
from inlay.kernels.masks import equal64, lowest
from inlay.kernels.parse import LF, SPACE, TAB, U0, U1, U7, U8, _load8

U3, U6, U63, U64 = (np.uint64(k) for k in (3, 6, 63, 64))
MIXER = np.uint64(0xC2B2AE3D27D4EB4F)  # of xxHash, to tell the first bytes from the last


@njit(cache=True, nogil=True, inline="always")
def _mixed(first, last, n):
    return (first ^ (last + n) * MIXER) * GOLDEN


@njit(cache=True, nogil=True)
def _hash(buf, start, stop):
    """The hash of a field, byte by byte."""
    first, last, n = U0, U0, stop - start
    for i in range(min(n, U8)):
        at = np.uint64(i)
        first |= np.uint64(buf[start + at]) << (at << U3)
        last |= np.uint64(buf[stop - U1 - at]) << ((U7 - at) << U3)
    return _mixed(first, last if n > U8 else U0, n)


@njit(cache=True, nogil=True, inline="always")
def _quick_hash(buf, start, stop):
    """The same, where eight bytes follow `start`."""
    n = stop - start
    first = _load8(buf, start)
    if n > U8:
        return _mixed(first, _load8(buf, stop - U8), n)
    half = (U8 - n) << np.uint64(2)  # in two steps, for a shift by 64 is undefined
    return _mixed((first << half << half) >> half >> half, U0, n)


@njit(cache=True, nogil=True)
def mark_fields(blob, offsets, marks):
    """Set the bit of each field's hash in `marks` uint64, a power of two of them.

    `blob` uint8 and `offsets` int64 are the fields, as `inlay.kernels.hashing` describes.
    """
    shift = U64 - U6 - np.uint64(lowest(np.uint64(marks.size)))
    for row in range(offsets.size - 1):
        bits = _hash(blob, np.uint64(offsets[row]), np.uint64(offsets[row + 1]))
        bit = np.uint64(bits) >> shift
        marks[bit >> U6] |= U1 << (bit & U63)


@njit(cache=True, nogil=True)
def wanted_lines(buf, start, stop, blob, offsets, slots, shift, marks, spans, numbers):
    """Find the lines of `buf[start:stop]` whose first field is one of some tokens.

    A line whose first field is empty is taken too: it is for others to judge.

    Args:
        buf: uint8 `(bytes,)`.
        start: Where the first line begins.
        stop: Just behind a line feed, or the end of the last line.
        blob: uint8, with `offsets` int64 and `slots` uint32: the fields and their index, as
            `inlay.kernels.hashing` describes.
        offsets: See `blob`.
        slots: See `blob`; the probe ends also if none is empty.
        shift: `64 - log2(slots.size)`, uint64.
        marks: uint64, from `mark_fields`.
        spans: int64 `(most, 2)`, written: where each line found begins, and just behind it.
        numbers: int64 `(most,)`, written: how many lines stand before it.

    Returns:
        How many were found, how many lines were passed, and where the first that was not begins:
        `stop`, unless there were more to find than `most`.
    """
    p, stop = np.uint64(start), np.uint64(stop)
    found, lines, mask = 0, 0, slots.size - 1
    narrow = U64 - U6 - np.uint64(lowest(np.uint64(marks.size)))
    while p < stop:
        line, ends = p, U0
        while p + U64 <= stop:
            ends = equal64(buf, p, SPACE) | equal64(buf, p, TAB) | equal64(buf, p, LF)
            if ends != U0:
                p += lowest(ends)
                break
            p += U64
        while ends == U0 and p < stop and buf[p] != SPACE and buf[p] != TAB and buf[p] != LF:
            p += U1
        bits = _quick_hash(buf, line, p) if ends != U0 else _hash(buf, line, p)
        bits = np.uint64(bits) >> narrow
        wanted = p == line
        if not wanted and (marks[bits >> U6] >> (bits & U63)) & U1:
            slot = _first_slot(buf, line, p, shift)
            for _ in range(slots.size):
                row = np.int64(slots[slot]) - 1
                if row < 0 or wanted:
                    break
                wanted = equal(buf, line, p, blob, offsets[row], offsets[row + 1])
                slot = (slot + 1) & mask
        if wanted and found == spans.shape[0]:
            return found, lines, np.int64(line)
        feeds = U0
        while p + U64 <= stop:
            feeds = equal64(buf, p, LF)
            if feeds != U0:
                p += lowest(feeds)
                break
            p += U64
        while feeds == U0 and p < stop and buf[p] != LF:
            p += U1
        p = min(p + U1, stop)
        if wanted:
            spans[found, 0], spans[found, 1], numbers[found] = line, p, lines
            found += 1
        lines += 1
    return found, lines, np.int64(stop)
