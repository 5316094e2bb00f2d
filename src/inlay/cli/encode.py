"""`inlay encode`: texts to a file of vectors."""

import time
from pathlib import Path
from typing import Any

import click

from inlay.cli.encoders import check_encoder, read_encoder
from inlay.cli.failures import Command
from inlay.cli.inputs import check_there, column_or_lines
from inlay.cli.interrupts import work
from inlay.cli.options import (
    encoding_option,
    json_option,
    progress_option,
    text_option,
    tokenizer_option,
)
from inlay.cli.outputs import check_file, print_json, say, size

HELP = """Turn TEXTS into a file of vectors that any tool can read.

TEXTS is a file with a text on each line, or a .csv, .tsv or .jsonl file with a column of texts;
it may be packed (.gz, .bz2, .xz). A hyphen reads standard input. ENCODER is the folder of an
encoder, such as an ELMo or a transformer, a name, such as use-multilingual, or a file of word
vectors, whose mean stands for a text. Encoders are described by "inlay info ENCODER".

If the command is killed, give it again and it continues where it stopped; if OUT is finished,
it does nothing. It refuses to continue with other texts or settings.

\b
Example:
  inlay encode reviews.txt --encoder use-multilingual -o features.safetensors
  zcat reviews.gz | inlay encode - --encoder elmo --pool none --layers 2 -o top.safetensors"""


@click.command(cls=Command, help=HELP, no_args_is_help=True)
@click.argument("texts", type=click.Path())
@click.option(
    "--encoder",
    metavar="ENCODER",
    required=True,
    type=click.Path(),
    help="Encode with this encoder: a folder, a name, or a file of word vectors.",
)
@click.option(
    *("-o", "--output", "target"),
    metavar="OUT",
    required=True,
    type=click.Path(),
    help="Write the vectors to this file.",
)
@click.option(
    "--layers",
    default="all",
    show_default=True,
    help="Keep these layers: all, mix, or numbers from 0, as in 0,2.",
)
@click.option(
    "--pool",
    metavar="NAME",
    help="Choose how the tokens of a text become one vector, by a name that the encoder has, such "
    "as mean, or write the vector of each token with none.  [default: the encoder's own]",
)
@click.option("--normalize", is_flag=True, help="Scale the vector of each text to the length 1.")
@click.option(
    "--max-length", type=click.IntRange(1), help="Read only the first N tokens of each text."
)
@click.option(
    "--batch-size", type=click.IntRange(1), help="Give the encoder at most N texts at once."
)
@tokenizer_option("that of the encoder, or words")
@text_option("TEXTS")
@encoding_option("TEXTS")
@click.option(
    "--engine", metavar="NAME", help="Compute with this engine: numba, torch or onnxruntime."
)
@click.option(
    "--precision",
    type=click.Choice(["float32", "bfloat16", "int8"]),
    help="Compute products in this precision; a lower one is faster.  [default: float32]",
)
@click.option(
    "--workers", type=click.IntRange(1), help="Run N threads.  [default: one per processor]"
)
@click.option(
    "--dtype",
    type=click.Choice(["float32", "float16"]),
    default="float32",
    show_default=True,
    help="Store the numbers in this type.",
)
@click.option(
    "--overwrite",
    is_flag=True,
    help="Replace OUT, and work that was begun with other texts or settings.",
)
@progress_option
@json_option
def encode(
    texts: str,
    encoder: str,
    target: str,
    layers: str,
    pool: str | None,
    column: str | None,
    encoding: str,
    as_json: bool,
    **settings: Any,
) -> None:
    if not target.endswith(".safetensors"):
        raise click.UsageError("--output must end in .safetensors, the only format of encodings.")
    check_there(texts, "a file of texts, one per line")
    check_encoder(encoder)
    source, known = column_or_lines(texts, encoding, column)
    # A finished file is one to leave alone or to refuse, which the library tells apart.
    check_file(target, overwrite=True)
    from inlay.encode.features import DEFAULT, write_features

    names = ("tokenizer", "engine", "precision", "workers")
    given = {name: settings.pop(name) for name in names}
    model = read_encoder(encoder, **given)
    start = time.perf_counter()
    with work():
        features = write_features(
            model,
            source,
            target,
            encoding=known,
            layers=_layers(layers),
            pool=None if pool == "none" else pool or DEFAULT,
            **settings,
        )
    seconds = time.perf_counter() - start
    written, dtype = Path(target).stat().st_size, str(features.vectors.dtype)
    if as_json:
        print_json(
            {
                "file": target,
                "file_bytes": written,
                "n_texts": len(features),
                "n_vectors": len(features.vectors),
                "dim": features.dim,
                "dtype": dtype,
                "seconds": round(seconds, 3),
                "texts": features.texts,
                "settings": features.settings,
            }
        )
        return
    tokens = "" if features.offsets is None else f", {len(features.vectors):,} tokens"
    shape = f"{len(features.layers)} x {features.dim} {dtype}"
    say(
        f"{target}: {len(features):,} texts{tokens}, layers {' '.join(features.layers)}: "
        f"{shape}, {size(written)}, in {seconds:.1f} s"
    )


def _layers(layers: str) -> Any:
    """Numbers as such; what is neither is refused by the library."""
    numbers = layers.split(",")
    return [int(n) for n in numbers] if all(map(str.isdecimal, numbers)) else layers
