"""`inlay train fasttext`."""

from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

import click

from inlay.cli.options import seed_option
from inlay.cli.originals import UNNAMED, Originals, with_ending
from inlay.cli.outputs import check_vectors
from inlay.cli.train.common import (
    check_corpus,
    corpus_argument,
    course_options,
    learn_vectors,
    phrases_option,
    result_options,
    start_options,
    text_options,
    vectors_options,
    workers_option,
)

FASTTEXT_HELP = """Learn word vectors with n-grams of characters (fastText).

A word is the mean of its own vector and those of its n-grams, so that words which are built alike
learn from each other, and words that are not in the corpus have vectors, too. The defaults are
those of the official program, whose options are understood: -minCount, -dim, -ws, -lr, -epoch;
-verbose is accepted with any value and changes nothing.

CORPUS is a text file with a sentence or a text on each line, several of them, or a folder, which
stands for all files in it; they may be packed (.gz, .bz2, .xz). Of a .csv, .tsv or .jsonl file,
one column is read. A hyphen reads standard input. OUT is written when the training has ended: a
.bin is a model that the official program opens, and .safetensors opens fastest here; a .vec has
the words of the corpus alone. If Ctrl-C stops the training, OUT is written with the vectors as
they are then; with --folder a checkpoint is written instead, and the same command goes on from it.

\b
Example:
  inlay train fasttext corpus.txt -o vectors.bin --epochs 10
  inlay train fasttext 뉴스.txt -o 뉴스.safetensors --jamo"""


ARCHITECTURES = ("skipgram", "cbow")
LOSSES = ("ns", "hs")
OTHER_LOSSES = ("softmax", "ova", "one-vs-all")  # of the original

# Of the original, and what does the same here.
OTHER_COMMANDS = {
    "supervised": "inlay classify fit supervised",
    "test": "inlay classify test",
    "test-label": "inlay classify test --per-label",
    **dict.fromkeys(("predict", "predict-prob"), "inlay classify predict"),
    "quantize": "inlay classify quantize",
    **dict.fromkeys(("nn", "analogies"), "inlay similar"),
    "print-word-vectors": "inlay.load(path)[words], in Python",
    "print-sentence-vectors": "inlay encode",
    "dump": "inlay info",
}


class FastTextCommand(Originals):
    """Knows the options of `fasttext skipgram`."""

    trainer = "inlay.train.fasttext"
    theirs: ClassVar = {
        "-input": UNNAMED,
        "-output": "--output",
        "-minCount": "--min-count",
        "-dim": "--vector-size",
        "-ws": "--window",
        "-neg": "--negative",
        "-t": "--sample",
        "-epoch": "--epochs",
        "-lr": "--alpha",
        "-minn": "--min-n",
        "-maxn": "--max-n",
        "-bucket": "--bucket",
        "-thread": "--workers",
        "-seed": "--seed",
        "-loss": "--loss",
    }
    ignored: ClassVar = ("-verbose",)
    refused: ClassVar = {
        "-label": "labels are learned by inlay classify fit --model fasttext.",
        "-wordNgrams": "n-grams of words are for labels; --max-n 0 leaves those of characters out.",
        "-pretrainedVectors": "--start goes on from a model, with the n-grams that a .vec has not.",
        "-lrUpdateRate": "the learning rate falls after every 10,000 words.",
        "-saveOutput": "a .safetensors file has them, as a part of the table.",
    }

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; a name behind `-output` gets the ending that the original adds.

        In its lines, the architecture is the command: `fasttext cbow -input corpus.txt`.

        Raises:
            click.UsageError: A loss or a command that is for labels, or that trains nothing.
        """
        for option, value in pairwise(args):
            if option in ("-loss", "--loss") and value in OTHER_LOSSES:
                raise click.UsageError(
                    f"{option}: expected ns or hs, got {value!r}, which goes through all words. "
                    "Try: --loss hs; or inlay classify fit --model fasttext, for labels.",
                    ctx,
                )
        if args and args[0] in OTHER_COMMANDS and not Path(args[0]).exists():
            said = OTHER_COMMANDS[args[0]]
            raise click.UsageError(f"No training is called {args[0]!r}. Try: {said}.", ctx)
        if args and args[0] in ARCHITECTURES and "-input" in args:
            args = ["--architecture", *args]
        return super().parse_args(ctx, with_ending(args, "-output", ".bin"))


@click.command(
    cls=FastTextCommand,
    help=FASTTEXT_HELP,
    no_args_is_help=True,
    context_settings={"show_default": True},
)
@corpus_argument
@vectors_options
@click.option(
    "--architecture",
    type=click.Choice(ARCHITECTURES),
    default="skipgram",
    help="Predict the words around a word, or a word from those around it.",
)
@click.option(
    "--loss",
    type=click.Choice(LOSSES),
    default="ns",
    help="Learn by negative sampling (ns) or by hierarchical softmax (hs).",
)
@click.option(
    "--exact", is_flag=True, help="Draw noise words for each pair, as the original does: slower."
)
@click.option("--vector-size", default=100, help="Learn vectors of N numbers.")
@click.option("--window", default=5, help="Look at up to N words on each side.")
@click.option(
    "--negative", type=int, metavar="N", help="Draw N noise words for each pair.  [default: 5]"
)
@click.option(
    "--sample",
    default=1e-4,
    help="Downsample words above this share of the corpus; 0 keeps all.",
)
@click.option("--min-count", default=5, help="Leave out words that occur less often than this.")
@click.option("--max-size", type=int, help="Keep only the N most frequent words.")
@click.option("--epochs", default=5, help="Pass over the corpus N times.")
@click.option("--alpha", default=0.05, help="Start with this learning rate.")
@click.option("--min-alpha", default=0.0, help="End with this learning rate.")
@click.option(
    "--ns-exponent",
    type=float,
    help="Raise the counts to this power to draw noise words.  [default: 0.5]",
)
@click.option("--min-n", default=3, help="Give the shortest n-gram N characters.")
@click.option(
    "--max-n", default=6, help="Give the longest n-gram N characters; 0 leaves n-grams out."
)
@click.option("--bucket", default=2_000_000, help="Let all n-grams share N rows, by their hashes.")
@click.option(
    "--jamo", is_flag=True, help="Take n-grams of Hangul's letters; needs OUT as .safetensors."
)
@start_options
@workers_option
@seed_option
@click.option(
    "--deterministic",
    is_flag=True,
    help="Compute the same numbers every time, whatever the number of threads.",
)
@course_options
@phrases_option
@text_options
@result_options
def fasttext(
    corpus: tuple[str, ...], target: str, format_out: str | None, overwrite: bool, **settings: Any
) -> None:
    check_corpus(corpus)
    check_vectors(target, format_out, overwrite=overwrite)
    if settings["jamo"]:
        _check_jamo(target, format_out)
    from inlay.train import fasttext

    learn_vectors(fasttext, corpus, target, format_out, **settings)


def _check_jamo(target: str, format: str | None) -> None:
    """Fail now if the result would be a model of fastText: not after the work.

    Raises:
        click.UsageError: It would, and that has no place for jamo.
    """
    if format == "fasttext" or (format is None and ".bin" in Path(target).suffixes[-2:]):
        raise click.UsageError(
            "--jamo: a model of fastText (.bin) has no place for it. Try: a name in .safetensors."
        )
