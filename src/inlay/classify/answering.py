"""What a classifier answers: classes of texts, how probable they are, and how often it is right."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from inlay.aliases import Array, Text
from inlay.calls import refuses_unknown
from inlay.checks import number, whole_or_none
from inlay.classify.estimator import Estimator
from inlay.classify.fitting import checked_texts
from inlay.classify.foreign import OF_PREDICT, OF_SCORE, OF_TOP
from inlay.classify.labels import compared
from inlay.classify.settings import FASTTEXT
from inlay.classify.storage import Fitted


class Answering(Estimator):
    """An estimator that answers by what has been learned.

    Attributes:
        classes_: The labels in sorted order.
    """

    classes_: Array
    _fitted: Fitted

    def predict_proba(self, texts: Iterable[Text]) -> Array:
        """How probable each class is, float32 `(len(texts), n_classes)` in `classes_` order.

        A text that is empty or has only unknown words gets an answer too, which says little
        more than how frequent the classes are. Costs one pass in batches of 128.

        Raises:
            NotFittedError: Before `fit`.
            ArgumentTypeError: One string instead of a list, or a text that is none.
        """
        self._check_fitted("predict")
        return self._fitted.learned.probabilities(checked_texts(texts))

    @refuses_unknown(OF_PREDICT)
    def predict(self, texts: Iterable[Text]) -> Array:
        """The most probable class of each text, `(len(texts),)`, as the labels were given."""
        best: Array = self.predict_proba(texts).argmax(axis=1)
        return np.asarray(self.classes_[best])

    @refuses_unknown(OF_TOP)
    def predict_top(
        self, texts: Iterable[Text], k: int | None = 1, *, threshold: float = 0.0
    ) -> list[list[tuple[Any, float]]]:
        """The most probable classes of each text, with their probabilities, the best first.

        Args:
            texts: As for `predict`.
            k: How many classes at most; None: all.
            threshold: Only classes that are at least so probable, which may be none.

        Raises:
            ArgumentError: A number out of bounds.
            NotFittedError: Before `fit`.
        """
        k, threshold = whole_or_none("k", k), number("threshold", threshold, least=0, most=1)
        chances = self.predict_proba(texts)
        best = np.argsort(-chances, axis=1, kind="stable")[:, :k]
        names = self.classes_.tolist()
        return [
            [(names[i], float(row[i])) for i in order.tolist() if row[i] >= threshold]
            for row, order in zip(chances, best, strict=True)
        ]

    @refuses_unknown(OF_SCORE)
    def score(self, texts: Iterable[Text], labels: Iterable[Any]) -> float:
        """The share of texts whose class `predict` finds, or one of whose classes.

        A label that the classifier never saw counts as wrong; a warning says how many there are.

        Raises:
            ArgumentError: Another number of labels than of texts, or none that it ever saw: of
                another type, perhaps.
        """
        predicted = self.predict(texts)
        several = self._fitted.settings.model == FASTTEXT
        return float(compared(predicted, labels, self.classes_, several=several).mean())
