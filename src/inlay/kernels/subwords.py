"""Vectors of words as the mean of rows: the word's own, and one for each of its n-grams.

The n-grams of a word are those of `<word>`, of `min_n` to `max_n` characters; `<` and `>` alone
are none. The row of an n-gram is its bucket: the 32 bits of FNV-1a over its UTF-8 bytes, modulo
the number of buckets. fastText widens each byte with its sign, so that bytes from 128 on change
the upper bits too; who hashes otherwise finds other rows for every letter beyond ASCII.

Rows are added in the order in which fastText adds them, in float32, and the sum is multiplied by
`1 / n`: the result is the same to the last bit.

What the rows are is a tuple:

    dense      float32 `(rows, dim)`; without rows where they are coded
    codes      uint8 `(rows, parts)`: which of its 256 centroids each part of a row is
    centroids  float32 `(256 * dim,)`: those of the first part, one after the other, and so on
    width      numbers in a part; the last part may have fewer
    norms      whole numbers `(rows,)`: which of `scales` a row is multiplied by; empty if by none
    scales     float32 `(n,)`, or empty

Sources: Bojanowski et al. 2017, Enriching word vectors with subword information, section 3.2;
Jegou et al. 2011, Product quantization for nearest neighbor search, section II.
"""

import numpy as np

from inlay.kernels.compiled import njit

LESS, GREATER = np.uint64(ord("<")), np.uint64(ord(">"))
START, PRIME = np.uint64(2166136261), np.uint64(16777619)  # FNV-1a
LOW, SIGN, WIDENED = np.uint64(0xFFFFFFFF), np.uint64(0x80), np.uint64(0xFFFFFF00)
TWO_BITS = np.uint64(0xC0)
ZEROS = 2  # what `compose` is told where buckets without a row count as zeros
END = np.frombuffer(b"</s>", np.uint8)  # the end of a sentence has no n-grams

f32 = np.float32


@njit(cache=True, nogil=True)
def byte_at(blob, start, stop, k):
    """Byte `k` of `<word>`, where the word is `blob[start:stop]`."""
    if k == 0:
        return LESS
    return GREATER if start + k > stop else np.uint64(blob[start + k - 1])


@njit(cache=True, nogil=True)
def hashed(h, byte):
    """The hash of what `h` is the hash of, and one byte more."""
    if byte & SIGN:
        byte |= WIDENED
    return ((h ^ byte) * PRIME) & LOW


@njit(cache=True, nogil=True)
def ends_sentence(blob, start, stop):
    """Whether a word is the end of a sentence, which has no n-grams."""
    if stop - start != END.size:
        return False
    for k in range(END.size):
        if blob[start + k] != END[k]:
            return False
    return True


@njit(cache=True, nogil=True)
def _row_of(bucket, kept, is_pruned):
    """The row of a bucket, or -1: `kept` are int32 `(n,)` rising buckets, and their rows."""
    if not is_pruned:
        return bucket
    at = np.searchsorted(kept[0], bucket)
    if at == kept[0].size or kept[0][at] != bucket:
        return -1
    return np.int64(kept[1][at])


@njit(cache=True, nogil=True, error_model="numpy")
def accumulate(out, rows, row):
    """`out` += a row; see above."""
    dense, codes, centroids, width, norms, scales = rows
    if codes.shape[1] == 0:
        for j in range(out.size):
            out[j] += dense[row, j]
        return
    scale = scales[norms[row]] if norms.size else f32(1)
    for part in range(codes.shape[1]):
        begin = part * width
        wide = min(width, out.size - begin)
        at = begin * 256 + np.int64(codes[row, part]) * wide
        for j in range(wide):
            out[begin + j] += scale * centroids[at + j]


@njit(cache=True, nogil=True, error_model="numpy")
def compose(blob, offsets, first, settings, kept, rows, out, parts):
    """Write the vectors of words, and of how many rows each is the mean; zeros if of none.

    The caller has checked that every row is there.

    Args:
        blob: uint8 `(bytes,)`, all words, one after the other.
        offsets: int64 `(n + 1,)`: where each begins.
        first: int64 `(n,)`: a word's own row, or -1.
        settings: `min_n, max_n, bucket`; 1 if only the `kept` buckets have rows, 2 if all others
            have rows of zeros; and what is added to a bucket's row: how many rows stand before
            the first of them.
        kept: int32 `(n,)` twice: see `_row_of`.
        rows: See above.
        out: float32 `(n, dim)`, written.
        parts: int32 `(n,)`, written.
    """
    min_n, max_n, bucket, is_pruned, before = settings
    for w in range(offsets.size - 1):
        x = out[w]
        x[:] = 0
        n_rows = 0
        if first[w] >= 0:
            accumulate(x, rows, first[w])
            n_rows = 1
        start, stop = offsets[w], offsets[w + 1]
        size = stop - start + 2
        if max_n > 0 and not ends_sentence(blob, start, stop):
            for i in range(size):
                if byte_at(blob, start, stop, i) & TWO_BITS == SIGN:
                    continue
                h, j, n = START, i, 1
                while j < size and n <= max_n:
                    h = hashed(h, byte_at(blob, start, stop, j))
                    j += 1
                    while j < size and byte_at(blob, start, stop, j) & TWO_BITS == SIGN:
                        h = hashed(h, byte_at(blob, start, stop, j))
                        j += 1
                    if n >= min_n and not (n == 1 and (i == 0 or j == size)):
                        row = _row_of(np.int64(h % np.uint64(bucket)), kept, is_pruned)
                        if row >= 0:
                            accumulate(x, rows, before + row)
                        n_rows += row >= 0 or is_pruned == ZEROS
                    n += 1
        parts[w] = n_rows
        if n_rows > 0:
            x *= f32(1.0 / n_rows)
