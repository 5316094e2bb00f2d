"""`inlay classify evaluate`."""

from typing import Any

import click

from inlay.cli.classify.saved import check_saved, load
from inlay.cli.failures import Command
from inlay.cli.inputs import check_there, read_data
from inlay.cli.judgement import judge, print_judgement
from inlay.cli.options import data_options, json_option, tokenizer_option
from inlay.cli.outputs import print_json

EVALUATE_HELP = """Measure how often the classifier in FOLDER is right about the texts in DATA.

The 95 % confidence interval is Wilson's. The rows of the table are the true classes, and its
columns are the classes that were predicted.

\b
Example:
  inlay classify evaluate model aclImdb --split test --json"""


@click.command(
    cls=Command, help=EVALUATE_HELP, short_help="Measure the accuracy.", no_args_is_help=True
)
@click.argument("folder", type=click.Path())
@click.argument("data", type=click.Path())
@tokenizer_option("that of the classifier")
@data_options()
@json_option
def evaluate(folder: str, data: str, tokenizer: str | None, as_json: bool, **options: Any) -> None:
    check_saved(folder)
    check_there(data, "labelled texts", kind="labelled")
    texts = read_data(data, options)
    judgement = judge(load(folder, tokenizer), texts)
    if as_json:
        print_json(judgement)
    else:
        print_judgement(judgement)
