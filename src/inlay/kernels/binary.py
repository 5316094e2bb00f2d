"""Words and float32 vectors out of the bytes of a word2vec binary file."""

import numpy as np

from inlay.kernels.compiled import njit

LF, SPACE = np.uint8(10), np.uint8(32)
MAGNITUDE, INFINITY = np.uint32(0x7FFFFFFF), np.uint32(0x7F800000)  # of the bits of a float32


@njit(cache=True, nogil=True)
def scan_words(buf, start, bits, bounds):
    """Take whole words from `buf[start:]`: how many, where the next begins, whether all are finite.

    A word is its token, a space, the bytes of its vector, and perhaps a line feed. A number is
    finite if its magnitude, as an integer, is below that of infinity; it is looked at here because
    a row that has just been copied is still in the cache.

    Args:
        buf: uint8 `(bytes,)`.
        start: Where the first word, or a line feed before it, begins.
        bits: uint32 `(at most so many words, dim)`, written: the vectors' bytes.
        bounds: int64 `(the same, 2)`, written: the tokens' bounds in `buf`.
    """
    width = 4 * bits.shape[1]
    largest = np.uint32(0)
    n = 0
    p = start
    while n < bits.shape[0]:
        first = p
        while first < buf.size and buf[first] == LF:
            first += 1
        space = first
        while space < buf.size and buf[space] != SPACE:
            space += 1
        end = space + 1 + width
        if end > buf.size:
            break
        bounds[n, 0], bounds[n, 1] = first, space
        row, vector = bits[n].view(np.uint8), np.uint64(space + 1)
        for i in range(np.uint64(width)):  # unsigned: LLVM makes one copy of it
            row[i] = buf[vector + np.uint64(i)]
        for x in bits[n]:
            largest = max(largest, x & MAGNITUDE)
        n += 1
        p = end
    while p < buf.size and buf[p] == LF:
        p += 1
    return n, p, largest < INFINITY


@njit(cache=True, nogil=True)
def scan_strings(buf, start, behind, bounds):
    """Strings behind their lengths, uint32 little-endian: `(strings found, where they end)`.

    Fewer are found than there is room for where `buf` ends before they do.

    Args:
        buf: uint8 `(bytes,)`.
        start: Where the first length stands.
        behind: Bytes that stand between a string and the next length.
        bounds: int64 `(at most so many strings, 2)`, written: their bounds in `buf`.
    """
    n = 0
    p = start
    while n < bounds.shape[0]:
        if p + 4 > buf.size:
            break
        length = np.int64(0)
        for i in range(4):
            length |= np.int64(buf[p + i]) << (8 * i)
        if p + 4 + length + behind > buf.size:
            break
        bounds[n, 0], bounds[n, 1] = p + 4, p + 4 + length
        n += 1
        p += 4 + length + behind
    return n, p
