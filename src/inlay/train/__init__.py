"""Training embeddings on a corpus of one's own."""

from inlay.train.elmo.job import bilm
from inlay.train.word2vec import word2vec

__all__ = ["bilm", "word2vec"]
