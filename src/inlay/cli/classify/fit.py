"""`inlay classify fit`."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from inlay.cli.classify.official import FitCommand
from inlay.cli.classify.saved import check_new
from inlay.cli.classify.settings import settings_options
from inlay.cli.classify.several import read_several
from inlay.cli.encoders import check_encoder
from inlay.cli.frameworks import check_keras, load_keras
from inlay.cli.inputs import check_there, read_data, read_embedding
from inlay.cli.interrupts import work
from inlay.cli.judgement import judge, print_judgement
from inlay.cli.options import (
    READING,
    data_options,
    json_option,
    overwrite_option,
    progress_option,
    seed_option,
)
from inlay.cli.outputs import print_json, say

if TYPE_CHECKING:
    from inlay.classify import TextClassifier

SHOWN = 10  # trials
TRAINABLE: dict[str | None, Any] = {None: None, "no": False, "mix": "mix", "yes": True}

FIT_HELP = """Train a classifier on the labelled texts in DATA and save it in a folder.

DATA is a folder with a subfolder for each class (or a .tar.gz of one), a folder with a file for
each class, a .csv, .tsv or .jsonl file with a column of texts and one of labels, or a file of
lines that begin with __label__. A line of the fastText program is understood as it stands there:
supervised -input train.txt -output model -lr 0.5 -epoch 25 -wordNgrams 2. There,
-verbose is accepted with any value and changes nothing.

\b
Example:
  inlay classify fit reviews.csv --label stars -o model --embedding glove.safetensors
  inlay classify fit reviews.csv --label stars -o model --encoder use-multilingual --model mlp"""


@click.command(
    cls=FitCommand, help=FIT_HELP, short_help="Train on labelled texts.", no_args_is_help=True
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
@settings_options()
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
    check_new(folder, overwrite=overwrite, official=is_fasttext)
    held = options["validation"] if isinstance(options["validation"], str) else None
    for path in (data, held, test):
        if path is not None:
            check_there(path, "labelled texts", kind="labelled")
    _check_start(embedding, encoder, by_reference=by_reference)
    if test_split is not None and test is None:
        raise click.UsageError("--test-split needs --test, which names the texts.")
    from inlay.classify import TextClassifier
    from inlay.classify.labels import checked_labels
    from inlay.classify.settings import ClassifierSettings
    from inlay.classify.several import have_several

    reading = {name: options.pop(name) for name in READING}
    settings = _settings(options, on_encoder=encoder is not None)
    checked = ClassifierSettings.checked(TextClassifier(**settings).get_params())
    checked.variant_for(given=bool(embedding or encoder))
    if not is_fasttext:
        check_keras("training a classifier")
    read = read_several if is_fasttext else read_data
    texts = read(data, reading)
    if held is not None:
        others = read(held, reading | {"split": None})
        settings["validation"] = others.texts, others.labels
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
        answer["autotune"] = _tuning(classifier)
    if judged is not None:
        answer["test"] = judge(classifier, judged)
    if as_json:
        print_json(answer)
    else:
        _print(answer, embedding)


def _check_start(embedding: str | None, encoder: str | None, *, by_reference: bool) -> None:
    """Fail now if there is nothing to start from where something is named.

    Raises:
        click.UsageError: Options that contradict each other.
        InlayError: No such file or encoder.
    """
    if embedding is not None and encoder is not None:
        raise click.UsageError("Give one of --embedding and --encoder.")
    if by_reference and encoder is None:
        raise click.UsageError("--by-reference needs --encoder, which names the encoder.")
    if embedding is not None:
        check_there(embedding, "vectors", kind="vectors")
    if encoder is not None:
        check_encoder(encoder)


def _settings(options: dict[str, Any], *, on_encoder: bool) -> dict[str, Any]:
    """Those of `inlay.TextClassifier` that the options stand for."""
    settings = {name: value for name, value in options.items() if name != "tokenizer" or value}
    for name in ("max_length", "max_size", "validation"):
        settings[name] = settings[name] or None
    if isinstance(settings["validation"], str):  # which is read when all else has been looked at
        settings["validation"] = [], []
    settings["trainable"] = TRAINABLE[settings["trainable"]]
    if on_encoder:
        settings["model"] = settings["model"] or "linear"
        settings["trainable"] = settings["trainable"] or False
    return settings


def _print(answer: dict[str, Any], embedding: str | None) -> None:
    """Print for a person what a program gets as JSON."""
    n_epochs = answer["epochs"]
    say(
        f"{answer['folder']}: {len(answer['classes'])} classes, learned from "
        f"{answer['n_texts']:,} texts in {answer['seconds']:.1f} s, "
        f"{n_epochs} epoch{'s' * (n_epochs != 1)}"
    )
    if "coverage" in answer:
        coverage = answer["coverage"]
        say(f"in {embedding}: {coverage['n_found']:,} of {coverage['n_types']:,} words")
    if "autotune" in answer:
        _print_tuning(answer["autotune"])
    if "test" in answer:
        print_judgement(answer["test"])


def _tuning(classifier: "TextClassifier") -> dict[str, Any]:
    """What `inlay classify fit` found with `--autotune-seconds`, for a program."""
    return {
        "best": classifier.best_params_,
        "trials": [
            trial._asdict() | {"seconds": round(trial.seconds, 3)} for trial in classifier.trials_
        ],
    }


def _print_tuning(found: dict[str, Any]) -> None:
    """Print it for a person: the best trials, by falling score, each with its settings."""
    trials = found["trials"]
    scored = sorted(
        (trial for trial in trials if trial["score"] is not None), key=lambda t: -t["score"]
    )
    n_cut = len(trials) - len(scored)
    say(f"{len(trials)} trial{'s' * (len(trials) != 1)}, {n_cut} of them cut; trained with")
    say("  " + " ".join(f"--{name.replace('_', '-')} {v}" for name, v in found["best"].items()))
    for trial in scored[:SHOWN]:
        settings = ", ".join(str(value) for value in trial["settings"].values())
        say(f"{trial['score']:.4f}  {trial['seconds']:>6.1f} s  {settings}")
