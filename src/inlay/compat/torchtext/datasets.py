"""torchtext.datasets: which function reads a data set here."""

from inlay.compat.refusals import refuses
from inlay.compat.torchtext.refused import OF_DATASETS

__path__: list[str] = []  # a package for Python, whose modules are refused
__getattr__ = refuses(__name__, OF_DATASETS)
