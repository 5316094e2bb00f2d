"""How far a training of a biLM has come, and its checkpoint in the folder of the model."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inlay.aliases import Array
from inlay.errors import FormatError
from inlay.jobs import checkpoint
from inlay.jobs.checkpoint import Checkpoint
from inlay.jobs.stop import kept_in

NAME = "checkpoint.safetensors"
HINT = "another folder, or resume=False, which starts anew"


@dataclass
class Position:
    """How far a training has come.

    Attributes:
        step: The next one.
        words: Predicted so far in each direction.
        seconds: Spent so far.
        loss: Sum of the steps' losses since the last entry of `history`.
        losses: How many these are.
        history: For each stretch of steps: words so far, and the perplexity in the stretch.
    """

    step: int = 0
    words: int = 0
    seconds: float = 0.0
    loss: float = 0.0
    losses: int = 0
    history: list[dict[str, float]] = field(default_factory=list)

    def add(self, loss: float, words: int, stretch: int) -> None:
        """Count a step, and close a stretch of so many."""
        if self.losses == stretch:
            self.loss, self.losses = 0.0, 0
        self.step, self.words = self.step + 1, self.words + words
        self.loss, self.losses = self.loss + loss, self.losses + 1
        if self.losses == stretch:
            perplexity = round(math.exp(self.loss / stretch), 2)
            self.history.append({"words": self.words, "perplexity": perplexity})


def save(
    folder: Path, position: Position, arrays: Mapping[str, Array], about: dict[str, Any]
) -> None:
    """Write the state of a training; see `inlay.jobs.checkpoint.save`."""
    checkpoint.save(folder / NAME, Checkpoint(vars(position), arrays), about)


def load(folder: Path, about: dict[str, Any]) -> tuple[Position, Mapping[str, Array]] | None:
    """Read the state of a training, if there is one.

    Raises:
        FormatError: The file is damaged.
        ArgumentError: It was begun with other settings, or on another corpus.
    """
    found = checkpoint.load(folder / NAME, about, hint=HINT)
    if found is None:
        return None
    try:
        return Position(**found.position), found.arrays
    except TypeError as error:
        raise damaged(folder, str(error)) from error


def damaged(folder: Path, got: str) -> FormatError:
    """The error of a checkpoint that cannot be used."""
    return checkpoint.damaged(folder / NAME, got, hint=HINT)


def left(folder: Path) -> str:
    """What is kept of a training that is stopped now, in a sentence."""
    path = folder / NAME
    return kept_in(path) if path.exists() else "Stopped; there was no checkpoint yet to go on from."
