"""Settings of fastText's classifier to try next: at random, around the best so far."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from inlay.classify.settings import (
    DIM_OF_FASTTEXT,
    EPOCHS,
    OF_FASTTEXT,
    RATE_OF_FASTTEXT,
    ClassifierSettings,
)

TUNED = ("epochs", "learning_rate", "dim", "word_ngrams", "min_n", "max_n", "bucket")
DIMS = (16, 40, 100, 240)  # few, for a kernel is compiled for each
PARTS = ((0, 0), (2, 5), (3, 6))  # min_n and max_n
BOUNDS = {
    "epochs": (1, 100),
    "learning_rate": (0.01, 5.0),
    "word_ngrams": (1, 5),
    "bucket": (10_000, 10_000_000),
}
WIDE = 1.5  # the first steps: of what is multiplied, in powers of two
NARROWING = 15  # trials after which steps are half as wide
DRAWS = 100  # of settings that were tried before


def fixed(settings: ClassifierSettings, *, given: bool) -> frozenset[str]:
    """What the user has chosen: settings that are not as they are by themselves.

    Args:
        settings: As the user has them.
        given: Whether there is a table to start from, which has its own dimension.
    """
    usual: dict[str, Any] = OF_FASTTEXT | {"epochs": EPOCHS, "learning_rate": None, "dim": None}
    found = {name for name in TUNED if getattr(settings, name) != usual[name]}
    if given:
        found.add("dim")
    if found & {"min_n", "max_n"}:
        found |= {"min_n", "max_n"}
    return frozenset(found)


@dataclass
class Proposals:
    """What gives settings to try, each once.

    Attributes:
        fixed: Names of those that stay as they are.
        rng: What draws.
    """

    fixed: frozenset[str]
    rng: np.random.Generator

    def __post_init__(self) -> None:
        self.known: set[tuple[Any, ...]] = set()
        self.dims: Sequence[int] = DIMS

    def first(self, settings: ClassifierSettings) -> ClassifierSettings:
        """Those to begin with: as they are."""
        self.known.add(tuned(settings))
        return settings

    def next(self, best: ClassifierSettings) -> ClassifierSettings | None:
        """Others near the best so far; None: it found no others."""
        for _ in range(DRAWS):
            found = replace(best, **self._drawn(best))
            if tuned(found) not in self.known:
                return self.first(found)
        return None

    def _drawn(self, best: ClassifierSettings) -> dict[str, Any]:
        """A step from the best in every direction that is not fixed.

        Source: https://github.com/facebookresearch/fastText, src/autotune.cc, whose steps narrow
        as its time passes, and not by the number of trials.
        """
        width = WIDE / (1 + len(self.known) / NARROWING)
        epochs, rate, dim, ngrams, bucket = (width * self.rng.standard_normal(5)).tolist()
        redraws, part = self.rng.random() < width / 2, int(self.rng.integers(len(PARTS)))
        min_n, max_n = PARTS[part] if redraws else (best.min_n, best.max_n)
        drawn: dict[str, Any] = {
            "epochs": round(_within("epochs", best.epochs * 2**epochs)),
            "learning_rate": _rounded(
                _within("learning_rate", (best.learning_rate or RATE_OF_FASTTEXT) * 2**rate)
            ),
            "dim": _beside(best.dim or DIM_OF_FASTTEXT, dim, self.dims),
            "word_ngrams": round(_within("word_ngrams", best.word_ngrams + ngrams)),
            "min_n": min_n,
            "max_n": max_n,
            "bucket": round(_within("bucket", best.bucket * 2**bucket)),
        }
        drawn = {name: value for name, value in drawn.items() if name not in self.fixed}
        if drawn.get("word_ngrams", best.word_ngrams) < 2 and not drawn.get("max_n", best.max_n):
            drawn.pop("bucket", None)  # which has no effect
        return drawn


def tuned(settings: ClassifierSettings) -> tuple[Any, ...]:
    """What is looked for, in the order of `TUNED`."""
    return tuple(getattr(settings, name) for name in TUNED)


def _within(name: str, value: float) -> float:
    least, most = BOUNDS[name]
    return min(max(value, least), most)


def _rounded(value: float) -> float:
    """Three digits of it, which a reader can write down."""
    return float(f"{value:.3g}")


def _beside(dim: int, step: float, dims: Sequence[int]) -> int:
    """A dimension some steps along others, or that itself."""
    at = min(range(len(dims)), key=lambda i: abs(dims[i] - dim))
    return dims[min(max(at + round(step), 0), len(dims) - 1)]
