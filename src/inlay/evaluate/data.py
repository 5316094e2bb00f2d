"""Labelled texts as `compare` takes them: a file, a table with columns, or two lists."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from inlay.aliases import Array, Text
from inlay.bytes.content import kind_of, shortened
from inlay.checks import described, every_text
from inlay.classify.labels import checked_labels, warn_of_order
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
    if isinstance(data, str | os.PathLike) and labels is None:
        if kind_of(Path(data)) is None:
            raise MissingFileError(
                shortened(Path(data)),
                expected="a file or folder with labelled texts",
                got="nothing there",
                hint="texts themselves are given as a list, with a list of labels",
            )
        data = read_labelled(data, text=text, label=label)
        text = label = None
    elif _has_columns(data) or isinstance(data, os.PathLike) or _is_file(data):
        if labels is not None:
            raise ArgumentError(
                "labels",
                expected="nothing beside a file or table, which has them in a column",
                got=described(labels),
                hint="label= with the name of the column, or a list of texts as data",
            )
        data, labels = (_column(data, "text", text), _column(data, "label", label))
        text = label = None
    for name, column in (("text", text), ("label", label)):
        if column is not None:
            raise ArgumentError(
                name, expected="a file or table with columns", got="texts without columns"
            )
    if isinstance(data, LabelledTexts) and labels is None:
        data, labels = data.texts, data.labels
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
    if not any(text.strip() if isinstance(text, str) else text for text in texts):
        raise ArgumentError("data", expected="texts with words", got="only empty ones")
    return texts, y


def _has_columns(data: Any) -> bool:
    """A data frame of any library, or a dict of columns."""
    return hasattr(data, "columns") or isinstance(data, Mapping)


def _is_file(data: Any) -> bool:
    return isinstance(data, str) and kind_of(Path(data)) is not None


def _column(table: Any, argument: str, column: str | int | None) -> Iterable[Any]:
    """The column that is called so, or like the argument."""
    names, wanted = list(getattr(table, "columns", table)), argument if column is None else column
    if wanted not in names:
        raise ArgumentError(
            argument,
            expected=f"one of the columns {', '.join(map(repr, names))}",
            got="none" if column is None else repr(column),
            hint=f"{argument}= with the name of one",
        )
    found: Iterable[Any] = table[wanted]
    return found
