"""The course of a training, whatever is trained: threads, rate, loss, progress, checkpoints.

A trainer says what it changes and how it learns from one piece of an epoch (`Work`); what the
user says of the course is checked in one place (`Running`).
"""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

from inlay.aliases import Array
from inlay.checks import number
from inlay.core import Table
from inlay.errors import ArgumentError
from inlay.jobs.progress import Progress
from inlay.jobs.progress import progress as show_progress
from inlay.jobs.stop import kept_in, say
from inlay.jobs.threads import Spread, available_workers, lock, run_pieces, run_rounds
from inlay.train.position import Position, State
from inlay.train.running import Epoch, Report, Running
from inlay.train.schedule import falling

__all__ = ["Apart", "Done", "Epoch", "Report", "Running", "Work", "run"]

NOTE = 0.2  # seconds between two looks at the loss, for the bar


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
    """What is trained."""

    @property
    def arrays(self) -> Mapping[str, Array]:
        """All that a step changes, and nothing else: what a checkpoint holds."""
        ...

    @property
    def pieces(self) -> int:
        """How many pieces an epoch has."""
        ...

    @property
    def units(self) -> int:
        """How many units an epoch has, for the progress."""
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


@runtime_checkable
class Apart(Protocol):
    """Work whose pieces can also be learned from side by side, all from the same state.

    With `deterministic=True` the pieces of each round are learned from apart, by any number of
    threads, and what they change is added in their order; so the number of threads changes
    nothing. The size of a round is the trainer's, and must not depend on that number either.
    """

    @property
    def together(self) -> int:
        """How many pieces a round has."""
        ...

    def apart(self, epoch: int, piece: int, rate: float, scratch: Any) -> tuple[Done, Any]:
        """`Work.piece` that changes no array of the work, but returns the changes."""
        ...

    def add(self, changes: list[Any], spread: Spread) -> None:
        """Add up the changes of a round, in this order; `spread(part, n)` does so in threads."""
        ...


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
    """Train, or go on with a training.

    Ctrl-C raises KeyboardInterrupt when every piece that was begun has ended. With a folder a
    checkpoint is written first; without one, the exception's attribute `table` is the table as it
    stands.

    Args:
        work: What is trained; it is changed in place.
        running: How it runs.
        epochs: How many times all pieces are gone through.
        alpha: Learning rate of the first piece.
        min_alpha: Learning rate at the end, to which it decays linearly.
        about: What the result depends on, JSON: the trainer's name, its settings, the seed, the
            corpus. Checkpoints of a training that differs in any of it are refused.
        unit: What the progress counts.

    Returns:
        What was measured on the way.

    Raises:
        ArgumentError: The folder has a checkpoint of another training; several workers were asked
            for with `deterministic=True`, of a trainer that can do so with one only.
        FormatError: The checkpoint is damaged.
    """
    return _Course(work, running, (alpha, min_alpha), epochs, about).run(unit)


