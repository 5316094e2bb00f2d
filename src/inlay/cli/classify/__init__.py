"""`inlay classify`: learn labels, judge them, predict them; a file for each command."""

import click

from inlay.cli.classify.official import COMMANDS
from inlay.cli.failures import debug_option
from inlay.cli.lazily import Lazily

# In the order of the help. Each is in the module of its name.
JOBS = {
    "evaluate": "Measure the accuracy.",
    "fit": "Train on labelled texts.",
    "predict": "Predict the labels of new texts.",
    "quantize": "Write a small fasttext classifier.",
    "test": "Measure precision and recall.",
}

GROUP_HELP = """Train a text classifier on any word vectors or encoder, evaluate it, and use it.

\b
Example:
  inlay classify fit aclImdb --split train -o model --embedding glove.safetensors
  inlay classify evaluate model aclImdb --split test
  echo "what a film" | inlay classify predict model -"""


class Jobs(Lazily):
    """Finds the jobs by the table above."""

    table, package = JOBS, "inlay.cli.classify"

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a job, or say what fastText's is called here."""
        if args and args[0] in COMMANDS:
            ctx.fail(f"No such command {args[0]!r}. Try: inlay classify {COMMANDS[args[0]]}.")
        return super().resolve_command(ctx, args)


@click.group(cls=Jobs, help=GROUP_HELP, no_args_is_help=True, params=[debug_option()])
def classify() -> None:
    """The jobs of a classifier."""
