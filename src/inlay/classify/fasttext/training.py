"""The training of fastText's classifier: epochs over texts, which several threads may share."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.classify.fasttext.rows import TextRows
from inlay.classify.fasttext.tree import NO_PATHS, paths_of
from inlay.errors import ArgumentError
from inlay.jobs.progress import progress as show_progress
from inlay.jobs.threads import lock, run_pieces

LOSSES = ("softmax", "hs", "ns", "ova")  # as `inlay.kernels.supervised` has them by number
PIECE = 1000  # texts between two looks at the bar, and at Ctrl-C
NOISE_EXPONENT = 0.5  # of a label's count
GOLDEN = 0x9E3779B97F4A7C15


@dataclass(frozen=True)
class Course:
    """How it is trained.

    Attributes:
        loss: One of `LOSSES`.
        epochs: Passes over the texts, at most.
        rate: The learning rate of the first step, which falls evenly to 0.
        negative: Labels that each is set against, with the loss `ns`.
        workers: Threads.
        seed: Of all that is left to chance.
        progress: Whether to show a bar; None: on a terminal.
    """

    loss: str
    epochs: int
    rate: float
    negative: int
    workers: int
    seed: int
    progress: bool | None


@dataclass(frozen=True)
class Learning:
    """A model while it learns.

    Attributes:
        inputs: float32, flat: a row of a multiple of 16 numbers for each word or bucket.
        outputs: The same for each label, and rows of zeros up to a multiple of 4.
        dim: Numbers in a row that count.
        n_labels: How many labels there are.
    """

    inputs: Array
    outputs: Array
    dim: int
    n_labels: int

    @classmethod
    def random(cls, n_rows: int, dim: int, n_labels: int, seed: int) -> "Learning":
        """Rows uniform in +-1 / dim, as in fastText, and outputs of zeros."""
        from inlay.kernels.rows import aligned_zeros, row_width

        width = row_width(dim)
        made = cls(
            aligned_zeros(n_rows * width),
            aligned_zeros(-(-n_labels // 4) * 4 * width),
            dim,
            n_labels,
        )
        rows, rng = made.rows, np.random.default_rng(seed)
        for at in range(0, n_rows, 10_000):
            part = rows[at : at + 10_000]
            part[:] = (rng.random(part.shape, np.float32) - np.float32(0.5)) * np.float32(2 / dim)
        return made

    @property
    def rows(self) -> Array:
        """Those of words and buckets, float32 `(n, dim)`: a view."""
        return self._matrix(self.inputs)

    @property
    def output(self) -> Array:
        """Those of labels, float32 `(n_labels, dim)`: a view."""
        return self._matrix(self.outputs)[: self.n_labels]

    def _matrix(self, flat: Array) -> Array:
        from inlay.kernels.rows import row_width

        found: Array = flat.reshape(-1, row_width(self.dim))[:, : self.dim]
        return found


def merged(found: TextRows, rank: Array) -> tuple[Array, Array, Array]:
    """Rows under other numbers, each of them once in a text, with how often: see the kernel.

    Returns:
        `(rows, weights, ends)` for `inlay.kernels.supervised.Texts`.
    """
    from inlay.kernels.word_ngrams import GROUP, merge

    most = found.rows.size + (GROUP - 1) * found.totals.size
    rows, weights = np.empty(most, np.int32), np.empty(most, np.uint8)
    ends = np.empty_like(found.ends)
    seen = np.full(rank.size, -1, np.int64)
    n = merge(found.rows, found.ends, rank, seen, rows, weights, ends)
    return rows[:n].copy(), weights[:n].copy(), ends


def train(
    learning: Learning,
    texts: Any,
    label_counts: Array,
    course: Course,
    judge: Callable[[float], bool],
) -> list[float]:
    """Learn, and give the loss of each epoch.

    Args:
        learning: Changed in place.
        texts: `inlay.kernels.supervised.Texts`.
        label_counts: int64 `(n_labels,)`, falling.
        course: How.
        judge: Called with the loss after each epoch; ends the training by answering False.

    Raises:
        ArgumentError: The learning rate is so high that numbers grow without bound, or no text
            has a row.
    """
    from inlay.kernels import rows, supervised
    from inlay.kernels.sampling import make_noise

    if not texts.totals.any():
        raise ArgumentError("texts", expected="texts with words or n-grams", got="none")
    model = supervised.Model(learning.inputs, learning.outputs)
    paths = paths_of(label_counts) if course.loss == "hs" else NO_PATHS
    noise = make_noise(label_counts**NOISE_EXPONENT)
    lanes = rows.row_lanes(learning.dim)
    scratches = [
        supervised.make_scratch(learning.n_labels, learning.dim) for _ in range(course.workers)
    ]
    n = texts.totals.size
    rng = np.random.default_rng([course.seed, 1])
    losses, reporting = list[float](), lock()
    with show_progress(
        n * course.epochs, unit=" texts", desc="training", enabled=course.progress
    ) as report:
        for epoch in range(course.epochs):
            order, found = rng.permutation(n), np.zeros((-(-n // PIECE), 2))

            def work(piece: int, scratch: Any) -> None:
                part = order[piece * PIECE : (piece + 1) * PIECE]  # noqa: B023
                begun = epoch * n + piece * PIECE  # noqa: B023
                step = supervised.Step(
                    LOSSES.index(course.loss),
                    _falling(course, begun / n),
                    _falling(course, (begun + part.size) / n),
                    learning.n_labels,
                    course.negative,
                    np.uint64((course.seed + (begun + 1) * GOLDEN) % 2**64),
                )
                found[piece] = supervised.train(  # noqa: B023
                    part, texts, model, paths, noise, scratch, step, lanes
                )
                with reporting:
                    report.update(int(part.size))

            run_pieces(work, range(len(found)), scratches)
            whole, learned = found.sum(axis=0)
            losses.append(float(whole / max(learned, 1)))
            if not np.isfinite(losses[-1]) or not np.isfinite(learning.outputs).all():
                raise ArgumentError(
                    "learning_rate",
                    expected="one at which the loss stays finite",
                    got=f"{course.rate:g}, at which numbers grew without bound",
                    hint="a lower learning_rate; 0.1 to 1 are usual",
                )
            report.note(loss=f"{losses[-1]:.3f}")
            if not judge(losses[-1]):
                break
    return losses


def _falling(course: Course, epochs: float) -> Any:
    return np.float32(course.rate * max(0.0, 1 - epochs / course.epochs))
