"""Rows of a matrix pooled by text: sums, the greatest and the least of each number, powers.

Texts follow each other in one array of ids: text `i` has those from `offsets[i]` to
`offsets[i + 1]`. Rows are read where they are, so nothing is gathered first. The caller has checked
that ids are rows of the matrix, and that the offsets ascend to the number of ids.
"""

import numpy as np

from inlay.kernels.compiled import njit

RUN = 128  # rows of a long text that are added up in float32, before they join the others


@njit(cache=True, nogil=True, error_model="numpy")
def sums(matrix, ids, offsets, weights, out):
    """Add up the rows of each text, weighted: `sum_j w_j x_j`.

    Args:
        matrix: float32 `(rows, dim)`, contiguous.
        ids: int64 `(n,)`.
        offsets: int64 `(texts + 1,)`.
        weights: float32 `(n,)`.
        out: float32 `(texts, dim)`, zeros.
    """
    whole = np.empty(out.shape[1], np.float64)
    for text in range(len(out)):
        total, begin, end = out[text], offsets[text], offsets[text + 1]
        is_long = end - begin > RUN
        if is_long:
            whole[:] = 0
        for run in range(begin, end, RUN):
            for place in range(run, min(run + RUN, end)):
                row, weight = matrix[ids[place]], weights[place]
                for i in range(len(total)):
                    total[i] += weight * row[i]
            if is_long:
                for i in range(len(total)):
                    whole[i] += total[i]
                    total[i] = 0
        if is_long:
            for i in range(len(total)):
                total[i] = whole[i]


@njit(cache=True, nogil=True, error_model="numpy")
def maxima(matrix, ids, offsets, out):
    """Take the greatest of each number in the rows of each text; NaN stays NaN.

    Args:
        matrix: float32 `(rows, dim)`, contiguous.
        ids: int64 `(n,)`.
        offsets: int64 `(texts + 1,)`.
        out: float32 `(texts, dim)`, zeros, which a text without ids keeps.
    """
    for text in range(len(out)):
        best, begin = out[text], offsets[text]
        for place in range(begin, offsets[text + 1]):
            row = matrix[ids[place]]
            for i in range(len(best)):
                if place == begin or row[i] > best[i] or row[i] != row[i]:
                    best[i] = row[i]


@njit(cache=True, nogil=True, error_model="numpy")
def minima(matrix, ids, offsets, out):
    """Take the least of each number: else as `maxima`."""
    for text in range(len(out)):
        best, begin = out[text], offsets[text]
        for place in range(begin, offsets[text + 1]):
            row = matrix[ids[place]]
            for i in range(len(best)):
                if place == begin or row[i] < best[i] or row[i] != row[i]:
                    best[i] = row[i]


@njit(cache=True, nogil=True, error_model="numpy")
def power_means(matrix, ids, offsets, power, out):
    """Take the power mean of each number: `m = (sum_j x_j^p / n)^(1 / p)`.

    An odd power keeps the sign, so that its root is a real number; an even one has none.

    Args:
        matrix: float32 `(rows, dim)`, contiguous.
        ids: int64 `(n,)`.
        offsets: int64 `(texts + 1,)`.
        power: The whole number p, 1 or greater.
        out: float32 `(texts, dim)`, zeros, which a text without ids keeps.

    Source: Rücklé et al. 2018, "Concatenated power mean word embeddings as universal cross-lingual
    sentence representations", equation 1.
    """
    total = np.empty(out.shape[1], np.float64)
    for text in range(len(out)):
        begin, end = offsets[text], offsets[text + 1]
        if begin == end:
            continue
        total[:] = 0
        for place in range(begin, end):
            row = matrix[ids[place]]
            for i in range(len(total)):
                x = np.float64(row[i])
                product = x
                for _ in range(power - 1):
                    product *= x
                total[i] += product
        for i in range(len(total)):
            mean = total[i] / (end - begin)
            root = abs(mean) ** (1.0 / power)
            out[text, i] = root if mean >= 0 else -root


@njit(cache=True, nogil=True, error_model="numpy")
def without(vectors, directions):
    """Take the part of each vector away that lies in some directions: `v - sum_k (u_k . v) u_k`.

    Args:
        vectors: float32 `(n, dim)`, changed in place.
        directions: float32 `(k, dim)`, of length 1 and at right angles.
    """
    for text in range(len(vectors)):
        vector = vectors[text]
        for k in range(len(directions)):
            u, dot = directions[k], 0.0
            for i in range(len(u)):
                dot += np.float64(u[i]) * np.float64(vector[i])
            for i in range(len(u)):
                vector[i] = np.float32(vector[i] - dot * u[i])
