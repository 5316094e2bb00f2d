"""gensim.models.doc2vec: what trains vectors of documents, and how those that it saved are read."""

from inlay.compat.gensim.refused import OF_DOC2VEC
from inlay.compat.refusals import refuses

__getattr__ = refuses(__name__, OF_DOC2VEC)
