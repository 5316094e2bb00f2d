"""gensim.models: `KeyedVectors`, and what to write in the place of the models that learn."""

from inlay.compat.gensim.models.keyedvectors import KeyedVectors
from inlay.compat.gensim.refused import OF_MODELS
from inlay.compat.refusals import refuses

__all__ = ["KeyedVectors"]

__getattr__ = refuses(
    __name__,
    OF_MODELS,
    lazy={
        name: f"inlay.compat.gensim.models.{name}" for name in ("doc2vec", "fasttext", "word2vec")
    },
)
