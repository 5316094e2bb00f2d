"""torchtext.legacy.data: fields and iterators."""

from inlay.compat.refusals import refuses
from inlay.compat.torchtext.refused import OF_DATA

__getattr__ = refuses(__name__, OF_DATA)
