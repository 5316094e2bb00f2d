"""`inlay encode`: texts to a file of vectors."""

import time
from pathlib import Path
from typing import Any

import click

from inlay.cli.failures import Command
from inlay.cli.options import json_option, print_json, quiet_backends, size, texts_of

HELP = """Encode TEXTS, a text a line, into a file of vectors that any tool can read.

TEXTS is UTF-8, plain or packed (.gz .bz2 .xz); - reads standard input. --encoder is a folder
with the options and weights of an ELMo. The same command again goes on where a kill stopped
it, and does nothing when OUT is finished; changed texts or settings are noticed.

\b
Example:
  inlay encode reviews.txt --encoder elmo -o features.safetensors
  zcat reviews.gz | inlay encode - --encoder elmo --pool none --layers 2 -o top.safetensors"""


@click.command(cls=Command, help=HELP, short_help="Encode texts by an ELMo.", no_args_is_help=True)
@click.argument("texts", type=click.Path())
@click.option(
    "--encoder", "folder", metavar="FOLDER", required=True, type=click.Path(), help="What encodes."
)
@click.option(
    "-o", "--output", "target", metavar="OUT", required=True, type=click.Path(), help="Write here."
)
@click.option(
    "--layers", default="all", show_default=True, help="all, mix, or numbers from 0, as in 0,2."
)
@click.option(
    "--pool",
    type=click.Choice(["mean", "none"]),
    default="mean",
    show_default=True,
    help="A vector for each text, or for each token.",
)
@click.option("--max-length", type=click.IntRange(1), help="Read only the first tokens of a text.")
@click.option(
    "--tokenizer",
    type=click.Choice(["split", "words", "lower"]),
    help="How texts become tokens.  [default: what FOLDER was trained with, or split]",
)
@click.option("--engine", metavar="NAME", help="What computes: numba, torch, onnxruntime.")
@click.option(
    "--precision",
    type=click.Choice(["float32", "bfloat16", "int8"]),
    help="Of products; the lower ones are for speed.  [default: float32]",
)
@click.option(
    "--workers", type=click.IntRange(1), help="Threads.  [default: one for each processor]"
)
@click.option(
    "--dtype",
    type=click.Choice(["float32", "float16"]),
    default="float32",
    show_default=True,
    help="Of the numbers in OUT.",
)
@click.option("--overwrite", is_flag=True, help="Replace OUT, and work on it that does not fit.")
@json_option
def encode(
    texts: str,
    folder: str,
    target: str,
    layers: str,
    pool: str,
    as_json: bool,
    **settings: Any,
) -> None:
    quiet_backends()
    from inlay.encode import load_encoder
    from inlay.encode.features import write_features

    names = ("tokenizer", "engine", "precision", "workers")
    given = {name: settings.pop(name) for name in names}
    encoder = load_encoder(folder, **{k: v for k, v in given.items() if v is not None})
    start = time.perf_counter()
    features = write_features(
        encoder,
        texts_of(texts),
        target,
        layers=_layers(layers),
        pool="mean" if pool == "mean" else None,
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
    click.echo(
        f"{target}: {len(features):,} texts{tokens}, layers {' '.join(features.layers)}: "
        f"{shape}, {size(written)}, in {seconds:.1f} s"
    )


def _layers(layers: str) -> Any:
    """Numbers as such; what is neither is refused by the library."""
    numbers = layers.split(",")
    return [int(n) for n in numbers] if all(map(str.isdecimal, numbers)) else layers
