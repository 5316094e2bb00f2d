"""One step of an LSTM forward, kept for the way back, and its gradient.

The step is that of `inlay.kernels.lstm`; here what the gates gave is kept.
"""

import numpy as np

from inlay.kernels.compiled import njit
from inlay.kernels.lstm import FAR, LOG2_E, clipped, part, power_of_two

f32 = np.float32

kernel = njit(cache=True, nogil=True, fastmath={"contract", "nsz"}, error_model="numpy")


@part
def logistic(x):
    """`1 / (1 + exp(-x))`."""
    return f32(1) / (f32(1) + power_of_two(clipped(x, FAR) * -LOG2_E))


@part
def hyperbolic(x):
    """`tanh(x)`, absolute error at most 2e-7."""
    return f32(2) * logistic(x + x) - f32(1)


@kernel
def step(z, before, cells, out, clip):
    """`c = clip(s(f) before + s(i) tanh(j)); out = s(o) tanh(c)`, `s` the logistic function.

    Args:
        z: float32 `(n, 4C)`: i, j, f, o before their functions, the forget gate's 1 added;
            replaced by s(i), tanh(j), s(f), s(o).
        before: float32 `(n, C)`: the cells one step earlier.
        cells: float32 `(n, C)`, written.
        out: float32 `(n, C)`, written.
        clip: float32; infinity for none.
    """
    size = out.shape[1]
    for row in range(out.shape[0]):
        i, j = z[row, :size], z[row, size : 2 * size]
        f, o = z[row, 2 * size : 3 * size], z[row, 3 * size :]
        old, new, y = before[row], cells[row], out[row]
        for k in range(size):
            i[k], j[k], f[k], o[k] = (
                logistic(i[k]),
                hyperbolic(j[k]),
                logistic(f[k]),
                logistic(o[k]),
            )
            new[k] = clipped(f[k] * old[k] + i[k] * j[k], clip)
            y[k] = o[k] * hyperbolic(new[k])


@kernel
def step_back(z, before, cells, d_out, d_z, d_cells, clip):
    """The gradient of `step`.

    Args:
        z: As `step` left it.
        before: As given to `step`.
        cells: As `step` left it.
        d_out: float32 `(n, C)`: the gradient of `out`.
        d_z: float32 `(n, 4C)`, written: the gradient of what `step` was given as `z`.
        d_cells: float32 `(n, C)`: the gradient of `cells` from later steps; replaced by that
            of `before`.
        clip: As given to `step`. A cell at its clip passes no gradient on.
    """
    size = d_out.shape[1]
    one = f32(1)
    for row in range(d_out.shape[0]):
        i, j = z[row, :size], z[row, size : 2 * size]
        f, o = z[row, 2 * size : 3 * size], z[row, 3 * size :]
        d_i, d_j = d_z[row, :size], d_z[row, size : 2 * size]
        d_f, d_o = d_z[row, 2 * size : 3 * size], d_z[row, 3 * size :]
        old, new, dy, dc = before[row], cells[row], d_out[row], d_cells[row]
        for k in range(size):
            t = hyperbolic(new[k])
            d = dc[k] + dy[k] * o[k] * (one - t * t)
            d = d if abs(new[k]) < clip else f32(0)
            dc[k] = d * f[k]
            d_o[k] = dy[k] * t * o[k] * (one - o[k])
            d_f[k] = d * old[k] * f[k] * (one - f[k])
            d_i[k] = d * j[k] * i[k] * (one - i[k])
            d_j[k] = d * i[k] * (one - j[k] * j[k])
