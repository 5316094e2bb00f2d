"""gensim.models.word2vec: what learns vectors here."""

from inlay.compat.gensim.refused import OF_WORD2VEC
from inlay.compat.refusals import refuses

__getattr__ = refuses(__name__, OF_WORD2VEC)
