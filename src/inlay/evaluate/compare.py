"""Which embedding serves a task best: the same splits for all, and an honest baseline."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from inlay.aliases import Array, Text
from inlay.checks import described, every_text, whole, whole_or_none
from inlay.classify.classifier import TextClassifier
from inlay.classify.labels import checked_labels
from inlay.classify.splits import SHARE, random_split
from inlay.classify.vectors import Embedding, given_table
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.jobs.progress import progress as progress_bar
from inlay.optional import require
from inlay.tokenizers import get_tokenizer

FEW = 1_000  # training texts below which holding some out costs more than it tells
FEW_SETTINGS = {"validation": None, "epochs": 20, "batch_size": 20}


class Estimator(Protocol):
    """What can be compared: scikit-learn's two methods."""

    def fit(self, texts: Any, labels: Any) -> Any: ...
    def score(self, texts: Any, labels: Any) -> float: ...


@dataclass(frozen=True)
class Row:
    """One estimator over all splits.

    Attributes:
        name: Of the estimator.
        accuracies: One for each split, between 0 and 1.
        seconds: Fitting and scoring, mean over the splits.
        n_trainable: Numbers that training changes, in the last split; None if not known.
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
    def half_width(self) -> float:
        """Half the 95 % t interval of the mean over splits; NaN for one split.

        Splits of one data set overlap, so a new data set would differ by more than this.
        """
        n = len(self.accuracies)
        if n < 2:
            return float("nan")
        stats = require("scipy.stats", extra="demo", need="a confidence interval")
        quantile = float(stats.t.ppf(0.975, n - 1))
        return quantile * float(np.std(self.accuracies, ddof=1)) / float(n**0.5)


@dataclass(frozen=True)
class Comparison:
    """What `compare` found; printed it is a table.

    Attributes:
        rows: In the order of the estimators.
        n_train: Texts to learn from in a split.
        n_test: Texts to judge by.
        fitted: The estimators of the last split, by name.
    """

    rows: tuple[Row, ...]
    n_train: int
    n_test: int
    fitted: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def best(self) -> str:
        """The name of the row with the highest mean accuracy."""
        return max(self.rows, key=lambda row: row.mean).name

    @property
    def best_classifier(self) -> str | None:
        """The best of those with a `save` of their own, which a `TextClassifier` has."""
        able = [row for row in self.rows if hasattr(self.fitted.get(row.name), "save")]
        return max(able, key=lambda row: row.mean).name if able else None

    def __str__(self) -> str:
        lines = [("", "accuracy, %", "95 % interval", "seconds", "trainable")]
        for row in self.rows:
            interval = "" if np.isnan(row.half_width) else f"+- {100 * row.half_width:.1f}"
            count = "" if row.n_trainable is None else f"{row.n_trainable:,}"
            lines.append((row.name, f"{100 * row.mean:.1f}", interval, f"{row.seconds:.1f}", count))
        widths = [max(len(line[i]) for line in lines) for i in range(5)]
        table = "\n".join(
            "  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]).rstrip()
            for line in lines
        )
        n_splits = len(self.rows[0].accuracies)
        splits = "1 split" if n_splits == 1 else f"{n_splits} splits"
        learnt = f"{splits}: {self.n_train:,} texts to learn from"
        return f"{table}\n{learnt}, {self.n_test:,} to judge by"

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON values; accuracies as shares, null where there is no interval."""
        rows = [
            {
                "name": row.name,
                "accuracy": row.mean,
                "half_width": None if np.isnan(row.half_width) else row.half_width,
                "accuracies": list(row.accuracies),
                "seconds": row.seconds,
                "n_trainable": row.n_trainable,
            }
            for row in self.rows
        ]
        return {
            "n_train": self.n_train,
            "n_test": self.n_test,
            "n_splits": len(self.rows[0].accuracies),
            "rows": rows,
            "best": self.best,
            "best_classifier": self.best_classifier,
        }


