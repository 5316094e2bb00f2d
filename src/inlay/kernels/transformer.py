"""The parts of a transformer's layer that are no products with weights, over texts packed in rows.

The texts of a batch stand one after another without padding: rows `offsets[t]` to
`offsets[t + 1]` are those of text t. What a row becomes depends on the rows of its text alone.

Source: Vaswani et al. 2017, "Attention Is All You Need"; Devlin et al. 2019, "BERT"; Hendrycks
and Gimpel 2016, "Gaussian Error Linear Units".
"""

import numpy as np

from inlay.kernels.compiled import njit
from inlay.kernels.lstm import LOG2_E, power_of_two
from inlay.kernels.panels import COLUMNS, product

QUERIES = 96  # rows whose scores are held at once

f32 = np.float32

_HALF_ROOT = f32(0.7071067811865476)
_FAR = f32(-100)  # exponents of two: less is as good as 0
_LOG2_E = LOG2_E

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
    """`x = x * P(standard normal <= x)`, within 6e-7, in place.

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
    scale = _LOG2_E / np.sqrt(f32(d))
    longest = 0
    for t in range(offsets.size - 1):
        longest = max(longest, offsets[t + 1] - offsets[t])
    panels, wide = -(-longest // COLUMNS), -(-d // COLUMNS)
    room = np.empty(panels * COLUMNS * d, np.float32)
    room_v = np.empty(wide * COLUMNS * panels * COLUMNS, np.float32)
    room_q = np.empty(QUERIES * d, np.float32)
    room_s = np.empty(QUERIES * panels * COLUMNS, np.float32)
    room_o = np.empty(QUERIES * wide * COLUMNS, np.float32)
    for t in range(offsets.size - 1):
        begin, n = offsets[t], offsets[t + 1] - offsets[t]
        panels = -(-n // COLUMNS)
        full = panels * COLUMNS
        keys = room[: full * d].reshape(panels, d, COLUMNS)
        values = room_v[: wide * full * COLUMNS].reshape(wide, full, COLUMNS)
        for h in range(heads):
            q_at, k_at, v_at = h * d, dim + h * d, 2 * dim + h * d
            _lay_out(qkv, begin, n, k_at, v_at, d, keys, values)
            for first in range(0, n, QUERIES):
                m = min(QUERIES, n - first)
                q = room_q[: m * d].reshape(m, d)
                s = room_s[: m * full].reshape(m, full)
                o = room_o[: m * wide * COLUMNS].reshape(m, wide * COLUMNS)
                for i in range(m):
                    row = qkv[begin + first + i, q_at : q_at + d]
                    for k in range(d):
                        q[i, k] = row[k] * scale
                s[:] = f32(0)
                product(q, keys, s, s)
                o[:] = f32(0)
                _exponentials(s, n)
                product(s, values, o, o)
                for i in range(m):
                    y, x = out[begin + first + i, h * d : h * d + d], o[i]
                    for k in range(d):
                        y[k] = x[k]


@kernel
def _exponentials(s, n):
    """Softmax, to the base of two, of the first n numbers of each row; zeros beyond."""
    for i in range(s.shape[0]):
        x = s[i]
        top = x[0]
        for j in range(n):
            top = max(top, x[j])
        total = f32(0)
        for j in range(n):
            e = power_of_two(max(x[j] - top, _FAR))
            x[j] = e
            total += e
        over = f32(1) / total
        for j in range(n):
            x[j] *= over
        for j in range(n, x.size):
            x[j] = f32(0)


@kernel
def _lay_out(qkv, begin, n, k_at, v_at, d, keys, values):
    """Keys, as columns, and values in panels; zeros where there are none."""
    for j in range(keys.shape[0] * COLUMNS):
        panel, column = j // COLUMNS, j % COLUMNS
        if j < n:
            row = qkv[begin + j]
            for k in range(d):
                keys[panel, k, column] = row[k_at + k]
            for k in range(values.shape[0] * COLUMNS):
                values[k // COLUMNS, j, k % COLUMNS] = row[v_at + k] if k < d else f32(0)
        else:
            for k in range(d):
                keys[panel, k, column] = f32(0)
            for k in range(values.shape[0]):
                values[k, j] = f32(0)
