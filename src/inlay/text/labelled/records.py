"""Labelled text in one file, record by record: delimited columns, JSON lines, fastText's lines."""

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from inlay.bytes.encodings import Encoding
from inlay.bytes.limits import TEXT
from inlay.bytes.lines import read_lines
from inlay.errors import ArgumentError, FormatError
from inlay.text.labelled.texts import Item

Columns = tuple[str | int, str | int | None]  # of the text and of the label, if there is one
PREFIX = "__label__"
SEVERAL = (
    "several=True, for a list of the labels of each text; or inlay classify fit --model fasttext "
    "and inlay classify test, which read several"
)


def delimited(
    path: Path,
    encoding: Encoding,
    delimiter: str,
    columns: Columns,
    split: str | None,
    skipped: dict[str, int],
) -> Iterator[Item]:
    """Rows of a CSV file, where quotes may hold line ends, or of a TSV, where they are text.

    Numbered columns: no header, and so no columns `split` and `rating` either.
    """
    # One number for the whole process, which is never made smaller; a C long on Windows.
    csv.field_size_limit(max(csv.field_size_limit(), min(TEXT.bytes(), 2**31 - 1)))
    lines = read_lines(path, encoding)  # with their ends, for a quoted field may hold some
    if delimiter == "\t":
        rows = csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    else:
        rows = csv.reader(lines, delimiter=delimiter, strict=True)
    where, name = str(path), path.name
    try:
        if isinstance(columns[0], int):
            text_at, label_at = columns
            names: list[str] = []
        else:
            names = next(rows, [])
            text_at, label_at = positions(where, names, columns)
        split_at = None if split is None else _split_at(where, names)
        rating_at = names.index("rating") if "rating" in {*names} - {*columns} else None
        for row in rows:
            if not row:
                continue  # a line without anything, as the csv module sees it
            line = f"{where}, line {rows.line_num}"
            try:
                if split_at is not None and row[split_at] != split:
                    skipped[row[split_at]] = skipped.get(row[split_at], 0) + 1
                    continue
                text = row[int(text_at)]
                label = "" if label_at is None else label_of(row[int(label_at)], line)
                rating = None if rating_at is None else rating_of(row[rating_at])
            except IndexError:
                last = max(int(text_at), int(label_at or 0), split_at or 0, rating_at or 0)
                raise FormatError(
                    line, expected=f"{last + 1} columns or more", got=str(len(row))
                ) from None
            yield Item(text, label, f"{name}:{rows.line_num}", rating)
    except csv.Error as error:
        raise FormatError(
            f"{where}, line {rows.line_num}",
            expected="delimited text",
            got=str(error),
        ) from error


def json_lines(
    path: Path, encoding: Encoding, columns: Columns, split: str | None, skipped: dict[str, int]
) -> Iterator[Item]:
    """One JSON object a line."""
    text_key, label_key = columns
    for number, line in enumerate(read_lines(path, encoding), 1):
        where = f"{path}, line {number}"
        if not line.strip():
            continue
        try:
            content = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise FormatError(where, expected="a JSON object", got=f"{error}") from error
        if not isinstance(content, dict):
            raise FormatError(where, expected="a JSON object", got=type(content).__name__)
        positions(where, list(content), columns)
        if split is not None:
            _split_at(where, list(content))
            if (part := content["split"]) != split:
                skipped[str(part)] = skipped.get(str(part), 0) + 1
                continue
        text = content[text_key]
        if not isinstance(text, str):
            raise FormatError(where, expected=f"a string as {text_key!r}", got=type(text).__name__)
        rating = rating_of(content.get("rating")) if "rating" not in columns else None
        label = "" if label_key is None else label_of(content[label_key], where)
        yield Item(text, label, f"{path.name}:{number}", rating)


def fasttext(path: Path, encoding: Encoding, skipped: dict[str, int]) -> Iterator[Item]:
    """Lines `__label__x text`, one label each."""
    for number, line in enumerate(read_lines(path, encoding), 1):
        line = line.removesuffix("\n").removesuffix("\r")
        where = f"{path}, line {number}"
        if not line.strip():
            skipped["blank lines"] = skipped.get("blank lines", 0) + 1
            continue
        first = line.split(maxsplit=1)[0]
        text = line.lstrip()[len(first) + 1 :]
        if not first.startswith(PREFIX):
            raise FormatError(where, expected=f"{PREFIX}NAME first", got=f"{first[:60]!r}")
        if PREFIX in text and any(word.startswith(PREFIX) for word in text.split()):
            raise FormatError(where, expected="one label", got=f"{line[:60]!r}", hint=SEVERAL)
        label = label_of(first.removeprefix(PREFIX), where)
        yield Item(text, label, f"{path.name}:{number}")


def positions(where: str, names: list[Any], columns: Columns) -> tuple[int, int | None]:
    """Where the text and the label stand among the columns' names."""
    for argument, column in zip(("text", "label"), columns, strict=True):
        if column is not None and column not in names:
            hint = f"{argument}= one of them"
            if len(names) == 1 and isinstance(names[0], str) and "\t" in names[0]:
                hint = "kind='tsv', for tabs separate its columns"
            raise ArgumentError(
                where,
                expected=f"a column {column!r}",
                got=f"columns {', '.join(map(repr, names))}",
                hint=hint,
            )
    text, label = columns
    return names.index(text), None if label is None else names.index(label)


def _split_at(where: str, names: list[str]) -> int:
    if "split" not in names:
        got = f"columns {', '.join(map(repr, names))}" if names else "columns without names"
        raise ArgumentError("split", expected=f"a column 'split' in {where}", got=got)
    return names.index("split")


def rating_of(value: Any) -> int | None:
    """A whole number as it stands in a column, or None."""
    found = re.fullmatch(r"\s*(-?\d{1,9})(?:\.0*)?\s*", str(value))
    return int(found[1]) if found else None


def label_of(value: Any, where: str) -> str:
    """A label as a string; missing ones, as several programs write them, are errors."""
    missing = value is None or value != value or str(value).strip() in ("", "nan", "NaN")
    if missing or isinstance(value, list | dict):
        raise FormatError(where, expected="a label", got=repr(value), hint="remove the line")
    return str(value)
