"""`inlay train glove`."""

import time
from pathlib import Path
from typing import Any, ClassVar

import click

from inlay.cli.interrupts import work
from inlay.cli.options import (
    encoding_option,
    json_option,
    overwrite_option,
    progress_option,
    seed_option,
    tokenizer_option,
)
from inlay.cli.outputs import check_vectors, print_json, say
from inlay.cli.train.common import (
    check_corpus,
    column_option,
    corpus_argument,
    course_options,
    given,
    kept_if_stopped,
    texts_of_corpus,
    workers_option,
)
from inlay.cli.train.originals import Originals

GLOVE_HELP = """Learn word vectors from which words stand near which (GloVe).

CORPUS is a text file with a sentence or a text on each line, several of them, or a folder, which
stands for all files in it; they may be packed (.gz, .bz2, .xz). Of a .csv, .tsv or .jsonl file,
one column is read. A hyphen reads standard input. OUT is written when the training has ended, in
the format that its ending names. If Ctrl-C stops the training, OUT is written with the vectors as
they are then; with --folder a checkpoint is written instead, and the same command goes on from it.

The options of the original programs are understood: -vector-size, -window-size, -iter, -x-max,
-alpha and others. The vectors are the same for any number of threads.

\b
Example:
  inlay train glove corpus.txt -o vectors.safetensors --epochs 50
  inlay train glove corpus.txt -o vectors.txt --format-out glove -window-size 10 -x-max 10"""

# Options of the original whose value, 0 or 1, chooses between two of ours.
SWITCHES = {
    "-symmetric": ("--left", "--symmetric"),
    "-distance-weighting": ("--no-distance-weighting", "--distance-weighting"),
}


class GloVeCommand(Originals):
    """Knows the options of `vocab_count`, `cooccur`, `shuffle` and `glove`."""

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
    refused: ClassVar = {
        "-binary": "the ending of OUT, or --format-out, says how vectors are written.",
        "-model": "vectors are the sums of those of words and of contexts (-model 2).",
        "-verbose": "--progress and --no-progress say whether there is a bar.",
        "-checkpoint-every": "--folder keeps checkpoints.",
        "-grad-clip": "gradients are clipped at 100, the default of the original.",
    }

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; `-symmetric 0` is `--left`.

        Raises:
            click.UsageError: A switch that is neither 0 nor 1.
        """
        ours, rest = [], iter(args)
        for arg in rest:
            if "--" in ours or arg not in SWITCHES:
                ours.append(arg)
                continue
            value = next(rest, "")
            if value not in ("0", "1"):
                raise click.UsageError(f"{arg}: expected 0 or 1, got {value!r}.", ctx)
            ours.append(SWITCHES[arg][int(value)])
        return super().parse_args(ctx, ours)


@click.command(
    cls=GloVeCommand,
    help=GLOVE_HELP,
    no_args_is_help=True,
    context_settings={"show_default": True},
)
@corpus_argument
@click.option(
    *("-o", "--output", "target"),
    metavar="OUT",
    required=True,
    type=click.Path(),
    help="Write the vectors to this file.",
)
@click.option(
    "--format-out", metavar="NAME", help="Write this format, if the name of OUT does not say which."
)
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
@tokenizer_option("words")
@column_option
@encoding_option("CORPUS")
@overwrite_option
@progress_option
@json_option
def glove(
    corpus: tuple[str, ...],
    target: str,
    format_out: str | None,
    tokenizer: str | None,
    column: str | None,
    encoding: str,
    overwrite: bool,
    as_json: bool,
    **settings: Any,
) -> None:
    check_corpus(corpus)
    check_vectors(target, format_out, overwrite=overwrite)
    from inlay.formats import save
    from inlay.train import glove

    start = time.perf_counter()
    with work():
        texts, known = texts_of_corpus(corpus, encoding, column)
        with kept_if_stopped(target, format_out):
            table = glove(texts, encoding=known, **settings, **given(tokenizer))
        seconds = time.perf_counter() - start
        save(table, target, format=format_out)
    words, loss = table.provenance["corpus_words"], table.provenance["losses"][-1]
    if as_json:
        print_json(
            {
                "file": target,
                "file_bytes": Path(target).stat().st_size,
                "vocab_size": len(table),
                "dim": table.dim,
                "corpus_words": words,
                "seconds": round(seconds, 3),
                "provenance": table.provenance,
            }
        )
        return
    say(
        f"{target}: {len(table):,} words x {table.dim}, "
        f"learned from {words:,} words in {seconds:.1f} s, loss {loss:.4f}"
    )
