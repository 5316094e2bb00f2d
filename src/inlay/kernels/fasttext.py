"""Words and their counts out of the bytes of a fastText dictionary."""

import numpy as np

from inlay.kernels.compiled import njit

BEHIND = 10  # bytes behind a word: NUL, the count in eight, the kind in one


@njit(cache=True, nogil=True)
def scan_entries(buf, start, bounds, counts, kinds):
    """Take entries from `buf[start:]`: `(entries taken, where what follows begins)`.

    Args:
        buf: uint8 `(bytes,)`.
        start: Where the first entry begins.
        bounds: int64 `(n, 2)`, written: the words' bounds in `buf`.
        counts: int64 `(n,)`, written.
        kinds: uint8 `(n,)`, written: 0 for words, 1 for labels.
    """
    p = start
    for i in range(counts.size):
        first = p
        while p < buf.size and buf[p] != 0:
            p += 1
        if p + BEHIND > buf.size:
            return i, first
        bounds[i, 0], bounds[i, 1] = first, p
        count = np.uint64(0)
        for k in range(8):
            count |= np.uint64(buf[p + 1 + k]) << np.uint64(8 * k)
        counts[i] = np.int64(count)
        kinds[i] = buf[p + 9]
        p += BEHIND
    return counts.size, p