def compare(
    texts: Iterable[Text],
    labels: Iterable[Any],
    embedding: Embedding = None,
    *,
    estimators: Sequence[tuple[str, Estimator]] | None = None,
    n_train: int | None = None,
    n_test: int | None = 2_000,
    n_splits: int = 5,
    seed: int = 0,
    progress: bool | None = None,
) -> Comparison:
    """Fit several estimators on the same random splits and judge them on the rest.

    Each split draws its texts anew, class by class, so that classes keep their shares (or are
    equal, with `n_train`). Nothing is chosen by the texts to judge by.

    Args:
        texts: Strings or lists of tokens.
        labels: One for each.
        embedding: Vectors for the default estimators: a table, or a file for `inlay.load`.
        estimators: `(name, estimator)`; each is copied for every split, by `sklearn.base.clone`.
            None: `default_estimators(embedding)`.
        n_train: Texts to learn from in **each class**. None: 80 % of each class.
        n_test: At most this many of the other texts to judge by; None: all.
        n_splits: How often.
        seed: Of the splits, and of estimators with a setting of that name: `seed + split`.
        progress: Show a bar; None: on a terminal.

    Returns:
        Accuracies, seconds and sizes of each, and the estimators fitted last.

    Raises:
        ArgumentError: A class has too few texts, or labels as in `TextClassifier.fit`; an
            embedding beside estimators, which have their own.
        ArgumentTypeError: Texts, labels or an embedding as in `TextClassifier.fit`.
        MissingPackageError: scikit-learn is not installed.
    """
    hint = "leave out missing texts, and their labels"
    texts = list(every_text("texts", texts, hint=hint))
    y = checked_labels(labels, len(texts))
    n_train, n_test = whole_or_none("n_train", n_train), whole_or_none("n_test", n_test)
    n_splits, seed = whole("n_splits", n_splits), whole("seed", seed, least=0)
    clone = require("sklearn.base", extra="demo", need="comparing classifiers").clone
    if estimators is None:
        estimators = default_estimators(embedding, n_texts=_n_learn(y, n_train))
    elif embedding is not None:
        raise ArgumentError(
            "embedding",
            expected="nothing beside estimators, which have vectors of their own",
            got=type(embedding).__name__,
            hint="(name, TextClassifier(embedding)) among the estimators",
        )
    else:
        _check_pairs(estimators)
    names = [name for name, _ in estimators]
    if not names or len(set(names)) < len(names):
        raise ArgumentError("estimators", expected="different names", got=repr(names))
    accuracies: dict[str, list[float]] = {name: [] for name in names}
    seconds = dict.fromkeys(names, 0.0)
    fitted: dict[str, Any] = {}
    train = test = y[:0]
    with progress_bar(
        n_splits * len(names), unit=" fits", desc="comparing", enabled=progress
    ) as bar:
        for split in range(n_splits):
            train, test = random_split(y, n_train, n_test, np.random.default_rng([seed, split]))
            parts = [([texts[i] for i in part], y[part]) for part in (train, test)]
            for name, estimator in estimators:
                fresh = clone(estimator)
                known: dict[str, Any] = getattr(fresh, "get_params", dict)()
                own = {"seed": seed + split} if "seed" in known else {}
                if known.get("progress", True) is None:
                    own["progress"] = False  # there is one bar, of all fits
                if own:
                    fresh.set_params(**own)
                start = time.perf_counter()
                fitted[name] = fresh.fit(*parts[0])
                accuracies[name].append(float(fresh.score(*parts[1])))
                seconds[name] += time.perf_counter() - start
                bar.update(1)
                bar.note(last=name, accuracy=f"{accuracies[name][-1]:.3f}")
    rows = tuple(
        Row(name, tuple(accuracies[name]), seconds[name] / n_splits, n_trainable(fitted[name]))
        for name in names
    )
    return Comparison(rows, len(train), len(test), fitted)


def default_estimators(embedding: Embedding, *, n_texts: int) -> list[tuple[str, Estimator]]:
    """TF-IDF with logistic regression, and Kim's network with random, frozen and tuned vectors.

    With few texts the networks train a fixed number of epochs, instead of choosing one on
    texts that they could have learned from.

    Args:
        embedding: A table, or a file for `inlay.load`; None leaves the last two out.
        n_texts: How many there will be to learn from.
    """
    table = given_table(embedding)
    text = require("sklearn.feature_extraction.text", extra="demo", need="the TF-IDF baseline")
    linear = require("sklearn.linear_model", extra="demo", need="the TF-IDF baseline")
    pipeline = require("sklearn.pipeline", extra="demo", need="the TF-IDF baseline")
    baseline = pipeline.make_pipeline(
        text.TfidfVectorizer(
            tokenizer=get_tokenizer("lower"), lowercase=False, token_pattern=None, sublinear_tf=True
        ),
        linear.LogisticRegression(C=10.0, max_iter=1000),
    )
    how: dict[str, Any] = {"max_length": 100}
    if n_texts < FEW:
        how |= FEW_SETTINGS
    dim = table.dim if table is not None else 100
    chosen: list[tuple[str, Estimator]] = [
        ("TF-IDF + logistic regression", baseline),
        ("CNN, random vectors", TextClassifier(dim=dim, **how)),
    ]
    if table is not None:
        chosen += [
            ("CNN, these vectors frozen", TextClassifier(table, variant="static", **how)),
            ("CNN, these vectors fine-tuned", TextClassifier(table, variant="non-static", **how)),
        ]
    return chosen


def n_trainable(estimator: Any) -> int | None:
    """How many numbers of a fitted estimator were trained, if it can be seen."""
    last = estimator.steps[-1][1] if hasattr(estimator, "steps") else estimator
    if hasattr(last, "n_trainable_"):
        return int(last.n_trainable_)
    if hasattr(last, "coef_"):
        return int(np.size(last.coef_) + np.size(last.intercept_))
    return None


def _n_learn(labels: Array, n_train: int | None) -> int:
    return round(SHARE * len(labels)) if n_train is None else n_train * len(np.unique(labels))


def _check_pairs(estimators: Any) -> None:
    """Refuse what is no list of names and estimators, before any is fitted."""
    if not isinstance(estimators, list | tuple):
        hint = "list(estimators.items())" if isinstance(estimators, dict) else ""
        got = described(estimators)
        raise ArgumentTypeError("estimators", expected="a list of pairs", got=got, hint=hint)
    for i, pair in enumerate(estimators):
        is_pair = isinstance(pair, tuple | list) and len(pair) == 2 and isinstance(pair[0], str)
        if not is_pair or not all(hasattr(pair[1], name) for name in ("fit", "score")):
            raise ArgumentTypeError(
                f"estimators[{i}]",
                expected="a name and an estimator, which has fit and score",
                got=described(pair),
                hint="('mine', TextClassifier(table))",
            )
