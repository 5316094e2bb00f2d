"""What a comparison found: accuracies over folds, what their differences mean, and the report."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from inlay.errors import ArgumentError
from inlay.optional import require

CHANCE = 0.05  # a p from which on a difference may be chance
TITLES = ("", "accuracy, %", "s.d.", "difference", "p", "seconds", "trainable")


class Difference(NamedTuple):
    """How much more accurate one row is than another, fold by fold.

    Attributes:
        mean: The mean over the folds.
        p: How likely a mean difference as large as this is where there is none; NaN for one fold.
    """

    mean: float
    p: float


@dataclass(frozen=True)
class Row:
    """One estimator over all folds.

    Attributes:
        name: The estimator's name.
        accuracies: One for each fold, between 0 and 1.
        seconds: Fitting and scoring, mean over the folds; where texts were encoded once for all
            folds, that is in it.
        n_trainable: Numbers that training changes, in the last fold; None if not known.
    """

    name: str
    accuracies: tuple[float, ...]
    seconds: float
    n_trainable: int | None

    @property
    def mean(self) -> float:
        """Mean accuracy."""
        return float(np.mean(self.accuracies))

    @property
    def sd(self) -> float:
        """Standard deviation of the accuracy from fold to fold; NaN for one fold.

        It says how much a single split may mislead. It is no error of the mean: folds learn
        from the same texts, so they are not independent.
        """
        n = len(self.accuracies)
        return float(np.std(self.accuracies, ddof=1)) if n > 1 else float("nan")


@dataclass(frozen=True)
class Comparison:
    """What `compare` found; printed it is a table.

    Attributes:
        rows: In the order of the estimators. The others are set against the first.
        n_train: Texts to learn from in a fold.
        n_test: Texts to judge by in a fold.
        fitted: The estimators of the last fold, by name.
        encoding: What to know of texts that were encoded once for all folds; "" if none was.
    """

    rows: tuple[Row, ...]
    n_train: int
    n_test: int
    fitted: dict[str, Any] = field(default_factory=dict, repr=False)
    encoding: str = ""

    @property
    def best(self) -> str:
        """The name of the row with the highest mean accuracy."""
        return max(self.rows, key=lambda row: row.mean).name

    @property
    def level_with_best(self) -> list[str]:
        """The rows that may be as good as the best: their difference from it has p of 0.05 or more.

        By the test of `difference`, with Holm's correction for their number. Of one fold nothing
        can be told: then it is all of the others.
        """
        others = [row.name for row in self.rows if row.name != self.best]
        found = _holm([self.difference(self.best, name).p for name in others])
        return [name for name, p in zip(others, found, strict=True) if not p < CHANCE]

    @property
    def best_classifier(self) -> str | None:
        """The best of those with a `save` of their own, which a `TextClassifier` has."""
        able = [row for row in self.rows if hasattr(self.fitted.get(row.name), "save")]
        return max(able, key=lambda row: row.mean).name if able else None

    @property
    def n_folds(self) -> int:
        """How many folds there were."""
        return len(self.rows[0].accuracies)

    def difference(self, name: str, other: str) -> Difference:
        """How much more accurate the row `name` is than `other`, and whether that is chance.

        Folds share texts to learn from, so a plain paired t test finds far too much. This one
        adds `n_test / n_train` to `1 / n_folds` in the variance of the mean. It is not corrected
        for the number of pairs that you look at; the table is.

        Raises:
            ArgumentError: There is no such row.

        Source: Nadeau and Bengio 2003, "Inference for the Generalization Error", section 3.
        """
        one, two = (self._row(argument) for argument in (name, other))
        differences = np.subtract(one.accuracies, two.accuracies)
        mean, n = float(np.mean(differences)), self.n_folds
        if n < 2:
            return Difference(mean, float("nan"))
        sd = float(np.std(differences, ddof=1))
        if sd < 1e-12:  # the same in each fold: nothing to tell, or nothing to doubt
            return Difference(mean, 1.0 if abs(mean) < 1e-12 else 0.0)
        t = mean / (sd * (1 / n + self.n_test / self.n_train) ** 0.5)
        stats = require("scipy.stats", extra="demo", need="a test of differences")
        return Difference(mean, float(2 * stats.t.sf(abs(t), n - 1)))

    def __str__(self) -> str:
        cells = self._cells()
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        table = "\n".join(
            "  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]).rstrip()
            for line in cells
        )
        return "\n".join([table, *self._notes()])

    def to_markdown(self) -> str:
        """The report as a table in Markdown, the best accuracy in bold, and a note below."""
        titles, *rows = (list(map(_in_a_cell, cells)) for cells in self._cells())
        for row, cells in zip(self.rows, rows, strict=True):
            if row.name == self.best:
                cells[1] = f"**{cells[1]}**"
        marks = ["---", *["---:"] * (len(titles) - 1)]
        lines = [f"| {' | '.join(cells)} |" for cells in (titles, marks, *rows)]
        return "\n".join([*lines, "", " ".join(f"{note}." for note in self._notes())])

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON values: accuracies are shares, and what one fold cannot say is null."""
        corrected = self._corrected()
        rows = [
            {
                "name": row.name,
                "accuracy": row.mean,
                "sd": _or_none(row.sd),
                "accuracies": list(row.accuracies),
                "difference": None if i == 0 else row.mean - self.rows[0].mean,
                "p": _or_none(corrected[i]),
                "seconds": row.seconds,
                "n_trainable": row.n_trainable,
            }
            for i, row in enumerate(self.rows)
        ]
        return {
            "n_train": self.n_train,
            "n_test": self.n_test,
            "n_folds": self.n_folds,
            "rows": rows,
            "baseline": self.rows[0].name,
            "best": self.best,
            "level_with_best": self.level_with_best,
            "best_classifier": self.best_classifier,
        }

    def _row(self, name: str) -> Row:
        for row in self.rows:
            if row.name == name:
                return row
        names = ", ".join(repr(row.name) for row in self.rows)
        raise ArgumentError("name", expected=f"one of {names}", got=repr(name))

    def _corrected(self) -> list[float]:
        """The p of each row against the first, by Holm's method; NaN for the first."""
        first = self.rows[0].name
        found = [self.difference(row.name, first).p for row in self.rows[1:]]
        return [float("nan"), *_holm(found)]

    def _cells(self) -> list[list[str]]:
        """The report's cells, titles first, without columns that have nothing to say."""
        first = self.rows[0].mean
        every = [
            (
                row.name,
                f"{100 * row.mean:.1f}",
                _or_nothing(100 * row.sd, ".1f"),
                "" if i == 0 else f"{100 * (row.mean - first):+.1f}",
                _or_nothing(p, ".3f") if not p < 0.001 else "<0.001",
                f"{row.seconds:.1f}",
                "" if row.n_trainable is None else f"{row.n_trainable:,}",
            )
            for i, (row, p) in enumerate(zip(self.rows, self._corrected(), strict=True))
        ]
        told = [i for i, column in enumerate(zip(*every, strict=True)) if any(column)]
        return [[line[i] for i in told] for line in (TITLES, *every)]

    def _notes(self) -> list[str]:
        folds = "1 fold" if self.n_folds == 1 else f"{self.n_folds} folds"
        notes = [f"{folds}: {self.n_train:,} texts to learn from, {self.n_test:,} to judge by"]
        if len(self.rows) > 1:
            notes.append(f"difference: from {self.rows[0].name}, in points of accuracy")
        if len(self.rows) > 1 and self.n_folds > 1:
            notes.append("p: corrected resampled t test, Holm's correction for several rows")
        return [*notes, self.encoding] if self.encoding else notes


def _holm(found: list[float]) -> list[float]:
    """Each p, corrected for their number by Holm's method; NaN stays."""
    corrected, least = list(found), 0.0
    for rank, i in enumerate(np.argsort(found)):
        least = max(least, (len(found) - rank) * found[i])
        corrected[i] = min(1.0, least) if not np.isnan(found[i]) else found[i]
    return corrected


def _in_a_cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|")


def _or_nothing(value: float, spec: str) -> str:
    return "" if np.isnan(value) else format(value, spec)


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else value
