"""What `inlay classify` has for fastText's classifier: its options, its files, its measures."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from inlay.cli.failures import Command, escaped
from inlay.cli.inputs import check_there, read_data
from inlay.cli.interrupts import work
from inlay.cli.options import json_option, overwrite_option, seed_option
from inlay.cli.outputs import check_file, check_folder, print_json, say, size

if TYPE_CHECKING:
    from inlay.classify import TextClassifier
    from inlay.evaluate.at_k import AtK

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
FILES = (".bin", ".ftz")  # of fastText
MARKS = ("settings.json", "vocabulary.json", "weights.safetensors", "encoder")  # of a classifier
SHOWN = 10  # trials
TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json")

QUANTIZE_HELP = """Write a small version of the fasttext classifier in FOLDER.

Each row becomes a few bytes, and with --cutoff, only the longest rows stay. FOLDER may also be a
.bin file of fastText.

\b
Example:
  inlay classify quantize model -o model.ftz --cutoff 100000 --qnorm"""


def fasttext_options() -> Decorator:
    """The options of `inlay.TextClassifier` that are of its model `"fasttext"` alone."""
    options = (
        click.option(
            "--word-ngrams",
            default=1,
            show_default=True,
            help="Give runs of up to N words vectors too (fasttext).",
        ),
        click.option(
            "--min-n",
            default=0,
            show_default=True,
            help="Give parts of words with at least N characters vectors too (fasttext).",
        ),
        click.option(
            "--max-n",
            default=0,
            show_default=True,
            help="Give parts of words with at most N characters vectors; 0 gives none (fasttext).",
        ),
        click.option(
            "--bucket",
            default=2_000_000,
            show_default=True,
            help="Use N buckets for runs of words and parts of words (fasttext).",
        ),
        click.option(
            "--loss",
            default="softmax",
            show_default=True,
            help="Use this loss: softmax, hs (a tree, for thousands of labels), ns (some labels "
            "drawn for each), or ova (each label by itself) (fasttext).",
        ),
        click.option(
            "--negative",
            default=5,
            show_default=True,
            help="Set each label against N others, with --loss ns (fasttext).",
        ),
        click.option(
            "--workers",
            default=1,
            show_default=True,
            help="Train with N threads; with several, no two trainings are alike (fasttext).",
        ),
        click.option(
            "--autotune-seconds",
            metavar="N",
            type=float,
            help="Look for the best settings for N seconds, by the texts of --validation; those "
            "that you set yourself stay as they are (fasttext).",
        ),
        click.option(
            "--autotune-trials",
            metavar="N",
            type=int,
            help="Look for the best settings in at most N trials (fasttext).",
        ),
        click.option(
            "--autotune-metric",
            default="accuracy",
            show_default=True,
            help="Choose settings by accuracy, or by f1, the mean of F1 over the classes "
            "(fasttext).",
        ),
    )

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def is_file(path: str) -> bool:
    """Whether a name is that of a file of fastText, and not of a folder of ours."""
    return Path(path).suffix in FILES and not Path(path).is_dir()


def needs_keras(path: str) -> bool:
    """Whether a saved classifier is a network, which must have a framework to run on."""
    import json

    if is_file(path):
        return False
    try:
        about = json.loads(Path(path, "settings.json").read_text(encoding="utf-8"))
        return bool(about["model"] != "fasttext")
    except (OSError, ValueError, TypeError, KeyError):  # whatever is wrong, loading tells
        return True


class Labelled(NamedTuple):
    """Texts, and of each its label, or all of them."""

    texts: list[str]
    labels: list[Any]

    @property
    def wanted(self) -> list[list[str]]:
        """All labels of each text."""
        return [some if isinstance(some, list) else [some] for some in self.labels]


def read_several(data: str, options: dict[str, Any]) -> Labelled:
    """`read_data`, where lines of fastText may have several labels each.

    Raises:
        InlayError: As `inlay.read_labelled`.
    """
    from inlay.bytes.encodings import Encoding
    from inlay.text.labelled.several import is_of_lines, several_labels

    kind, path = options["kind"], Path(data)
    if kind in (None, "fasttext") and path.is_file():
        encoding = Encoding.given(options["encoding"], options["errors"], lines=True)
        columns = any(options[name] is not None for name in ("text", "label", "split"))
        if not columns and path.suffix not in TABLES and is_of_lines(path, encoding):
            found = list(several_labels(path, encoding))
            if any(len(labels) > 1 for _, labels in found):
                return Labelled([text for text, _ in found], [labels for _, labels in found])
    texts = read_data(data, options)
    return Labelled(texts.texts, [*texts.labels])


def tuning(classifier: "TextClassifier") -> dict[str, Any]:
    """What `inlay classify fit` found with `--autotune-seconds`, for a program."""
    return {
        "best": classifier.best_params_,
        "trials": [
            trial._asdict() | {"seconds": round(trial.seconds, 3)} for trial in classifier.trials_
        ],
    }


def print_tuning(found: dict[str, Any]) -> None:
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


def measures(found: "AtK") -> dict[str, Any]:
    """The measures of `inlay classify test` for a program."""
    return {
        "n_texts": found.n_texts,
        "k": found.k,
        "threshold": found.threshold,
        "precision": found.total.precision,
        "recall": found.total.recall,
        "f1": found.total.f1,
        "labels": {
            name: {
                "precision": counts.precision,
                "recall": counts.recall,
                "f1": counts.f1,
                "n_texts": counts.wanted,
            }
            for name, counts in found.labels.items()
        },
    }


def print_measures(found: "AtK", *, per_label: bool) -> None:
    """Print them for a person, as fastText does; `per_label` adds a line for each label."""
    say(f"N    {found.n_texts:,}")
    say(f"P@{found.k}  {_number(found.total.precision)}")
    say(f"R@{found.k}  {_number(found.total.recall)}")
    if not per_label:
        return
    say()
    width = max(5, *(len(escaped(name)) for name in found.labels))
    say(f"{'label':<{width}}  precision  recall     f1   texts")
    for name, counts in found.labels.items():
        cells = f"{_number(counts.precision):>9}  {_number(counts.recall):>6}"
        say(f"{escaped(name):<{width}}  {cells}  {_number(counts.f1):>5}  {counts.wanted:>6,}")


def _number(share: float | None) -> str:
    """A share, or a hyphen where there is nothing to share."""
    return "-" if share is None else f"{share:.3f}"


@click.command(
    cls=Command,
    help=QUANTIZE_HELP,
    short_help="Write a small fasttext classifier.",
    no_args_is_help=True,
)
@click.argument("folder", type=click.Path())
@click.option(
    *("-o", "--output"),
    metavar="FILE",
    required=True,
    type=click.Path(),
    help="Write the small classifier to this .ftz file of fastText, or to this folder.",
)
@click.option("--cutoff", type=int, help="Keep only the N longest rows.  [default: all]")
@click.option("--dsub", default=2, show_default=True, help="Store N numbers of a row in a byte.")
@click.option("--qnorm", is_flag=True, help="Give the length of each row a byte of its own.")
@seed_option
@overwrite_option
@json_option
def quantize(folder: str, output: str, overwrite: bool, as_json: bool, **settings: Any) -> None:
    from inlay.classify import TextClassifier

    check_there(folder, "the folder of a classifier, or a .bin file of fastText")
    if is_file(output):
        check_file(output, overwrite=overwrite)
    else:
        check_folder(output, overwrite=overwrite, marks=MARKS, what="a classifier")
    classifier = TextClassifier.load(folder)
    with work():
        small = classifier.quantize(**settings)
        small.save(output)
    path = Path(output)
    n_bytes = sum(part.stat().st_size for part in ([path] if path.is_file() else path.iterdir()))
    if as_json:
        print_json({"output": output, "bytes": n_bytes})
    else:
        say(f"{output}: {size(n_bytes)}")
