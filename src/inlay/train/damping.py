"""How far the changes of pieces go that are learned from apart, and then added up."""

import numpy as np

from inlay.aliases import Array

TOGETHER = 8  # pieces that are learned from apart, from the same vectors
SHARES = 4  # into which adding up is divided at most, for threads: a power of 2
# How strongly a step of size 1 draws a vector towards its goal, in the mean; see `damping`. With
# less than half of that, vectors of tiny vocabularies grow without bound.
CURVATURE = 0.1
RATES = 20  # steps of the rate between two looks at the damping


def damping(load: Array, rate: float, together: int | Array = TOGETHER) -> Array:
    """What the changes of a round are multiplied by, for each vector, float32.

    All pieces of a round begin at the same vectors. A piece that draws a vector by a share
    1 - exp(-x) of the way to where it rests would, repeated k times in turn, have it go
    1 - exp(-k x) of the way. The sum of k such changes from the same point is k (1 - exp(-x)),
    which goes far beyond for words that every piece is full of: it is multiplied by the quotient
    of the two. For rare words that is 1; for the most frequent ones it makes the sum a mean.

    Args:
        load: The sum of the step sizes of each vector's pairs in a piece, over the learning rate.
        rate: The learning rate.
        together: How many pieces of the round have the vector.
    """
    x = np.maximum(load * (rate * CURVATURE), 1e-9)
    found: Array = np.expm1(-together * x) / (together * np.expm1(-x))
    return found.astype(np.float32)
