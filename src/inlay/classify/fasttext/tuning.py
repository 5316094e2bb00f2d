"""One fit of fastText's classifier that looks for its own settings, by trials."""

from collections.abc import Sequence
from dataclasses import replace
from math import inf
from time import monotonic
from typing import Any

import numpy as np

from inlay.aliases import Array, Text
from inlay.classify.fasttext.fitting import Labelled, checked, prepared
from inlay.classify.fasttext.held import Held, Part, accuracy, log_loss, macro_f1
from inlay.classify.fasttext.numbering import numbered
from inlay.classify.fasttext.proposals import TUNED, Proposals, fixed, tuned
from inlay.classify.learned import Trial
from inlay.classify.settings import RATE_OF_FASTTEXT, UNTUNED, ClassifierSettings
from inlay.classify.several import Several
from inlay.classify.storage import Fitted
from inlay.core import Coverage
from inlay.errors import ArgumentError
from inlay.jobs.progress import progress as show_progress

METRICS = {"accuracy": accuracy, "f1": macro_f1}
MOST_NUMBERS = 1 << 28  # in the rows of a trial: a gigabyte
SEED = 2  # beside the user's: of what is drawn


def fit(
    settings: ClassifierSettings, given: Any, classes: Array, train_part: Labelled, dev: Labelled
) -> tuple[Fitted, Coverage | None]:
    """Look for settings, and learn from all texts with the best.

    Args:
        settings: As the user has them; those that are not the usual ones stay.
        given: A table of vectors to start from, or None.
        classes: Sorted, `(n_classes,)`.
        train_part: Texts and their class numbers.
        dev: The same to judge by. A share of the texts is learned from at the end, too.

    Raises:
        ArgumentError: Settings that cannot be; no word is left; no text is held out.
        ArgumentTypeError: A text that is none.
    """
    begun, n = monotonic(), len(train_part[0])
    if not len(dev[0]):
        raise ArgumentError(
            "validation",
            expected="texts to judge the trials by, beside autotune_seconds or autotune_trials",
            got="none",
            hint="a larger share, or a pair (texts, labels)",
        )
    stay, asked = fixed(settings, given=given is not None), settings
    targets, of_dev = Several.of(train_part[1]), Several.of(dev[1])
    is_share = isinstance(settings.validation, float)
    texts: Sequence[Text] = [*train_part[0], *dev[0]] if is_share else train_part[0]
    settings, texts, tokenize = checked(settings, given, texts)
    settings = replace(settings, learning_rate=settings.learning_rate or RATE_OF_FASTTEXT)
    read = numbered(texts, tokenize)
    whole = train = Part(read, targets)
    if is_share:
        first, second = read.split(n)
        train, held = Part(first, targets), Part(second, of_dev)
        whole = Part(read, targets.joined(of_dev))
    else:
        held = Part(numbered(list(dev[0]), tokenize), of_dev)
    search = Search(settings, stay, given, classes, train, held)
    search.run(begun, ratio=len(texts) / n)
    best = replace(search.best, progress=asked.progress, **UNTUNED)
    made = prepared(best, given, classes, whole)
    fitted = made.fitted(classes, {"loss": made.train(lambda loss: True)})
    return replace(fitted, trials=tuple(search.trials)), made.coverage


class Search:
    """Trials, and the best of them.

    Args:
        settings: To begin with.
        stay: Names of those that stay as they are.
        given: A table of vectors to start from, or None.
        classes: Sorted, `(n_classes,)`.
        train: What trials learn from.
        held: What they are judged by.
    """

    def __init__(
        self,
        settings: ClassifierSettings,
        stay: frozenset[str],
        given: Any,
        classes: Array,
        train: Part,
        held: Part,
    ) -> None:
        self.asked = self.best = settings
        self.given, self.classes, self.train, self.held = given, classes, train, held
        self.proposals = Proposals(stay, np.random.default_rng([settings.seed, SEED]))
        self.trials: list[Trial] = []
        self.score: tuple[float, float] | None = None
        self.deadline, self.ratio, self.last_fit = inf, 1.0, 0.0

    def run(self, begun: float, *, ratio: float) -> None:
        """Try settings until the time or their number is up, or Ctrl-C is pressed.

        Time is left for the last fit, on all texts with the best settings.

        Args:
            begun: When the time began.
            ratio: How much longer than its trial that fit takes.
        """
        asked, self.ratio = self.asked, ratio
        if asked.autotune_seconds is not None:
            self.deadline = begun + asked.autotune_seconds
        with show_progress(
            asked.autotune_trials, unit=" trials", desc="autotune", enabled=asked.progress
        ) as bar:
            try:
                while (settings := self._next()) is not None:
                    self._try(settings)
                    bar.update(1)
                    if self.score is not None:
                        bar.note(**{asked.autotune_metric: f"{self.score[0]:.4f}"})
            except KeyboardInterrupt:
                if self.score is None:
                    raise

    def _next(self) -> ClassifierSettings | None:
        if not self.trials:
            return self.proposals.first(replace(self.asked, progress=False))
        if len(self.trials) == self.asked.autotune_trials:
            return None
        now = monotonic()
        if now + self.last_fit >= self.deadline:
            return None
        if self.deadline - now < (self.asked.autotune_seconds or inf) / 2:
            # A kernel may be compiled for a new one, which takes seconds.
            self.proposals.dims = sorted({trial.settings["dim"] for trial in self.trials})
        return self.proposals.next(replace(self.best, progress=False))

    def _try(self, settings: ClassifierSettings) -> None:
        begun, score, last_fit = monotonic(), None, 0.0
        try:
            score, last_fit = self._scored(settings, begun)
        except (ArgumentError, MemoryError) as error:
            failed = isinstance(error, MemoryError) or error.where == "learning_rate"
            if not self.trials or not failed:
                raise
        seconds = monotonic() - begun
        if score is not None and (self.score is None or score > self.score):
            self.score, self.best, self.last_fit = score, settings, last_fit
        found = dict(zip(TUNED, tuned(settings), strict=True))
        self.trials.append(Trial(found, None if score is None else score[0], seconds))

    def _scored(
        self, settings: ClassifierSettings, begun: float
    ) -> tuple[tuple[float, float] | None, float]:
        """The score of a training, and how long a last fit with its settings would take.

        The score is that of the metric, and minus the loss, which decides between equals. None:
        the training would not end in time, or the last fit would not.
        """
        most = MOST_NUMBERS if self.trials else 0
        made = prepared(settings, self.given, self.classes, self.train, most=most)
        ready = last = monotonic()
        done, last_fit, in_time = 0, 0.0, True

        def judge(loss: float) -> bool:
            nonlocal done, last, last_fit, in_time
            now, done, left = monotonic(), done + 1, 0.0
            if done > 1 or settings.epochs == 1:  # the first may have waited for a compiler
                left = (settings.epochs - done) * (now - last)
                last_fit = (ready - begun + settings.epochs * (now - last)) * self.ratio
            last = now
            in_time = now + left + max(self.last_fit, last_fit) <= self.deadline
            return in_time

        made.train(judge)
        if not in_time:
            return None, last_fit
        chances = Held(made.model, made.learning, self.held).chances()
        is_right = self.held.targets.table(chances.shape[1])
        metric = METRICS[settings.autotune_metric]
        return (metric(chances, is_right), -log_loss(chances, is_right)), last_fit
