"""`inlay train glove`."""

from typing import Any, ClassVar

import click

from inlay.cli.options import seed_option
from inlay.cli.originals import Originals, with_ending
from inlay.cli.outputs import check_vectors
from inlay.cli.train.common import (
    check_corpus,
    corpus_argument,
    course_options,
    learn_vectors,
    phrases_option,
    result_options,
    start_option,
    text_options,
    vectors_options,
    workers_option,
)

GLOVE_HELP = """Learn word vectors from which words stand near which (GloVe).

CORPUS is a text file with a sentence or a text on each line, several of them, or a folder, which
stands for all files in it; they may be packed (.gz, .bz2, .xz). Of a .csv, .tsv or .jsonl file,
one column is read. A hyphen reads standard input. OUT is written when the training has ended, in
the format that its ending names. If Ctrl-C stops the training, OUT is written with the vectors as
they are then; with --folder a checkpoint is written instead, and the same command goes on from it.

The options of the original programs are understood: -vector-size, -window-size, -iter, -x-max,
-alpha and others; -verbose is accepted with any value and changes nothing. The vectors are the
same for any number of threads.

\b
Example:
  inlay train glove corpus.txt -o vectors.safetensors --epochs 50
  inlay train glove corpus.txt -o vectors.txt --format-out glove -window-size 10 -x-max 10"""


class GloVeCommand(Originals):
    """Knows the options of `vocab_count`, `cooccur`, `shuffle` and `glove`."""

    trainer = "inlay.train.glove"
    theirs: ClassVar = {
        "-vector-size": "--vector-size",
        "-window-size": "--window",
        "-min-count": "--min-count",
        "-max-vocab": "--max-size",
        "-iter": "--epochs",
        "-eta": "--eta",
        "-x-max": "--x-max",
        "-alpha": "--exponent",
        "-memory": "--memory",
        "-threads": "--workers",
        "-seed": "--seed",
        "-save-file": "--output",
    }
    values: ClassVar = {
        "-symmetric": {"0": ("--left",), "1": ("--symmetric",)},
        "-distance-weighting": {
            "0": ("--no-distance-weighting",),
            "1": ("--distance-weighting",),
        },
    }
    ignored: ClassVar = ("-verbose",)
    refused: ClassVar = {
        **dict.fromkeys(
            ("-input-file", "-vocab-file"),
            "CORPUS is the text itself, whose words and pairs are counted here. Pairs that cooccur "
            "has counted are learned from in Python: "
            "inlay.train.glove(inlay.train.glove_files.read_pairs('cooccurrence.shuf.bin', "
            "'vocab.txt')).",
        ),
        "-write-header": "--format-out word2vec has a header, and --format-out glove has none.",
        **dict.fromkeys(
            ("-gradsq-file", "-save-gradsq", "-init-param", "-load-init-param"),
            "--folder keeps all that a training goes on from.",
        ),
        **dict.fromkeys(
            ("-temp-file", "-overflow-file", "-overflow-length", "-max-product", "-array-size"),
            "--memory says how much memory the counts may take.",
        ),
        "-binary": "the ending of OUT, or --format-out, says how vectors are written.",
        "-model": "vectors are the sums of those of words and of contexts (-model 2).",
        "-checkpoint-every": "--folder keeps checkpoints.",
        "-grad-clip": "gradients are clipped at 100, the default of the original.",
    }

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; a name behind `-save-file` gets the ending that the original adds."""
        if "-save-file" in args and "--format-out" not in args:  # theirs is text, without a header
            args = with_ending(args, "-save-file", ".txt")
            if any(arg.endswith(".txt") for arg in args[args.index("-save-file") + 1 :][:1]):
                args = ["--format-out", "glove", *args]
        return super().parse_args(ctx, args)


@click.command(
    cls=GloVeCommand,
    help=GLOVE_HELP,
    no_args_is_help=True,
    context_settings={"show_default": True},
)
@corpus_argument
@vectors_options
@click.option("--vector-size", default=100, help="Learn vectors of N numbers.")
@click.option("--window", default=15, help="Look at up to N words on each side.")
@click.option("--symmetric/--left", default=True, help="Look to both sides, or to the left alone.")
@click.option(
    "--distance-weighting/--no-distance-weighting",
    default=True,
    help="Let a pair of words count 1/d at a distance of d, or 1 at any.",
)
@click.option("--min-count", default=5, help="Leave out words that occur less often than this.")
@click.option("--max-size", type=int, help="Keep only the N most frequent words.")
@click.option("--epochs", default=25, help="Pass over the pairs N times.")
@click.option("--eta", default=0.05, help="Set the learning rate of AdaGrad.")
@click.option("--x-max", default=100.0, help="Give the full weight to pairs counted this often.")
@click.option(
    "--exponent", default=0.75, help="Raise the share of that to this power to weight other pairs."
)
@click.option(
    "--memory", default=1.0, metavar="GB", help="Use up to this much memory to count pairs."
)
@workers_option
@seed_option
@course_options
@start_option
@phrases_option
@text_options
@result_options
def glove(
    corpus: tuple[str, ...], target: str, format_out: str | None, overwrite: bool, **settings: Any
) -> None:
    check_corpus(corpus)
    check_vectors(target, format_out, overwrite=overwrite)
    from inlay.train import glove

    learn_vectors(glove, corpus, target, format_out, shows_loss=True, **settings)
