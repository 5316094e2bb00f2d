"""What each piece of a training has of its own: a seed and a learning rate."""

import numpy as np

MASK = 2**64 - 1


def seed_of(seed: int, piece: int) -> np.uint64:
    """A seed for each piece of work, alike in no bit (the mixer of SplitMix64)."""
    x = (seed * 0xD1342543DE82EF95 + (piece + 1) * 0x9E3779B97F4A7C15) & MASK
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & MASK
    x = (x ^ x >> 27) * 0x94D049BB133111EB & MASK
    return np.uint64(x ^ x >> 31)


def falling(start: float, end: float, done: float) -> float:
    """The learning rate when a share `done` of a training is behind: from `start` evenly to `end`.

    Examples:
        >>> falling(0.25, 0.05, 0.5)
        0.15
    """
    return start + (end - start) * done
