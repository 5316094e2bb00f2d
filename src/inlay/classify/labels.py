"""The labels that a classifier is given, looked at before anything is computed."""

from collections.abc import Iterable
from typing import Any
from unicodedata import normalize

import numpy as np

from inlay.aliases import Array
from inlay.checks import described, many, some_of, warn
from inlay.errors import ArgumentError, ArgumentTypeError

SHOWN = 5  # labels in a message


def checked_labels(labels: Iterable[Any], n_texts: int, *, least: int = 2) -> Array:
    """The labels as an array `(n_texts,)` of one kind: whole numbers, booleans or strings.

    Args:
        labels: As they were given.
        n_texts: How many there must be.
        least: How many different ones there must be.

    Raises:
        ArgumentError: Another number of them; a missing label (None, NaN), with its position;
            too few different ones; floats that are no class labels.
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
    if len(classes) < least:
        raise ArgumentError(
            "labels",
            expected="two classes or more" if least > 1 else "a class or more",
            got=f"only {classes[0].item()!r}" if len(classes) else "no texts",
        )
    return array


def check_order(texts: Iterable[Any], labels: Array) -> None:
    """Refuse texts and labels the other way round: a text has one class, so texts differ in more.

    Raises:
        ArgumentError: There are more classes than different texts, and the classes are strings.
    """
    if labels.dtype.kind != "U":
        return
    n_texts = len({text if isinstance(text, str) else tuple(text) for text in texts})
    n_classes = len(np.unique(labels))
    if n_classes > n_texts:
        raise ArgumentError(
            "texts and labels",
            expected="texts first, and no more classes than different texts",
            got=f"{n_texts} of them with {n_classes} different labels",
        )


def warn_of_doubtful(labels: Array, *, held_out: bool) -> None:
    """Warn of labels that are probably not meant, or that cannot do what they are for.

    Args:
        labels: One for each text.
        held_out: Whether some of them are to choose the epoch.
    """
    classes, counts = np.unique(labels, return_counts=True)
    if classes.dtype.kind == "U":
        known = set(classes.tolist())
        for label in classes.tolist():
            where = int((labels == label).argmax())
            if label != label.strip() and label.strip() in known:
                warn(
                    f"the labels {label!r} (text {where}) and {label.strip()!r} differ by white "
                    "space alone and are two classes. Try: [label.strip() for label in labels]."
                )
            if (composed := normalize("NFC", label)) != label and composed in known:
                warn(
                    f"the label {label!r} stands in composed letters and, as text {where} has it, "
                    "in decomposed ones, which are two classes. "
                    "Try: [unicodedata.normalize('NFC', label) for label in labels]."
                )
    rare = classes[counts == 1].tolist()
    if held_out and rare:
        shown = [f"{label!r} (text {int((labels == label).argmax())})" for label in rare[:SHOWN]]
        more = f" and {len(rare) - SHOWN} more" if len(rare) > SHOWN else ""
        warn(
            f"labels of one text only, which is learned from and never held out: "
            f"{', '.join(shown)}{more}. Try: more texts of them, or leave them out."
        )


def compared(
    predicted: Array, labels: Iterable[Any], classes: Array, *, several: bool = False
) -> Array:
    """Whether each prediction is right, bool `(n_texts,)`; one of no class that is known is not.

    Warns of labels that are no classes.

    Args:
        predicted: A class for each text.
        labels: What is right.
        classes: All that are known.
        several: Whether a list of labels stands for a text that has them all.

    Raises:
        ArgumentError: Another number of labels, or none that is a class.
    """
    wanted = list(many("labels", labels, "labels"))
    if len(wanted) != len(predicted):
        got = str(len(wanted))
        raise ArgumentError("labels", expected=f"{len(predicted)}, one for each text", got=got)
    if not wanted:
        raise ArgumentError("texts", expected="texts to judge by", got="none")
    known = classes.tolist()
    known_set = set(known)
    each = [as_many(label) if several else [label] for label in wanted]
    is_known = [any(_is_one_of(label, known_set) for label in some) for some in each]
    unseen = [label for label, seen in zip(wanted, is_known, strict=True) if not seen]
    shown = ", ".join(repr(label) for label in known[:SHOWN])
    if len(unseen) == len(wanted):
        raise ArgumentError(
            "labels",
            expected=f"classes that the classifier knows: {shown}",
            got=f"none of them, {described(unseen[0])} first",
            hint=_nearest(unseen[0], known_set),
        )
    if unseen:
        names = ", ".join(dict.fromkeys(repr(label) for label in unseen[:SHOWN]))
        warn(
            f"{some_of(len(unseen), len(wanted), 'has a label', 'have labels')} that the "
            f"classifier never saw, {names}, and {'counts' if len(unseen) == 1 else 'count'} as "
            f"wrong; it knows {shown}."
        )
    pairs = zip(is_known, predicted.tolist(), each, strict=True)
    return np.asarray([seen and found in some for seen, found, some in pairs], bool)


def as_many(label: Any) -> Any:
    """The labels of a text that may have several, as a list of them."""
    return label if isinstance(label, list | tuple | set | frozenset) else [label]


def _nearest(label: Any, known: set[Any]) -> str:
    """What to try where a label is no class as it is."""
    if isinstance(label, str):
        for way, form in (
            ("label.removeprefix('__label__')", label.removeprefix("__label__")),
            ("label.strip()", label.strip()),
            ("unicodedata.normalize('NFC', label)", normalize("NFC", label)),
        ):
            if form != label and form in known:
                return f"{way} for all of them"
    return "labels of the type that it was fitted with"


def _is_one_of(label: Any, known: set[Any]) -> bool:
    try:
        return label in known
    except TypeError:  # it cannot be in a set, and is none of a class
        return False


def warn_of_order(texts: Any, labels: Any) -> None:
    """Warn where pandas' own order of texts and labels differs: they are taken by position.

    That happens where one of two columns was shuffled alone.
    """
    one: Any = getattr(texts, "index", None)
    other: Any = getattr(labels, "index", None)
    if not (hasattr(one, "isin") and hasattr(other, "isin")) or len(one) != len(other):
        return
    if not one.equals(other) and one.isin(other).all():
        warn(
            "texts and labels have the same index in another order, and are taken by position. "
            "Try: shuffle the rows of the data frame, frame.sample(frac=1), and not one column."
        )


def _is_missing(label: Any) -> bool:
    """None, NaN, which differs from itself, and pandas' NA, which does not even say so."""
    if label is None or type(label).__name__ == "NAType":
        return True
    return isinstance(label, float | np.floating) and bool(label != label)


def _is_tensor(label: Any) -> bool:
    """Whether it is an item of a tensor, whose string is not its number."""
    return hasattr(label, "tolist") and not isinstance(label, np.generic)


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
            "labels",
            expected="all strings or all whole numbers",
            got=" and ".join(kinds),
            hint="labels.argmax(axis=1) of one-hot rows, labels.ravel() of a column; or "
            "model='fasttext', where a text may have several"
            if any(isinstance(label, list | tuple | np.ndarray) for label in labels)
            else "labels.tolist()"
            if any(map(_is_tensor, labels))
            else "str(label) for all of them",
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
