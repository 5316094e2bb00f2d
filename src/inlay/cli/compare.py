"""`inlay compare`: which classifier, on which vectors, serves the labelled texts best."""

import time
from typing import TYPE_CHECKING, Any

import click

from inlay.cli.encoders import check_encoder, read_encoder
from inlay.cli.failures import Command
from inlay.cli.frameworks import check_keras, load_keras
from inlay.cli.inputs import check_sizes, check_there, read_data, read_embedding
from inlay.cli.interrupts import work
from inlay.cli.options import (
    data_options,
    json_option,
    overwrite_option,
    progress_option,
    seed_option,
    tokenizer_option,
)
from inlay.cli.outputs import as_json as one_line
from inlay.cli.outputs import check_file, print_json, say
from inlay.optional import look_for

if TYPE_CHECKING:
    from inlay.evaluate import Comparison

BASELINES = ("tfidf", "random")

HELP = """Compare classifiers on the labelled texts in DATA, all on the same folds.

TF-IDF with logistic regression, which is the baseline to beat, and Kim's convolutional network
on random vectors are always compared. With --embedding, the same network is also compared on
your word vectors, frozen and fine-tuned. With --encoder, logistic regression on the frozen vectors
of an encoder is compared, too; each text is encoded once for all folds. DATA is what
`inlay classify fit` reads.

Each text is used for evaluation in one fold and for training in the others. The report shows the
mean accuracy, its standard deviation across folds, the difference from the baseline with a
paired test that corrects for the overlap of the training sets, and the time.

\b
Example:
  inlay compare reviews.csv --text review --label stars --embedding glove.safetensors
  inlay compare aclImdb --split train --train-size 100 --folds 3 --output report.json"""


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
    *("--encoder", "encoders"),
    metavar="NAME",
    multiple=True,
    type=click.Path(),
    help="Compare this encoder, by its name, its folder, or a file of word vectors, whose mean is "
    "taken; may be given several times.",
)
@tokenizer_option("that of the word vectors, or words")
@click.option(
    "--max-length",
    type=click.IntRange(0),
    default=400,
    show_default=True,
    help="Read only the first N tokens of each text; 0 reads all.",
)
@click.option(
    "--folds",
    type=click.IntRange(1),
    default=5,
    show_default=True,
    help="Train and evaluate N times, on different texts each time.",
)
@click.option(
    "--train-size",
    type=click.IntRange(1),
    help="Learn from N texts of each class.  [default: all texts outside the fold]",
)
@click.option(
    "--test-size",
    type=click.IntRange(1),
    help="Evaluate on at most N texts in each fold.  [default: all texts in the fold]",
)
@seed_option
@click.option(
    *("-o", "--output"),
    metavar="FILE",
    type=click.Path(),
    help="Save the result as JSON in this file, too.",
)
@data_options()
@overwrite_option
@progress_option
@click.option("--markdown", is_flag=True, help="Print the table in Markdown.")
@json_option
def compare(
    data: str,
    embeddings: tuple[str, ...],
    encoders: tuple[str, ...],
    tokenizer: str | None,
    max_length: int,
    folds: int,
    train_size: int | None,
    test_size: int | None,
    seed: int,
    output: str | None,
    overwrite: bool,
    progress: bool | None,
    markdown: bool,
    as_json: bool,
    **options: Any,
) -> None:
    if markdown and as_json:
        raise click.UsageError("Give one of --markdown and --json.")
    check_there(data, "labelled texts", kind="labelled")
    for file in embeddings:
        check_there(file, "a file of vectors", kind="vectors")
    for name in encoders:
        check_encoder(name)
    if output is not None:
        check_file(output, overwrite=overwrite)
    look_for({"sklearn": "demo"}, need="comparing classifiers")
    check_keras("comparing classifiers")
    texts = read_data(data, options)
    check_sizes(texts, folds, train_size)
    compared: dict[str, Any] = {name: name for name in BASELINES} | {
        file: read_embedding(file) for file in embeddings
    }
    compared |= {name: read_encoder(name) for name in encoders}
    load_keras("comparing classifiers")
    from inlay.evaluate import compare

    start = time.perf_counter()
    with work():
        comparison = compare(
            texts,
            embeddings=compared,
            folds=folds,
            n_train=train_size,
            n_test=test_size,
            tokenizer=tokenizer,
            max_length=max_length or None,
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
    table = comparison.to_markdown() if markdown else str(comparison)
    for line in [*table.splitlines(), *([] if markdown else verdict(comparison))]:
        say(line)
    if output is not None and not markdown:
        say(f"Saved as {output}.")


def verdict(comparison: "Comparison") -> list[str]:
    """Which was best, as far as that can be told, and whether it was worth a network."""
    best, network = comparison.best, comparison.best_classifier
    alike = comparison.level_with_best
    if comparison.n_folds == 1 and len(comparison.rows) > 1:
        said = f"Highest: {best}; one fold cannot tell whether by chance."
    elif alike:
        others = " and ".join(filter(None, [", ".join(alike[:-1]), alike[-1]]))
        said = f"Highest: {best}, but its difference from {others} may be chance."
    else:
        said = f"Best: {best}{'' if best == network else ', the simple baseline'}."
    return [said, *([] if network in (None, best) else [f"Highest of the networks: {network}."])]


def _save(answer: dict[str, Any], output: str) -> None:
    from inlay.bytes.writing import atomic_path

    with atomic_path(output) as part:
        part.write_text(one_line(answer) + "\n", encoding="utf-8")