class _Course:
    """One training as it goes."""

    bar: Progress

    def __init__(
        self,
        work: Work,
        running: Running,
        rates: tuple[float, float],
        epochs: int,
        about: Mapping[str, Any],
    ) -> None:
        self.work, self.running, self.rates, self.epochs = work, running, rates, epochs
        self.state = State(Position(), work.arrays)
        self.about = {**about, "epochs": epochs, "rates": rates, "pieces": work.pieces}
        self.lock, self.begun, self.noted = lock(), 0, 0.0
        self.apart = work if running.deterministic and isinstance(work, Apart) else None
        self.scratches = [work.scratch() for _ in range(self._threads())]

    def _threads(self) -> int:
        workers = self.running.workers
        if self.apart is not None or not self.running.deterministic:
            return available_workers(workers)
        if workers is not None and workers > 1:
            raise ArgumentError(
                "workers",
                expected="1 with deterministic=True: with more this trainer never does the same "
                "twice",
                got=str(workers),
                hint="workers=1, or deterministic=False",
            )
        return 1

    def run(self, unit: str) -> Report:
        path, total = self.running.checkpoint, self.work.units * self.epochs
        if path is not None:
            path.parent.mkdir(exist_ok=True)
            if self.running.resume:
                self.state.load(path, self.about)
        at = self.state.position
        self.begun, self.clock = at.piece, time.monotonic() - at.seconds
        self.due = time.monotonic() + self.running.checkpoint_every
        with show_progress(
            total, unit=f" {unit}", desc="training", enabled=self.running.progress
        ) as self.bar:
            self.bar.update(at.units)
            try:
                while at.epoch < self.epochs and not at.stopped:
                    self._learn_epoch()
                    self._end_epoch()
                if path is not None:
                    self._save(path)
            except KeyboardInterrupt as stop:
                self._keep(stop)
                raise
        self.state.recall()
        workers = None if self.running.deterministic else len(self.scratches)
        return at.report()._replace(workers=workers)

    # -- an epoch ----------------------------------------------------------------------------

    def _learn_epoch(self) -> None:
        """Go through the rest of an epoch, and write a checkpoint whenever it is time."""
        at, path = self.state.position, self.running.checkpoint
        while at.piece < self.work.pieces:
            if self.apart is None:
                run_pieces(self._piece, self._pieces(), self.scratches)
            else:
                run_rounds(self._piece_apart, self._settle, self._rounds(), self.scratches)
            at.seconds = time.monotonic() - self.clock
            if path is not None and at.piece < self.work.pieces:
                self._save(path)

    def _pieces(self) -> Iterator[int]:
        """The pieces that are left of the epoch, until it is time for a checkpoint."""
        for piece in range(self.begun, self.work.pieces):
            self.begun = piece + 1
            yield piece
            if self._is_due():
                return

    def _rounds(self) -> Iterator[range]:
        """The same as whole rounds."""
        assert self.apart is not None
        for first in range(self.begun, self.work.pieces, self.apart.together):
            self.begun = min(first + self.apart.together, self.work.pieces)
            yield range(first, self.begun)
            if self._is_due():
                return

    def _is_due(self) -> bool:
        return self.running.checkpoint is not None and time.monotonic() >= self.due

    def _rate(self, piece: int) -> float:
        done = self.state.position.epoch * self.work.pieces + piece
        return falling(*self.rates, done / (self.work.pieces * self.epochs))

    def _piece(self, piece: int, scratch: Any) -> None:
        done = self.work.piece(self.state.position.epoch, piece, self._rate(piece), scratch)
        with self.lock:
            self._count(done)

    def _piece_apart(self, piece: int, scratch: Any) -> tuple[Done, Any]:
        assert self.apart is not None
        return self.apart.apart(self.state.position.epoch, piece, self._rate(piece), scratch)

    def _settle(self, results: list[tuple[Done, Any]], spread: Spread) -> None:
        assert self.apart is not None
        self.apart.add([changes for _, changes in results], spread)
        for done, _ in results:
            self._count(done)

    def _count(self, done: Done) -> None:
        at = self.state.position
        at.piece, at.units = at.piece + 1, at.units + done.units
        at.loss, at.terms = at.loss + done.loss, at.terms + done.terms
        if at.terms and time.monotonic() > self.noted + NOTE:
            self.noted = time.monotonic()
            self.bar.note(epoch=f"{at.epoch + 1}/{self.epochs}", loss=f"{at.mean():.4f}")
        self.bar.update(done.units)

    def _end_epoch(self) -> None:
        """Tell callbacks, ask for a score, go on to the next epoch."""
        at, running = self.state.position, self.running
        told = Epoch(at.epoch + 1, self.epochs, at.mean(), at.seconds, self.work.table)
        answers = [callback(told) for callback in running.callbacks]
        if running.until is not None:
            self._score(number("until", running.until(self.work.table())))
        if any(answer is True for answer in answers):
            at.stopped = "a callback returned True"
        at.close()
        self.begun = 0

    def _score(self, score: float) -> None:
        """Stop, if scores have not been better for long enough."""
        at, epoch = self.state.position, self.state.position.epoch + 1
        at.scores.append(score)
        if not at.best or score > at.scores[at.best - 1]:
            at.best = epoch
            self.state.best = {}
            if epoch < self.epochs:  # others may follow, and be worse
                self.state.remember()
        elif epoch - at.best >= self.running.patience:
            at.stopped = f"no better score after epoch {at.best}"

    # -- what is kept ------------------------------------------------------------------------

    def _save(self, path: Path) -> None:
        self.state.save(path, self.about)
        self.due = time.monotonic() + self.running.checkpoint_every

    def _keep(self, stop: KeyboardInterrupt) -> None:
        """Write a checkpoint, or hang the table on the exception; and say so."""
        at, path = self.state.position, self.running.checkpoint
        if self.begun != at.piece:  # Ctrl-C once more, before the pieces had ended
            return
        if path is not None:
            at.seconds = time.monotonic() - self.clock
            self._save(path)
            say(stop, kept_in(path))
            return
        vars(stop)["table"] = self.work.table()
        epochs = at.epoch + at.piece / self.work.pieces
        say(
            stop,
            f"Stopped after {epochs:.2f} of {self.epochs} epochs; what was learned is in the "
            "attribute table of this exception.",
        )
