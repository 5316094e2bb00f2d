"""Adam, for the rows of a matrix that have a gradient.

Source: Kingma and Ba 2015, "Adam: A Method for Stochastic Optimization", algorithm 1.
"""

import numpy as np

from inlay.kernels.compiled import njit

f32 = np.float32


@njit(cache=True, nogil=True, fastmath={"contract", "nsz"}, error_model="numpy")
def adam(values, rows, gradient, first, second, rate, beta1, beta2, scale, tiny):
    """`m += (1 - b1)(g - m); v += (1 - b2)(g g - v); values -= rate m / (sqrt(v) + tiny)`.

    Args:
        values: float32 `(n, dim)`, changed.
        rows: int64 `(k,)`: which rows, each once; the others and their moments stay.
        gradient: float32 `(k, dim)`.
        first: float32 `(n, dim)`: the mean of gradients, changed.
        second: float32 `(n, dim)`: the mean of their squares, changed.
        rate: float32, with the corrections for the means' start at zero.
        beta1: float32.
        beta2: float32.
        scale: float32: the gradient is multiplied by this first.
        tiny: float32.
    """
    for i in range(rows.size):
        x, g, m, v = values[rows[i]], gradient[i], first[rows[i]], second[rows[i]]
        for k in range(x.size):
            d = g[k] * scale
            m[k] += (f32(1) - beta1) * (d - m[k])
            v[k] += (f32(1) - beta2) * (d * d - v[k])
            x[k] -= rate * m[k] / (np.sqrt(v[k]) + tiny)
