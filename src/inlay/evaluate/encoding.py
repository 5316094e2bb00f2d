"""Each text is encoded once for all folds: vectors of a frozen encoder know no labels."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from inlay.aliases import Text
from inlay.classify.classifier import TextClassifier
from inlay.classify.settings import BY_TEXT
from inlay.encode.learning import must_learn
from inlay.encode.protocol import is_encoder
from inlay.encode.remembering import Remembered
from inlay.evaluate.comparison import Row


def remembered(
    compared: Sequence[tuple[str, Any]], texts: Sequence[Text], *, progress: bool | None
) -> dict[str, Remembered]:
    """Encode all texts for those classifiers that learn on one frozen vector for each.

    An encoder that has yet to learn of texts is left out: it must see those of a fold alone.

    Args:
        compared: Names and estimators.
        texts: All that will be learned from or judged by.
        progress: Whether to show a bar.

    Returns:
        By name, an encoder that knows the texts. Of two rows on one encoder, it is the same.
    """
    on = {name: one.embedding for name, one in compared if _reads_fixed_vectors(one)}
    made: dict[int, Remembered] = {}
    for encoder in on.values():
        if id(encoder) not in made:
            made[id(encoder)] = Remembered(encoder, texts, progress=progress)
    return {name: made[id(encoder)] for name, encoder in on.items()}


def with_encoding(
    rows: Sequence[Row], known: Mapping[str, Remembered], n_folds: int
) -> tuple[Row, ...]:
    """Rows in whose seconds a fold's share of the encoding is counted."""
    took = {name: one.seconds / n_folds for name, one in known.items()}
    return tuple(replace(row, seconds=row.seconds + took.get(row.name, 0.0)) for row in rows)


def note(known: Mapping[str, Remembered]) -> str:
    """What a report says of it; nothing, if there was nothing to encode."""
    once = {one: one.seconds for one in known.values()}
    if not once:
        return ""
    seconds = sum(once.values())
    return f"encoding: each text once for all folds, {seconds:.1f} s in all, shared out among them"


def _reads_fixed_vectors(estimator: Any) -> bool:
    if not isinstance(estimator, TextClassifier) or not is_encoder(estimator.embedding):
        return False
    by_text = estimator.model is None or estimator.model in BY_TEXT
    kept = estimator.trainable or estimator.features is not None or must_learn(estimator.embedding)
    return by_text and not kept
