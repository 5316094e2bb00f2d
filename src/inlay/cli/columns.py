"""Which columns of a table hold the texts and the labels, where nobody has said it."""

import csv
import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from inlay.cli.outputs import note
from inlay.errors import ArgumentError, InlayError

# What the columns are called in the data sets that people have, the plainest first.
TEXTS = (
    "text review sentence document content comment body message tweet description "
    "문장 리뷰 본문 내용 텍스트 댓글 文本 内容 评论 评价 正文 句子"
)
LABELS = (
    "label labels class category sentiment target rating stars score polarity topic "
    "레이블 라벨 감정 평점 별점 标签 类别 分类 情感 评分"
)
NAMES = {"text": TEXTS.split(), "label": LABELS.split()}
TABLES = ("csv", "tsv", "jsonl")
SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "vertical bars", ",": "commas"}
WIDTH = 60  # of a text that is shown


def with_columns(data: str, options: dict[str, Any]) -> dict[str, Any]:
    """The options of `inlay.read_labelled` with the columns in them.

    A column is the one that was said; else the one of the usual name; else the only one whose
    name says what it is, which is reported on standard error.

    Args:
        data: The file or folder.
        options: As the user gave them. A column that is a number counts from 0.

    Raises:
        ArgumentError: No column, or several, may be the one; the message shows the first rows.
    """
    said = {name: _number(options[name]) for name in NAMES}
    options = options | said
    kind = options["kind"] or _kind(data)
    if kind not in TABLES or any(isinstance(c, int) for c in said.values()):
        return options
    return options | _found(data, kind, said, options["encoding"], options["errors"])


def column_of_texts(file: str, kind: str, column: str | None, encoding: str) -> str | int:
    """Which column of a table holds the texts, as `with_columns` finds it.

    Args:
        file: The table.
        kind: One of `TABLES`.
        column: What the user said.
        encoding: That of the file.

    Raises:
        ArgumentError: As of `with_columns`.
    """
    number = _number(column)
    if isinstance(number, int):
        return number
    return _found(file, kind, {"text": number}, encoding, "strict")["text"] or "text"


def _found(
    data: str, kind: str, said: dict[str, Any], encoding: str, errors: str
) -> dict[str, Any]:
    """The columns of a table by their names in its header: said, usual, or told by their name."""
    rows = _first_rows(data, kind, encoding, errors)
    if not rows:
        return said  # whatever is wrong, its reader says it better
    header = rows[0]
    found = {name: said[name] or _guess(name, header, said.values()) for name in said}
    missing = [name for name, column in found.items() if column not in header]
    if missing:
        raise ArgumentError(
            data,
            expected=" and ".join(f"a column {found[n] or n!r}" for n in missing),
            got=f"the columns {', '.join(map(repr, header))}{_example(rows)}",
            hint=_separated(header, kind, may_say="label" in said)
            or " and ".join(f"--{name} with the name of one" for name in missing)
            + _without_header(kind, said),
        )
    guessed = [f"--{n} {found[n]}" for n in said if said[n] is None and found[n] != n]
    if guessed:
        by = "Columns by their names" if len(said) > 1 else "Column by its name"
        note(f"{by}: {' '.join(guessed)}")
    return found


def _kind(data: str) -> str | None:
    from inlay.text.labelled.readers import kind_of_table

    return kind_of_table(data)


def _number(column: str | None) -> str | int | None:
    return int(column) if column is not None and column.isdecimal() else column


def _first_rows(data: str, kind: str, encoding: str, errors: str) -> list[list[str]]:
    """The header and a row; none if they are not text in this encoding, which garbles them."""
    from inlay.bytes.encodings import Encoding, known_encoding
    from inlay.bytes.lines import read_lines

    try:
        lines = read_lines(Path(data), Encoding(known_encoding(encoding), errors))
        if kind == "jsonl":
            record = json.loads(next(lines))
            return [list(record), [str(value) for value in record.values()]]
        quoting: Any = csv.QUOTE_NONE if kind == "tsv" else csv.QUOTE_MINIMAL
        delimiter = "\t" if kind == "tsv" else ","
        return list(itertools.islice(csv.reader(lines, delimiter=delimiter, quoting=quoting), 2))
    except (InlayError, csv.Error, ValueError, StopIteration, AttributeError, RecursionError):
        return []


def _guess(name: str, header: Sequence[str], taken: Any) -> str | None:
    """The column of the usual name, or the only one that may be meant."""
    if name in header:
        return name
    meant = [c for c in header if c.strip().lower() in NAMES[name] and c not in taken]
    return meant[0] if len(meant) == 1 else None


def _example(rows: list[list[str]]) -> str:
    if len(rows) < 2:
        return ""
    shown = [v if len(v) <= WIDTH else f"{v[: WIDTH - 3]}..." for v in rows[1]]
    return f" and the first row {', '.join(map(repr, shown))}"


def _separated(header: list[str], kind: str, *, may_say: bool) -> str:
    """What to do about columns that something else separates; `may_say`: there is `--kind`."""
    others = [name for mark, name in SEPARATORS.items() if mark in header[0]]
    if len(header) > 1 or kind == "jsonl" or not others:
        return ""
    if right := {"tabs": "tsv", "commas": "csv"}.get(others[0]):
        told = f"--kind {right}" if may_say else f"a copy whose name ends in .{right}"
        return f"{told}, for {others[0]} separate its columns"
    wanted = "commas" if kind == "csv" else "tabs"
    return f"a copy with {wanted} between the columns, where this file has {others[0]}"


def _without_header(kind: str, said: dict[str, Any]) -> str:
    if kind == "jsonl":
        return ""
    numbered = " ".join(f"--{name} {number}" for number, name in enumerate(said))
    return f"; or {numbered}, and so on, if the first line is a row and no header"
