"""The root of all commands: which there are, each imported when it is called."""

import click

from inlay.cli.dashes import WholeWords
from inlay.cli.failures import FailingWell, debug_option
from inlay.cli.lazily import Lazily
from inlay.version import __version__

# In the order of the help. Each is in the module of its name.
COMMANDS = {
    "info": "Show what is in a file of word vectors.",
    "doctor": "Check a file of word vectors for faults.",
    "convert": "Write word vectors in another format.",
    "similar": "Print the nearest neighbours of a word.",
    "evaluate": "Measure word vectors on word pairs and analogies.",
    "train": "Learn word vectors or an ELMo from text.",
    "encode": "Turn texts into vectors with an encoder.",
    "distil": "Turn an encoder into word vectors.",
    "classify": "Train, evaluate and use a text classifier.",
    "compare": "Compare classifiers on labelled texts.",
    "catalogue": "List public vectors and data sets.",
    "fetch": "Download one of them by its name.",
    "cache": "List or remove what was downloaded.",
    "demo": "See all of inlay in two minutes; nothing is downloaded.",
}

HELP = """Read, convert, train and compare word vectors, and classify texts with them.

\b
Example:
  inlay convert glove.6B.100d.txt glove.safetensors
  inlay similar glove.safetensors king woman --negative man"""

EPILOG = """Run "inlay COMMAND --help" for the options of a command. To have your shell complete
commands and options, add this line to your ~/.bashrc (or use zsh_source or fish_source for those
shells):

\b
  eval "$(_INLAY_COMPLETE=bash_source inlay)\""""


class Root(Lazily, FailingWell):
    """Finds commands by the table above, so that help costs no import."""

    table, package = COMMANDS, "inlay.cli"

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; `help` is one that the list does not name."""
        return help_command if cmd_name == "help" else super().get_command(ctx, cmd_name)


@click.group(
    cls=Root, help=HELP, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(
    __version__,
    prog_name="inlay",
    message="%(prog)s %(version)s",
    help="Show the version and exit.",
)
def inlay() -> None:
    """Everything."""


inlay.params.append(debug_option(hidden=False))


@click.command("help", cls=WholeWords, help="Show the help of a command.")
@click.argument("names", metavar="[COMMAND]...", nargs=-1)
@click.pass_context
def help_command(context: click.Context, names: tuple[str, ...]) -> None:
    """`inlay help classify fit` is `inlay classify fit --help`."""
    inlay.main([*names, "--help"], prog_name="inlay", standalone_mode=False)
