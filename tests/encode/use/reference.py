"""The network by its description, one text at a time, in float64: too plain to be wrong."""

import numpy as np

ORDERS = (2, 3, 5)


def reference_vector(arrays, pieces):
    """The vector of one text.

    Args:
        arrays: By their published names, the table left out.
        pieces: Embeddings of the text's pieces, both marks among them: `(n, width)`.
    """
    a = {name: np.asarray(array, np.float64) for name, array in arrays.items()}
    e = np.asarray(pieces, np.float64)

    def norm(x, gain, bias):
        away = x - x.mean(axis=1, keepdims=True)
        return away / np.sqrt(np.square(away).mean(axis=1, keepdims=True) + a["eps"]) * gain + bias

    def side_by_side(name):
        return np.concatenate([a[f"{name}{k}"] for k in ORDERS])

    projected = np.concatenate([e @ a[f"proj{k}"] + a[f"proj_b{k}"] for k in ORDERS], axis=1)
    parts = np.split(norm(projected, side_by_side("ln_g"), side_by_side("ln_b")), 3, axis=1)
    convolved = []
    for k, x in zip(ORDERS, parts, strict=True):
        h = relu(window(x, k) @ a[f"w1_{k}"] + a[f"b1_{k}"]) + x
        convolved.append(relu(window(h, k) @ a[f"w2_{k}"] + a[f"b2_{k}"]) + h)
    f = norm(np.concatenate([e, *convolved], axis=1), a["ln_g"], a["ln_b"])
    s = (f @ a["cnn_W"] + a["cnn_b"]).sum(axis=0) / np.sqrt(len(e))
    y0 = relu(s @ a["d0"])
    y1 = relu(s @ a["p1"] + y0 @ a["d1"])
    y2 = relu(y1 @ a["d2"])
    z = np.tanh(y1 @ a["p3"] + y2 @ a["d3"])
    return z / np.sqrt(z @ z)


def relu(x):
    return np.maximum(x, 0)


def window(x, k):
    """k neighbours side by side, (k - 1) // 2 of them before; zeros beyond the text."""
    before = (k - 1) // 2
    padded = np.pad(x, ((before, k - 1 - before), (0, 0)))
    return np.concatenate([padded[j : j + len(x)] for j in range(k)], axis=1)
