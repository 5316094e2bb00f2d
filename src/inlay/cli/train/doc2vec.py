"""`inlay train doc2vec`."""

import time
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

import click

from inlay.cli.inputs import check_there
from inlay.cli.interrupts import work
from inlay.cli.options import seed_option
from inlay.cli.originals import WORD2VEC, Originals
from inlay.cli.outputs import check_folder, check_vectors, print_json, say
from inlay.cli.train.common import (
    check_corpus,
    corpus_argument,
    course_options,
    given,
    phrases_option,
    result_options,
    start_options,
    text_options,
    texts_of_corpus,
    workers_option,
)

# What an older result consists of.
TABLES = ("outputs", "documents", "words", "null")
MARKS = ("encoder.json", *(f"{name}.safetensors" for name in TABLES))

DOC2VEC_HELP = """Learn vectors of texts (paragraph vectors, known as Doc2Vec).

CORPUS is a text file with a text on each line, several of them, or a folder, which stands for all
files in it; they may be packed (.gz, .bz2, .xz). Of a .csv, .tsv or .jsonl file, one column is
read. A hyphen reads standard input. FOLDER receives an encoder: inlay encode finds vectors of new
texts with it, and inlay classify and inlay compare take it as well. The vectors of the texts
themselves are in its documents.safetensors, by the number of the text, from 0.

The options of word2vec's branch for vectors of sentences are understood, too: -size, -iter, and
-cbow 1 for dm or -cbow 0 for dbow with --words. -debug is accepted with any value and changes
nothing. The defaults are those below, whoever's options are given.

\b
Example:
  inlay train doc2vec reviews.txt -o reviews-encoder --epochs 20
  inlay encode new.txt --encoder reviews-encoder -o new.safetensors
  inlay train doc2vec reviews.csv --text review -o encoder --documents-out vectors.vec"""


FILES = (".txt", ".bin", ".vec")  # what the original writes


class Doc2VecCommand(Originals):
    """Knows the words of gensim's Doc2Vec, and word2vec's options with `-sentence-vectors`."""

    trainer = "inlay.train.doc2vec"
    theirs: ClassVar = WORD2VEC
    values: ClassVar = {
        "-cbow": {
            "0": ("--architecture", "dbow", "--words"),
            "1": ("--architecture", "dm"),
        },
        "-hs": {"0": ()},
    }
    ignored: ClassVar = ("-debug",)
    refused: ClassVar = {
        "-sentence-vectors": "each line of CORPUS is a text, whose first word is a word and no id. "
        "Try: the ids in a file of their own, which --tags reads.",
        "-binary": "the ending of --documents-out says how the vectors of texts are written.",
        "-classes": "words are not clustered.",
        "-save-vocab": "the words and their counts are in FOLDER.",
        "-read-vocab": "--folder keeps the words, with the numbered corpus.",
    }

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; what stands behind `-output` is a folder.

        Raises:
            click.UsageError: It has the name of a file.
        """
        for option, name in pairwise(args):
            if option == "-output" and Path(name).suffix in FILES:
                raise click.UsageError(
                    f"-output: expected a folder, for an encoder, got {name!r}. "
                    f"Try: --documents-out {name}, beside it, for the vectors of the texts.",
                    ctx,
                )
        return super().parse_args(ctx, args)


@click.command(
    cls=Doc2VecCommand,
    help=DOC2VEC_HELP,
    no_args_is_help=True,
    context_settings={"show_default": True},
)
@corpus_argument
@click.option(
    *("-o", "--output", "target"),
    metavar="FOLDER",
    required=True,
    type=click.Path(),
    help="Write the encoder into this folder.",
)
@click.option(
    "--documents-out",
    metavar="OUT",
    type=click.Path(),
    help="Write the vectors of the texts to this file, too, in the format that its ending names.",
)
@click.option(
    "--tags",
    metavar="FILE",
    type=click.Path(),
    help="Read the tags of each text from a line of this file, with a tab between two. Texts with "
    "a tag in common share its vector.  [default: the number of the text]",
)
@click.option(
    "--architecture",
    type=click.Choice(["dbow", "dm"]),
    default="dbow",
    help="Predict each word from the text alone (dbow), or with the words around it (dm).",
)
@click.option("--words", is_flag=True, help="Learn vectors of words, too, with dbow.")
@click.option(
    "--concatenate",
    is_flag=True,
    help="Put vectors side by side with dm, in the place of their mean.",
)
@click.option("--vector-size", default=100, help="Learn vectors of N numbers.")
@click.option("--window", default=5, help="Look at up to N words on each side.")
@click.option("--negative", default=5, help="Draw N noise words for each word.")
@click.option(
    "--sample",
    default=1e-3,
    help="Downsample words above this share of the corpus; 0 keeps all.",
)
@click.option("--min-count", default=5, help="Leave out words that occur less often than this.")
@click.option("--max-size", type=int, help="Keep only the N most frequent words.")
@click.option(
    "--epochs", default=10, help="Pass over the corpus, and later each new text, N times."
)
@click.option("--alpha", default=0.025, help="Start with this learning rate.")
@click.option("--min-alpha", default=1e-4, help="End with this learning rate.")
@click.option(
    "--ns-exponent", default=0.75, help="Raise the counts to this power to draw noise words."
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
def doc2vec(
    corpus: tuple[str, ...],
    target: str,
    documents_out: str | None,
    tags: str | None,
    tokenizer: str | None,
    column: str | None,
    encoding: str,
    overwrite: bool,
    as_json: bool,
    phrase_file: str | None,
    start: str | None,
    **settings: Any,
) -> None:
    check_corpus(corpus)
    check_folder(target, overwrite=overwrite, marks=MARKS, what="an encoder")
    if documents_out is not None:
        check_vectors(documents_out, None, overwrite=overwrite)
    if tags is not None:
        check_there(tags, "a file with the tags of each text")
    from inlay.bytes.lines import read_lines
    from inlay.formats import load, save
    from inlay.train import doc2vec

    begun = time.perf_counter()
    with work():
        settings |= given(tokenizer, phrase_file)
        if start is not None:
            settings["start"] = load(start)
        texts, known = texts_of_corpus(corpus, encoding, column)
        if tags is not None:
            settings["tags"] = (line.rstrip("\r\n").split("\t") for line in read_lines(tags))
        encoder = doc2vec(texts, encoding=known, **settings)
        seconds = time.perf_counter() - begun
        encoder.save(target)
        if documents_out is not None:
            save(encoder.documents, documents_out)
    words = encoder.provenance["corpus_words"]
    if as_json:
        print_json(
            {
                "folder": target,
                "documents": len(encoder.documents),
                "vocab_size": len(encoder.outputs),
                "dim": encoder.dim,
                "corpus_words": words,
                "seconds": round(seconds, 3),
                "provenance": encoder.provenance,
            }
        )
        return
    say(
        f"{target}: {len(encoder.documents):,} texts x {encoder.dim}, "
        f"learned from {words:,} words in {seconds:.1f} s"
    )
