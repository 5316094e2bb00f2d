"""One fit of fastText's classifier."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from inlay.aliases import Array, Text
from inlay.checks import described
from inlay.classify import vectors
from inlay.classify.fasttext.model import Supervised, rule_of
from inlay.classify.fasttext.numbering import Numbered, numbered
from inlay.classify.fasttext.rows import END, Lookup, Met, are_labels, joined
from inlay.classify.fasttext.training import Course, Learning, merged, train
from inlay.classify.settings import BATCH_SIZE, ClassifierSettings
from inlay.classify.several import Several
from inlay.classify.storage import Fitted
from inlay.core import Coverage, Table, Vocabulary
from inlay.core.given import SAMPLE, warn_of_texts
from inlay.errors import ArgumentError
from inlay.formats.rows import take
from inlay.tokenizers import get_tokenizer, settled

DIM, RATE = 100, 0.5  # where no others are asked for
Part = tuple[Sequence[Text], Array | Several]


def fit(
    settings: ClassifierSettings, given: Any, classes: Array, train_part: Part, dev: Part
) -> tuple[Fitted, Coverage | None]:
    """Learn from texts.

    Args:
        settings: As the user has them.
        given: A table of vectors to start from, or None.
        classes: Sorted, `(n_classes,)`.
        train_part: Texts and their class numbers.
        dev: The same to choose the epoch by; may be empty.

    Raises:
        ArgumentError: Settings that cannot be, or that have no effect; no word is left.
        ArgumentTypeError: A text that is none.
    """
    _check(settings, given)
    tokenizer, texts = settled(vectors.tokenizer_for(settings.tokenizer, given), train_part[0])
    targets = Several.of(train_part[1])
    dim = given.dim if given is not None else settings.dim or DIM
    settings = replace(settings, tokenizer=tokenizer, dim=dim)
    read = numbered(list(texts), get_tokenizer(tokenizer))
    of_texts = _vocabulary(settings, read)
    vocab = _with_rest(of_texts, given, settings.max_size)
    lookup = Lookup(vocab.tokens, rule_of(settings), None, limit=settings.max_length)
    met = lookup.meet(read)
    counts = np.bincount(targets.flat, minlength=classes.size)
    by_count = np.argsort(-counts, kind="stable")
    model = Supervised(
        settings,
        vocab,
        np.empty((0, dim), np.float32),
        np.empty((0, dim), np.float32),
        labels=by_count,
        label_counts=counts[by_count],
        buckets=met.buckets,
    )
    model, learning = _start(model, met)
    coverage = None
    if given is not None:
        aligned = given.align(of_texts, unknown="uniform", seed=settings.seed)
        rest = given.tokens.find_all(vocab.tokens)[len(of_texts) :]
        learning.rows[: len(of_texts)], coverage = aligned.matrix, aligned.coverage
        learning.rows[len(of_texts) : len(vocab)] = given._rows[rest]
    history = _train(model, learning, met, targets, dev)
    model = replace(model, rows=learning.rows, output=learning.output.copy())
    n_trained = (len(learning.rows) + len(learning.output)) * dim
    return Fitted(settings, classes, history, n_trained, model), coverage


def _check(settings: ClassifierSettings, given: Any) -> None:
    """Refuse what has no effect on this model, or cannot be."""
    if given is not None and not isinstance(given, Table):
        raise ArgumentError(
            "embedding",
            expected="a table or None with model='fasttext', which learns vectors of words",
            got=described(given),
            hint="model='linear' or 'mlp', on an encoder",
        )
    unused = {
        "variant": (None, "trainable=None, for all vectors train"),
        "trainable": (True if settings.trainable else None, "model='mean', which can freeze them"),
        "batch_size": (BATCH_SIZE, "leave it out: each text is a step"),
        "features": (None, "leave it out: no vectors of texts are kept"),
    }
    for name, (usual, hint) in unused.items():
        if (found := getattr(settings, name)) != usual or found == "mix":
            expected = "nothing beside model='fasttext', on which it has no effect"
            if name == "trainable":
                expected = "True or None with model='fasttext', whose vectors all train"
            raise ArgumentError(name, expected=expected, got=described(found), hint=hint)
    vectors.check_dim(settings.dim, given)


def _vocabulary(settings: ClassifierSettings, read: Numbered) -> Vocabulary:
    """The words of the texts, by falling count."""
    words, counts = read.words, read.counts
    if (end := words.find(END[0])) < 0:
        words, counts, end = joined(words, END), np.append(counts, 0), len(words)
    counts[end] += read.n_texts
    order = np.argsort(-counts, kind="stable")
    is_kept = (counts >= settings.min_count) & ~are_labels(words)
    order = order[is_kept[order]][: settings.max_size]
    if not (order != end).any():
        raise ArgumentError(
            "texts",
            expected=f"a word with a count of {settings.min_count} or more",
            got=f"none in {read.n_texts} texts",
            hint="a smaller min_count" if settings.min_count > 1 else "another tokenizer",
        )
    words, counts = take(words, order), counts[order]
    if isinstance(settings.tokenizer, str):  # none of which leaves several words together
        warn_of_texts(words[:SAMPLE], "strings, and not lists, if they are texts")
    return Vocabulary(words, pad=None, unk=None, counts=counts, tokenizer=settings.tokenizer)


def _with_rest(vocab: Vocabulary, given: Table | None, max_size: int | None) -> Vocabulary:
    """Add the words of a table that the texts do not have, as far as there is room."""
    if given is None:
        return vocab
    room = len(given) if max_size is None else max(0, max_size - len(vocab))
    rest = np.flatnonzero(vocab.tokens.find_all(given.tokens) < 0)[:room]
    words = joined(vocab.tokens, take(given.tokens, rest))
    counts = np.zeros(len(words), np.int64)
    counts[: len(vocab)] = 0 if vocab.counts is None else vocab.counts
    return Vocabulary(words, pad=None, unk=None, counts=counts, tokenizer=vocab.tokenizer)


def _start(model: Supervised, met: Met) -> tuple[Supervised, Learning]:
    """The model with its buckets, the most frequent first, and random numbers."""
    clipped = np.minimum(met.counts, 65535).astype(np.uint16)  # so that the sort is a quick one
    order = np.argsort(65535 - clipped, kind="stable")
    n_rows, settings = len(model.vocabulary) + order.size, model.settings
    learning = Learning.random(n_rows, settings.dim or DIM, model.labels.size, settings.seed)
    return replace(model, buckets=met.buckets[order]), learning


def _train(
    model: Supervised, learning: Learning, met: Met, targets: Several, dev: Part
) -> dict[str, list[float]]:
    """Train, keep the best epoch where texts are held out, and give the history."""
    from inlay.kernels.supervised import Texts

    settings = model.settings
    n_words = len(model.vocabulary)
    rank = np.arange(len(learning.rows), dtype=np.int32)
    rank[n_words + _places(met, model)] = np.arange(n_words, rank.size)
    rows, weights, ends = merged(met.texts, rank)
    labels = model.columns[targets.flat].astype(np.int32)
    texts = Texts(rows, weights, ends, met.texts.totals, labels, targets.ends)
    course = Course(
        settings.loss,
        settings.epochs,
        settings.learning_rate or RATE,
        settings.negative,
        settings.workers,
        settings.seed,
        settings.progress,
    )
    history: dict[str, list[float]] = {"loss": []}
    if not len(dev[0]):
        history["loss"] = train(learning, texts, model.label_counts, course, lambda loss: True)
        return history
    best = _Best(model, learning, dev)
    history["loss"] = train(learning, texts, model.label_counts, course, best.judge)
    best.put_back()
    return history | best.history


def _places(met: Met, model: Supervised) -> Array:
    """Which bucket, in the order in which they were met, stands at each place of the model."""
    assert model.buckets is not None
    at = np.empty(model.settings.bucket if met.buckets.size else 0, np.int32)
    at[met.buckets] = np.arange(met.buckets.size)
    found: Array = at[model.buckets]
    return found


class _Best:
    """The best epoch by held-out texts; training stops `patience` epochs after it."""

    def __init__(self, model: Supervised, learning: Learning, dev: Part) -> None:
        self.model, self.learning, self.targets = model, learning, Several.of(dev[1])
        tokenizer = get_tokenizer(model.vocabulary.tokenizer)
        self.texts = model.lookup.rows(numbered(list(dev[0]), tokenizer))
        self.history: dict[str, list[float]] = {"val_loss": [], "val_accuracy": []}
        self.best: tuple[float, float] | None = None
        self.kept: tuple[Array, Array] | None = None
        self.waited = 0

    def judge(self, loss: float) -> bool:
        """Look at one epoch; whether to go on."""
        accuracy, val_loss = self._measured()
        self.history["val_accuracy"].append(accuracy)
        self.history["val_loss"].append(val_loss)
        score = accuracy, -val_loss
        if self.best is None or score > self.best:
            self.best, self.waited, self.kept = score, 0, None
            if len(self.history["val_loss"]) < self.model.settings.epochs:
                self.kept = self.learning.inputs.copy(), self.learning.outputs.copy()
            return True
        self.waited += 1
        return self.waited < self.model.settings.patience

    def put_back(self) -> None:
        """Let the model be that of the best epoch."""
        if self.kept is not None:
            self.learning.inputs[:], self.learning.outputs[:] = self.kept

    def _measured(self) -> tuple[float, float]:
        """Accuracy of the best label, and minus the mean logarithm of the right ones' chances."""
        from inlay.core.subwords import as_kernels_take
        from inlay.kernels.supervised import mean_rows

        means = np.empty((len(self.texts.totals), self.learning.dim), np.float32)
        mean_rows(*self.texts, as_kernels_take(self.learning.rows), means)
        model = replace(self.model, output=self.learning.output)
        chances = model.chances(means)[:, model.columns]
        is_right = self.targets.table(chances.shape[1])
        accuracy = float(is_right[np.arange(len(chances)), chances.argmax(axis=1)].mean())
        return accuracy, float(-np.log(np.maximum(chances[is_right], 1e-20)).mean())
