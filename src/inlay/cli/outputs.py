"""Where results go: looked at before the work, replaced only if asked, and printed."""

import json
import math
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from inlay.cli.failures import escaped
from inlay.cli.hints import in_options, in_words
from inlay.errors import ArgumentError, InlayError
from inlay.paths import check_writable, file_to_write, folder_to_write

REPLACE = "--overwrite to replace it, or another name"


def check_file(target: str, *, overwrite: bool) -> None:
    """Fail now if a file cannot be written, or would be replaced unasked: not after the work.

    Raises:
        MissingFileError: There is no such folder.
        ArgumentError: `target` is a folder, is there already, or cannot be written.
    """
    path = file_to_write(target)
    if path.exists() and not path.is_file():
        return  # a device or a pipe: /dev/stdout
    if path.exists() and not overwrite:
        raise ArgumentError(target, expected="a new file", got="one that exists", hint=REPLACE)
    check_writable(target, path)


def check_vectors(target: str, format: str | None, *, overwrite: bool) -> None:
    """`check_file` for a file of vectors, whose name or format must say how to write it.

    Raises:
        click.UsageError: Neither its name nor `--format-out` says one format.
        MissingFileError: As `check_file`.
        ArgumentError: As `check_file`.
    """
    import numpy as np

    from inlay.core import Table
    from inlay.formats import save

    file_to_write(target)
    one = Table(["a"], np.zeros((1, 1), np.float32))
    with tempfile.TemporaryDirectory() as trial:
        try:
            save(one, Path(trial, Path(target).name), format=format)
        except ArgumentError as error:
            error.hint = in_options(error.hint, {"format": "--format-out"})
            message = f"{target}: expected {in_words(error.expected)}, got {error.got}."
            if error.hint:
                message += f" Try: {error.hint}."
            raise click.UsageError(escaped(message)) from error
        except InlayError as error:  # a format that cannot hold tokens
            error.where = target
            raise
    check_file(target, overwrite=overwrite)


def check_folder(folder: str, *, overwrite: bool, marks: Sequence[str], what: str) -> None:
    """Fail now if a folder cannot be written, or would be replaced unasked.

    Args:
        folder: The folder.
        overwrite: Whether an older result may be replaced. Other things never are.
        marks: All that an older result consists of; the first file is always there.
        what: Such a result, as a phrase: "a classifier".

    Raises:
        MissingFileError: There is no folder around it.
        ArgumentError: It is a file, holds something, or cannot be written.
    """
    path = check_writable_folder(folder)
    if path.is_dir() and any(path.iterdir()):
        others = {child.name for child in path.iterdir()} - {*marks}
        if others or not (path / marks[0]).is_file():
            raise ArgumentError(
                folder,
                expected=f"a new folder, or {what}",
                got="a folder with other things in it",
                hint="another name",
            )
        if not overwrite:
            raise ArgumentError(folder, expected="a new folder", got=what, hint=REPLACE)


def check_writable_folder(folder: str) -> Path:
    """Fail now if a folder cannot be written; what it holds is not looked at.

    Raises:
        MissingFileError: There is no folder around it.
        ArgumentError: It is a file, or cannot be written.
    """
    path = folder_to_write(folder)
    check_writable(folder, path)
    return path


def print_json(answer: dict[str, Any]) -> None:
    """Print one JSON object on one line: the form in which a program reads an answer."""
    click.echo(as_json(answer))


def as_json(answer: dict[str, Any]) -> str:
    """An answer as one line of JSON, which a terminal can show."""
    return escaped(json.dumps(answer, ensure_ascii=False, allow_nan=False))


def print_pairs(pairs: dict[str, Any], indent: int = 0) -> None:
    """Print names and values in two columns; whole numbers with thousands' commas."""
    width = max(map(len, pairs))
    for name, value in pairs.items():
        text = f"{value:,}" if type(value) is int else str(value)
        say(f"{'':{indent}}{name:<{width}}  {text}")


def say(line: str = "") -> None:
    """Print a line of a result, without what a terminal would obey."""
    click.echo(escaped(line))


def note(line: str) -> None:
    """Print a line about the work, which is no part of the result, to standard error."""
    click.echo(escaped(line), err=True)


def size(n: int) -> str:
    """A number of bytes for people: `347.1 MB`."""
    if n < 1000:
        return f"{n} bytes"
    units = ("kB", "MB", "GB", "TB")
    power = min(int(math.log10(n)) // 3, len(units))
    return f"{n / 1000**power:.1f} {units[power - 1]}"
