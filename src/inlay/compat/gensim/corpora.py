"""gensim.corpora: what there is in the place of its dictionaries."""

from inlay.compat.gensim.refused import OF_CORPORA
from inlay.compat.refusals import refuses

__path__: list[str] = []  # a package for Python, whose modules are refused
__getattr__ = refuses(__name__, OF_CORPORA)
