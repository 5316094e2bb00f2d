"""Labelled texts as `compare` takes them: a file, a data frame, or two lists."""

import os
from pathlib import Path
from typing import Any

from inlay.aliases import Array, Text
from inlay.bytes.content import kind_of, shortened
from inlay.checks import described, every_text
from inlay.classify.labels import check_order, checked_labels, warn_of_order
from inlay.errors import ArgumentError, ArgumentTypeError, MissingFileError
from inlay.text import LabelledTexts, read_labelled


def labelled_data(
    data: Any, labels: Any, *, text: str | int | None, label: str | int | None
) -> tuple[list[Text], Array]:
    """The texts and an array of as many labels.

    Args:
        data: As of `compare`.
        labels: As of `compare`.
        text: As of `compare`.
        label: As of `compare`.

    Raises:
        ArgumentError: Labels twice or not at all; columns of what has none, or that are not there.
        ArgumentTypeError: What is no text.
        MissingFileError: There is no such file.
    """
    if _has_labels(data, labels):
        if labels is not None:
            raise ArgumentError(
                "labels",
                expected="nothing beside a file or data frame, which has them",
                got=described(labels),
                hint="label= with the name of the column, or a list of texts as data",
            )
        if not isinstance(data, LabelledTexts):
            data = _read(data, text, label)
            text = label = None
        data, labels = data.texts, data.labels
    for name, column in (("text", text), ("label", label)):
        if column is not None:
            raise ArgumentError(
                name, expected="a file or data frame with columns", got="texts without columns"
            )
    if labels is None:
        raise ArgumentTypeError(
            "labels",
            expected="a label for each text",
            got="None",
            hint="compare(texts, labels), or a file or data frame that has both",
        )
    warn_of_order(data, labels)
    hint = "texts first and labels second, without missing ones"
    texts: list[Text] = list(every_text("data", data, hint=hint))
    y = checked_labels(labels, len(texts))
    check_order(texts, y)
    if not any(text.strip() if isinstance(text, str) else text for text in texts):
        raise ArgumentError("data", expected="texts with words", got="only empty ones")
    return texts, y


def _has_labels(data: Any, labels: Any) -> bool:
    """Whether it is a file or folder, a data frame, or what was read of one."""
    if isinstance(data, str):  # beside labels it may be a text, and no list of them
        return labels is None or kind_of(Path(data)) is not None
    return isinstance(data, os.PathLike | LabelledTexts) or hasattr(data, "columns")


def _read(data: Any, text: str | int | None, label: str | int | None) -> LabelledTexts:
    if isinstance(data, str | os.PathLike) and kind_of(Path(data)) is None:
        raise MissingFileError(
            shortened(Path(data)),
            expected="a file or folder with labelled texts",
            got="nothing there",
            hint="texts themselves are given as a list, with a list of labels",
        )
    return read_labelled(data, text=text, label=label)
