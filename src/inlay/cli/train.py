"""`inlay train`: new vectors from text."""

import time
from pathlib import Path
from typing import Any

import click

from inlay.cli.failures import Command
from inlay.cli.options import check_target, json_option, print_json, texts_of

GROUP_HELP = """Learn vectors from text.

\b
Example:
  inlay train word2vec corpus.txt -o vectors.safetensors
  inlay train bilm corpus.txt -o elmo"""

WORD2VEC_HELP = """Learn word vectors by skip-gram with negative sampling (word2vec).

CORPUS is text in UTF-8, a sentence or text a line, plain or packed (.gz .bz2 .xz); - reads
standard input. OUT is written when all is done, in the format its name ends in.

\b
Example:
  inlay train word2vec corpus.txt -o vectors.safetensors --epochs 10
  zcat news.gz | inlay train word2vec - -o news.bin --vector-size 300"""

BILM_HELP = """Learn an ELMo: language models over characters, forward and backward (biLM).

CORPUS is text in UTF-8, a text a line, plain or packed (.gz .bz2 .xz); - reads standard input.
FOLDER is made, with options.json and weights.hdf5 in the official format, vocab.txt, and
training.json with the perplexities. A training that was stopped goes on from the checkpoint in
FOLDER when the same command is given again, and does nothing when it has ended.

\b
Example:
  inlay train bilm reviews.txt -o elmo --epochs 0.5
  xzcat korean.txt.xz | inlay train bilm - -o elmo-ko --dim 256"""


@click.group(help=GROUP_HELP, no_args_is_help=True)
def train() -> None:
    """The trainers."""


@train.command(
    cls=Command,
    help=WORD2VEC_HELP,
    short_help="By skip-gram with negative sampling.",
    no_args_is_help=True,
    context_settings={"show_default": True},
)
@click.argument("corpus", type=click.Path())
@click.option(
    "-o", "--output", "target", metavar="OUT", required=True, type=click.Path(), help="Write here."
)
@click.option("--format-out", metavar="NAME", help="What to write, if the name does not say it.")
@click.option("--vector-size", default=100, help="Numbers in a vector.")
@click.option("--window", default=5, help="Words to each side, at most.")
@click.option("--negative", default=5, help="Noise words for each pair.")
@click.option("--sample", default=1e-4, help="Thin out words above this share; 0: none.")
@click.option("--min-count", default=5, help="Leave out words seen less often.")
@click.option("--max-size", type=int, help="Keep at most so many words.")
@click.option("--epochs", default=5, help="Passes over the corpus.")
@click.option("--alpha", default=0.025, help="Learning rate at the start.")
@click.option("--min-alpha", default=1e-4, help="Learning rate at the end.")
@click.option("--ns-exponent", default=0.75, help="Of the counts, for drawing noise words.")
@click.option("--workers", type=int, show_default="one a processor", help="Threads.")
@click.option("--seed", default=0, help="Of all that is left to chance.")
@click.option("--deterministic", is_flag=True, help="The same numbers every time, by one thread.")
@click.option(
    "--tokenizer",
    type=click.Choice(["split", "words", "lower"]),
    default="split",
    help="split: at white space; lower: words in lower case.",
)
@json_option
def word2vec(
    corpus: str, target: str, format_out: str | None, as_json: bool, **settings: Any
) -> None:
    from inlay.formats import save
    from inlay.train import word2vec

    check_target(target, format_out)
    start = time.perf_counter()
    table = word2vec(texts_of(corpus), **settings)
    seconds = time.perf_counter() - start
    save(table, target, format=format_out)
    words = table.provenance["corpus_words"]
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
    click.echo(
        f"{target}: {len(table):,} words x {table.dim}, "
        f"learned from {words:,} words in {seconds:.1f} s"
    )


def _filters(context: click.Context, option: click.Parameter, value: str) -> list[list[int]]:
    """`1:32,2:64` as pairs."""
    try:
        return [[int(number) for number in pair.split(":")] for pair in value.split(",")]
    except ValueError:
        raise click.BadParameter(
            f"expected pairs like 1:32,2:64, got {value!r}.", context, option
        ) from None


@train.command(
    cls=Command,
    help=BILM_HELP,
    short_help="An ELMo, from characters.",
    no_args_is_help=True,
    context_settings={"show_default": True},
)
@click.argument("corpus", type=click.Path())
@click.option(
    *("-o", "--output"), metavar="FOLDER", required=True, type=click.Path(), help="Make this."
)
@click.option("--dim", default=512, help="Cells of each LSTM.")
@click.option("--projection-dim", default=128, help="Half of the numbers in a token's vector.")
@click.option("--n-layers", default=2, help="LSTM layers in each direction.")
@click.option("--char-dim", default=16, help="Numbers in a character's vector.")
@click.option(
    *("--filters", "filters"),
    default="1:32,2:32,3:64,4:128",
    callback=_filters,
    metavar="WIDTH:MAPS,...",
    help="Convolutions over characters.",
)
@click.option("--n-highway", default=1, help="Highway layers above them.")
@click.option("--max-size", default=20_000, help="Predict at most so many words.")
@click.option("--min-count", default=3, help="Do not predict words seen less often.")
@click.option(
    *("--softmax", "softmax"),
    type=click.Choice(["sampled", "full"]),
    default="sampled",
    help="Predict among a sample of words, or among all.",
)
@click.option("--n-samples", default=1024, help="Words in a sample, about.")
@click.option("--unroll-steps", default=20, help="Words through which a gradient flows back.")
@click.option("--batch-size", default=64, help="Rows of text side by side.")
@click.option("--epochs", default=1.0, help="Passes over the corpus; may be a fraction.")
@click.option("--learning-rate", default=0.006, help="Of Adam; it falls evenly to 0.")
@click.option("--dropout", default=0.0, help="Share of numbers set to 0 between layers.")
@click.option("--clip-norm", default=0.5, help="Longest gradient.")
@click.option("--held-out", default=0.01, help="Share of the words to measure perplexity on.")
@click.option(
    "--tokenizer",
    type=click.Choice(["words", "lower", "split"]),
    default="words",
    help="words: words and punctuation; split: at white space.",
)
@click.option("--workers", type=int, show_default="one a processor", help="Threads.")
@click.option("--device", show_default="a GPU if torch has one", help="Train on: cpu, cuda.")
@click.option("--seed", default=0, help="Of all that is left to chance.")
@click.option("--checkpoint-every", default=60.0, help="Seconds between checkpoints.")
@click.option("--resume/--no-resume", default=True, help="Go on from a checkpoint in FOLDER.")
@click.option("--keep-softmax", is_flag=True, help="Write the softmax too.")
@json_option
def bilm(corpus: str, output: str, as_json: bool, **settings: Any) -> None:
    from inlay.train import bilm

    report = bilm(texts_of(corpus), output, **settings).provenance
    if as_json:
        print_json({"folder": output, **report})
        return
    perplexity = report["perplexity"]
    measured = "nothing held out"
    if perplexity:
        measured = "perplexity {forward:.1f} forward, {backward:.1f} backward".format(**perplexity)
    click.echo(
        f"{output}: {report['parameters']:,} parameters, learned from "
        f"{report['words_read']:,} words in {report['seconds']:.1f} s: {measured}"
    )
