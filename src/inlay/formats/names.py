"""The tokens of a matrix that has none: a list beside the file, or what the caller gives."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from inlay.bytes.content import open_content
from inlay.bytes.encodings import UTF8
from inlay.checks import described
from inlay.errors import ArgumentTypeError, FormatError

Names = str | os.PathLike[str] | Sequence[str] | Mapping[str, int]

# What is looked for beside `vectors.npy`: these, and `vectors.txt`, `vectors.vocab`, ...
STEMS = ("words", "vocab", "vocabulary", "tokens")
SUFFIXES = (".txt", ".json", ".vocab")
PICKLE = b"\x80"


def checked_names(name: str, tokens: Any) -> Names | None:
    """What may be tokens, told before any file is read.

    Raises:
        ArgumentTypeError: Neither a path, nor a list of strings, nor a mapping to whole numbers.
    """
    if tokens is None or isinstance(tokens, str | os.PathLike):
        return tokens
    given = tokens.tolist() if isinstance(tokens, np.ndarray) else tokens
    rows = list(given.values()) if isinstance(given, Mapping) else []
    strings = given if isinstance(given, Mapping | Sequence) else [None]
    if not all(isinstance(token, str) for token in strings) or not all(map(_is_row, rows)):
        raise ArgumentTypeError(
            name,
            expected="a file, a list of tokens or a mapping of tokens to rows",
            got=described(tokens),
        )
    return cast(Names, given)


def find_names(path: Path, tokens: Names | None, rows: int) -> list[str]:
    """One token for each row of a matrix.

    Args:
        path: The file with the matrix.
        tokens: A file (a token on each line, or JSON), tokens in row order, or token -> row. None:
            the one file beside `path` that looks like a list of tokens.
        rows: How many tokens there must be.

    Raises:
        FormatError: No such file or several, a pickle, or another number of tokens.
    """
    if tokens is None:
        tokens = _beside(path)
    if isinstance(tokens, str | os.PathLike):
        where = os.fspath(tokens)
        names = _from_file(where)
    elif isinstance(tokens, Mapping):
        where, names = "tokens", _from_mapping(tokens, "tokens")
    else:
        where, names = "tokens", list(tokens)
    if len(names) != rows:
        raise FormatError(
            where,
            expected=f"{rows} tokens, for {path.name} has {rows} rows",
            got=str(len(names)),
            hint="tokens= with the list that belongs to this matrix",
        )
    return names


def _beside(path: Path) -> Path:
    stem = path.name.split(".")[0]
    found = [
        path.with_name(name + suffix)
        for name in dict.fromkeys((stem, *STEMS))
        for suffix in SUFFIXES
        if path.with_name(name + suffix).is_file()
    ]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(file.name for file in found)
    others = sorted(file.name for file in path.parent.iterdir() if file.suffix in SUFFIXES)
    names = [file.name for file in found] or others
    which = " or ".join(f"tokens={name!r}" for name in names[:3])
    raise FormatError(
        path.name,
        expected="tokens in the file, or one list of them beside it",
        got=f"{len(found)} lists: {listed}" if found else "none",
        hint=which or "tokens= with a file of one token per line, a .json, or a list",
    )


def _from_file(where: str) -> list[str]:
    source = open_content(where, what="a file of tokens", choosable=False)
    if source.head.startswith(PICKLE):
        raise FormatError(
            where,
            expected="a text or JSON file of tokens",
            got="a Python pickle, which may run any program and is never opened here",
            hint="load it yourself if you trust it, and give the list or dict",
        )
    try:
        text = UTF8.decode(source.array().tobytes(), where)
        if source.inner.endswith(".json"):
            return _from_json(json.loads(text), where)
    except (ValueError, RecursionError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(where, expected="tokens as JSON", got=str(error)) from error
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


def _from_json(value: Any, where: str) -> list[str]:
    if isinstance(value, list) and all(isinstance(token, str) for token in value):
        return value
    if isinstance(value, dict) and all(type(row) is int for row in value.values()):
        return _from_mapping(value, where)
    if isinstance(value, dict) and all(
        isinstance(token, str) and row.isascii() and row.isdigit() for row, token in value.items()
    ):
        return _in_order({int(row): token for row, token in value.items()}, where, len(value))
    raise FormatError(
        where,
        expected="a list of tokens, token -> row, or row -> token",
        got=f"a JSON {type(value).__name__} of something else",
        hint="give them as a Python list",
    )


def _is_row(row: Any) -> bool:
    return isinstance(row, int | np.integer) and not isinstance(row, bool)


def _from_mapping(mapping: Mapping[str, int], where: str) -> list[str]:
    return _in_order({row: token for token, row in mapping.items()}, where, len(mapping))


def _in_order(tokens: dict[int, str], where: str, n: int) -> list[str]:
    missing = [row for row in range(n) if row not in tokens]
    if missing:
        raise FormatError(
            where,
            expected=f"rows 0 to {n - 1}, each once",
            got=f"no token for row {missing[0]}",
            hint="the list that belongs to this matrix",
        )
    return [tokens[row] for row in range(n)]
