"""`inlay doctor`: what is wrong with a file of vectors."""

from typing import TYPE_CHECKING, Any

import click

from inlay.cli.failures import EXIT_CODE, Command
from inlay.cli.inputs import check_there, reading_arguments, table_file
from inlay.cli.interrupts import work
from inlay.cli.options import json_option, reading_options
from inlay.cli.outputs import print_json, say

if TYPE_CHECKING:
    from inlay.evaluate.doctor import Diagnosis
    from inlay.evaluate.findings import Example

FOUND, UNREADABLE = 1, 2

HELP = """Look for all that may be wrong with a file of word vectors, and say what to do about it.

It finds NaN, infinity, rows of zeros or of unusual length, rows and tokens that are there twice,
tokens that differ only in their Unicode normalisation, text in a wrong encoding, characters that
cannot be seen, headers that lie, and files that were cut off or changed.

The exit code is 0 for a healthy file, 1 if something was found, and 2 if it cannot be read.

\b
Example:
  inlay doctor glove.6B.100d.txt
  inlay doctor vectors.safetensors --json"""


@click.command(cls=Command, help=HELP, no_args_is_help=True)
@click.argument("file", type=click.Path())
@reading_options()
@json_option
def doctor(file: str, as_json: bool, **reading: Any) -> None:
    context = click.get_current_context()
    context.meta[EXIT_CODE] = UNREADABLE
    check_there(file, "a file of vectors", kind="vectors")
    from inlay.evaluate.doctor import diagnose

    path = table_file(file)
    with work():
        diagnosis = diagnose(path, **reading_arguments(path, reading))
    if as_json:
        print_json(diagnosis.as_dict())
    else:
        _print(diagnosis)
    context.exit(0 if diagnosis.is_healthy else FOUND)


def _print(diagnosis: "Diagnosis") -> None:
    n, dim = diagnosis.shape
    say(f"{diagnosis.path}: {n:,} x {dim} {diagnosis.dtype}, {diagnosis.format}")
    if diagnosis.is_healthy:
        say("healthy: nothing was found")
    for finding in diagnosis.findings:
        say()
        say(f"{finding.kind} ({finding.n:,}): {finding.what}")
        for example in finding.examples:
            say(f"  {_line(example)}")
        if finding.n > len(finding.examples) > 0:
            say("  ...")
        say(f"  Try: {finding.advice}.")


def _line(example: "Example") -> str:
    place = "" if example.row is None else f"row {example.row}"
    token = "" if example.token is None else repr(example.token)
    return ", ".join(part for part in (place, token, example.note) if part)
