"""`inlay train bilm`."""

from typing import Any

import click

from inlay.cli.failures import Command
from inlay.cli.interrupts import work
from inlay.cli.options import json_option, progress_option, seed_option
from inlay.cli.outputs import check_writable_folder, print_json, say
from inlay.cli.train.common import (
    check_corpus,
    corpus_argument,
    given,
    text_options,
    texts_of_corpus,
    workers_option,
)

BILM_HELP = """Learn an ELMo, which is a pair of language models over characters (a biLM).

CORPUS is a text file with a text on each line, several of them, or a folder, which stands for all
files in it; they may be packed (.gz, .bz2, .xz). Of a .csv, .tsv or .jsonl file, one column is
read. A hyphen reads standard input. FOLDER receives options.json and weights.hdf5 in the official
format, the word list vocab.txt, and training.json with the settings and perplexities.

The training writes checkpoints into FOLDER. If it is stopped, give the same command again and
it continues from the last checkpoint. If it has ended, the same command does nothing.

\b
Example:
  inlay train bilm reviews.txt -o elmo --epochs 0.5
  xzcat korean.txt.xz | inlay train bilm - -o elmo-ko --dim 256"""


def _filters(context: click.Context, option: click.Parameter, value: str) -> list[list[int]]:
    """`1:32,2:64` as pairs."""
    try:
        pairs = [pair.split(":") for pair in value.split(",")]
        return [[int(width), int(maps)] for width, maps in pairs]
    except ValueError:
        raise click.BadParameter(
            f"expected pairs like 1:32,2:64, got {value!r}.", context, option
        ) from None


@click.command(
    cls=Command,
    help=BILM_HELP,
    no_args_is_help=True,
    context_settings={"show_default": True},
)
@corpus_argument
@click.option(
    *("-o", "--output", "folder"),
    metavar="FOLDER",
    required=True,
    type=click.Path(),
    help="Write the model into this folder.",
)
@click.option("--dim", default=512, help="Give each LSTM N cells.")
@click.option(
    "--projection-dim", default=128, help="Project states to N numbers; vectors have twice as many."
)
@click.option("--n-layers", default=2, help="Stack N LSTM layers in each direction.")
@click.option("--char-dim", default=16, help="Give each character's vector N numbers.")
@click.option(
    *("--filters", "filters"),
    default="1:32,2:32,3:64,4:128",
    callback=_filters,
    metavar="WIDTH:MAPS,...",
    help="Apply these convolutions to the characters.",
)
@click.option("--n-highway", default=1, help="Put N highway layers on top of the convolutions.")
@click.option(
    "--max-size", type=int, default=20_000, help="Predict only the N most frequent words."
)
@click.option(
    "--min-count", default=3, help="Do not predict words that occur less often than this."
)
@click.option(
    *("--softmax", "softmax"),
    type=click.Choice(["sampled", "full"]),
    default="sampled",
    help="Predict among a sample of the words, or among all of them.",
)
@click.option("--n-samples", type=int, help="Draw about N words per sample.  [default: 1024]")
@click.option("--unroll-steps", default=20, help="Let gradients flow back through N words.")
@click.option("--batch-size", default=64, help="Read N rows of text side by side.")
@click.option("--epochs", default=1.0, help="Pass over the corpus N times; N may be a fraction.")
@click.option(
    "--learning-rate",
    default=0.006,
    help="Set the peak learning rate of Adam, which decays linearly to 0.",
)
@click.option("--dropout", default=0.0, help="Drop this share of the activations between layers.")
@click.option("--clip-norm", default=0.5, help="Scale larger gradients down to this norm.")
@click.option(
    "--held-out", default=0.01, help="Hold out this share of the words to measure perplexity."
)
@text_options
@workers_option
@click.option(
    "--device",
    metavar="NAME",
    help="Train on this device, such as cpu or cuda.  [default: a GPU if torch has one]",
)
@seed_option
@click.option("--checkpoint-every", default=60.0, help="Write a checkpoint every N seconds.")
@click.option("--keep-softmax", is_flag=True, help="Save the softmax layer, too.")
@click.option(
    "--overwrite",
    is_flag=True,
    help="Start again from nothing, and replace the training that FOLDER holds.",
)
@progress_option
@json_option
def bilm(
    corpus: tuple[str, ...],
    folder: str,
    tokenizer: str | None,
    column: str | None,
    encoding: str,
    overwrite: bool,
    as_json: bool,
    **settings: Any,
) -> None:
    check_corpus(corpus)
    check_writable_folder(folder)
    from inlay.optional import look_for, require
    from inlay.train import bilm
    from inlay.train.elmo.bilm import PACKAGES

    need = "training an ELMo"
    look_for(PACKAGES, need=need)
    for package, extra in PACKAGES.items():  # now, when Ctrl-C ends the process at once
        require(package, extra=extra, need=need)
    with work():
        texts, known = texts_of_corpus(corpus, encoding, column)
        settings |= given(tokenizer) | {"encoding": known, "resume": not overwrite}
        elmo = bilm(texts, folder, **settings)
    report = elmo.provenance
    if as_json:
        print_json({"folder": folder, **report})
        return
    perplexity = report["perplexity"]
    measured = "nothing held out"
    if perplexity:
        measured = "perplexity {forward:.1f} forward, {backward:.1f} backward".format(**perplexity)
    say(
        f"{folder}: {report['parameters']:,} parameters, learned from "
        f"{report['words_read']:,} words in {report['seconds']:.1f} s: {measured}"
    )
