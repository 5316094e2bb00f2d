"""Rows as whole numbers of 8 bits, and products of them as floats again.

The left side is unsigned around 128. Other libraries' matrices are kept within +-63: where the
processor has no instruction for such dot products they add pairs of products in 16 bits, which
255 * 127 twice would overflow and 255 * 63 twice does not. Our own sums have 32 bits.
"""

import numpy as np

from inlay.kernels.compiled import njit
from inlay.kernels.panels import some_panels
from inlay.kernels.tiles import COLUMNS

ZERO = 128
LARGEST_LEFT, LARGEST_RIGHT = 127, 63
MANY = 64  # rows that are multiplied at once
SOME = 4  # panels at once

MAGNITUDE = np.int32(0x7FFFFFFF)  # of the bits of a float32

f32 = np.float32


def quantise_columns(matrix, largest=LARGEST_RIGHT):
    """A matrix `(depth, width)` as int8 of the same shape and float32 `(width,)` scales."""
    scales = np.abs(matrix).max(axis=0, initial=0) / largest
    whole = np.rint(matrix / np.where(scales == 0, 1, scales)).astype(np.int8)
    return whole, scales.astype(np.float32)


@njit(cache=True, nogil=True, error_model="numpy")
def quantise_rows(left, out, scales):
    """`out = 128 + round(left / scale)` with a scale for each row, from its largest number.

    Args:
        left: float32 `(n, depth)`.
        out: uint8 `(n, depth)`.
        scales: float32 `(n,)`, written; NaN or infinity where a number is.
    """
    for r in range(left.shape[0]):
        x, y = left[r], out[r]
        # As whole numbers, sizes are in the same order, and NaN is beyond infinity.
        top = np.int32(0)
        for bits in x.view(np.int32):
            top = max(top, bits & MAGNITUDE)
        largest = np.int32(top).view(np.float32)
        scales[r] = largest / f32(LARGEST_LEFT)
        times = f32(LARGEST_LEFT) / largest if largest > 0 else f32(0)
        for k in range(x.size):
            # Up by a half and cut off is rounding, for all are above zero.
            y[k] = np.uint8(x[k] * times + f32(ZERO + 0.5))


def pack(matrix):
    """A matrix `(depth, width)` for `product`.

    Returns:
        Panels, int32 `(ceil(width / 16), ceil(depth / 4), 16)`, of four int8 each, which lie
        below each other in the matrix; the columns' scales, float32 `(width,)`; and minus what
        the 128 that is added to the left side adds to each sum, int32 `(1, 16 * panels)`.
    """
    whole, scales = quantise_columns(matrix, LARGEST_LEFT)
    depth, width = whole.shape
    fours, panels = -(-depth // 4), -(-width // COLUMNS)
    padded = np.zeros((fours * 4, panels * COLUMNS), np.int8)
    padded[:depth, :width] = whole
    packed = padded.reshape(fours, 4, panels, COLUMNS).transpose(2, 0, 3, 1)
    return (
        np.ascontiguousarray(packed).view(np.int32)[..., 0],
        scales,
        -ZERO * padded.sum(0, dtype=np.int32)[None],
    )


@njit(cache=True, nogil=True, error_model="numpy")
def product(left, packed, scales, less, first, out):
    """`out = first + left @ matrix` with both sides as whole numbers of 8 bits.

    Each row has a scale of its own: it gives the same numbers alone and among others.

    Args:
        left: float32 `(n, depth)`, C-contiguous.
        packed: Of `pack`.
        scales: Of `pack`.
        less: Of `pack`.
        first: As for `panels.product`.
        out: float32 `(n, width)`, C-contiguous, written.
    """
    n, width = out.shape
    panels, step = packed.shape[0], min(len(first) - 1, 1)
    # All this stays in the cache, and is small enough to be given out without the kernel's help.
    whole, rows = np.zeros((MANY, 4 * packed.shape[1]), np.uint8), np.empty(MANY, np.float32)
    sums = np.empty((MANY, SOME * COLUMNS), np.int32)
    left_whole = whole.view(np.int32)
    for top in range(0, n, MANY):
        some = min(n - top, MANY)
        quantise_rows(left[top : top + some], whole, rows)
        for panel in range(0, panels, SOME):
            end = min(panel + SOME, panels)
            some_panels(left_whole, (0, 0), some, packed, (panel, end), less, sums)
            column, stop = panel * COLUMNS, min(end * COLUMNS, width)
            for r in range(some):
                before, y = first[step * (top + r)], out[top + r]
                _scale(sums[r], rows[r], scales[column:stop], before[column:stop], y[column:stop])


@njit(cache=True, nogil=True, error_model="numpy")
def scale_sums(whole, rows, columns, first, out):
    """`out = first + whole * rows[:, None] * columns`, the first as for `panels.product`."""
    step = min(len(first) - 1, 1)
    for r in range(whole.shape[0]):
        _scale(whole[r], rows[r], columns, first[step * r], out[r])


@njit(cache=True, nogil=True, error_model="numpy")
def _scale(whole, row, columns, first, out):
    for k in range(out.size):
        out[k] = first[k] + f32(whole[k]) * (row * columns[k])
