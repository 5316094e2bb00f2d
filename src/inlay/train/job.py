"""The course of a training, whatever is trained: threads, rate, loss, progress.

A trainer says what it changes and how one piece of an epoch is learned from (`Work`), and what
the user said of the course is checked in one place (`Running`).
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from inlay.aliases import Array
from inlay.checks import flag, flag_or_none, whole
from inlay.core import Table
from inlay.errors import ArgumentError
from inlay.jobs.progress import progress as show_progress
from inlay.jobs.threads import available_workers, run_pieces
from inlay.train.schedule import falling


class Done(NamedTuple):
    """What was done in a piece.

    Attributes:
        units: Words read, or whatever the trainer counts, as for its progress.
        loss: The sum of the losses.
        terms: How many losses it sums; 0, if none was measured.
    """

    units: int
    loss: float = 0.0
    terms: int = 0


class Work(Protocol):
    """What is trained.

    Attributes:
        arrays: All that a step changes, and nothing else.
        pieces: How many there are in an epoch.
        units: How many units an epoch has, for the progress.
    """

    @property
    def arrays(self) -> Mapping[str, Array]:
        """All that a step changes, and nothing else."""
        ...

    @property
    def pieces(self) -> int:
        """How many there are in an epoch."""
        ...

    @property
    def units(self) -> int:
        """How many an epoch has."""
        ...

    def scratch(self) -> Any:
        """Work space for one thread."""
        ...

    def piece(self, epoch: int, piece: int, rate: float, scratch: Any) -> Done:
        """Learn from a piece, with chance by `seed_of(seed, epoch * pieces + piece)` alone.

        Several threads are in here at the same time, if the kernel releases the GIL.
        """
        ...

    def table(self) -> Table:
        """The table as it stands; what is learned later does not change it."""
        ...


@dataclass(frozen=True)
class Running:
    """The arguments of all trainers that say how a training runs, not what it learns."""

    workers: int | None = None
    seed: int = 0
    deterministic: bool = False
    progress: bool | None = None

    def __post_init__(self) -> None:
        checked: dict[str, Any] = {
            "seed": whole("seed", self.seed, least=0),
            "deterministic": flag("deterministic", self.deterministic),
            "progress": flag_or_none("progress", self.progress),
        }
        checked["workers"] = _threads(self.workers, checked["deterministic"])
        for name, value in checked.items():
            object.__setattr__(self, name, value)


class Report(NamedTuple):
    """How a training went.

    Attributes:
        losses: The mean loss of each epoch; none, if the trainer does not measure it.
        epochs: How many there were.
        seconds: How long they took.
    """

    losses: list[float]
    epochs: int
    seconds: float


def run(
    work: Work,
    running: Running,
    *,
    epochs: int,
    alpha: float,
    min_alpha: float,
    about: Mapping[str, Any],
    unit: str = "words",
) -> Report:
    """Train.

    Args:
        work: What is trained; it is changed in place.
        running: How it runs.
        epochs: How many times all pieces are gone through.
        alpha: Learning rate of the first piece.
        min_alpha: Learning rate at the end, to which it decays linearly.
        about: What the result depends on, JSON: the trainer's name, its settings, the seed, the
            corpus.
        unit: What the progress counts.

    Returns:
        What was measured on the way.
    """
    begun, losses = time.monotonic(), []
    workers = running.workers or 1
    scratches = [work.scratch() for _ in range(workers)]
    total = work.pieces * epochs
    with show_progress(
        work.units * epochs, unit=f" {unit}", desc="training", enabled=running.progress
    ) as bar:
        for epoch in range(epochs):
            done: list[Done] = []

            def learn(piece: int, scratch: Any, epoch: int = epoch, done: list[Done] = done) -> int:
                rate = falling(alpha, min_alpha, (epoch * work.pieces + piece) / total)
                done.append(work.piece(epoch, piece, rate, scratch))
                if done[-1].terms and piece % 64 == 0:
                    bar.note(loss=f"{done[-1].loss / done[-1].terms:.4f}")
                return done[-1].units

            run_pieces(learn, work.pieces, scratches, bar)
            if terms := sum(each.terms for each in done):
                losses.append(sum(each.loss for each in done) / terms)
    return Report(losses, epochs, round(time.monotonic() - begun, 3))


def _threads(workers: int | None, deterministic: bool) -> int:
    if not deterministic:
        return available_workers(workers)
    if workers is not None and available_workers(workers) > 1:
        raise ArgumentError(
            "workers",
            expected="1 with deterministic=True, for several never do the same twice",
            got=str(workers),
            hint="workers=1, or deterministic=False",
        )
    return 1
