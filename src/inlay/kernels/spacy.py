"""What spaCy's folders of vectors are keyed by: 64 bits of MurmurHash, in maps of msgpack.

Sources: A. Appleby, MurmurHash2.cpp (MurmurHash64A);
https://github.com/msgpack/msgpack/blob/master/spec.md, the formats of whole numbers.
"""

import numpy as np

from inlay.kernels.compiled import njit

M, R = np.uint64(0xC6A4A7935BD1E995), np.uint64(47)
EIGHT = np.uint64(8)


@njit(cache=True, nogil=True)
def murmur_hashes(blob, offsets, seed, hashes):
    """MurmurHash64A of each string: uint64.

        k *= M; k ^= k >> 47; k *= M; h ^= k; h *= M      for every 8 bytes k
        h ^= rest; h *= M                                 for what is left, if anything is
        h ^= h >> 47; h *= M; h ^= h >> 47

    from `h = seed ^ (length * M)`, all modulo `2 ** 64`.

    Args:
        blob: uint8 `(bytes,)`, the strings one after the other.
        offsets: int64 `(n + 1,)`, checked.
        seed: uint64.
        hashes: uint64 `(n,)`, written.
    """
    for i in range(offsets.size - 1):
        start, stop = offsets[i], offsets[i + 1]
        h = seed ^ (np.uint64(stop - start) * M)
        at = start
        while at + 8 <= stop:
            k = np.uint64(0)
            for j in range(8):
                k |= np.uint64(blob[at + j]) << (EIGHT * np.uint64(j))
            k *= M
            k ^= k >> R
            k *= M
            h ^= k
            h *= M
            at += 8
        if at < stop:
            rest = np.uint64(0)
            for j in range(stop - at):
                rest |= np.uint64(blob[at + j]) << (EIGHT * np.uint64(j))
            h ^= rest
            h *= M
        h ^= h >> R
        h *= M
        h ^= h >> R
        hashes[i] = h


@njit(cache=True, nogil=True)
def scan_numbers(buf, start, numbers):
    """Whole numbers in msgpack, one after the other: `(how many there are, where they end)`.

    Stops before anything that is no whole number, or that is cut off.

    Args:
        buf: uint8 `(bytes,)`.
        start: Where the first begins.
        numbers: uint64 `(at most so many,)`, written; negative ones modulo `2 ** 64`.
    """
    n = 0
    p = start
    while n < numbers.size and p < buf.size:
        first = buf[p]
        width = 0
        if first >= 0xCC and first <= 0xCF:
            width = 1 << (first - 0xCC)
        elif first >= 0xD0 and first <= 0xD3:
            width = 1 << (first - 0xD0)
        elif first > 0x7F and first < 0xE0:
            break
        if p + 1 + width > buf.size:
            break
        value = np.uint64(first)
        negative = first >= 0xE0 or (first >= 0xD0 and first <= 0xD3 and buf[p + 1] >= 0x80)
        if width:
            value = np.uint64(0)
            for j in range(width):
                value = (value << EIGHT) | np.uint64(buf[p + 1 + j])
        used = 8 * max(width, 1)
        if negative and used < 64:
            value |= ~np.uint64(0) << np.uint64(used)
        numbers[n] = value
        n += 1
        p += 1 + width
    return n, p
