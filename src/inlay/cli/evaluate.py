"""`inlay evaluate`: word vectors on pairs that people judged, and on analogies."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from inlay.cli.failures import Command
from inlay.cli.inputs import check_there, reading_arguments, table_file
from inlay.cli.options import json_option, reading_options
from inlay.cli.outputs import print_json, say
from inlay.errors import ArgumentError

if TYPE_CHECKING:
    from inlay.evaluate import Analogies, WordPairs

HELP = """Measure word vectors by themselves: on pairs of words, and on analogies.

A file of pairs has two words and a number on each line, which says how alike people find them;
what is printed is how well the cosines of the vectors agree with them (Spearman's rank
correlation). A file of analogies has four words on each line, and lines with a colon that begin
a section; what is printed is how often the fourth word is nearest to b - a + c.

\b
Example:
  inlay evaluate vectors.safetensors --pairs EN-WS-353-ALL.txt --pairs EN-MEN-TR-3k.txt
  inlay evaluate vectors.safetensors --analogies questions-words.txt --max-size 30000"""


@click.command(cls=Command, help=HELP, no_args_is_help=True)
@click.argument("file", type=click.Path())
@click.option(
    "--pairs",
    metavar="FILE",
    multiple=True,
    type=click.Path(),
    help="Compare with these judgements; may be given several times.",
)
@click.option(
    *("--analogies", "questions"),
    metavar="FILE",
    multiple=True,
    type=click.Path(),
    help="Complete these analogies; may be given several times.",
)
@click.option(
    "--max-size",
    type=click.IntRange(1),
    default=300_000,
    show_default=True,
    help="Take analogies and answers from the first N words.",
)
@reading_options()
@json_option
def evaluate(
    file: str,
    pairs: tuple[str, ...],
    questions: tuple[str, ...],
    max_size: int,
    as_json: bool,
    **reading: Any,
) -> None:
    check_there(file, "a file of vectors", kind="vectors")
    if not (pairs or questions):
        raise ArgumentError(
            "inlay evaluate", expected="--pairs or --analogies", got="neither", hint="--pairs FILE"
        )
    for path in (*pairs, *questions):
        check_there(path, "a text file")
    from inlay.evaluate import analogies, word_pairs
    from inlay.formats import load

    file = table_file(file)
    table = load(file, **reading_arguments(file, reading))
    rows: list[dict[str, Any]] = []
    for path in pairs:
        judged = word_pairs(table, path)
        rows.append({"pairs": path, **_plain(judged)})
        if not as_json:
            missing = f", {judged.n_missing:,} with unknown words left out"
            say(
                f"{path}: Spearman {judged.spearman:.4f} on {judged.n_pairs:,} pairs"
                + missing * bool(judged.n_missing)
            )
    for path in questions:
        found = analogies(table, path, max_size=max_size)
        rows.append({"analogies": path, **_plain(found)})
        if not as_json:
            _print_analogies(path, found.sections, found.n_right, found.n_asked, found.n_missing)
    if as_json:
        print_json({"file": file, "vocab_size": len(table), "results": rows})


def _plain(found: "WordPairs | Analogies") -> dict[str, Any]:
    """Figures as JSON has them, which knows no NaN."""
    return {name: None if value != value else value for name, value in asdict(found).items()}


def _print_analogies(
    path: str, sections: dict[str, tuple[int, int]], right: int, asked: int, missing: int
) -> None:
    share = f"{right / asked:.1%} right" if asked else "nothing to ask"
    left = f", {missing:,} with unknown words left out" if missing else ""
    say(f"{path}: {share} of {asked:,} questions{left}")
    for name, (n_right, n) in sections.items():
        if name and n:
            say(f"  {n_right / n:6.1%} of {n:6,}  {name}")
