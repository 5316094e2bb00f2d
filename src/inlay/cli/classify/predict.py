"""`inlay classify predict`."""

import itertools
import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from inlay.cli.classify.saved import check_saved, load
from inlay.cli.failures import Command, escaped
from inlay.cli.inputs import check_there, each_text
from inlay.cli.options import encoding_option, json_option, text_option, tokenizer_option
from inlay.cli.outputs import print_json

if TYPE_CHECKING:
    from inlay.classify import TextClassifier

CHUNK = 1024  # texts answered at once

PREDICT_HELP = """Print the most probable label of each TEXT and its probability, one text per line.

Give the texts as arguments, read them from a file with --file, or read them from standard input
by giving a hyphen. In a file and on standard input, each line is a text; of a .csv, .tsv or .jsonl
file, the texts are in a column, and no label is looked at.

\b
Example:
  inlay classify predict model "a good film" "a bore"
  inlay classify predict model - < reviews.txt > labels.tsv"""


@click.command(
    cls=Command,
    help=PREDICT_HELP,
    short_help="Predict the labels of new texts.",
    no_args_is_help=True,
)
@click.argument("folder", type=click.Path())
@click.argument("texts", metavar="[TEXT]...", nargs=-1)
@click.option("--file", type=click.Path(), help="Read the texts from this file, one per line.")
@click.option("-k", default=1, show_default=True, help="Print the N most probable labels.")
@click.option(
    "--threshold",
    default=0.0,
    show_default=True,
    help="Print only labels that are at least this probable.",
)
@text_option("the file")
@encoding_option("the file or standard input")
@tokenizer_option("that of the classifier")
@json_option
def predict(
    folder: str,
    texts: tuple[str, ...],
    file: str | None,
    k: int,
    threshold: float,
    column: str | None,
    encoding: str,
    tokenizer: str | None,
    as_json: bool,
) -> None:
    from inlay.checks import number, whole

    k, threshold = whole("k", k), number("threshold", threshold, least=0, most=1)
    if bool(texts) == (file is not None):
        raise click.UsageError("Give one of: TEXT, - for standard input, --file.")
    if "-" in texts and len(texts) > 1:
        raise click.UsageError("A hyphen stands for standard input, alone. Try: -k N, --threshold.")
    source = "-" if texts == ("-",) else file
    if source is None and encoding != "utf-8":
        raise click.UsageError("--encoding has no effect on texts that are arguments.")
    _check_no_files(texts)
    if column is not None and file is None:
        raise click.UsageError("--text needs --file, which names a file with columns.")
    check_saved(folder)
    if file is not None:
        check_there(file, "a file of texts, one per line")
    given = iter(texts) if source is None else each_text(source, encoding, column)
    classifier = load(folder, tokenizer)
    answers: list[dict[str, Any]] = []
    for found in _answers(classifier, given):
        if as_json:
            answers.append(found)
        else:
            chances = sorted(found["probabilities"].items(), key=lambda item: -item[1])[:k]
            shown = [(escaped(name), p) for name, p in chances if p >= threshold]
            click.echo("\t".join(f"{name}\t{p:.4f}" for name, p in shown))
    if as_json:
        print_json({"predictions": answers})


def _check_no_files(texts: Iterable[str]) -> None:
    """Refuse a text that is the name of a file, whose lines are probably meant."""
    for text in texts:
        if os.path.isfile(text):  # False for whatever cannot be a path
            raise click.UsageError(
                f"{text} is a file, and as a TEXT it would be this one word. "
                f"Try: --file {text}, to classify the texts in it."
            )


def _answers(classifier: "TextClassifier", texts: Iterator[str]) -> Iterator[dict[str, Any]]:
    labels = [str(label) for label in classifier.classes_]
    while chunk := list(itertools.islice(texts, CHUNK)):
        rows = classifier.predict_proba(chunk)
        for text, row in zip(chunk, rows.tolist(), strict=True):
            probabilities = dict(zip(labels, row, strict=True))
            label = max(probabilities, key=lambda name: probabilities[name])
            yield {"text": text, "label": label, "probabilities": probabilities}
