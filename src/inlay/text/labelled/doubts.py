"""Labels that are probably mistakes: of a row that fell apart, or with a space too many."""

from collections import Counter
from collections.abc import Sequence
from statistics import median

from inlay.checks import warn
from inlay.text.labelled.texts import Item

RARE = 2  # rows with a label, at most
COMMON = 20  # rows with each of the others, at least, on the middle one


def warn_of_labels(items: Sequence[Item]) -> None:
    """Warn, with lines, of labels that begin or end with a space, and of a few odd ones out.

    A label is odd that comes once or twice where the others come 20 times or more. Such rows
    mostly have a comma too many in their text.

    Args:
        items: Of a file of rows, so that their ids say where they stand.
    """
    counts = Counter(item.label for item in items)
    spaced = [item for item in items if item.label != item.label.strip()]
    if spaced:
        first = spaced[0]
        warn(
            f"{first.id}: the label {first.label!r} begins or ends with a space"
            f"{_others(len(spaced), 'row is', 'rows are')}, which makes it another than "
            f"{first.label.strip()!r}. Try: remove the spaces around labels."
        )
    rare = {label for label, n in counts.items() if n <= RARE}
    common = [n for label, n in counts.items() if label not in rare]
    if not rare or not common or median(common) < COMMON:
        return
    odd = [item for item in items if item.label in rare and item.label == item.label.strip()]
    if odd:
        n = counts[odd[0].label]
        shown = odd[0].label if len(odd[0].label) <= 40 else f"{odd[0].label[:40]}..."
        warn(
            f"{odd[0].id}: the label {shown!r} comes {'once' if n == 1 else 'twice'}"
            f"{_others(len({item.label for item in odd}), 'label is', 'labels are')}, and "
            f"{_each(len(common))} {min(common):,} times or more. Try: look whether the "
            f"columns are right in that row."
        )


def _others(n: int, one: str, several: str) -> str:
    return f" ({n - 1:,} other {one if n == 2 else several} like that)" if n > 1 else ""


def _each(n: int) -> str:
    return f"each of the {n} others" if n > 1 else "the other"
