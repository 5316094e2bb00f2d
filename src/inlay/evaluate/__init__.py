"""Which embedding serves a task: comparisons on the same folds, and measures of vectors."""

from inlay.evaluate.compare import compare
from inlay.evaluate.comparison import Comparison, Difference, Row
from inlay.evaluate.intrinsic import Analogies, WordPairs, analogies, word_pairs

__all__ = [
    "Analogies",
    "Comparison",
    "Difference",
    "Row",
    "WordPairs",
    "analogies",
    "compare",
    "word_pairs",
]
