"""`inlay classify test`."""

from typing import TYPE_CHECKING, Any

import click

from inlay.cli.classify.official import TestCommand
from inlay.cli.classify.saved import check_saved, load
from inlay.cli.classify.several import read_several
from inlay.cli.failures import escaped
from inlay.cli.inputs import check_there
from inlay.cli.options import data_options, json_option, tokenizer_option
from inlay.cli.outputs import print_json, say

if TYPE_CHECKING:
    from inlay.evaluate.at_k import AtK

TEST_HELP = """Measure precision and recall of the labels that the classifier in FOLDER gives.

The K most probable labels of each text in DATA are given, as far as they reach the threshold.
FOLDER may also be a .bin or .ftz file of fastText.

\b
Example:
  inlay classify test model reviews.txt -k 2 --per-label
  inlay classify test lid.176.ftz sentences.txt --threshold 0.5"""


@click.command(
    cls=TestCommand,
    help=TEST_HELP,
    short_help="Measure precision and recall.",
    no_args_is_help=True,
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
    check_saved(folder)
    check_there(data, "labelled texts", kind="labelled")
    texts = read_several(data, options)
    classifier = load(folder, tokenizer)
    from inlay.evaluate.at_k import at_k

    names = [str(label) for label in classifier.classes_]
    wanted = [some if isinstance(some, list) else [some] for some in texts.labels]
    found = at_k(classifier.predict_proba(texts.texts), names, wanted, k=k, threshold=threshold)
    if as_json:
        print_json(_measures(found))
    else:
        _print_measures(found, per_label=per_label)


def _measures(found: "AtK") -> dict[str, Any]:
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


def _print_measures(found: "AtK", *, per_label: bool) -> None:
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
