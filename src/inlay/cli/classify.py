"""`inlay classify`: learn labels, judge them, predict them."""

import itertools
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from inlay.cli.encoders import check_encoder
from inlay.cli.failures import Command, debug_option, escaped
from inlay.cli.frameworks import check_keras, load_keras
from inlay.cli.inputs import check_there, each_text, read_data, read_embedding
from inlay.cli.interrupts import work
from inlay.cli.judgement import judge, print_judgement
from inlay.cli.options import (
    READING,
    data_options,
    encoding_option,
    json_option,
    overwrite_option,
    progress_option,
    seed_option,
    text_option,
    tokenizer_option,
)
from inlay.cli.outputs import check_file, check_folder, print_json, say
from inlay.cli.supervised import (
    MARKS,
    fasttext_options,
    is_file,
    measures,
    needs_keras,
    print_measures,
    print_tuning,
    quantize,
    read_several,
    tuning,
)
from inlay.errors import FormatError

if TYPE_CHECKING:
    from inlay.classify import TextClassifier

CHUNK = 1024  # texts answered at once
TRAINABLE: dict[str | None, Any] = {None: None, "no": False, "mix": "mix", "yes": True}

GROUP_HELP = """Train a text classifier on any word vectors or encoder, evaluate it, and use it.

\b
Example:
  inlay classify fit aclImdb --split train -o model --embedding glove.safetensors
  inlay classify evaluate model aclImdb --split test
  echo "what a film" | inlay classify predict model -"""

FIT_HELP = """Train a classifier on the labelled texts in DATA and save it in a folder.

DATA is a folder with a subfolder for each class (or a .tar.gz of one), a folder with a file for
each class, a .csv, .tsv or .jsonl file with a column of texts and one of labels, or a file of
lines that begin with __label__.

\b
Example:
  inlay classify fit reviews.csv --label stars -o model --embedding glove.safetensors
  inlay classify fit reviews.csv --label stars -o model --encoder use-multilingual --model mlp"""

EVALUATE_HELP = """Measure how often the classifier in FOLDER is right about the texts in DATA.

The 95 % confidence interval is Wilson's. The rows of the table are the true classes, and its
columns are the classes that were predicted.

\b
Example:
  inlay classify evaluate model aclImdb --split test --json"""

TEST_HELP = """Measure precision and recall of the labels that the classifier in FOLDER gives.

The K most probable labels of each text in DATA are given, as far as they reach the threshold.
FOLDER may also be a .bin or .ftz file of fastText.

\b
Example:
  inlay classify test model reviews.txt -k 2 --per-label
  inlay classify test lid.176.ftz sentences.txt --threshold 0.5"""

PREDICT_HELP = """Print the most probable label of each TEXT and its probability, one text per line.

Give the texts as arguments, read them from a file with --file, or read them from standard input
by giving a hyphen. In a file and on standard input, each line is a text; of a .csv, .tsv or .jsonl
file, the texts are in a column, and no label is looked at.

\b
Example:
  inlay classify predict model "a good film" "a bore"
  inlay classify predict model - < reviews.txt > labels.tsv"""


@click.group(help=GROUP_HELP, no_args_is_help=True, params=[debug_option()])
def classify() -> None:
    """The jobs of a classifier."""


classify.add_command(quantize)


