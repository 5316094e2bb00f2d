"""`inlay classify`: learn labels, judge them, predict them."""

import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from inlay.checks import folder_to_write
from inlay.cli.failures import Command
from inlay.cli.options import Decorator, json_option, lines_of, print_json, quiet_backends

if TYPE_CHECKING:
    from inlay.classify import TextClassifier
    from inlay.text import LabelledTexts

CHUNK = 1024  # texts answered at once
WIDE = 12  # classes in a table that still fits a screen

GROUP_HELP = """Learn to label texts, on top of any vectors.

\b
Example:
  inlay classify fit aclImdb --split train -o model --embedding glove.safetensors
  inlay classify evaluate model aclImdb --split test
  echo "what a film" | inlay classify predict model -"""

FIT_HELP = """Learn from the labelled texts in DATA and keep the classifier in FOLDER.

DATA is a folder per class (also in a .tar.gz), a file per class, a .csv, .tsv or .jsonl with
columns text and label, or lines that begin with __label__.

\b
Example:
  inlay classify fit reviews.csv --label stars -o model --embedding glove.safetensors"""

EVALUATE_HELP = """Judge the classifier in FOLDER by the labelled texts in DATA.

The 95 % interval is Wilson's; rows of the table are true classes, columns what was predicted.

\b
Example:
  inlay classify evaluate model aclImdb --split test --json"""

PREDICT_HELP = """Print the most probable label of each TEXT and its probability, a line a text.

- reads texts from standard input and --file from a file, a text a line.

\b
Example:
  inlay classify predict model "a good film" "a bore"
  inlay classify predict model - < reviews.txt > labels.tsv"""


