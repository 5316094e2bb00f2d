"""Vectors of words as the sum of rows of their n-grams, by the rules of finalfusion and of floret.

The n-grams of a word are those of the word between two marks, such as `<word>`, of `min_n` to
`max_n` characters, the marks alone among them. Which row an n-gram has:

    FASTTEXT     32 bits of FNV-1a over its bytes, each widened with its sign, modulo `bucket`
    FINALFUSION  64 bits of FNV-1a over the number of its characters, in 8 bytes, and the number
                 of each character in Unicode, in 4, all little-endian; modulo `bucket`
    EXPLICIT     the one that stands beside it in a list; it may have none
    FLORET       so many of the four 32 bits of MurmurHash3 (x64, 128 bits), modulo `bucket`, and
                 the same for the whole word between its marks, besides

Rows are added from the first beginning of an n-gram to the last, the longest before shorter ones,
which is finalfusion's order, in float32.

Sources: finalfusion, `src/subword.rs`; floret, `src/dictionary.cc`; A. Appleby, MurmurHash3.cpp;
G. Fowler, L. C. Noll, K.-P. Vo, D. Eastlake, The FNV non-cryptographic hash algorithm.
"""

import numpy as np

from inlay.kernels.compiled import njit
from inlay.kernels.hashing import find_row
from inlay.kernels.subwords import SIGN, START, TWO_BITS, accumulate, hashed

FASTTEXT, FINALFUSION, EXPLICIT, FLORET = range(4)
START_64, PRIME_64 = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)  # FNV-1a
C1, C2 = np.uint64(0x87C37B91114253D5), np.uint64(0x4CF5AD432745937F)  # MurmurHash3
MIX_1, MIX_2 = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)
LOW = np.uint64(0xFFFFFFFF)
N32, N64 = np.uint64(32), np.uint64(64)
BYTE = np.uint64(0xFF)


@njit(cache=True, nogil=True)
def _hashed_64(h, number, width):
    for k in range(width):
        h = (h ^ ((number >> np.uint64(8 * k)) & BYTE)) * PRIME_64
    return h


@njit(cache=True, nogil=True)
def fasttext_hash(blob, start, stop):
    """The 32 bits of an n-gram, as fastText has them: uint64."""
    h = START
    for k in range(start, stop):
        h = hashed(h, np.uint64(blob[k]))
    return h


@njit(cache=True, nogil=True)
def finalfusion_hash(blob, start, stop, n):
    """The 64 bits of an n-gram of `n` characters, as finalfusion has them."""
    h = np.uint64(_hashed_64(START_64, np.uint64(n), 8))
    k = start
    while k < stop:
        first = np.uint64(blob[k])
        k += 1
        character = first  # of one byte; else the bits behind the leading ones
        if first >= np.uint64(0xF0):
            character = first & np.uint64(0x07)
        elif first >= np.uint64(0xE0):
            character = first & np.uint64(0x0F)
        elif first >= np.uint64(0xC0):
            character = first & np.uint64(0x1F)
        while k < stop and np.uint64(blob[k]) & TWO_BITS == SIGN:
            character = (character << np.uint64(6)) | (np.uint64(blob[k]) & np.uint64(0x3F))
            k += 1
        h = np.uint64(_hashed_64(h, character, 4))
    return h


@njit(cache=True, nogil=True)
def _turned(x, bits):
    return (x << np.uint64(bits)) | (x >> (N64 - np.uint64(bits)))


@njit(cache=True, nogil=True)
def _mixed(k):
    k ^= k >> np.uint64(33)
    k *= MIX_1
    k ^= k >> np.uint64(33)
    k *= MIX_2
    return k ^ (k >> np.uint64(33))


@njit(cache=True, nogil=True)
def _little(blob, start, stop):
    """Up to eight bytes as a number."""
    number = np.uint64(0)
    for k in range(start, stop):
        number |= np.uint64(blob[k]) << np.uint64(8 * (k - start))
    return number


