"""`inlay train`: new vectors from text, a file for each trainer."""

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


class Trainers(Lazily):
    """Finds the trainers by the table above."""

    table, package = TRAINERS, "inlay.cli.train"


@click.group(cls=Trainers, help=GROUP_HELP, no_args_is_help=True, params=[debug_option()])
def train() -> None:
    """The trainers."""
