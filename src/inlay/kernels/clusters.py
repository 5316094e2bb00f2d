"""Which of some centroids each point is nearest to: the step of k-means that costs the time.

|x - c|^2 / 2 is smallest where |c|^2 / 2 - x.c is, which needs one product and no root.
"""

import numpy as np

from inlay.kernels.compiled import njit
from inlay.kernels.rows import FAST


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def nearest(points, centroids, halves, scores, codes):
    """Write the number of the nearest centroid of each point, the first of equal ones.

    About `2 n d k` FLOP.

    Args:
        points: float32 `(n, d)`.
        centroids: float32 `(d, k)`: a column for each, up to 256 of them.
        halves: float32 `(k,)`: half the square length of each.
        scores: float32 `(k,)`, work space.
        codes: uint8 `(n,)`, written.
    """
    k = halves.size
    for i in range(points.shape[0]):
        for j in range(k):
            scores[j] = halves[j]
        for axis in range(points.shape[1]):
            x = points[i, axis]
            for j in range(k):
                scores[j] -= x * centroids[axis, j]
        best, low = 0, scores[0]
        for j in range(1, k):
            if scores[j] < low:
                best, low = j, scores[j]
        codes[i] = np.uint8(best)
