"""gensim.utils: what there is in the place of its tokenizers."""

from inlay.compat.gensim.refused import OF_UTILS
from inlay.compat.refusals import refuses

__getattr__ = refuses(__name__, OF_UTILS)
