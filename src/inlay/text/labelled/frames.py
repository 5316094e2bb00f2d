"""Labelled text in a data frame of pandas, polars or whoever has named columns."""

from collections.abc import Iterator
from typing import Any

from inlay.checks import described
from inlay.errors import ArgumentError, FormatError
from inlay.text.labelled.records import Columns, label_of, positions, rating_of
from inlay.text.labelled.texts import Item


def is_frame(data: Any) -> bool:
    """Whether it has named columns, each of which is had by `data[name]`."""
    return hasattr(data, "columns") and hasattr(data, "__getitem__")


def frame_rows(
    data: Any, columns: Columns, split: str | None, skipped: dict[str, int]
) -> Iterator[Item]:
    """The rows of a data frame, whose ids are `row 0` and so on, by their position."""
    names = list(data.columns)
    positions("the data frame", names, columns)
    texts, labels = _values(data, columns[0]), _values(data, columns[1])
    nothing: list[Any] = [None] * len(texts)
    if split is not None and "split" not in names:
        got = f"columns {', '.join(map(repr, names))}"
        raise ArgumentError("split", expected="a column 'split'", got=got)
    splits = nothing if split is None else _values(data, "split")
    has_ratings = "rating" in names and "rating" not in columns
    ratings = _values(data, "rating") if has_ratings else nothing
    for i, (text, label, part, rating) in enumerate(
        zip(texts, labels, splits, ratings, strict=True)
    ):
        if split is not None and part != split:
            skipped[str(part)] = skipped.get(str(part), 0) + 1
            continue
        where = f"row {i}"
        if not isinstance(text, str):
            expected = f"a string as {columns[0]!r}"
            raise FormatError(where, expected=expected, got=described(text))
        yield Item(text, label_of(label, where), where, rating_of(rating))


def _values(data: Any, name: Any) -> list[Any]:
    """A column as Python's own values."""
    column = data[name]
    values: list[Any] = column.to_list() if hasattr(column, "to_list") else list(column)
    return values
