"""`inlay similar`: the nearest words of a table."""

from typing import TYPE_CHECKING, Any

import click

from inlay.cli.failures import Command, escaped
from inlay.cli.options import json_option, print_json, reading_arguments, reading_options
from inlay.errors import UnknownTokenError

if TYPE_CHECKING:
    from inlay.core import Table

HELP = """Print the words nearest to WORD by cosine, the nearest first.

Several words are added up; --negative subtracts.

\b
Example:
  inlay similar glove.safetensors king woman --negative man -n 5"""


@click.command(cls=Command, help=HELP, short_help="Print the nearest words.", no_args_is_help=True)
@click.argument("file", type=click.Path())
@click.argument("words", metavar="WORD...", nargs=-1, required=True)
@click.option("--negative", metavar="WORD", multiple=True, help="Subtract this one; repeatable.")
@click.option(
    "-n", "--topn", type=click.IntRange(1), default=10, show_default=True, help="How many."
)
@reading_options()
@json_option
def similar(
    file: str,
    words: tuple[str, ...],
    negative: tuple[str, ...],
    topn: int,
    as_json: bool,
    **reading: Any,
) -> None:
    from inlay.formats import load

    table = load(file, **reading_arguments(file, reading))
    for word in (*words, *negative):
        _check_known(word, table, file)
    nearest = table.most_similar(words, negative, topn=topn)
    if as_json:
        pairs = [{"token": token, "cosine": cosine} for token, cosine in nearest]
        print_json({"positive": words, "negative": negative, "nearest": pairs})
        return
    for token, cosine in nearest:
        click.echo(f"{cosine:7.4f}  {escaped(token)}")


def _check_known(word: str, table: "Table", file: str) -> None:
    if word in table:
        return
    others = {word.lower(), word.capitalize(), word.upper(), word.title()}
    there = sorted(other for other in others if other in table)
    raise UnknownTokenError(
        file,
        expected="words that it holds",
        got=repr(word),
        hint=" or ".join(map(repr, there)) if there else "",
    )
