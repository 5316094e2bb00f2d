"""The labels that a classifier is given, looked at before anything is computed."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.checks import many
from inlay.errors import ArgumentError, ArgumentTypeError


def checked_labels(labels: Iterable[Any], n_texts: int) -> Array:
    """The labels as an array `(n_texts,)` of one kind: whole numbers, booleans or strings.

    Raises:
        ArgumentError: Another number of them; a missing label (None, NaN), with its position;
            fewer than two different ones; floats that are no class labels.
        ArgumentTypeError: One string or a table instead of a list, or kinds that have no order.
    """
    listed = list(many("labels", labels, "labels"))
    if len(listed) != n_texts:
        raise ArgumentError(
            "labels", expected=f"{n_texts}, one for each text", got=f"{len(listed)}"
        )
    for i, label in enumerate(listed):
        if _is_missing(label):
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


def _is_missing(label: Any) -> bool:
    """None, NaN, which differs from itself, and pandas' NA, which does not even say so."""
    if label is None or type(label).__name__ == "NAType":
        return True
    return isinstance(label, float | np.floating) and bool(label != label)


def _as_array(labels: list[Any]) -> Array:
    if all(isinstance(label, str) for label in labels):
        for i, label in enumerate(labels):
            try:
                label.encode()
            except UnicodeEncodeError:
                raise ArgumentError(
                    f"label {i}", expected="text that UTF-8 can hold", got=ascii(label)[:60]
                ) from None
        return np.asarray(labels, dtype=np.str_)
    if not all(isinstance(label, int | float | np.number | np.bool_) for label in labels):
        kinds = sorted({type(label).__name__ for label in labels})
        raise ArgumentTypeError(
            "labels", expected="all strings or all whole numbers", got=" and ".join(kinds)
        )
    array = np.asarray(labels)
    if array.dtype.kind not in "biuf":
        raise ArgumentTypeError(
            "labels", expected="whole numbers of 64 bits", got=f"numbers of kind {array.dtype}"
        )
    if array.dtype.kind == "f":
        with np.errstate(invalid="ignore"):  # infinity is no class either
            whole = array.astype(np.int64)
        if not np.array_equal(whole, array):
            raise ArgumentError(
                "labels", expected="classes", got="numbers with fractions", hint="str(label)"
            )
    return array
