"""Rows of a matrix pooled by text: `sum_j w_j x_j`, or the greatest of each number.

Texts follow each other in one array of ids: text `i` has those from `offsets[i]` to
`offsets[i + 1]`. Rows are read where they are, so nothing is gathered first. The caller has checked
that ids are rows of the matrix, and that the offsets ascend to the number of ids.
"""

from inlay.kernels.compiled import njit


@njit(cache=True, nogil=True, error_model="numpy")
def sums(matrix, ids, offsets, weights, out):
    """Add up the rows of each text, weighted.

    Args:
        matrix: float32 `(rows, dim)`, contiguous.
        ids: int64 `(n,)`.
        offsets: int64 `(texts + 1,)`.
        weights: float32 `(n,)`.
        out: float32 `(texts, dim)`, zeros.
    """
    for text in range(len(out)):
        total = out[text]
        for place in range(offsets[text], offsets[text + 1]):
            row, weight = matrix[ids[place]], weights[place]
            for i in range(len(total)):
                total[i] += weight * row[i]


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
