"""torchtext.legacy: fields and iterators, which torchtext itself gave up."""

from inlay.compat.refusals import refuses
from inlay.compat.torchtext.refused import OF_LEGACY

__getattr__ = refuses(__name__, OF_LEGACY, lazy={"data": "inlay.compat.torchtext.legacy.data"})
