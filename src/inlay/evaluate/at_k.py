"""Precision and recall where a classifier may give several labels, and a text may have several."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np

from inlay.aliases import Array
from inlay.checks import number, whole_or_none


class Counts(NamedTuple):
    """How often a label, or any, was found and wanted.

    Attributes:
        right: How often both.
        found: How often it was given.
        wanted: How often a text has it.
    """

    right: int
    found: int
    wanted: int

    @property
    def precision(self) -> float | None:
        """The share of those given that are right; None: none was given."""
        return self.right / self.found if self.found else None

    @property
    def recall(self) -> float | None:
        """The share of those wanted that were given; None: none is wanted."""
        return self.right / self.wanted if self.wanted else None

    @property
    def f1(self) -> float | None:
        """The harmonic mean of both; None: it was neither given nor wanted."""
        both = self.found + self.wanted
        return 2 * self.right / both if both else None


class AtK(NamedTuple):
    """What `at_k` measured.

    Attributes:
        n_texts: How many texts.
        k: Labels that a text was given at most.
        threshold: How probable they had to be.
        total: Of all labels together.
        labels: Of each, by falling number of texts that have it.
    """

    n_texts: int
    k: int
    threshold: float
    total: Counts
    labels: dict[str, Counts]


def at_k(
    probabilities: Array,
    classes: Sequence[str],
    wanted: Sequence[Collection[str]],
    *,
    k: int | None = 1,
    threshold: float = 0.0,
) -> AtK:
    """Measure the `k` most probable labels of each text, as far as they reach a threshold.

    Args:
        probabilities: `(n, n_classes)`.
        classes: Their names.
        wanted: The labels of each text.
        k: How many are given at most; None: all.
        threshold: Only labels that are at least so probable.

    Examples:
        >>> at_k(np.array([[0.7, 0.3], [0.4, 0.6]]), ["a", "b"], [["a"], ["a"]]).total
        Counts(right=1, found=2, wanted=2)
    """
    k = min(whole_or_none("k", k) or len(classes), len(classes))
    threshold = number("threshold", threshold, least=0, most=1)
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :k]
    reached = np.take_along_axis(probabilities, best, axis=1) >= threshold
    found, right = Counter[str](), Counter[str]()
    of_texts = Counter(label for labels in wanted for label in set(labels))
    for row, good, labels in zip(best.tolist(), reached.tolist(), wanted, strict=True):
        given = {classes[i] for i, is_there in zip(row, good, strict=True) if is_there}
        found.update(given)
        right.update(given & set(labels))
    names = sorted({*classes, *of_texts}, key=lambda name: (-of_texts[name], name))
    total = Counts(right.total(), found.total(), of_texts.total())
    each = {name: Counts(right[name], found[name], of_texts[name]) for name in names}
    return AtK(len(wanted), k, threshold, total, each)
