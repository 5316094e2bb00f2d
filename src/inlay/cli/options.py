"""Options and output that commands have in common."""

import json
import math
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from inlay.cli.failures import in_options
from inlay.errors import ArgumentError, MissingFileError

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


def reading_options(format_name: str = "--format") -> Decorator:
    """The options of `inlay.load`, under its names."""
    options = (
        click.option(
            "format", format_name, metavar="NAME", help="What the file is, if not recognised."
        ),
        click.option("--member", metavar="NAME", help="Which file of a zip or tar archive."),
        click.option("--limit", type=click.IntRange(1), help="Read only the first N rows."),
        click.option("--dim", type=click.IntRange(1), help="Numbers in a vector, if unclear."),
        click.option(
            "--vocabulary",
            metavar="FILE",
            type=click.Path(),
            help="The tokens of a matrix that has none (.npy, .npz).",
        ),
        click.option(
            "--errors",
            type=click.Choice(["strict", "replace", "ignore", "backslashreplace"]),
            default="strict",
            show_default=True,
            help="What to do about bytes that are not UTF-8.",
        ),
        click.option(
            "--header",
            type=click.Choice(["check", "ignore"]),
            default="check",
            show_default=True,
            help="Whether a header's counts must be true.",
        ),
        click.option(
            "--nonfinite",
            type=click.Choice(["error", "keep"]),
            default="error",
            show_default=True,
            help="What to do about NaN and infinity.",
        ),
    )

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def check_target(target: str, format_out: str | None) -> None:
    """Fail now if `target` cannot be written, not after the work.

    Raises:
        click.UsageError: Neither its name nor `--format-out` says one format.
        MissingFileError: There is no such folder.
    """
    import numpy as np

    from inlay.core import Table
    from inlay.formats import save

    folder = Path(target).parent
    if not folder.is_dir():
        raise MissingFileError(target, expected="a folder to write into", got=f"no folder {folder}")
    one = Table(["a"], np.zeros((1, 1), np.float32))
    with tempfile.TemporaryDirectory() as trial:
        try:
            save(one, Path(trial, Path(target).name), format=format_out)
        except ArgumentError as error:
            error.hint = in_options(error.hint, {"format": "--format-out"})
            raise click.UsageError(str(error)) from error


def lines_of(file: str) -> Iterator[str]:
    """The lines of a file in UTF-8, or of standard input for `-`, without their ends."""
    from inlay.bytes.lines import decoded, read_lines

    lines = decoded(sys.stdin.buffer, "standard input") if file == "-" else read_lines(Path(file))
    for line in lines:
        yield line.rstrip("\r\n")


def texts_of(file: str) -> str | Iterator[str]:
    """What a job is given that reads a text a line: a path, or the lines of standard input."""
    return lines_of(file) if file == "-" else file


def quiet_backends() -> None:
    """Keep TensorFlow, where it is the backend, from greeting at length. Before its import."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def print_json(answer: dict[str, Any]) -> None:
    """Print one JSON object on one line: the form in which a program reads an answer."""
    click.echo(json.dumps(answer, ensure_ascii=False, allow_nan=False))


def print_pairs(pairs: dict[str, Any], indent: int = 0) -> None:
    """Print names and values in two columns; whole numbers with thousands' commas."""
    width = max(map(len, pairs))
    for name, value in pairs.items():
        text = f"{value:,}" if type(value) is int else str(value)
        click.echo(f"{'':{indent}}{name:<{width}}  {text}")


def size(n: int) -> str:
    """A number of bytes for people: `347.1 MB`."""
    if n < 1000:
        return f"{n} bytes"
    units = ("kB", "MB", "GB", "TB")
    power = min(int(math.log10(n)) // 3, len(units))
    return f"{n / 1000**power:.1f} {units[power - 1]}"
