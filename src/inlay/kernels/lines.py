"""Lines whose first field is wanted, found without reading the others.

The end of a line is looked for 128 bytes at a time, and then eight: where a byte of
`w ^ 0x0A...0A` is zero, the subtraction of one borrows into its high bit (Lamport 1975,
"Multiple byte processing with full-word instructions").
"""

import numpy as np
from numba import njit

from inlay.kernels.hashing import _first_slot, equal
from inlay.kernels.parse import HIGH_BITS, LF, LOW_BITS, SPACE, TAB, U1, U8, _load8

STRETCH = np.uint64(128)
LINE_FEEDS = np.uint64(0x0A0A0A0A0A0A0A0A)


@njit(cache=True, nogil=True)
def wanted_lines(buf, start, stop, blob, offsets, slots, shift, spans, numbers):
    """Find the lines of `buf[start:stop]` whose first field is one of some tokens.

    A line whose first field is empty is taken too: it is for others to judge.

    Args:
        buf: uint8 `(bytes,)`.
        start: Where the first line begins.
        stop: Just behind a line feed, or the end of the last line.
        blob: uint8, with `offsets` int64 and `slots` uint32: the fields and their index, as
            `inlay.kernels.hashing` describes.
        offsets: See `blob`.
        slots: See `blob`.
        shift: `64 - log2(slots.size)`, uint64.
        spans: int64 `(most, 2)`, written: where each line found begins, and just behind it.
        numbers: int64 `(most,)`, written: how many lines stand before it.

    Returns:
        How many were found, how many lines were passed, and where the first that was not begins:
        `stop`, unless there were more to find than `most`.
    """
    p, stop = np.uint64(start), np.uint64(stop)
    found, lines, mask = 0, 0, slots.size - 1
    while p < stop:
        line = p
        while p < stop and buf[p] != SPACE and buf[p] != TAB and buf[p] != LF:
            p += U1
        wanted = p == line
        slot = _first_slot(buf, line, p, shift)
        while not wanted and slots[slot] != 0:
            row = np.int64(slots[slot]) - 1
            wanted = equal(buf, line, p, blob, offsets[row], offsets[row + 1])
            slot = (slot + 1) & mask
        if wanted and found == spans.shape[0]:
            return found, lines, np.int64(line)
        while p + STRETCH <= stop:
            here = False
            for i in range(STRETCH):  # without a way out, so that LLVM compares many at once
                here |= buf[p + np.uint64(i)] == LF
            if here:
                break
            p += STRETCH
        while p + U8 <= stop:
            w = np.uint64(_load8(buf, p)) ^ LINE_FEEDS
            if (w - LOW_BITS) & ~w & HIGH_BITS:
                break
            p += U8
        while p < stop and buf[p] != LF:
            p += U1
        p = min(p + U1, stop)
        if wanted:
            spans[found, 0], spans[found, 1], numbers[found] = line, p, lines
            found += 1
        lines += 1
    return found, lines, np.int64(stop)
