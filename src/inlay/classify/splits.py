"""Random parts of labelled texts, class by class."""

import numpy as np

from inlay.aliases import Array
from inlay.errors import ArgumentError

SHARE = 0.8  # of each class to learn from, when no number is given


def held_out(labels: Array, share: float, rng: np.random.Generator) -> Array:
    """True for a share of each class, bool `(n,)`; each class keeps at least one text."""
    held = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        held[members[: min(round(share * len(members)), len(members) - 1)]] = True
    return held


def random_split(
    labels: Array, n_train: int | None, n_test: int | None, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Positions to learn from and to judge by, both in random order.

    Args:
        labels: `(n,)`.
        n_train: Texts of each class to learn from. None: `SHARE` of the class.
        n_test: At most this many of the others, of all classes together; None: all.
        rng: What chooses.
    """
    train, test = [], []
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        n = round(SHARE * len(members)) if n_train is None else n_train
        if not 1 <= n < len(members):
            raise ArgumentError(
                f"class {label!s}",
                expected=f"more than {max(n, 1)} texts, to learn from and to judge by",
                got=str(len(members)),
                hint="a smaller n_train, or leave the class out",
            )
        train.append(members[:n])
        test.append(members[n:])
    return rng.permutation(np.concatenate(train)), rng.permutation(np.concatenate(test))[:n_test]
