"""What a classifier is given: texts and labels, looked at before anything is computed."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from inlay.aliases import Array, Text
from inlay.checks import many_texts
from inlay.errors import ArgumentError, ArgumentTypeError


def checked_texts(texts: Iterable[Text]) -> list[Text]:
    """The texts as a list: each a string, or a list of tokens.

    Raises:
        ArgumentTypeError: One string where a list belongs, or something that is no text
            (None, NaN), with its position.
    """
    listed = list(many_texts("texts", texts))
    for i, text in enumerate(listed):
        if isinstance(text, str):
            continue
        if not isinstance(text, list | tuple) or not all(isinstance(t, str) for t in text):
            raise ArgumentTypeError(
                f"text {i}",
                expected="a string or a list of tokens",
                got=f"{type(text).__name__} {text!r:.60}",
                hint="drop the missing ones together with their labels",
            )
    return listed


def checked_labels(labels: Iterable[Any], n_texts: int) -> Array:
    """The labels as an array `(n_texts,)` of one kind: whole numbers, booleans or strings.

    Raises:
        ArgumentError: Another number of them; a missing label (None, NaN), with its position;
            fewer than two different ones; floats that are no class labels.
        ArgumentTypeError: One string instead of a list, or kinds that have no order.
    """
    if isinstance(labels, str | bytes):
        raise ArgumentTypeError("labels", expected="a list", got=f"one {type(labels).__name__}")
    listed = list(labels)
    if len(listed) != n_texts:
        raise ArgumentError(
            "labels", expected=f"{n_texts}, one for each text", got=f"{len(listed)}"
        )
    for i, label in enumerate(listed):
        if label is None or label != label:  # only NaN differs from itself
            raise ArgumentError(
                f"label {i}",
                expected="a class",
                got=repr(label),
                hint="drop the texts without a label",
            )
    array = _as_array(listed)
    classes = np.unique(array)
    if len(classes) < 2:
        raise ArgumentError(
            "labels",
            expected="two classes or more",
            got=f"only {classes[0]!r}" if len(classes) else "no texts",
        )
    return array


def _as_array(labels: list[Any]) -> Array:
    if all(isinstance(label, str) for label in labels):
        return np.asarray(labels, dtype=np.str_)
    kinds = sorted({type(label).__name__ for label in labels})
    array = np.asarray(labels) if not any(isinstance(label, str) for label in labels) else None
    if array is None or array.ndim != 1 or array.dtype.kind not in "biuf":
        raise ArgumentTypeError(
            "labels", expected="all strings or all whole numbers", got=" and ".join(kinds)
        )
    if array.dtype.kind == "f":
        whole = array.astype(np.int64)
        if not np.array_equal(whole, array):
            raise ArgumentError(
                "labels", expected="classes", got="numbers with fractions", hint="str(label)"
            )
    return array
