"""Rows as whole numbers of 8 bits, and products of them as floats again.

The left side is unsigned around 128 and the matrix is kept within +-63: processors without
instructions for such dot products add pairs of products in 16 bits, which 255 * 127 twice
would overflow and 255 * 63 twice does not.
"""

import numpy as np

from inlay.kernels.compiled import njit

ZERO = 128
LARGEST_LEFT, LARGEST_RIGHT = 127, 63

f32 = np.float32


def quantise_columns(matrix):
    """A matrix `(depth, width)` as int8 of the same shape and float32 `(width,)` scales."""
    scales = np.abs(matrix).max(axis=0, initial=0) / LARGEST_RIGHT
    whole = np.rint(matrix / np.where(scales == 0, 1, scales)).astype(np.int8)
    return whole, scales.astype(np.float32)


@njit(cache=True, nogil=True, error_model="numpy")
def quantise_rows(left, out, scales):
    """`out = 128 + round(left / scale)` with a scale for each row, from its largest number.

    Args:
        left: float32 `(n, depth)`.
        out: uint8 `(n, depth)`.
        scales: float32 `(n,)`, written.
    """
    for r in range(left.shape[0]):
        x, y = left[r], out[r]
        largest = f32(0)
        for k in range(x.size):
            largest = max(largest, abs(x[k]))
        scales[r] = largest / f32(LARGEST_LEFT)
        times = f32(LARGEST_LEFT) / largest if largest > 0 else f32(0)
        for k in range(x.size):
            # Up by a half and cut off is rounding, for all are above zero.
            y[k] = np.uint8(x[k] * times + f32(ZERO + 0.5))


@njit(cache=True, nogil=True, error_model="numpy")
def add_scaled(whole, rows, columns, out):
    """`out += whole * rows[:, None] * columns`: int32 or float32 `(n, width)` into float32."""
    for r in range(whole.shape[0]):
        x, y, scale = whole[r], out[r], rows[r]
        for k in range(y.size):
            y[k] += f32(x[k]) * (scale * columns[k])
