"""The logistic function s(z) = 1 / (1 + exp(-z)) in steps and in losses, by rational functions.

They vectorise, as `exp` and `log` do only with a library of Intel's.
"""

import numpy as np

from inlay.kernels.rows import part


@part
def weigh_errors(logits, weights, at, size):
    """Each logit z of a pair of weight w becomes w (1 - s(z)), or -|w| s(z) for noise.

    s(z) = 1/2 + tanh(z / 2) / 2. The rational function for tanh (z / 2) was fitted by weighted
    least squares; it is exact to 9e-6, and it vectorises. Mikolov's table is exact to 3e-3.
    """
    first = np.uint64(at)  # which cannot be negative: else the compiler gathers weight by weight
    for i in range(size):
        z = min(max(logits[i], np.float32(-12.5)), np.float32(12.5))
        y = z * z
        p = y * np.float32(4.57509906e-05) + np.float32(1.42454455e-02)
        p = y * p + np.float32(4.99981316e-01)
        q = y * np.float32(8.31688366e-07) + np.float32(1.08114339e-03)
        q = y * q + np.float32(1.11795230e-01)
        q = y * q + np.float32(1)
        half = weights[first + np.uint64(i)] * np.float32(0.5)
        logits[i] = half - abs(half) * (z * p / q)


@part
def weigh_losses(logits, weights, at, size):
    """The sum of -w log s(z) over pairs and of -|w| log s(-z) over noise; and how many pairs.

    -log s(z) = max(-z, 0) + log(1 + exp(-|z|)). The rational function for the logarithm was
    fitted with the least greatest error; it is exact to 3e-5.
    """
    total, pairs = np.float32(0), 0
    for i in range(size):
        w = weights[at + i]
        z = logits[i] if w > 0 else -logits[i]
        t = abs(z)
        p = t * np.float32(0.005348405) + np.float32(-0.12172502)
        p = t * p + np.float32(0.693147181)
        q = t * np.float32(0.0039012930) + np.float32(0.0031438186)
        q = t * q + np.float32(0.0729683414)
        q = t * q + np.float32(0.2145610005)
        q = t * q + np.float32(0.546751976)
        q = t * q + np.float32(1)
        total += abs(w) * (max(-z, np.float32(0)) + p / q)
        pairs += w > 0
    return total, pairs
