"""How far a training has come, and its checkpoint."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inlay.aliases import Array
from inlay.jobs import checkpoint
from inlay.jobs.checkpoint import Checkpoint
from inlay.train.running import Report

HINT = "another folder, or resume=False, which starts anew"
BEST = "best "  # before the names of the arrays as they were after the best epoch


@dataclass
class Position:
    """How far a training has come.

    Attributes:
        epoch: How many epochs are behind, callbacks included.
        piece: How many pieces of the present one are.
        units: What was read in them.
        seconds: Spent so far.
        loss: The sum of the present epoch's losses.
        terms: How many these are.
        losses: The mean loss of each epoch that is behind.
        scores: What `until` gave after each.
        best: After which epoch, from 1, the score was best; 0, before there is any.
        stopped: Why the training has ended early, or empty.
    """

    epoch: int = 0
    piece: int = 0
    units: int = 0
    seconds: float = 0.0
    loss: float = 0.0
    terms: int = 0
    losses: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    best: int = 0
    stopped: str = ""

    def mean(self) -> float | None:
        """The mean loss in the present epoch, if it is measured."""
        return self.loss / self.terms if self.terms else None

    def close(self) -> None:
        """Go on to the next epoch."""
        if self.terms:
            self.losses.append(self.loss / self.terms)
        self.epoch, self.piece, self.loss, self.terms = self.epoch + 1, 0, 0.0, 0

    def report(self) -> Report:
        """What is told at the end."""
        best = self.best or self.epoch
        return Report(
            self.losses, self.epoch, round(self.seconds, 3), self.stopped, self.scores, best
        )


@dataclass
class State:
    """All that a checkpoint holds.

    Attributes:
        position: How far the training has come.
        arrays: What its steps change.
        best: The same after the best epoch, if that is not the last one.
    """

    position: Position
    arrays: Mapping[str, Array]
    best: Mapping[str, Array] = field(default_factory=dict)

    def remember(self) -> None:
        """Keep the arrays as they are, as the best."""
        self.best = {name: array.copy() for name, array in self.arrays.items()}

    def recall(self) -> None:
        """Make the arrays what they were after the best epoch."""
        for name, array in self.best.items():
            self.arrays[name][...] = array

    def save(self, path: Path, about: Mapping[str, Any]) -> None:
        """Write it over the last one, in one step."""
        best = {BEST + name: array for name, array in self.best.items()}
        state = Checkpoint(vars(self.position), {**self.arrays, **best})
        checkpoint.save(path, state, about)

    def load(self, path: Path, about: Mapping[str, Any]) -> None:
        """Become what was written, if there is anything.

        Raises:
            FormatError: The file is damaged.
            ArgumentError: It is of another training.
        """
        found = checkpoint.load(path, about, hint=HINT, into=self.arrays)
        if found is None:
            return
        try:
            self.position = Position(**found.position)
        except TypeError as error:
            raise checkpoint.damaged(path, str(error), hint=HINT) from error
        self.best = {
            name.removeprefix(BEST): array
            for name, array in found.arrays.items()
            if name.startswith(BEST)
        }
