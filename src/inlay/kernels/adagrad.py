"""Adagrad, for the rows of a matrix that have a gradient.

Source: Duchi, Hazan and Singer 2011, "Adaptive Subgradient Methods for Online Learning and
Stochastic Optimization", figure 1 with a diagonal matrix.
"""

import numpy as np

from inlay.kernels.compiled import njit


@njit(cache=True, nogil=True, fastmath={"contract", "nsz"}, error_model="numpy")
def adagrad(values, rows, gradient, squares, rate, tiny):
    """`squares += g g; values -= rate g / (sqrt(squares) + tiny)`.

    Args:
        values: float32 `(n, dim)`, changed.
        rows: int64 `(k,)`: which rows, each once; the others and their sums stay.
        gradient: float32 `(k, dim)`.
        squares: float32 `(n, dim)`: the sums of the squares of gradients, changed.
        rate: float32.
        tiny: float32.
    """
    for i in range(rows.size):
        x, g, s = values[rows[i]], gradient[i], squares[rows[i]]
        for k in range(x.size):
            s[k] += g[k] * g[k]
            x[k] -= rate * g[k] / (np.sqrt(s[k]) + tiny)
