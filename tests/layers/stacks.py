"""Two tables of other words and widths, and what a layer of both has to give, by plain numpy."""

import numpy as np

from inlay import Table, Vocabulary
from inlay.layers import stack

VOCAB = Vocabulary(["both", "first", "second", "neither"])
BOTH, FIRST, SECOND, NEITHER = 2, 3, 4, 5  # after padding and unk
IDS = np.array([[BOTH, FIRST, SECOND], [NEITHER, 1, 0]], "int32")
MODES = ("concatenate", "average", "mix", "scalar_mix")


def tables():
    rng = np.random.default_rng(0)
    first = rng.normal(size=(2, 4)).astype("float32")
    second = rng.normal(size=(2, 3)).astype("float32")
    return Table(["first", "both"], first), Table(["both", "second"], second)


def both(mode="concatenate", **settings):
    return stack(tables(), mode, **settings)


def joined(mode, projections=(), weights=None):
    """All joined vectors `(6, dim)`; of a mix by `(kernel, bias)` of each table and the weights."""
    parts = [table.vectors.astype("float64") for table in both(mode).align(VOCAB).tables]
    has = np.ones((2, 6), bool)
    has[0, SECOND] = has[1, FIRST] = False
    if mode == "concatenate":
        return np.concatenate(parts, 1)
    if mode == "average":
        parts[1] = np.pad(parts[1], [(0, 0), (0, 1)])
        return np.stack(
            [
                np.mean([p[i] for p, h in zip(parts, has[:, i], strict=True) if h], 0)
                for i in range(6)
            ]
        )
    parts = [part @ kernel + bias for part, (kernel, bias) in zip(parts, projections, strict=True)]
    found = np.zeros((6, parts[0].shape[1]))
    for i in range(1, 6):  # padding stays zero
        mine = [part[i] for part, h in zip(parts, has[:, i], strict=True) if h]
        if mode == "mix":
            powers = [np.exp(vector @ weights) for vector in mine]
        else:
            powers = np.exp(weights)[has[:, i]]
        found[i] = sum(p * vector for p, vector in zip(powers, mine, strict=True)) / sum(powers)
    return found
