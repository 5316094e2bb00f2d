"""Convolutions over the characters of words, by adding rows of a table.

A convolution of width w is a sum, over w characters, of the product of each character's vector
with one slice of the filter. There are only 261 characters: all products are worked out once
(`tables`), and a word is additions. Of the maximum over positions only the winner has a gradient.
"""

import numpy as np

from inlay.kernels.compiled import njit

kernel = njit(cache=True, nogil=True, fastmath={"nsz"}, error_model="numpy")


@kernel
def strongest(tables, ids, lengths, filters, out, winners):
    """`out[word, m] = max over p of sum over k of tables[ids[word, p + k], at + k * maps + m]`.

    Args:
        tables: float32 `(261, sum of width * maps)`.
        ids: int16 `(n, word_length)`: characters; from `lengths` on all the same.
        lengths: int16 `(n,)`: characters before the filling.
        filters: int64 `(filters, 2)`: width, maps.
        out: float32 `(n, sum of maps)`, written.
        winners: int16 of that shape, written: the position of the maximum.
    """
    most = 0
    for i in range(filters.shape[0]):
        most = max(most, filters[i, 1])
    sums = np.empty(most, np.float32)
    for word in range(ids.shape[0]):
        first, column = 0, 0
        for i in range(filters.shape[0]):
            width, maps = filters[i]
            best = out[word, column : column + maps]
            where = winners[word, column : column + maps]
            # The first window of filling alone stands for all of them.
            last = min(ids.shape[1] - width, lengths[word])
            for p in range(last + 1):
                total = sums[:maps]
                row = tables[ids[word, p], first : first + maps]
                for m in range(maps):
                    total[m] = row[m]
                for k in range(1, width):
                    at = first + k * maps
                    row = tables[ids[word, p + k], at : at + maps]
                    for m in range(maps):
                        total[m] += row[m]
                for m in range(maps):
                    better = p == 0 or total[m] > best[m]
                    best[m] = total[m] if better else best[m]
                    where[m] = np.int16(p) if better else where[m]
            first += width * maps
            column += maps


@kernel
def strongest_back(d_out, ids, filters, winners, d_tables):
    """Add the gradient of `strongest` with respect to its tables to `d_tables`."""
    for word in range(ids.shape[0]):
        first, column = 0, 0
        for i in range(filters.shape[0]):
            width, maps = filters[i]
            for m in range(maps):
                d = d_out[word, column + m]
                if d != 0:
                    p = winners[word, column + m]
                    for k in range(width):
                        d_tables[ids[word, p + k], first + k * maps + m] += d
            first += width * maps
            column += maps
