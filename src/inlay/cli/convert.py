"""`inlay convert`: from one format of vectors to another."""

from pathlib import Path
from typing import Any

import click

from inlay.cli.failures import Command, escaped
from inlay.cli.options import (
    check_target,
    json_option,
    lines_of,
    print_json,
    reading_arguments,
    reading_options,
    size,
)

HELP = """Read the vectors in IN and write them to OUT, in the format that its name ends in.

.safetensors is our own, which opens in milliseconds whatever its size. OUT is complete or not
there at all: a convert that is killed leaves what stood there before.

\b
Example:
  inlay convert glove.6B.100d.txt glove.safetensors
  inlay convert crawl.vec.gz small.bin --keep words.txt"""


@click.command(
    cls=Command, help=HELP, short_help="Write vectors in another format.", no_args_is_help=True
)
@click.argument("source", metavar="IN", type=click.Path())
@click.argument("target", metavar="OUT", type=click.Path())
@click.option("--format-out", metavar="NAME", help="What to write, if the name does not say it.")
@click.option(
    "--keep",
    metavar="FILE",
    type=click.Path(),
    help="Only the tokens in FILE, one a line; - reads stdin.",
)
@reading_options("--format-in")
@json_option
def convert(
    source: str,
    target: str,
    format_out: str | None,
    keep: str | None,
    as_json: bool,
    **reading: Any,
) -> None:
    from inlay.formats import load, save

    check_target(target, format_out)
    wanted = None if keep is None else set(lines_of(keep))
    table = load(source, keep=wanted, **reading_arguments(source, reading))
    save(table, target, format=format_out)
    written = Path(target).stat().st_size
    if as_json:
        print_json(
            {
                "file": target,
                "file_bytes": written,
                "vocab_size": len(table),
                "dim": table.dim,
                "dtype": str(table.matrix.dtype),
                "provenance": table.provenance,
            }
        )
        return
    click.echo(
        f"{escaped(target)}: {len(table):,} x {table.dim} {table.matrix.dtype}, {size(written)}"
    )
