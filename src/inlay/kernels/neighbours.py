"""Convolutions over the pieces of packed texts, and the sum of what is normalised afterwards.

Texts stand one after another. What lies beyond a text is zero, as for a text alone, and each
number is summed in the same order whatever stands beside it.
"""

import numpy as np

from inlay.kernels.compiled import njit

f32 = np.float32
# Sums may be made of several at once, always the same way; NaN and infinity stay.
_FAST = {"contract", "nsz", "reassoc"}


@njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
def normalise_parts(rows, gain, bias, eps, out):
    """Layer norm of each row, whose parts then stand apart.

    `out = (row - mean) / sqrt(variance + eps) * gain + bias`.

    Args:
        rows: float32 `(n, parts * size)`.
        gain: float32 `(parts * size,)`.
        bias: float32 `(parts * size,)`.
        eps: float32.
        out: float32 `(parts, n, size)`, written.

    Source: Ba et al. 2016, "Layer Normalization", equation 4.
    """
    parts, n, size = out.shape
    for r in range(n):
        x = rows[r]
        mean = f32(0)
        for c in range(x.size):
            mean += x[c]
        mean /= f32(x.size)
        variance = f32(0)
        for c in range(x.size):
            variance += (x[c] - mean) * (x[c] - mean)
        times = f32(1) / np.sqrt(variance / f32(x.size) + eps)
        for p in range(parts):
            y, at = out[p, r], p * size
            for c in range(size):
                y[c] = (x[at + c] - mean) * times * gain[at + c] + bias[at + c]


@njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
def convolve_known(products, rows, bias, which, begin, end, k, first, out):
    """A convolution of which each piece's products are known, its relu, and what it began with.

    `out = relu(bias + sum over j of products[piece at t + j - left, j]) + rows[piece at t]`, for
    t from `first` on and j below k; `left = (k - 1) // 2`.

    Args:
        products: float32 `(d, k * size)`: of each distinct piece, by what it is multiplied with at
            each place in a window.
        rows: float32 `(d, size)`: what the convolution began with.
        bias: float32 `(size,)`.
        which: Of each place, which of the d pieces is there.
        begin: Of each place, where its text begins.
        end: Of each place, where its text ends.
        k: Places of a window.
        first: The place of the first row of `out`.
        out: float32 `(n, size)`, written.
    """
    size, left = out.shape[1], (k - 1) // 2
    for i in range(out.shape[0]):
        t, y = first + i, out[i]
        for c in range(size):
            y[c] = bias[c]
        for j in range(k):
            s = t + j - left
            if begin[t] <= s < end[t]:
                z = products[which[s], j * size : (j + 1) * size]
                for c in range(size):
                    y[c] += z[c]
        x = rows[which[t]]
        for c in range(size):
            y[c] = max(y[c], f32(0)) + x[c]


@njit(cache=True, nogil=True)
def windows(rows, begin, end, k, first, at, out):
    """Lay the k neighbours of each place side by side.

    Args:
        rows: float32 `(m, size)`: those of the places from `at` on.
        begin: Of each place, where its text begins.
        end: Of each place, where its text ends.
        k: Places of a window.
        first: The place of the first row of `out`.
        at: The place of the first of `rows`.
        out: float32 `(n, k * size)`, written.
    """
    size, left = rows.shape[1], (k - 1) // 2
    for i in range(out.shape[0]):
        t = first + i
        for j in range(k):
            s = t + j - left
            y = out[i, j * size : (j + 1) * size]
            if begin[t] <= s < end[t]:
                y[:] = rows[s - at]
            else:
                y[:] = f32(0)


@njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
def add_normalised(pieces, which, convolved, before, skipped, end, text, first, eps, total, out):
    """Add up `[piece, relu(convolved) + before]` of each text, normalised by mean and variance.

    Args:
        pieces: float32 `(d, width)`.
        which: Of each place, which of the d pieces is there.
        convolved: float32 `(parts, n, size)`, changed.
        before: float32 `(parts, at least skipped + n, size)`.
        skipped: Its row of the first place.
        end: Of each place, where its text ends.
        text: Of each place, the number of its text.
        first: The place of the first of the n.
        eps: float32.
        total: float64 `(width + parts * size,)`: the sum so far of the text at `first`; changed.
        out: float32 `(texts, width + parts * size)`: the rows of texts that end here are written.
    """
    parts, n, size = convolved.shape
    width = pieces.shape[1]
    for i in range(n):
        t = first + i
        e = pieces[which[t]]
        mean = f32(0)
        for c in range(width):
            mean += e[c]
        for p in range(parts):
            y, x = convolved[p, i], before[p, skipped + i]
            for c in range(size):
                y[c] = max(y[c], f32(0)) + x[c]
                mean += y[c]
        mean /= f32(total.size)
        variance = f32(0)
        for c in range(width):
            variance += (e[c] - mean) * (e[c] - mean)
        for p in range(parts):
            y = convolved[p, i]
            for c in range(size):
                variance += (y[c] - mean) * (y[c] - mean)
        times = f32(1) / np.sqrt(variance / f32(total.size) + eps)
        for c in range(width):
            total[c] += (e[c] - mean) * times
        for p in range(parts):
            y, sums = convolved[p, i], total[width + p * size : width + (p + 1) * size]
            for c in range(size):
                sums[c] += (y[c] - mean) * times
        if t + 1 == end[t]:
            out[text[t]] = total.astype(np.float32)
            total[:] = 0
