"""The gates of an LSTM with a projection, as ELMo has it.

Source: Sak et al. 2014, "Long Short-Term Memory Based Recurrent Neural Network Architectures
for Large Scale Acoustic Modeling", equations 1 to 6 without peepholes; the clips are
TensorFlow's `LSTMCell`.
"""

import numpy as np

from inlay.kernels.compiled import njit

f32 = np.float32

LOG2_E = f32(1.4426950408889634)
_TWO_LOG2_E = f32(2 * 1.4426950408889634)
# 2**r = sum of (r ln 2)**k / k!: for |r| <= 1/2 within 1.2e-7 of it.
_C1, _C2, _C3 = f32(0.6931471805599453), f32(0.2402265069591007), f32(0.05550410866482158)
_C4, _C5, _C6 = f32(0.009618129107628477), f32(0.0013333558146428443), f32(0.00015403530393381608)
# Beyond these the logistic function and tanh are 0, 1 or -1 in float32, as good as.
FAR, _FAR_TANH = f32(40), f32(20)

# No `afn`: the divisions must not become estimates. No reordering: results are the same anywhere.
part = njit(
    cache=True, nogil=True, fastmath={"contract", "nsz"}, error_model="numpy", forceinline=True
)


@part
def clipped(x, bound):
    """`x`, no further from 0 than `bound`."""
    return min(max(x, -bound), bound)


@part
def power_of_two(x):
    """`2 ** x` for |x| below 120, relative error at most 2e-7 plus that of `x` itself.

    Only arithmetic, so that LLVM works on eight at once, which it cannot do with `np.exp`.
    """
    whole = np.floor(x + f32(0.5))
    r = x - whole
    p = ((((((_C6 * r + _C5) * r + _C4) * r + _C3) * r + _C2) * r) + _C1) * r + f32(1)
    # A float32 is a power of two shifted by 127, from bit 23 on.
    return p * np.int32((np.int32(whole) + np.int32(127)) << np.int32(23)).view(np.float32)


@njit(cache=True, nogil=True, fastmath={"contract", "nsz"}, error_model="numpy")
def gates(z, cells, out, clip):
    """One step: `c = clip(s(f) c + s(i) tanh(j)); out = s(o) tanh(c)`, `s` the logistic function.

    Args:
        z: float32 `(n, 4C)`: i, j, f, o before their functions, the forget gate's 1 added.
        cells: float32 `(at least n, C)`: c, changed in its first n rows.
        out: float32 `(n, C)`.
        clip: float32; infinity for none.
    """
    size = out.shape[1]
    for row in range(out.shape[0]):
        i, j = z[row, :size], z[row, size : 2 * size]
        f, o = z[row, 2 * size : 3 * size], z[row, 3 * size :]
        c, y = cells[row], out[row]
        for k in range(size):
            # tanh(x) = (e - 1) / (e + 1) with e = exp(2x), and s(x) = 1 / (1 + exp(-x)): a
            # product of both needs one division.
            ej = power_of_two(clipped(j[k], _FAR_TANH) * _TWO_LOG2_E)
            ei = power_of_two(clipped(i[k], FAR) * -LOG2_E)
            ef = power_of_two(clipped(f[k], FAR) * -LOG2_E)
            new = c[k] / (f32(1) + ef) + (ej - f32(1)) / ((ej + f32(1)) * (f32(1) + ei))
            c[k] = new = clipped(new, clip)
            ec = power_of_two(clipped(new, _FAR_TANH) * _TWO_LOG2_E)
            eo = power_of_two(clipped(o[k], FAR) * -LOG2_E)
            y[k] = (ec - f32(1)) / ((ec + f32(1)) * (f32(1) + eo))
