"""`inlay distil`: any encoder into a file of word vectors."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from inlay.bytes.encodings import Encoding
from inlay.cli.encoders import check_encoder, read_encoder
from inlay.cli.failures import Command
from inlay.cli.inputs import check_there, each_text, lines_of, table_file
from inlay.cli.interrupts import work
from inlay.cli.options import (
    encoding_option,
    json_option,
    overwrite_option,
    progress_option,
    text_option,
    tokenizer_option,
)
from inlay.cli.outputs import check_vectors, note, print_json, say
from inlay.errors import FormatError

if TYPE_CHECKING:
    from inlay.core import Table, Vocabulary

HELP = """Turn an encoder into word vectors: a table that needs the encoder no longer.

Each word is encoded alone. The vectors are reduced to --dim principal components, and those of
frequent words are shortened. The mean of the vectors of a text's words then stands for the text.
It is made in a small fraction of the time, and the order of the words is lost.

FILE is a text file with a text on each line, or a .csv, .tsv or .jsonl file with a column of texts,
and their words are counted. It may also be a file of word vectors or a vocabulary that inlay saved,
or, with --list, a file with a word or a phrase on each line. Text may be packed (.gz, .bz2, .xz),
and a hyphen reads it from standard input.

\b
Example:
  inlay distil --encoder use-multilingual --vocab reviews.txt --dim 256 -o reviews.safetensors
  inlay distil --encoder minilm --vocab glove.6B.50d.txt -o minilm.safetensors"""

OF_TEXTS = ("column", "tokenizer", "min_count", "max_size")


@click.command(cls=Command, help=HELP, no_args_is_help=True)
@click.option(
    "--encoder",
    metavar="ENCODER",
    required=True,
    type=click.Path(),
    help="Encode with this encoder: a name, a folder, or a file of word vectors.",
)
@click.option(
    "--vocab",
    metavar="FILE",
    required=True,
    type=click.Path(),
    help="Give each word of this text, table or vocabulary a vector.",
)
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
@click.option(
    "--dim",
    type=click.IntRange(1),
    help="Keep N principal components.  [default: the encoder's own vectors]",
)
@click.option(
    "--weighting",
    type=click.Choice(["sif", "zipf", "none"]),
    default="sif",
    show_default=True,
    help="Scale each vector by a / (a + p), where p is the frequency of the word, or with zipf by "
    "the logarithm of its rank, or with none not at all.",
)
@click.option(
    "--a", type=float, default=1e-4, show_default=True, help="Set the a of the weighting sif."
)
@click.option(
    *("--list", "as_list"),
    is_flag=True,
    help="Take each line of FILE as a word or phrase, the most frequent first.",
)
@click.option(
    "--min-count",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Leave out words that occur less often than this in the text.",
)
@click.option(
    "--max-size", type=click.IntRange(1), help="Keep only the N most frequent words of the text."
)
@tokenizer_option("words")
@text_option("FILE")
@encoding_option("FILE")
@click.option(
    "--batch-size", type=click.IntRange(1), help="Give the encoder at most N words at once."
)
@overwrite_option
@progress_option
@json_option
def distil(
    encoder: str,
    vocab: str,
    target: str,
    format_out: str | None,
    weighting: str,
    as_list: bool,
    encoding: str,
    overwrite: bool,
    as_json: bool,
    **settings: Any,
) -> None:
    check_encoder(encoder)
    check_there(vocab, "a text file, a vocabulary or a file of vectors", kind="vectors")
    check_vectors(target, format_out, overwrite=overwrite)
    of_texts = {name: settings.pop(name) for name in OF_TEXTS}
    read = _reader(vocab, as_list)
    if read is not _counted:
        _refuse_of_texts(vocab)
    from inlay.encode.distil import distil
    from inlay.formats import save

    with work():
        model = read_encoder(encoder)
        start = time.perf_counter()
        words = read(vocab, encoding, of_texts)
        chosen: Any = None if weighting == "none" else weighting
        table = distil(model, words, weighting=chosen, **settings)
        seconds = time.perf_counter() - start
        save(table, target, format=format_out)
    made = table.provenance
    if as_json:
        print_json(
            {
                "file": target,
                "file_bytes": Path(target).stat().st_size,
                "vocab_size": len(table),
                "dim": table.dim,
                "without_vector": made["without_vector"],
                "explained_variance": made["explained_variance"],
                "seconds": round(seconds, 3),
                "provenance": made,
            }
        )
        return
    share, without = made["explained_variance"], made["without_vector"]
    kept = "" if share is None else f", {share:.1%} of the variance of {model.dim}"
    empty = f"; {without:,} of which the encoder knows nothing are zeros" if without else ""
    say(f"{target}: {len(table):,} words x {table.dim}{kept}, in {seconds:.1f} s{empty}")


def _reader(file: str, as_list: bool) -> Any:
    """What reads the words of a file, by its content."""
    if as_list:
        return _listed
    if file == "-":
        return _counted
    if not Path(file).exists():  # a name of the catalogue
        return _of_table
    if _is_vocabulary(file):
        return _saved
    from inlay.formats import format_of

    try:
        format_of(file)
    except FormatError:
        return _counted
    return _of_table


def _is_vocabulary(file: str) -> bool:
    from inlay.core.vocabulary_file import FORMAT

    if not Path(file).is_file():
        return False
    with Path(file).open("rb") as opened:
        return FORMAT.encode() in opened.read(100)


def _listed(file: str, encoding: str, of_texts: dict[str, Any]) -> list[str]:
    return [
        line.strip() for line in lines_of(file, Encoding.of_lines(encoding, file)) if line.strip()
    ]


def _saved(file: str, encoding: str, of_texts: dict[str, Any]) -> "Vocabulary":
    from inlay.core import Vocabulary

    return Vocabulary.load(file)


def _of_table(file: str, encoding: str, of_texts: dict[str, Any]) -> "Table":
    from inlay.formats import load

    return load(table_file(file))


def _counted(file: str, encoding: str, of_texts: dict[str, Any]) -> "Vocabulary":
    from inlay.core import Vocabulary

    texts = each_text(file, encoding, of_texts.pop("column"))
    vocab = Vocabulary.from_texts(texts, pad=None, unk=None, **of_texts)
    if vocab.counts is not None and len(vocab) > 1 and vocab.counts.max() == 1:
        note("Every word occurs once. If the file is a list of words, give --list too.")
    return vocab


def _refuse_of_texts(file: str) -> None:
    """Options about texts, where the words are there already."""
    context = click.get_current_context()
    for param in context.command.params:
        given = context.get_parameter_source(param.name or "")
        if param.name in OF_TEXTS and given is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{param.opts[-1]} has no effect on {file}, a list of words.")
