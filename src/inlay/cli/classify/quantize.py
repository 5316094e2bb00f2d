"""`inlay classify quantize`."""

from pathlib import Path
from typing import Any

import click

from inlay.cli.classify.official import QuantizeCommand
from inlay.cli.classify.saved import check_new
from inlay.cli.inputs import check_there
from inlay.cli.interrupts import work
from inlay.cli.options import json_option, overwrite_option, seed_option
from inlay.cli.outputs import print_json, say, size

QUANTIZE_HELP = """Write a small version of the fasttext classifier in FOLDER.

Each row becomes a few bytes, and with --cutoff, only the longest rows stay. FOLDER may also be a
.bin file of fastText.

\b
Example:
  inlay classify quantize model -o model.ftz --cutoff 100000 --qnorm"""


@click.command(
    cls=QuantizeCommand,
    help=QUANTIZE_HELP,
    short_help="Write a small fasttext classifier.",
    no_args_is_help=True,
)
@click.argument("folder", type=click.Path())
@click.option(
    *("-o", "--output"),
    metavar="FILE",
    required=True,
    type=click.Path(),
    help="Write the small classifier to this .ftz file of fastText, or to this folder.",
)
@click.option("--cutoff", type=int, help="Keep only the N longest rows.  [default: all]")
@click.option("--dsub", default=2, show_default=True, help="Store N numbers of a row in a byte.")
@click.option("--qnorm", is_flag=True, help="Give the length of each row a byte of its own.")
@seed_option
@overwrite_option
@json_option
def quantize(folder: str, output: str, overwrite: bool, as_json: bool, **settings: Any) -> None:
    from inlay.classify import TextClassifier

    check_there(folder, "the folder of a classifier, or a .bin file of fastText")
    check_new(output, overwrite=overwrite, official=True)
    classifier = TextClassifier.load(folder)
    with work():
        small = classifier.quantize(**settings)
        small.save(output)
    path = Path(output)
    n_bytes = sum(part.stat().st_size for part in ([path] if path.is_file() else path.iterdir()))
    if as_json:
        print_json({"output": output, "bytes": n_bytes})
    else:
        say(f"{output}: {size(n_bytes)}")
