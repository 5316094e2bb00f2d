"""How good a classifier is on texts it has not seen: accuracy, its interval, and confusions."""

import math
from collections import Counter
from collections.abc import Sequence

Z = 1.959964  # 97.5 % of a normal distribution lies below


def wilson(right: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share, `right` of `n`; honest near 0 and 1 and for small `n`.

    Examples:
        >>> wilson(9, 10)
        (0.5958..., 0.9821...)

    Source: Wilson 1927, Probable inference, the law of succession, and statistical inference.
    """
    share = right / n
    middle = share + Z * Z / (2 * n)
    spread = Z * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    scale = 1 + Z * Z / n
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def confusion(truth: Sequence[str], found: Sequence[str]) -> tuple[list[str], list[list[int]]]:
    """All classes in sorted order, and how often each (row) was taken for each (column)."""
    classes = sorted({*truth, *found})
    counts = Counter(zip(truth, found, strict=True))
    return classes, [[counts[row, column] for column in classes] for row in classes]
