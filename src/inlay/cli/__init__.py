"""The `inlay` command: one module a command, argument parsing and printing only.

Modules here import click and nothing heavy, so that `inlay --help` answers at once; what a
command needs is imported when it runs.
"""

import signal
import sys
from types import FrameType
from typing import NoReturn

import click

from inlay.cli.classify import classify
from inlay.cli.convert import convert
from inlay.cli.demo import demo
from inlay.cli.encode import encode
from inlay.cli.failures import FailingWell
from inlay.cli.info import info
from inlay.cli.similar import similar
from inlay.cli.train import train
from inlay.version import __version__

__all__ = ["inlay", "main"]

HELP = """Read, convert, train and compare word vectors, and classify texts with them.

\b
Example:
  inlay convert glove.6B.100d.txt glove.safetensors
  inlay similar glove.safetensors king woman --negative man"""


@click.group(
    cls=FailingWell,
    help=HELP,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="inlay", message="%(prog)s %(version)s")
@click.option(
    "--debug", is_flag=True, envvar="INLAY_DEBUG", help="Show where in the code a failure arose."
)
def inlay(debug: bool) -> None:
    """Everything; `FailingWell` reads `debug`."""


for command in (info, convert, similar, train, encode, classify, demo):
    inlay.add_command(command)


def main() -> NoReturn:
    """Run the command line of this process and exit: 0 done, 1 failed, 2 used wrongly."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        # UTF-8 whatever the locale: vectors and texts come in every script.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8")
    # So that a `kill` cleans up half-written files like Ctrl-C does.
    signal.signal(signal.SIGTERM, _terminate)
    inlay.main(prog_name="inlay")
    raise AssertionError("click exits by itself")


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)
