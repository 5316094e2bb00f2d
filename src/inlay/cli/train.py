"""`inlay train`: new vectors from text."""

import time
from pathlib import Path
from typing import Any

import click

from inlay.cli.failures import Command
from inlay.cli.options import check_target, json_option, open_input, print_json

GROUP_HELP = """Learn vectors from text.

\b
Example:
  inlay train word2vec corpus.txt -o vectors.safetensors"""

HELP = """Learn word vectors by skip-gram with negative sampling (word2vec).

CORPUS is text in UTF-8, a sentence or text a line, plain or packed (.gz .bz2 .xz); - reads
standard input. OUT is written when all is done, in the format its name ends in.

\b
Example:
  inlay train word2vec corpus.txt -o vectors.safetensors --epochs 10
  zcat news.gz | inlay train word2vec - -o news.bin --vector-size 300"""


@click.group(help=GROUP_HELP, no_args_is_help=True)
def train() -> None:
    """The trainers."""


@train.command(
    cls=Command,
    help=HELP,
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
@click.option("--max-vocab-size", type=int, help="Keep at most so many words.")
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
    if corpus == "-":
        with open_input(corpus) as lines:
            table = word2vec(lines, **settings)
    else:
        table = word2vec(corpus, **settings)
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
