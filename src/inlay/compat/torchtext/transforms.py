"""torchtext.transforms: what does the same with a vocabulary of ours."""

from inlay.compat.refusals import refuses
from inlay.compat.torchtext.refused import OF_TRANSFORMS

__getattr__ = refuses(__name__, OF_TRANSFORMS)
