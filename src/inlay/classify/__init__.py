"""Estimators that learn from labelled text. Keras is imported when something is fitted."""

from typing import TYPE_CHECKING, Any

from inlay.classify.classifier import TextClassifier
from inlay.hosts.backends import load_keras

if TYPE_CHECKING:
    from inlay.classify.keras import cnn, mean

__all__ = [
    "TextClassifier",
    "cnn",
    "mean",
]


def __getattr__(name: str) -> Any:
    if name not in ("cnn", "mean"):
        raise AttributeError(f"module 'inlay.classify' has no attribute {name!r}")
    load_keras("the networks of inlay.classify")
    from inlay.classify import keras

    return getattr(keras, name)
