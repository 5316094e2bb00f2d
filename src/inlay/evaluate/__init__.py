"""Which embedding serves a task: comparisons on the same splits, and their measures."""

from inlay.evaluate.compare import Comparison, Row, compare

__all__ = ["Comparison", "Row", "compare"]