def data_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of `inlay.read_labelled`, under its names."""
    kinds = ["folders", "archive", "files", "csv", "tsv", "jsonl", "fasttext"]
    options: tuple[Decorator, ...] = (
        click.option("--kind", type=click.Choice(kinds), help="What DATA is, if not seen."),
        click.option("--text", metavar="COLUMN", help="With the text.  [default: text]"),
        click.option("--label", metavar="COLUMN", help="With the label.  [default: label]"),
        click.option("--split", metavar="NAME", help="Part of a folder: train, test."),
        click.option("--encoding", default="utf-8", show_default=True, help="Of DATA."),
        click.option(
            "--errors",
            type=click.Choice(["strict", "replace", "ignore"]),
            default="strict",
            show_default=True,
            help="What to do about bytes that are not in it.",
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function


@click.group(help=GROUP_HELP, short_help="Learn labels, judge and predict.", no_args_is_help=True)
def classify() -> None:
    """The three jobs of a classifier."""


@classify.command(
    cls=Command, help=FIT_HELP, short_help="Learn from labelled texts.", no_args_is_help=True
)
@click.argument("data", type=click.Path())
@click.option(
    "-o", "--output", "folder", metavar="FOLDER", required=True, type=click.Path(), help="New."
)
@click.option("--embedding", metavar="FILE", type=click.Path(), help="Vectors to start from.")
@click.option("--model", default="cnn", show_default=True, help="cnn, or mean of the vectors.")
@click.option("--variant", help="rand, static, non-static or multichannel; see Kim 2014.")
@click.option(
    "--dim", type=int, default=None, help="The numbers in a random vector.  [default: 300]"
)
@click.option(
    "--tokenizer",
    type=click.Choice(["words", "lower", "split"]),
    default="lower",
    show_default=True,
    help="How texts become words.",
)
@click.option("--max-length", default=400, show_default=True, help="Words read of a text; 0: all.")
@click.option("--max-size", default=100_000, show_default=True, help="Words known; 0: all.")
@click.option("--min-count", default=1, show_default=True, help="Rarer words are unknown.")
@click.option("--epochs", default=25, show_default=True, help="Most passes over the texts.")
@click.option("--batch-size", default=50, show_default=True, help="Texts in a step.")
@click.option("--learning-rate", default=1e-3, show_default=True, help="Of Adam.")
@click.option(
    "--validation",
    default=0.1,
    show_default=True,
    help="Share held out to choose the best epoch; 0: all epochs, none held out.",
)
@click.option("--patience", default=3, show_default=True, help="Epochs to wait for a better one.")
@click.option("--seed", default=0, show_default=True, help="Of all that is left to chance.")
@click.option("--test", metavar="DATA", type=click.Path(), help="Judge by these texts at the end.")
@click.option("--test-split", metavar="NAME", help="Which part of them, if in folders.")
@data_options
@json_option
def fit(
    data: str,
    folder: str,
    test: str | None,
    test_split: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    _check_folder(folder)
    reading, settings = _reading(options), options
    for name in ("max_length", "max_size", "validation"):
        settings[name] = settings[name] or None
    texts = _read(data, reading)
    judged = None if test is None else _read(test, reading | {"split": test_split})
    quiet_backends()
    from inlay.classify import TextClassifier

    classifier = TextClassifier(**settings)
    start = time.perf_counter()
    classifier.fit(texts.texts, texts.labels)
    seconds = time.perf_counter() - start
    classifier.save(folder)
    answer = {
        "folder": folder,
        "n_texts": len(texts),
        "classes": classifier.classes_.tolist(),
        "epochs": len(classifier.history_["loss"]),
        "n_trainable": classifier.n_trainable_,
        "seconds": round(seconds, 3),
    }
    coverage = classifier.coverage_
    if coverage is not None:
        answer["coverage"] = {"n_types": coverage.n_types, "n_found": coverage.n_found}
    if judged is not None:
        answer["test"] = _judge(classifier, judged)
    if as_json:
        print_json(answer)
        return
    click.echo(
        f"{folder}: {len(answer['classes'])} classes, learned from {len(texts):,} texts "
        f"in {seconds:.1f} s, {answer['epochs']} epochs"
    )
    if coverage is not None:
        click.echo(
            f"in {settings['embedding']}: {coverage.n_found:,} of {coverage.n_types:,} words"
        )
    if judged is not None:
        _print_judgement(answer["test"])


@classify.command(
    cls=Command, help=EVALUATE_HELP, short_help="Judge by labelled texts.", no_args_is_help=True
)
@click.argument("folder", type=click.Path())
@click.argument("data", type=click.Path())
@data_options
@json_option
def evaluate(folder: str, data: str, as_json: bool, **options: Any) -> None:
    texts = _read(data, _reading(options))
    judgement = _judge(_load(folder), texts)
    if as_json:
        print_json(judgement)
    else:
        _print_judgement(judgement)


@classify.command(
    cls=Command, help=PREDICT_HELP, short_help="Label new texts.", no_args_is_help=True
)
@click.argument("folder", type=click.Path())
@click.argument("texts", metavar="[TEXT...]", nargs=-1)
@click.option("--file", type=click.Path(), help="Read texts from this file, one a line.")
@json_option
def predict(folder: str, texts: tuple[str, ...], file: str | None, as_json: bool) -> None:
    if bool(texts) == (file is not None):
        raise click.UsageError("Give one of: TEXT, - for standard input, --file.")
    classifier = _load(folder)
    answers: list[dict[str, Any]] = []
    for found in _answers(classifier, _lines("-" if texts == ("-",) else file, texts)):
        if as_json:
            answers.append(found)
        else:
            click.echo(f"{found['label']}\t{found['probabilities'][found['label']]:.4f}")
    if as_json:
        print_json({"predictions": answers})


def _reading(options: dict[str, Any]) -> dict[str, Any]:
    """Take the options of `data_options` out of all options."""
    names = ("kind", "text", "label", "split", "encoding", "errors")
    reading = {name: options.pop(name) for name in names}
    for name in ("text", "label"):
        if reading[name] is not None and reading[name].isdecimal():
            reading[name] = int(reading[name])
    return reading


def _read(data: str, reading: dict[str, Any]) -> "LabelledTexts":
    from inlay.text import read_labelled

    return read_labelled(data, **reading)


def _load(folder: str) -> "TextClassifier":
    quiet_backends()
    from inlay.classify import TextClassifier

    return TextClassifier.load(folder)


def _check_folder(folder: str) -> None:
    """Fail now if `folder` cannot be written or holds something else, not after the work."""
    path = Path(folder)
    if not path.exists():
        folder_to_write(folder)
    if not path.exists() or (path / "settings.json").is_file():
        return
    if not path.is_dir() or any(path.iterdir()):
        raise click.UsageError(f"{folder} is there and no classifier: give another name.")


def _lines(file: str | None, texts: Iterable[str]) -> Iterator[str]:
    if file is None:
        yield from texts
        return
    yield from lines_of(file)


def _answers(classifier: "TextClassifier", texts: Iterator[str]) -> Iterator[dict[str, Any]]:
    labels = [str(label) for label in classifier.classes_]
    while chunk := list(itertools.islice(texts, CHUNK)):
        rows = classifier.predict_proba(chunk)
        for text, row in zip(chunk, rows.tolist(), strict=True):
            probabilities = dict(zip(labels, row, strict=True))
            label = max(probabilities, key=lambda name: probabilities[name])
            yield {"text": text, "label": label, "probabilities": probabilities}


def _judge(classifier: "TextClassifier", texts: "LabelledTexts") -> dict[str, Any]:
    from inlay.evaluate.measures import confusion, wilson

    found = [str(label) for label in classifier.predict(texts.texts)]
    right = sum(a == b for a, b in zip(found, texts.labels, strict=True))
    classes, counts = confusion(texts.labels, found)
    return {
        "n_texts": len(texts),
        "n_right": right,
        "accuracy": right / len(texts),
        "interval_95": wilson(right, len(texts)),
        "classes": classes,
        "confusion": counts,
    }


def _print_judgement(judgement: dict[str, Any]) -> None:
    low, high = judgement["interval_95"]
    click.echo(
        f"accuracy  {judgement['accuracy']:.1%}  (95 % interval {low:.1%} to {high:.1%}, "
        f"{judgement['n_right']:,} of {judgement['n_texts']:,} texts)\n"
    )
    classes, counts = judgement["classes"], judgement["confusion"]
    if len(classes) <= WIDE:
        _print_square(classes, counts)
        return
    wrong = sorted(
        (-counts[i][j], classes[i], classes[j])
        for i, j in itertools.permutations(range(len(classes)), 2)
        if counts[i][j]
    )
    for n, truth, found in wrong[:WIDE]:
        click.echo(f"{-n:8,}  {truth} taken for {found}")


def _print_square(classes: list[str], counts: list[list[int]]) -> None:
    rows = [["", *classes]]
    rows += [[name, *(f"{n:,}" for n in row)] for name, row in zip(classes, counts, strict=True)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = [row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]
        click.echo("  ".join(cells).rstrip())
