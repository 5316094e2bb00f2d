"""`inlay similar`: the nearest words of a table."""

import unicodedata
from string import ascii_lowercase
from typing import TYPE_CHECKING, Any, Literal

import click

from inlay.cli.failures import Command
from inlay.cli.inputs import check_there, reading_arguments, table_file
from inlay.cli.options import json_option, reading_options
from inlay.cli.outputs import print_json, say
from inlay.errors import InlayError, UnknownTokenError

if TYPE_CHECKING:
    from inlay.core import Table

# A normal form, what letters are in it, and what those are that a word had instead.
FORMS: tuple[tuple[Literal["NFC", "NFD"], str, str], ...] = (
    ("NFC", "composed", "decomposed"),
    ("NFD", "decomposed", "composed"),
)
HELP = """Print the words whose vectors are nearest to that of WORD, by cosine similarity.

The vectors of several words are added up, and those of words given with --negative are
subtracted. A model of fastText composes the vectors of words that it does not hold.

\b
Example:
  inlay similar glove.safetensors king woman --negative man -n 5"""


@click.command(cls=Command, help=HELP, no_args_is_help=True)
@click.argument("file", type=click.Path())
@click.argument("words", metavar="WORD...", nargs=-1, required=True)
@click.option(
    "--negative",
    metavar="WORD",
    multiple=True,
    help="Subtract the vector of this word; may be given several times.",
)
@click.option(
    *("-n", "--topn"),
    type=click.IntRange(1),
    default=10,
    show_default=True,
    help="Print the N nearest words.",
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
    check_there(file, "a file of vectors", kind="vectors")
    from inlay.formats import load

    file = table_file(file)
    table = load(file, **reading_arguments(file, reading))
    for word in (*words, *negative):
        _check_known(word, table, file)
    nearest = table.most_similar(words, negative, topn=topn)
    if as_json:
        pairs = [{"token": token, "cosine": cosine} for token, cosine in nearest]
        print_json({"positive": words, "negative": negative, "nearest": pairs})
        return
    for token, cosine in nearest:
        say(f"{cosine:7.4f}  {token}")


def _check_known(word: str, table: "Table", file: str) -> None:
    if word in table or (table.can_compose and table[word].any()):
        return
    for form, letters, others in FORMS:
        if (same := unicodedata.normalize(form, word)) in table:  # which looks the same
            raise UnknownTokenError(
                file,
                expected="words that it holds",
                got=f"{word!r} in {others} letters",
                hint=f"{same!r}, which is the same word in {letters} ones",
            )
    cased = {word.lower(), word.capitalize(), word.upper(), word.title()}
    there = sorted(other for other in cased if other in table)
    there = there or sorted(filter(table.__contains__, _near(word)), key=table.tokens.find)[:3]
    hint = " or ".join(map(repr, there))
    if not there and (parts := _parts(word, table)):
        hint = f"{' or '.join(map(repr, parts))}, into which {table.tokenizer!r} splits it"
    raise UnknownTokenError(
        file,
        expected="words that it holds",
        got=repr(word),
        hint=hint,
    )


def _parts(word: str, table: "Table") -> list[str]:
    """What the tokenizer of the table makes of a word, as far as the table holds it."""
    from inlay.tokenizers import get_tokenizer, saved_tokenizer

    try:
        tokenizer = saved_tokenizer(table.tokenizer, hint="")
        tokens = get_tokenizer(tokenizer)(word) if tokenizer else []
    except InlayError:  # of a function or a library that is not here
        return []
    return [token for token in dict.fromkeys(tokens) if token in table]


def _near(word: str) -> set[str]:
    """Words that are one slip of the finger away."""
    parts = [(word[:i], word[i:]) for i in range(len(word) + 1)]
    left_out = {a + b[1:] for a, b in parts if b}
    swapped = {a + b[1] + b[0] + b[2:] for a, b in parts if len(b) > 1}
    put_in = {a + letter + b for a, b in parts for letter in ascii_lowercase}
    wrong = {a + letter + b[1:] for a, b in parts if b for letter in ascii_lowercase}
    return left_out | swapped | put_in | wrong
