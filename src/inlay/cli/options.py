"""Options and output that commands have in common."""

import dataclasses
import json
import math
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from inlay.checks import file_to_write
from inlay.cli.failures import escaped, in_options
from inlay.errors import ArgumentError

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


# Flags that only some formats understand; a flag's name here is the format's own for it.
FORMAT_FLAGS = ("dim", "tokens", "errors", "header", "nonfinite")


def reading_options(format_name: str = "--format") -> Decorator:
    """The options of `inlay.load` and of its formats, under their names."""
    options = (
        click.option(
            "format", format_name, metavar="NAME", help="What the file is, if not recognised."
        ),
        click.option("--member", metavar="NAME", help="Which file of a zip or tar archive."),
        click.option("--limit", type=click.IntRange(1), help="Read only the first N rows."),
        click.option("--dim", type=click.IntRange(1), help="Numbers in a vector, if unclear."),
        click.option(
            "tokens",
            "--vocabulary",
            metavar="FILE",
            type=click.Path(),
            help="The tokens of a matrix that has none (.npy, .npz).",
        ),
        click.option(
            "--errors",
            type=click.Choice(["strict", "replace", "ignore", "backslashreplace"]),
            help="What to do about bytes that are not UTF-8.  [default: strict]",
        ),
        click.option(
            "--header",
            type=click.Choice(["check", "ignore"]),
            help="Whether a header's counts must be true.  [default: check]",
        ),
        click.option(
            "--nonfinite",
            type=click.Choice(["error", "keep"]),
            help="What to do about NaN and infinity.  [default: error]",
        ),
    )

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def reading_arguments(file: str, given: dict[str, Any]) -> dict[str, Any]:
    """What `inlay.load` is called with, its format among it, for the options that were given.

    Args:
        file: What is to be read.
        given: The values of `reading_options`.

    Raises:
        click.UsageError: A flag that the file's format does not understand.
    """
    from inlay.formats import format_of

    said = {name: given[name] for name in FORMAT_FLAGS if given[name] is not None}
    format = format_of(file, format=given["format"], member=given["member"])
    known = {field.name for field in dataclasses.fields(format)}  # type: ignore[arg-type]
    flags = {param.name: param.opts[-1] for param in click.get_current_context().command.params}
    for name in said:
        if name not in known:
            has = [flags[other] for other in FORMAT_FLAGS if other in known]
            other = f"what it understands is {', '.join(has)}" if has else "it needs no such flag"
            raise click.UsageError(
                f"{flags[name]} has no effect on {file}, of the format {format.name!r}; {other}."
            )
    chosen = dataclasses.replace(format, **said)  # type: ignore[type-var]
    return {"format": chosen, "member": given["member"], "limit": given["limit"]}


def check_target(target: str, format_out: str | None) -> None:
    """Fail now if `target` cannot be written, not after the work.

    Raises:
        click.UsageError: Neither its name nor `--format-out` says one format.
        MissingFileError: There is no such folder.
        ArgumentError: `target` is a folder.
    """
    import numpy as np

    from inlay.core import Table
    from inlay.formats import save

    file_to_write(target)
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
    click.echo(escaped(json.dumps(answer, ensure_ascii=False, allow_nan=False)))


def print_pairs(pairs: dict[str, Any], indent: int = 0) -> None:
    """Print names and values in two columns; whole numbers with thousands' commas."""
    width = max(map(len, pairs))
    for name, value in pairs.items():
        text = f"{value:,}" if type(value) is int else str(value)
        click.echo(escaped(f"{'':{indent}}{name:<{width}}  {text}"))


def size(n: int) -> str:
    """A number of bytes for people: `347.1 MB`."""
    if n < 1000:
        return f"{n} bytes"
    units = ("kB", "MB", "GB", "TB")
    power = min(int(math.log10(n)) // 3, len(units))
    return f"{n / 1000**power:.1f} {units[power - 1]}"