@classify.command(
    cls=Command, help=FIT_HELP, short_help="Train on labelled texts.", no_args_is_help=True
)
@click.argument("data", type=click.Path())
@click.option(
    *("-o", "--output", "folder"),
    metavar="FOLDER",
    type=click.Path(),
    help="Save the classifier in this folder.  [default: DATA's name with -classifier]",
)
@click.option(
    "--embedding", metavar="FILE", type=click.Path(), help="Start from the word vectors in FILE."
)
@click.option(
    "--encoder",
    metavar="NAME",
    type=click.Path(),
    help="Learn on the vectors of this encoder: its name, its folder, or a file of word vectors, "
    "whose mean is taken.",
)
@click.option(
    "--by-reference",
    is_flag=True,
    help="Save the place of the encoder with the classifier, instead of a copy of it.",
)
@click.option(
    "--model",
    help="Use this network: on vectors of words cnn, Kim's convolutional network, or mean, the "
    "average vector; on one vector per text linear, logistic regression, or mlp, with a hidden "
    "layer. Or use fasttext, the average vector of words and n-grams, which is by far the fastest "
    "and needs no framework.  [default: cnn, or linear with --encoder]",
)
@click.option(
    "--variant",
    help="Treat the vectors as Kim (2014) does: rand, static, non-static or multichannel.",
)
@click.option(
    "--trainable",
    type=click.Choice(["no", "mix", "yes"]),
    help="Train the vectors, or with mix, what each layer of the encoder counts.  [default: yes, "
    "or no with --encoder]",
)
@click.option(
    "--dim",
    type=int,
    help="Give random vectors N numbers each.  [default: 300, or 100 with fasttext]",
)
@tokenizer_option("that of the word vectors, or words")
@click.option(
    "--max-length",
    default=400,
    show_default=True,
    help="Read only the first N tokens of each text; 0 reads all.",
)
@click.option(
    "--max-size",
    default=100_000,
    show_default=True,
    help="Keep at most N words in the vocabulary; 0 sets no limit.",
)
@click.option(
    "--min-count",
    default=1,
    show_default=True,
    help="Treat words that occur less often than this as unknown.",
)
@click.option(
    "--epochs", default=25, show_default=True, help="Pass over the texts at most N times."
)
@click.option("--batch-size", default=50, show_default=True, help="Use N texts in each step.")
@click.option(
    "--learning-rate",
    type=float,
    help="Set the learning rate of Adam, or the first one of fasttext.  [default: 0.001, or 0.5 "
    "with fasttext]",
)
@click.option(
    "--validation",
    default=0.1,
    show_default=True,
    help="Hold out this share of the texts to choose the best epoch; 0 holds out none.",
)
@click.option(
    "--patience",
    default=3,
    show_default=True,
    help="Stop after N epochs without an improvement.",
)
@fasttext_options()
@seed_option
@click.option(
    "--test", metavar="DATA", type=click.Path(), help="Evaluate the classifier on these texts."
)
@click.option(
    "--test-split", metavar="NAME", help="Evaluate on this part of the --test folder or archive."
)
@data_options()
@click.option(
    "--features",
    metavar="FOLDER",
    type=click.Path(),
    help="Keep the encoder's vectors of the texts in this folder, for the next training.",
)
@overwrite_option
@progress_option
@json_option
def fit(
    data: str,
    folder: str | None,
    embedding: str | None,
    encoder: str | None,
    by_reference: bool,
    test: str | None,
    test_split: str | None,
    overwrite: bool,
    as_json: bool,
    **options: Any,
) -> None:
    folder = folder or f"{Path(data).name.split('.')[0] or 'my'}-classifier"
    is_fasttext = options["model"] == "fasttext"
    if is_fasttext and is_file(folder):
        check_file(folder, overwrite=overwrite)
    else:
        check_classifier_folder(folder, overwrite=overwrite)
    for path in (data, test):
        if path is not None:
            check_there(path, "labelled texts", kind="labelled")
    if embedding is not None and encoder is not None:
        raise click.UsageError("Give one of --embedding and --encoder.")
    if by_reference and encoder is None:
        raise click.UsageError("--by-reference needs --encoder, which names the encoder.")
    if embedding is not None:
        check_there(embedding, "vectors", kind="vectors")
    if encoder is not None:
        check_encoder(encoder)
    if test_split is not None and test is None:
        raise click.UsageError("--test-split needs --test, which names the texts.")
    from inlay.classify import TextClassifier
    from inlay.classify.labels import checked_labels
    from inlay.classify.settings import ClassifierSettings
    from inlay.classify.several import have_several

    reading, settings = {name: options.pop(name) for name in READING}, options
    for name in ("max_length", "max_size", "validation"):
        settings[name] = settings[name] or None
    settings = {name: value for name, value in settings.items() if name != "tokenizer" or value}
    settings["trainable"] = TRAINABLE[settings["trainable"]]
    if encoder is not None:
        settings["model"] = settings["model"] or "linear"
        settings["trainable"] = settings["trainable"] or False
    checked = ClassifierSettings.checked(TextClassifier(**settings).get_params())
    checked.variant_for(given=bool(embedding or encoder))
    if not is_fasttext:
        check_keras("training a classifier")
    texts = (read_several if is_fasttext else read_data)(data, reading)
    judged = None if test is None else read_data(test, reading | {"split": test_split})
    n_texts = len(texts.texts)
    if not have_several(texts.labels):
        checked_labels(texts.labels, n_texts)
    vectors = encoder if embedding is None else read_embedding(embedding)
    if not is_fasttext:
        load_keras("training a classifier")
    classifier = TextClassifier(vectors, **settings)
    start = time.perf_counter()
    with work():
        classifier.fit(texts.texts, texts.labels)
        seconds = time.perf_counter() - start
        classifier.save(folder, by_reference=by_reference)
    answer: dict[str, Any] = {
        "folder": folder,
        "n_texts": n_texts,
        "classes": classifier.classes_.tolist(),
        "epochs": len(classifier.history_["loss"]),
        "n_trainable": classifier.n_trainable_,
        "seconds": round(seconds, 3),
    }
    coverage = classifier.coverage_
    if coverage is not None:
        answer["coverage"] = {"n_types": coverage.n_types, "n_found": coverage.n_found}
    if checked.tunes:
        answer["autotune"] = tuning(classifier)
    if judged is not None:
        answer["test"] = judge(classifier, judged)
    if as_json:
        print_json(answer)
        return
    say(
        f"{folder}: {len(answer['classes'])} classes, learned from {n_texts:,} texts "
        f"in {seconds:.1f} s, {answer['epochs']} epoch{'s' * (answer['epochs'] != 1)}"
    )
    if coverage is not None:
        say(f"in {embedding}: {coverage.n_found:,} of {coverage.n_types:,} words")
    if checked.tunes:
        print_tuning(answer["autotune"])
    if judged is not None:
        print_judgement(answer["test"])


