"""Which rows of a fastText model each word is made of: its own, and one for each n-gram.

A word's n-grams, and the buckets that they are hashed into, are those of
`inlay.kernels.subwords`. Of the buckets only those that some word has get a row, so that a
training holds a fifth of the usual two million; and rows are numbered as the words first need
them, the most frequent word first, so that the rows that are used most stand together.

Source: Bojanowski et al. 2017, "Enriching Word Vectors with Subword Information", section 3.2.
"""

import numpy as np

from inlay.kernels.compiled import njit
from inlay.kernels.subwords import SIGN, START, TWO_BITS, byte_at, ends_sentence, hashed


@njit(cache=True, nogil=True)
def find_buckets(blob, offsets, settings, n_own, starts, buckets):
    """List the buckets of each word behind places for its own rows.

    Call it twice: first with no `buckets`, which only counts.

    Args:
        blob: uint8 `(bytes,)`, all words, one after the other.
        offsets: int64 `(n + 1,)`: where each begins.
        settings: `min_n, max_n, bucket`.
        n_own: How many places stand before the buckets of a word.
        starts: int64 `(n + 1,)`, written: where the list of each word begins.
        buckets: int32 `(starts[n],)`, written: -1 in the places, and then the word's buckets in
            fastText's order; or empty.
    """
    min_n, max_n, bucket = settings
    is_counting = buckets.size == 0
    at = 0
    for w in range(offsets.size - 1):
        starts[w] = at
        if not is_counting:
            buckets[at : at + n_own] = -1
        at += n_own
        start, stop = offsets[w], offsets[w + 1]
        size = stop - start + 2
        if max_n == 0 or ends_sentence(blob, start, stop):
            continue
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
                    if not is_counting:
                        buckets[at] = np.int64(h % np.uint64(bucket))
                    at += 1
                n += 1
    starts[offsets.size - 1] = at


@njit(cache=True, nogil=True)
def number_rows(starts, rows, places):
    """Replace buckets by rows, numbered as they are first needed; returns how many there are.

    Args:
        starts: int64 `(n + 1,)`, see `find_buckets`.
        rows: int32, the buckets on entry, the rows on return.
        places: int32 `(bucket,)`, all -1 on entry; on return the row of each bucket, or -1.
    """
    n = 0
    for w in range(starts.size - 1):
        rows[starts[w]] = n
        n += 1
        for k in range(starts[w] + 1, starts[w + 1]):
            bucket = rows[k]
            if places[bucket] < 0:
                places[bucket] = n
                n += 1
            rows[k] = places[bucket]
    return n


@njit(cache=True, nogil=True)
def order_rows(matrix, row, to):
    """Put rows into another order where they are.

    Args:
        matrix: float32 `(n * row,)`, changed.
        row: Floats from one row to the next.
        to: int32 `(n,)`: where each row goes, every place once; used up.
    """
    for i in range(to.size):
        while to[i] != i:
            k = to[i]
            x, y = matrix[i * row : (i + 1) * row], matrix[k * row : (k + 1) * row]
            for j in range(row):
                x[j], y[j] = y[j], x[j]
            to[i], to[k] = to[k], k
