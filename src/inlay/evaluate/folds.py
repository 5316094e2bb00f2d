"""Which texts to learn from and which to judge by, fold after fold."""

from collections.abc import Iterator

import numpy as np

from inlay.aliases import Array
from inlay.classify.splits import random_split
from inlay.errors import ArgumentError
from inlay.optional import require


def folds_of(
    labels: Array, n_folds: int, *, n_train: int | None, n_test: int | None, seed: int
) -> Iterator[tuple[Array, Array]]:
    """Positions to learn from and to judge by, of each fold.

    Without `n_train`, and with two folds or more, each text is judged by in one fold and learned
    from in the others, and classes keep their shares. Otherwise each fold is drawn anew.

    Args:
        labels: `(n,)`.
        n_folds: How many.
        n_train: Texts of each class to learn from. None: all outside the fold, or 80 % if there is
            only one.
        n_test: At most so many to judge by in a fold; None: all.
        seed: The seed of all random choices.

    Raises:
        ArgumentError: A class has too few texts.
    """
    if n_train is not None or n_folds == 1:
        for fold in range(n_folds):
            yield random_split(labels, n_train, n_test, np.random.default_rng([seed, fold]))
        return
    classes, counts = np.unique(labels, return_counts=True)
    if counts.min() < n_folds:
        raise ArgumentError(
            f"class {classes[counts.argmin()]!s}",
            expected=f"{n_folds} texts or more, one for each fold",
            got=f"{counts.min()}",
            hint="fewer folds, or leave the class out",
        )
    model_selection = require("sklearn.model_selection", extra="demo", need="making folds")
    splitter = model_selection.StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    rng = np.random.default_rng(seed)
    for train, test in splitter.split(np.empty(len(labels)), labels):
        yield rng.permutation(train), rng.permutation(test)[:n_test]
