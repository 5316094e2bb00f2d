"""`inlay convert`: from one format of vectors to another."""

import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from inlay.cli.failures import Command
from inlay.cli.inputs import check_there, lines_of, named, reading_arguments, table_file
from inlay.cli.interrupts import work
from inlay.cli.options import json_option, overwrite_option, reading_options, seed_option
from inlay.cli.outputs import check_vectors, print_json, say, size

if TYPE_CHECKING:
    from inlay.evaluate.loss import Loss

HELP = """Read the vectors in IN and write them to OUT, in the format that the ending of OUT names.

The format .safetensors is inlay's own and opens in milliseconds, whatever the size of the file.
OUT is written in one step: if the command is killed, whatever stood there before is untouched.

\b
Example:
  inlay convert glove.6B.100d.txt glove.safetensors
  inlay convert glove.safetensors small.safetensors --dtype int8 --report
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
@click.option(
    "--report",
    is_flag=True,
    help="Read IN again and print what the vectors have lost: cosines, and the nearest neighbours "
    "of 1,000 rows.",
)
@click.option(
    "--pairs",
    metavar="FILE",
    type=click.Path(),
    multiple=True,
    help="Compare the agreement with the people who rated these pairs of words, one pair and its "
    "rating on a line; may be given several times.",
)
@seed_option
@reading_options("--format-in")
@overwrite_option
@json_option
def convert(
    source: str,
    target: str,
    format_out: str | None,
    keep: str | None,
    report: bool,
    pairs: tuple[str, ...],
    seed: int,
    overwrite: bool,
    as_json: bool,
    **reading: Any,
) -> None:
    check_there(source, "a file of vectors", kind="vectors")
    check_vectors(target, format_out, overwrite=overwrite)
    if keep is not None:
        check_there(keep, "a file of tokens, one per line")
    for file in pairs:
        check_there(file, "a file of pairs of words")
    from inlay import formats

    given, source = source, table_file(source)
    wanted = None if keep is None else set(lines_of(keep))
    arguments = {"keep": wanted, **reading_arguments(source, reading)}
    with work():
        table = formats.convert(named(given, source), target, target_format=format_out, **arguments)
        lost = None
        if report or pairs:
            from inlay.evaluate.loss import loss

            before = formats.load(source, **{**arguments, "dtype": None})
            lost = loss(before, formats.load(target, format=format_out), seed=seed, pairs=pairs)
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
                **({} if lost is None else {"report": _as_json(lost)}),
            }
        )
        return
    say(f"{target}: {len(table):,} x {table.dim} {table.stored_dtype}, {size(written)}")
    if lost is not None:
        _print(lost)


def _print(lost: "Loss") -> None:
    numbers = f"{size(lost.bytes_after)} for the numbers, {size(lost.bytes_before)} before"
    say(f"  stored as {lost.dtype}: {numbers}")
    cosines = f"{lost.cosine_mean:.6f} on average, {lost.cosine_min:.6f} at least"
    say(f"  cosine with the original: {cosines}")
    kept = f"{lost.neighbours_kept:.2%} of the nearest {lost.topn}, of {lost.n_sample:,} rows"
    say(f"  neighbours kept: {kept}")
    for found in lost.agreement:
        known = f"{found.n_known:,} of {found.n_pairs:,} pairs known"
        rho = f"Spearman's rho {found.after:.4f}, {found.before:.4f} before"
        say(f"  {found.path}: {rho}; {known}")


def _as_json(lost: "Loss") -> dict[str, Any]:
    facts = asdict(lost)
    for found in facts["agreement"]:  # NaN is no JSON
        for name in ("before", "after"):
            found[name] = None if math.isnan(found[name]) else found[name]
    return facts
