"""What a user says of the course of a training, and what is said back to them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from typing import Any, NamedTuple

from inlay.checks import described, flag, flag_or_none, number, whole, whole_or_none
from inlay.core import Table
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.paths import check_writable, folder_to_write

CHECKPOINT_EVERY = 600.0  # seconds
SCORE = "a function that gives a table a score"


class Epoch(NamedTuple):
    """What callbacks are told at the end of each epoch.

    Attributes:
        number: Which it was, from 1.
        epochs: How many there are to be.
        loss: The mean loss in it; None, if the trainer does not measure it.
        seconds: Spent on the training so far.
        table: A function without arguments that gives the table as it stands, which allocates it.
    """

    number: int
    epochs: int
    loss: float | None
    seconds: float
    table: Callable[[], Table]


# True ends the training; whatever else it returns does not matter.
Callback = Callable[[Epoch], object]
# A score of the table as it stands: higher is better.
Until = Callable[[Table], float]


@dataclass(frozen=True)
class Running:
    """The arguments of all trainers that say how a training runs, not what it learns.

    Args:
        workers: How many threads train. None: one for each processor.
        seed: Seed of everything that is left to chance.
        deterministic: The same result every time, whatever the number of workers.
        progress: Whether to show a bar.
        folder: Where checkpoints are kept, or None.
        checkpoint_every: Seconds between two of them.
        resume: Whether to go on from one that is there.
        callbacks: Called at the end of each epoch with an `Epoch`.
        until: Called then with the table; ends the training when it gives no better score.
        patience: In how many epochs, one after the other, that must be.

    Raises:
        ArgumentError: A value that cannot be, or that would have no effect.
        ArgumentTypeError: A value of a type that cannot be used.
    """

    workers: int | None = None
    seed: int = 0
    deterministic: bool = False
    progress: bool | None = None
    folder: str | PathLike[str] | None = None
    checkpoint_every: float = CHECKPOINT_EVERY
    resume: bool = True
    callbacks: Iterable[Callback] = ()
    until: Until | None = None
    patience: int = 1

    def __post_init__(self) -> None:
        checked: dict[str, Any] = {
            "workers": whole_or_none("workers", self.workers),
            "seed": whole("seed", self.seed, least=0),
            "deterministic": flag("deterministic", self.deterministic),
            "progress": flag_or_none("progress", self.progress),
            "checkpoint_every": number("checkpoint_every", self.checkpoint_every, least=0),
            "resume": flag("resume", self.resume),
            "callbacks": _functions(self.callbacks),
            "until": None if self.until is None else _function("until", self.until, SCORE),
            "patience": whole("patience", self.patience),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        self._check_effects()
        if self.folder is not None:
            folder = folder_to_write(self.folder, "folder").absolute()
            check_writable(fspath(self.folder), folder)
            object.__setattr__(self, "folder", folder)

    def _check_effects(self) -> None:
        """Refuse what would have no effect."""
        if self.folder is None and self.checkpoint_every != CHECKPOINT_EVERY:
            raise _without("checkpoint_every", self.checkpoint_every, "folder=")
        if self.folder is None and not self.resume:
            raise _without("resume", self.resume, "folder=")
        if self.until is None and self.patience != 1:
            raise _without("patience", self.patience, "until=")

    @property
    def checkpoint(self) -> Path | None:
        """The file of the checkpoint."""
        return None if self.folder is None else Path(self.folder) / "checkpoint.safetensors"


class Report(NamedTuple):
    """How a training went.

    Attributes:
        losses: The mean loss of each epoch; none, if the trainer does not measure it.
        epochs: How many there were.
        seconds: How long they took, earlier runs of the same training included.
        stopped_because: What ended it early; empty, if nothing did.
        scores: What `until` gave after each epoch.
        best: Of which epoch the result is, from 1: the last one, or the best one for `until`.
        workers: How many threads trained; None, if that changes nothing.
    """

    losses: list[float]
    epochs: int
    seconds: float
    stopped_because: str = ""
    scores: list[float] = []  # noqa: RUF012 - a NamedTuple's default; nobody appends to it
    best: int = 0
    workers: int | None = None

    def facts(self) -> dict[str, Any]:
        """What belongs into the provenance: JSON, and the same whenever the training is."""
        known: dict[str, Any] = {"losses": self.losses, "epochs_trained": self.epochs}
        if self.workers is not None:
            known["workers"] = self.workers
        if self.scores:
            known |= {"scores": self.scores, "best_epoch": self.best}
        if self.stopped_because:
            known["stopped_because"] = self.stopped_because
        return known


def _without(name: str, value: object, other: str) -> ArgumentError:
    return ArgumentError(
        name, expected=f"nothing, without {other}", got=described(value), hint=f"{other} as well"
    )


def _functions(callbacks: Any) -> tuple[Callback, ...]:
    if not isinstance(callbacks, Iterable) or isinstance(callbacks, str | bytes):
        raise ArgumentTypeError(
            "callbacks",
            expected="a list of functions",
            got=described(callbacks),
            hint="[callback]" if callable(callbacks) else "",
        )
    return tuple(_function("callbacks", each, "a list of functions") for each in callbacks)


def _function(name: str, value: Any, expected: str) -> Any:
    if not callable(value):
        raise ArgumentTypeError(name, expected=expected, got=described(value))
    return value
