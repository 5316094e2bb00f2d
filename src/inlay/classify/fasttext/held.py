"""Texts that are held out of a training, and what a model says of them."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from inlay.aliases import Array
from inlay.classify.fasttext.model import Supervised
from inlay.classify.fasttext.numbering import Numbered
from inlay.classify.fasttext.rows import TextRows
from inlay.classify.fasttext.training import Learning
from inlay.classify.several import Several

LEAST_CHANCE = 1e-20  # whose logarithm is taken


class Part(NamedTuple):
    """Texts in numbers, and their class numbers."""

    read: Numbered
    targets: Several


@dataclass(frozen=True)
class Held:
    """Held-out texts before a model that still learns.

    Attributes:
        model: What it will be, but for its numbers.
        learning: Its numbers, as they are at each moment.
        part: The texts.
    """

    model: Supervised
    learning: Learning
    part: Part

    @cached_property
    def rows(self) -> TextRows:
        """The rows of the texts."""
        return self.model.rows_of(self.part.read)

    def chances(self) -> Array:
        """How probable each class is, float32 `(n_texts, n_classes)`."""
        from inlay.core.subwords import as_kernels_take
        from inlay.kernels.supervised import mean_rows

        means = np.empty((len(self.rows.totals), self.learning.dim), np.float32)
        mean_rows(*self.rows, as_kernels_take(self.learning.rows), means)
        model = replace(self.model, output=self.learning.output)
        return np.asarray(model.chances(means)[:, self.model.columns])


def accuracy(chances: Array, is_right: Array) -> float:
    """The share of texts whose most probable class is right."""
    return float(is_right[np.arange(len(chances)), chances.argmax(axis=1)].mean())


def macro_f1(chances: Array, is_right: Array) -> float:
    """The mean of F1 over the classes that texts have or are given: each is given its best."""
    given = np.zeros(is_right.shape, bool)
    given[np.arange(len(chances)), chances.argmax(axis=1)] = True
    both = given.sum(axis=0) + is_right.sum(axis=0)
    found = 2 * (given & is_right).sum(axis=0)
    return float((found[both > 0] / both[both > 0]).mean())


def log_loss(chances: Array, is_right: Array) -> float:
    """Minus the mean logarithm of the right classes' chances."""
    return float(-np.log(np.maximum(chances[is_right], LEAST_CHANCE)).mean())


@dataclass
class Best:
    """The best epoch by held-out texts; training stops `patience` epochs after it."""

    held: Held
    history: dict[str, list[float]] = field(
        default_factory=lambda: {"val_loss": [], "val_accuracy": []}
    )
    best: tuple[float, float] | None = None
    kept: tuple[Array, Array] | None = None
    waited: int = 0

    def judge(self, loss: float) -> bool:
        """Look at one epoch; whether to go on."""
        chances, learning = self.held.chances(), self.held.learning
        settings = self.held.model.settings
        is_right = self.held.part.targets.table(chances.shape[1])
        score = accuracy(chances, is_right), -log_loss(chances, is_right)
        self.history["val_accuracy"].append(score[0])
        self.history["val_loss"].append(-score[1])
        if self.best is None or score > self.best:
            self.best, self.waited, self.kept = score, 0, None
            if len(self.history["val_loss"]) < settings.epochs:
                self.kept = learning.inputs.copy(), learning.outputs.copy()
            return True
        self.waited += 1
        return self.waited < settings.patience

    def put_back(self) -> None:
        """Let the model be that of the best epoch."""
        if self.kept is not None:
            learning = self.held.learning
            learning.inputs[:], learning.outputs[:] = self.kept
