"""Labels of texts that may have several."""

from collections.abc import Iterable
from typing import Any, NamedTuple, Self

import numpy as np

from inlay.aliases import Array
from inlay.checks import many
from inlay.errors import ArgumentError

CONTAINERS = (list, tuple, set, frozenset)


class Several(NamedTuple):
    """Class numbers of texts, each of which has one or more.

    Attributes:
        flat: int64: those of all texts, one after the other.
        ends: int64 `(n_texts + 1,)`: where those of each text begin.
    """

    flat: Array
    ends: Array

    @classmethod
    def of(cls, targets: "Array | Several") -> "Several":
        """Class numbers of which each text has one, in the same form."""
        if isinstance(targets, Several):
            return targets
        return cls(targets, np.arange(len(targets) + 1))

    @property
    def first(self) -> Array:
        """The first of each text."""
        return np.asarray(self.flat[self.ends[:-1]])

    def some(self, chosen: Array) -> Self:
        """Those of some texts, bool `(n_texts,)`."""
        sizes = np.diff(self.ends)
        kept = self.flat[np.repeat(chosen, sizes)]
        return type(self)(kept, np.append(0, np.cumsum(sizes[chosen])))

    def joined(self, others: "Several") -> Self:
        """These, and those of other texts behind them."""
        ends = np.append(self.ends, self.ends[-1] + others.ends[1:])
        return type(self)(np.append(self.flat, others.flat), ends)

    def table(self, n_classes: int) -> Array:
        """Which text has which class, bool `(n_texts, n_classes)`."""
        found = np.zeros((self.ends.size - 1, n_classes), bool)
        found[np.repeat(np.arange(self.ends.size - 1), np.diff(self.ends)), self.flat] = True
        return found


def have_several(labels: Iterable[Any]) -> bool:
    """Whether a list of labels holds lists of them."""
    return isinstance(labels, list | tuple) and any(isinstance(x, CONTAINERS) for x in labels)


def each_once(labels: Iterable[Any], n_texts: int) -> tuple[list[Any], Array]:
    """The labels of all texts, one after the other, and where those of each text begin.

    Raises:
        ArgumentError: Another number of them than of texts, or a text without any.
    """
    listed = [
        sorted(set(x), key=str) if isinstance(x, CONTAINERS) else [x]
        for x in many("labels", labels, "labels")
    ]
    if len(listed) != n_texts:
        expected = f"{n_texts}, one or a list of them for each text"
        raise ArgumentError("labels", expected=expected, got=str(len(listed)))
    for i, some in enumerate(listed):
        if not some:
            raise ArgumentError(
                f"label {i}",
                expected="one class or more",
                got="none",
                hint="drop the texts without a label",
            )
    ends = np.append(0, np.cumsum([len(some) for some in listed], dtype=np.int64))
    return [label for some in listed for label in some], ends
