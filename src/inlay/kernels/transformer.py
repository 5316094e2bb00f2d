"""The parts of a transformer's layer that are no products with weights, over texts packed in rows.

The texts of a batch stand one after another without padding: rows `offsets[t]` to
`offsets[t + 1]` are those of text t. What a row becomes depends on the rows of its text alone.

Source: Vaswani et al. 2017, "Attention Is All You Need"; Devlin et al. 2019, "BERT"; Hendrycks
and Gimpel 2016, "Gaussian Error Linear Units".
"""

import numpy as np

from inlay.kernels.compiled import njit
from inlay.kernels.lanes import WIDTH, greater, load, store
from inlay.kernels.lstm import LOG2_E, power_of_two
from inlay.kernels.panels import some_panels
from inlay.kernels.tiles import COLUMNS

QUERIES = 40  # rows whose scores are held at once

f32 = np.float32

_HALF_ROOT = f32(0.7071067811865476)
_FAR = f32(-100)  # exponents of two: less is as good as 0

# Sums of a row may be reordered: they are the same for every row of a length. NaN comes through.
kernel = njit(
    cache=True, nogil=True, fastmath={"contract", "nsz", "reassoc", "arcp"}, error_model="numpy"
)
part = njit(
    cache=True, nogil=True, fastmath={"contract", "nsz"}, error_model="numpy", forceinline=True
)


@kernel
def embed(ids, places, words, positions, gain, bias, eps, out):
    """`out = norm(words[ids] + positions[places])`, the embeddings of pieces.

    Args:
        ids: int32 `(n,)`: rows of `words`, checked.
        places: int32 `(n,)`: rows of `positions`, checked.
        words: float32 `(pieces, dim)`.
        positions: float32 `(places, dim)`, to which the row of the one token type was added.
        gain: float32 `(dim,)`.
        bias: float32 `(dim,)`.
        eps: float32, added to the variance.
        out: float32 `(n, dim)`, written.
    """
    for r in range(ids.size):
        word, position, y = words[ids[r]], positions[places[r]], out[r]
        for k in range(y.size):
            y[k] = word[k] + position[k]
    normalise(out, gain, bias, eps)


@kernel
def normalise(x, gain, bias, eps):
    """`x = (x - mean) / sqrt(variance + eps) * gain + bias` in each row, in place.

    Args:
        x: float32 `(n, dim)`.
        gain: float32 `(dim,)`.
        bias: float32 `(dim,)`.
        eps: float32.
    """
    for r in range(x.shape[0]):
        y = x[r]
        total = f32(0)
        for k in range(y.size):
            total += y[k]
        mean = total / f32(y.size)
        total = f32(0)
        for k in range(y.size):
            total += (y[k] - mean) * (y[k] - mean)
        scale = f32(1) / np.sqrt(total / f32(y.size) + eps)
        for k in range(y.size):
            y[k] = (y[k] - mean) * scale * gain[k] + bias[k]


@part
def _erf(x):
    """The error function within 4e-7: a rational function, as of Eigen and XLA."""
    x = min(max(x, f32(-3.832506856900711)), f32(3.832506856900711))
    y = x * x
    p = f32(0.00022905065861350646) * y + f32(0.0034082910107109506)
    p = (p * y + f32(0.050955695062380861)) * y + f32(0.18520832239976145)
    p = p * y + f32(1.128379143519084)
    q = f32(-1.1791602954361697e-7) * y + f32(0.000023547966471313185)
    q = (q * y + f32(0.0010179625278914885)) * y + f32(0.014070470171167667)
    q = (q * y + f32(0.11098505178285362)) * y + f32(0.49746925110067538)
    q = q * y + f32(1)
    return x * p / q


@kernel
def gelu(x):
    """`x = x * P(standard normal <= x)`, to 2e-7 of |x|, in place.

    Args:
        x: float32 `(n, width)`.
    """
    for r in range(x.shape[0]):
        y = x[r]
        for k in range(y.size):
            half = f32(0.5) * y[k]
            y[k] = half + half * _erf(y[k] * _HALF_ROOT)