@classify.command(
    cls=Command, help=EVALUATE_HELP, short_help="Measure the accuracy.", no_args_is_help=True
)
@click.argument("folder", type=click.Path())
@click.argument("data", type=click.Path())
@tokenizer_option("that of the classifier")
@data_options()
@json_option
def evaluate(folder: str, data: str, tokenizer: str | None, as_json: bool, **options: Any) -> None:
    _check_classifier(folder)
    check_there(data, "labelled texts", kind="labelled")
    texts = read_data(data, options)
    judgement = judge(_load(folder, tokenizer), texts)
    if as_json:
        print_json(judgement)
    else:
        print_judgement(judgement)


@classify.command(
    cls=Command, help=TEST_HELP, short_help="Measure precision and recall.", no_args_is_help=True
)
@click.argument("folder", type=click.Path())
@click.argument("data", type=click.Path())
@click.option("-k", default=1, show_default=True, help="Give each text its N most probable labels.")
@click.option(
    "--threshold",
    default=0.0,
    show_default=True,
    help="Give only labels that are at least this probable.",
)
@click.option("--per-label", is_flag=True, help="Print the measures of each label too.")
@tokenizer_option("that of the classifier")
@data_options()
@json_option
def test(
    folder: str,
    data: str,
    k: int,
    threshold: float,
    per_label: bool,
    tokenizer: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    from inlay.checks import number, whole

    k, threshold = whole("k", k), number("threshold", threshold, least=0, most=1)
    _check_classifier(folder)
    check_there(data, "labelled texts", kind="labelled")
    texts = read_several(data, options)
    classifier = _load(folder, tokenizer)
    from inlay.evaluate.at_k import at_k

    names = [str(label) for label in classifier.classes_]
    found = at_k(
        classifier.predict_proba(texts.texts), names, texts.wanted, k=k, threshold=threshold
    )
    if as_json:
        print_json(measures(found))
    else:
        print_measures(found, per_label=per_label)


@classify.command(
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
    source = "-" if texts == ("-",) else file
    if source is None and encoding != "utf-8":
        raise click.UsageError("--encoding has no effect on texts that are arguments.")
    _check_no_files(texts)
    if column is not None and file is None:
        raise click.UsageError("--text needs --file, which names a file with columns.")
    _check_classifier(folder)
    if file is not None:
        check_there(file, "a file of texts, one per line")
    given = iter(texts) if source is None else each_text(source, encoding, column)
    classifier = _load(folder, tokenizer)
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


def check_classifier_folder(folder: str, *, overwrite: bool) -> None:
    """`check_folder` for one that will hold a classifier."""
    check_folder(folder, overwrite=overwrite, marks=MARKS, what="a classifier")


def _check_classifier(folder: str) -> None:
    what = "the folder of a classifier, which inlay classify fit makes"
    check_there(folder, what)
    if is_file(folder):
        return
    if not Path(folder, MARKS[0]).is_file():
        raise FormatError(folder, expected=what, got="something else")


def _load(folder: str, tokenizer: str | None) -> "TextClassifier":
    from inlay.classify import TextClassifier
    from inlay.tokenizers import get_tokenizer

    if needs_keras(folder):
        check_keras("using a classifier", trains=False)
    given = None if tokenizer is None else get_tokenizer(tokenizer)
    return TextClassifier.load(folder, tokenizer=given)


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
