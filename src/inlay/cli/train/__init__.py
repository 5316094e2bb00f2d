"""`inlay train`: new vectors from text, a file for each trainer."""

import re

import click

from inlay.cli.failures import debug_option
from inlay.cli.lazily import Lazily

# In the order of the help. Each is in the module of its name.
TRAINERS = {
    "word2vec": "Learn word vectors by skip-gram or CBOW.",
    "fasttext": "Learn word vectors with n-grams of characters.",
    "glove": "Learn word vectors by GloVe.",
    "doc2vec": "Learn vectors of texts.",
    "phrases": "Learn which words form a phrase.",
    "bilm": "Learn an ELMo from characters.",
}

GROUP_HELP = """Learn word vectors, or an ELMo, from text.

\b
Example:
  inlay train word2vec corpus.txt -o vectors.safetensors
  inlay train fasttext corpus.txt -o vectors.bin
  inlay train glove corpus.txt -o vectors.safetensors
  inlay train doc2vec reviews.txt -o paragraphs
  inlay train bilm corpus.txt -o elmo"""


TRAINER = re.compile(r"inlay\.train\.(\w+)\(")  # in a hint in Python


class Trainers(Lazily):
    """Finds the trainers by the table above."""

    table, package = TRAINERS, "inlay.cli.train"

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a trainer, or say what others' is called here, as `inlay.train` does in Python."""
        if args and args[0] not in self.table:
            from inlay.train import ELSEWHERE

            hint = ELSEWHERE.get(args[0].lower().replace("-", "_"), "")
            if (found := TRAINER.match(hint)) and found[1] in self.table:
                ctx.fail(f"No such command {args[0]!r}. Did you mean {found[1]!r}?")
            if hint.startswith("inlay.TextClassifier("):
                ctx.fail(f"No such command {args[0]!r}. Try: inlay classify fit --model fasttext.")
        return super().resolve_command(ctx, args)


@click.group(cls=Trainers, help=GROUP_HELP, no_args_is_help=True, params=[debug_option()])
def train() -> None:
    """The trainers."""
