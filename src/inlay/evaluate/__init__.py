"""Which embedding serves a task: comparisons on the same folds, and their measures."""

from inlay.evaluate.compare import compare
from inlay.evaluate.comparison import Comparison, Difference, Row

__all__ = ["Comparison", "Difference", "Row", "compare"]