@njit(cache=True, nogil=True)
def murmur_128(blob, start, stop, seed):
    """MurmurHash3_x64_128 of some bytes: two uint64."""
    h1, h2 = np.uint64(seed), np.uint64(seed)
    at = start
    while at + 16 <= stop:
        h1 ^= _turned(_little(blob, at, at + 8) * C1, 31) * C2
        h1 = (_turned(h1, 27) + h2) * np.uint64(5) + np.uint64(0x52DCE729)
        h2 ^= _turned(_little(blob, at + 8, at + 16) * C2, 33) * C1
        h2 = (_turned(h2, 31) + h1) * np.uint64(5) + np.uint64(0x38495AB5)
        at += 16
    half = min(at + 8, stop)
    h2 ^= _turned(_little(blob, half, stop) * C2, 33) * C1
    h1 ^= _turned(_little(blob, at, half) * C1, 31) * C2
    h1 ^= np.uint64(stop - start)
    h2 ^= np.uint64(stop - start)
    h1 += h2
    h2 += h1
    h1, h2 = np.uint64(_mixed(h1)), np.uint64(_mixed(h2))
    h1 += h2
    return h1, h2 + h1


@njit(cache=True, nogil=True)
def _row_of(rule, blob, start, stop, n, bucket, listed):
    """The row of an n-gram by finalfusion's rules, or -1."""
    if rule == FASTTEXT:
        return np.int64(fasttext_hash(blob, start, stop) % np.uint64(bucket))
    if rule == FINALFUSION:
        return np.int64(finalfusion_hash(blob, start, stop, n) % np.uint64(bucket))
    at = find_row(listed[0], listed[1], listed[2], listed[3], blob, start, stop)
    return listed[4][at] if at >= 0 else -1


@njit(cache=True, nogil=True, error_model="numpy")
def _add_hashed(x, rows, blob, start, stop, bucket, hashes):
    """Add the rows of what floret hashes."""
    h1, h2 = murmur_128(blob, start, stop, hashes[1])
    for k in range(hashes[0]):
        h = h1 if k < 2 else h2
        h = (h >> N32) if k & 1 else (h & LOW)
        accumulate(x, rows, np.int64(h % np.uint64(bucket)))


@njit(cache=True, nogil=True, error_model="numpy")
def sum_ngrams(blob, offsets, settings, hashes, listed, rows, out, parts):
    """Write for each word the sum of the rows of its n-grams, and how many they are.

    The caller has checked that every row is there.

    Args:
        blob: uint8 `(bytes,)`, all words between their marks, one after the other.
        offsets: int64 `(n + 1,)`: where each begins.
        settings: Which of the rules above, `min_n, max_n, bucket`.
        hashes: How many rows an n-gram has, 1 to 4, and the seed: of floret alone.
        listed: Of n-grams that are listed, their `blob`, `offsets` and `slots`, which
            `inlay.kernels.hashing` describes, its shift, and the row of each, int64 `(n,)`.
        rows: See `inlay.kernels.subwords`.
        out: float32 `(n, dim)`, written.
        parts: int32 `(n,)`, written.
    """
    rule, min_n, max_n, bucket = settings
    for w in range(offsets.size - 1):
        x = out[w]
        x[:] = 0
        n_rows = 0
        start, stop = offsets[w], offsets[w + 1]
        if rule == FLORET:
            _add_hashed(x, rows, blob, start, stop, bucket, hashes)
            n_rows += hashes[0]
        for i in range(start, stop):
            if np.uint64(blob[i]) & TWO_BITS == SIGN:
                continue
            j, n = i, 0
            while j < stop and n < max_n:
                j += 1
                while j < stop and np.uint64(blob[j]) & TWO_BITS == SIGN:
                    j += 1
                n += 1
            while n >= min_n:
                if rule == FLORET:
                    _add_hashed(x, rows, blob, i, j, bucket, hashes)
                    n_rows += hashes[0]
                else:
                    row = _row_of(rule, blob, i, j, n, bucket, listed)
                    if row >= 0:
                        accumulate(x, rows, row)
                        n_rows += 1
                n -= 1
                j -= 1
                while j > i and np.uint64(blob[j]) & TWO_BITS == SIGN:
                    j -= 1
        parts[w] = n_rows
