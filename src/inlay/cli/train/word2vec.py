"""`inlay train word2vec`."""

from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

import click

from inlay.cli.options import seed_option
from inlay.cli.originals import WORD2VEC, Originals
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

WORD2VEC_HELP = """Learn word vectors by skip-gram or CBOW (word2vec).

The options of the original program are understood, too: -size, -window, -iter, -cbow 0. The
defaults are those below, whoever's options are given. With -hs 1 the training is by hierarchical
softmax alone, where the original adds its 5 negatives unless -negative 0 is given as well. -debug
is accepted with any value and changes nothing.

CORPUS is a text file with a sentence or a text on each line, several of them, or a folder, which
stands for all files in it; they may be packed (.gz, .bz2, .xz). Of a .csv, .tsv or .jsonl file,
one column is read. A hyphen reads standard input. OUT is written when the training has ended, in
the format that its ending names. If Ctrl-C stops the training, OUT is written with the vectors as
they are then; with --folder a checkpoint is written instead, and the same command goes on from it.

\b
Example:
  inlay train word2vec corpus.txt -o vectors.safetensors --epochs 10
  zcat news.gz | inlay train word2vec - -o news.bin --vector-size 300"""


class Word2VecCommand(Originals):
    """Knows the options of Mikolov's word2vec."""

    trainer = "inlay.train.word2vec"
    theirs: ClassVar = WORD2VEC
    values: ClassVar = {
        "-cbow": {"0": ("--architecture", "skipgram"), "1": ("--architecture", "cbow")},
        "-hs": {"0": (), "1": ("--loss", "hs")},
        "-binary": {"0": ("--format-out", "word2vec"), "1": ("--format-out", "word2vec-binary")},
    }
    ignored: ClassVar = ("-debug",)
    refused: ClassVar = {
        "-classes": "words are not clustered.",
        "-save-vocab": "the words and their counts are in a .safetensors file.",
        "-read-vocab": "--folder keeps the words, with the numbered corpus.",
    }

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments, where the original's defaults are others than ours."""
        at = args.index("-output") + 1 if "-output" in args else len(args)
        if at < len(args) and Path(args[at]).suffix in ("", ".txt") and "-binary" not in args:
            args = [*args, "-binary", "0"] if "--format-out" not in args else args  # their default
        if ("-hs", "1") in pairwise(args) and ("-negative", "0") in pairwise(args):
            at = args.index("-negative")  # a tree draws none
            args = [*args[:at], *args[at + 2 :]]
        return super().parse_args(ctx, args)


@click.command(
    cls=Word2VecCommand,
    help=WORD2VEC_HELP,
    no_args_is_help=True,
    context_settings={"show_default": True},
)
@corpus_argument
@vectors_options
@click.option(
    "--architecture",
    type=click.Choice(["skipgram", "cbow"]),
    default="skipgram",
    help="Learn from pairs of words, or from each word and the mean of those around it.",
)
@click.option(
    "--loss",
    type=click.Choice(["ns", "hs"]),
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
@click.option("--alpha", default=0.025, help="Start with this learning rate.")
@click.option("--min-alpha", default=1e-4, help="End with this learning rate.")
@click.option(
    "--ns-exponent",
    type=float,
    help="Raise the counts to this power to draw noise words.  [default: 0.75]",
)
@click.option(
    "--cbow-mean/--cbow-sum",
    default=True,
    help="Let CBOW take the mean of the words around, or their sum.",
)
@click.option(
    "--shrink-windows/--whole-windows",
    default=True,
    help="Draw widths up to that of the window, or always take the whole.",
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
def word2vec(
    corpus: tuple[str, ...], target: str, format_out: str | None, overwrite: bool, **settings: Any
) -> None:
    check_corpus(corpus)
    check_vectors(target, format_out, overwrite=overwrite)
    from inlay.train import word2vec

    learn_vectors(word2vec, corpus, target, format_out, **settings)
