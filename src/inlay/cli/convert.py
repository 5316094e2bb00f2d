"""`inlay convert`: from one format of vectors to another."""

from pathlib import Path
from typing import Any

import click

from inlay.cli.failures import Command
from inlay.cli.inputs import check_there, lines_of, reading_arguments, table_file
from inlay.cli.interrupts import work
from inlay.cli.options import json_option, overwrite_option, reading_options
from inlay.cli.outputs import check_vectors, print_json, say, size

HELP = """Read the vectors in IN and write them to OUT, in the format that the ending of OUT names.

The format .safetensors is inlay's own and opens in milliseconds, whatever the size of the file.
OUT is written in one step: if the command is killed, whatever stood there before is untouched.

\b
Example:
  inlay convert glove.6B.100d.txt glove.safetensors
  inlay convert crawl.vec.gz small.bin --keep words.txt"""


@click.command(cls=Command, help=HELP, no_args_is_help=True)
@click.argument("source", metavar="IN", type=click.Path())
@click.argument("target", metavar="OUT", type=click.Path())
@click.option(
    "--format-out", metavar="NAME", help="Write this format, if the name of OUT does not say which."
)
@click.option(
    "--keep",
    metavar="FILE",
    type=click.Path(),
    help="Keep only the tokens in FILE, one per line; a hyphen reads standard input.",
)
@reading_options("--format-in")
@overwrite_option
@json_option
def convert(
    source: str,
    target: str,
    format_out: str | None,
    keep: str | None,
    overwrite: bool,
    as_json: bool,
    **reading: Any,
) -> None:
    check_there(source, "a file of vectors", kind="vectors")
    check_vectors(target, format_out, overwrite=overwrite)
    if keep is not None:
        check_there(keep, "a file of tokens, one per line")
    from inlay.formats import load, save

    source = table_file(source)
    wanted = None if keep is None else set(lines_of(keep))
    table = load(source, keep=wanted, **reading_arguments(source, reading))
    with work():
        save(table, target, format=format_out)
    written = Path(target).stat().st_size
    if as_json:
        print_json(
            {
                "file": target,
                "file_bytes": written,
                "vocab_size": len(table),
                "dim": table.dim,
                "dtype": table.stored_dtype,
                "provenance": table.provenance,
            }
        )
        return
    say(f"{target}: {len(table):,} x {table.dim} {table.stored_dtype}, {size(written)}")
