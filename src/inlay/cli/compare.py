"""`inlay compare`: which classifier, on which vectors, serves the labelled texts best."""

import time
from typing import TYPE_CHECKING, Any

import click

from inlay.cli.failures import Command
from inlay.cli.frameworks import check_keras, check_package, load_keras
from inlay.cli.inputs import check_sizes, check_there, read_data, read_embedding
from inlay.cli.interrupts import work
from inlay.cli.options import (
    data_options,
    json_option,
    overwrite_option,
    progress_option,
)
from inlay.cli.outputs import as_json as one_line
from inlay.cli.outputs import check_file, print_json, say

if TYPE_CHECKING:
    from inlay.evaluate import Comparison

HELP = """Compare classifiers on the labelled texts in DATA, all on the same random splits.

Always compared are TF-IDF with logistic regression, which is the baseline to beat, and Kim's
convolutional network on random vectors. With --embedding, the same network is also compared on
your word vectors, frozen and fine-tuned. DATA is what `inlay classify fit` reads.

\b
Example:
  inlay compare reviews.csv --text review --label stars --embedding glove.safetensors
  inlay compare aclImdb --split train --train-size 100 --splits 3 --output report.json"""


@click.command(cls=Command, help=HELP, no_args_is_help=True)
@click.argument("data", type=click.Path())
@click.option(
    *("--embedding", "embeddings"),
    metavar="FILE",
    multiple=True,
    type=click.Path(),
    help="Compare the word vectors in FILE; may be given several times.",
)
@click.option(
    "--train-size",
    type=click.IntRange(1),
    help="Learn from N texts of each class.  [default: 80 % of them]",
)
@click.option(
    "--test-size",
    type=click.IntRange(1),
    default=2_000,
    show_default=True,
    help="Evaluate on at most N of the other texts.",
)
@click.option(
    "--splits",
    type=click.IntRange(1),
    default=5,
    show_default=True,
    help="Split the texts at random N times.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Set the seed of all random choices.",
)
@click.option(
    *("-o", "--output"),
    metavar="FILE",
    type=click.Path(),
    help="Save the result as JSON in this file, too.",
)
@data_options()
@overwrite_option
@progress_option
@json_option
def compare(
    data: str,
    embeddings: tuple[str, ...],
    train_size: int | None,
    test_size: int,
    splits: int,
    seed: int,
    output: str | None,
    overwrite: bool,
    progress: bool | None,
    as_json: bool,
    **options: Any,
) -> None:
    check_there(data, "labelled texts")
    for file in embeddings:
        check_there(file, "a file of vectors")
    if output is not None:
        check_file(output, overwrite=overwrite)
    check_package("sklearn", extra="demo", need="comparing classifiers")
    check_keras("comparing classifiers")
    texts = read_data(data, options)
    check_sizes(texts, train_size)
    if len(embeddings) > 1:
        raise click.UsageError("--embedding can be given once so far.")
    table = read_embedding(embeddings[0]) if embeddings else None
    load_keras("comparing classifiers")
    from inlay.evaluate import compare

    start = time.perf_counter()
    with work():
        comparison = compare(
            texts.texts,
            texts.labels,
            table,
            n_train=train_size,
            n_test=test_size,
            n_splits=splits,
            seed=seed,
            progress=progress,
        )
    seconds = round(time.perf_counter() - start, 1)
    answer = {"data": data, "n_texts": len(texts), "classes": texts.classes, "seed": seed}
    answer |= comparison.to_dict() | {"seconds": seconds}
    if output is not None:
        _save(answer, output)
    if as_json:
        print_json(answer)
        return
    for line in [*str(comparison).splitlines(), *verdict(comparison)]:
        say(line)
    if output is not None:
        say(f"Saved as {output}.")


def verdict(comparison: "Comparison") -> list[str]:
    """Which was best, and whether it was worth a network."""
    if comparison.best == comparison.best_classifier:
        return [f"Best: {comparison.best}."]
    return [
        f"Best: {comparison.best}, the simple baseline.",
        f"Best of the networks: {comparison.best_classifier}.",
    ]


def _save(answer: dict[str, Any], output: str) -> None:
    from inlay.bytes.writing import atomic_path

    with atomic_path(output) as part:
        part.write_text(one_line(answer) + "\n", encoding="utf-8")