@kernel
def attend(qkv, offsets, heads, out):
    """For each text and head, `out = softmax(q k' / sqrt(d)) v`, d = dim / heads.

    Args:
        qkv: float32 `(n, 3 dim)`: queries, keys and values side by side, each of `heads` parts.
        offsets: int64 `(texts + 1,)`: where each text begins, and the end. No text is empty.
        heads: By which dim can be divided.
        out: float32 `(n, dim)`, written.
    """
    dim = out.shape[1]
    d = dim // heads
    longest = 0
    for t in range(offsets.size - 1):
        longest = max(longest, offsets[t + 1] - offsets[t])
    panels, wide = -(-longest // COLUMNS), -(-d // COLUMNS)
    room_k = np.empty(panels * COLUMNS * d, np.float32)
    room_v = np.zeros(wide * COLUMNS * panels * COLUMNS, np.float32)
    room_s = np.empty(QUERIES * panels * COLUMNS, np.float32)
    o = np.empty((QUERIES, wide * COLUMNS), np.float32)
    totals = np.empty(QUERIES, np.float32)
    zeros = np.zeros((1, max(panels, wide) * COLUMNS), np.float32)
    for t in range(offsets.size - 1):
        begin, n = offsets[t], offsets[t + 1] - offsets[t]
        panels = -(-n // COLUMNS)
        full = panels * COLUMNS
        keys = room_k[: full * d].reshape(panels, d, COLUMNS)
        values = room_v[: wide * full * COLUMNS].reshape(wide, full, COLUMNS)
        s = room_s[: QUERIES * full].reshape(QUERIES, full)
        for h in range(heads):
            _lay_out_keys(qkv, begin, n, dim + h * d, keys)
            _lay_out_values(qkv, begin, n, 2 * dim + h * d, d, values)
            for first in range(0, n, QUERIES):
                m = min(QUERIES, n - first)
                some_panels(qkv, (begin + first, h * d), m, keys, (0, panels), zeros, s)
                _exponentials(s[:m], n, f32(1) / np.sqrt(f32(d)), totals)
                some_panels(s, (0, 0), m, values, (0, wide), zeros, o)
                for i in range(m):
                    y, x, over = out[begin + first + i], o[i], f32(1) / totals[i]
                    for k in range(d):
                        y[h * d + k] = x[k] * over


@kernel
def _exponentials(s, n, scale, totals):
    """`s = exp((s - greatest of the row) * scale)`, and the sums of the rows' first n numbers.

    Beyond those stand zeros, as good as.
    """
    scale *= LOG2_E
    size = s.shape[1]
    flat, some, sums = s.reshape(-1), np.empty(WIDTH, np.float32), np.empty(COLUMNS, np.float32)
    for i in range(s.shape[0]):
        x = s[i]
        x[n:] = -np.inf
        greatest = load(flat, i * size)
        for j in range(WIDTH, size, WIDTH):
            greatest = greater(load(flat, i * size + j), greatest)
        store(some, 0, greatest)
        top = some[0]
        for k in range(WIDTH):
            top = max(top, some[k])
        sums[:] = f32(0)
        for p in range(size // COLUMNS):
            for k in range(COLUMNS):  # whole registers: there is no rest to be done one by one
                e = power_of_two(max((x[p * COLUMNS + k] - top) * scale, _FAR))
                x[p * COLUMNS + k] = e
                sums[k] += e
        totals[i] = sums.sum()


@kernel
def _lay_out_keys(qkv, begin, n, column, keys):
    """Keys as columns of panels; zeros where there are none."""
    for panel in range(keys.shape[0]):
        first = panel * COLUMNS
        some = min(COLUMNS, n - first)
        for k in range(keys.shape[1]):
            y = keys[panel, k]
            if some == COLUMNS:
                for j in range(COLUMNS):
                    y[j] = qkv[begin + first + j, column + k]
            else:
                for j in range(COLUMNS):
                    y[j] = qkv[begin + first + j, column + k] if j < some else f32(0)


@kernel
def _lay_out_values(qkv, begin, n, column, d, values):
    """Values in panels; zeros where there are none."""
    for panel in range(values.shape[0]):
        first = panel * COLUMNS
        some = min(COLUMNS, d - first)
        for j in range(n):
            x, y = qkv[begin + j, column + first :], values[panel, j]
            if some == COLUMNS:
                for k in range(COLUMNS):
                    y[k] = x[k]
            else:
                for k in range(some):
                    y[k] = x[k]
        values[panel, n:] = f32(0)
