"""The log-likelihood of one class among many, and its gradient, in one pass over the scores."""

import numpy as np

from inlay.kernels.compiled import njit
from inlay.kernels.lstm import LOG2_E, power_of_two

f32 = np.float32
FAR = f32(-80)  # exp of less is as good as 0

# Sums may be reordered, but NaN and infinity must come through.
kernel = njit(
    cache=True,
    nogil=True,
    fastmath={"contract", "nsz", "reassoc", "arcp"},
    error_model="numpy",
)


@kernel
def likelihoods(scores, own, places, losses):
    """`loss = log(exp(own) + sum of exp(scores)) - own` for each row, and what its gradient needs.

    Args:
        scores: float32 `(n, m)`: of the other classes; replaced by their probabilities, which
            are the gradient of the loss.
        own: float32 `(n,)`: the score of the row's class; replaced by its probability less 1, the
            gradient.
        places: int64 `(n,)`: where the row's class stands among the others by accident, to be
            left out there; -1: nowhere.
        losses: float32 `(n,)`, written; NaN if a score is.
    """
    m = scores.shape[1]
    for row in range(scores.shape[0]):
        x = scores[row]
        if places[row] >= 0:
            x[places[row]] = own[row] + f32(2) * FAR
        top = own[row]
        for k in range(m):
            top = max(top, x[k])
        total = f32(0)
        for k in range(m):
            x[k] = power_of_two(max(x[k] - top, FAR) * LOG2_E)
            total += x[k]
        if places[row] >= 0:
            total -= x[places[row]]
            x[places[row]] = f32(0)
        first = power_of_two(max(own[row] - top, FAR) * LOG2_E)
        total += first
        losses[row] = np.log(total) + top - own[row]
        scale = f32(1) / total
        for k in range(m):
            x[k] *= scale
        own[row] = first * scale - f32(1)
