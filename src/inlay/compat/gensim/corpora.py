"""gensim.corpora: what there is in the place of its dictionaries."""

from inlay.compat.gensim.refused import OF_CORPORA
from inlay.compat.refusals import refuses

__getattr__ = refuses(__name__, OF_CORPORA)
