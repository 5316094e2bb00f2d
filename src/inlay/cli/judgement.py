"""How often a classifier is right: measured for `inlay classify`, and printed."""

import itertools
from collections import Counter
from typing import TYPE_CHECKING, Any

from inlay.cli.failures import escaped
from inlay.cli.outputs import say

if TYPE_CHECKING:
    from inlay.classify import TextClassifier
    from inlay.text import LabelledTexts

WIDE = 12  # classes in a table that still fits a screen


def judge(classifier: "TextClassifier", texts: "LabelledTexts") -> dict[str, Any]:
    """How often a classifier is right about labelled texts, and what it takes for what."""
    from inlay.evaluate.measures import confusion, wilson

    found = [str(label) for label in classifier.predict(texts.texts)]
    right = sum(a == b for a, b in zip(found, texts.labels, strict=True))
    classes, counts = confusion(texts.labels, found)
    known = {str(label) for label in classifier.classes_}
    unseen = Counter(label for label in texts.labels if label not in known)
    return {
        "n_texts": len(texts),
        "n_right": right,
        "accuracy": right / len(texts),
        "interval_95": wilson(right, len(texts)),
        "classes": classes,
        "confusion": counts,
        "unseen": dict(unseen.most_common()),
    }


def print_judgement(judgement: dict[str, Any]) -> None:
    """Print what `judge` found; of many classes, what is most often taken for something else."""
    low, high = judgement["interval_95"]
    say(
        f"accuracy  {judgement['accuracy']:.1%}  (95 % interval {low:.1%} to {high:.1%}, "
        f"{judgement['n_right']:,} of {judgement['n_texts']:,} texts)"
    )
    unseen = judgement["unseen"]
    if unseen:
        named = ", ".join(f"{label} ({n:,})" for label, n in list(unseen.items())[:WIDE])
        say(f"labels that it never saw, each counted as wrong: {named}")
    say()
    classes, counts = judgement["classes"], judgement["confusion"]
    if len(classes) <= WIDE:
        _print_square(classes, counts)
        return
    wrong = sorted(
        (-counts[i][j], classes[i], classes[j])
        for i, j in itertools.permutations(range(len(classes)), 2)
        if counts[i][j]
    )
    for n, truth, found in wrong[:WIDE]:
        say(f"{-n:8,}  {truth} taken for {found}")


def _print_square(classes: list[str], counts: list[list[int]]) -> None:
    classes = [escaped(name) for name in classes]
    rows = [["", *classes]]
    rows += [[name, *(f"{n:,}" for n in row)] for name, row in zip(classes, counts, strict=True)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = [row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]
        say("  ".join(cells).rstrip())
