"""Training word vectors on a corpus of one's own."""

from inlay.train.word2vec import word2vec

__all__ = ["word2vec"]
