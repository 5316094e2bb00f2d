"""One fit of fastText's classifier."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from inlay.aliases import Array, Text
from inlay.checks import described
from inlay.classify import vectors
from inlay.classify.fasttext.held import Best, Held, Part
from inlay.classify.fasttext.model import Supervised, rule_of
from inlay.classify.fasttext.numbering import Numbered, numbered
from inlay.classify.fasttext.rows import END, Lookup, Met, are_labels, joined
from inlay.classify.fasttext.training import Course, Learning, merged, train
from inlay.classify.settings import (
    BATCH_SIZE,
    DIM_OF_FASTTEXT,
    RATE_OF_FASTTEXT,
    ClassifierSettings,
)
from inlay.classify.several import Several
from inlay.classify.storage import Fitted
from inlay.core import Coverage, Table, Vocabulary
from inlay.core.given import SAMPLE, warn_of_texts
from inlay.errors import ArgumentError
from inlay.formats.rows import take
from inlay.tokenizers import Tokenizer, get_tokenizer, settled

Labelled = tuple[Sequence[Text], Array | Several]


@dataclass(frozen=True)
class Ready:
    """A model before its training.

    Attributes:
        model: What it will be, but for its numbers.
        learning: Its numbers.
        texts: `inlay.kernels.supervised.Texts`, to learn from.
        coverage: How many words a given table had, or None.
    """

    model: Supervised
    learning: Learning
    texts: Any
    coverage: Coverage | None

    def train(self, judge: Callable[[float], bool]) -> list[float]:
        """Learn, and give the loss of each epoch; `judge` as for `training.train`."""
        settings = self.model.settings
        course = Course(
            settings.loss,
            settings.epochs,
            settings.learning_rate or RATE_OF_FASTTEXT,
            settings.negative,
            settings.workers,
            settings.seed,
            settings.progress,
        )
        return train(self.learning, self.texts, self.model.label_counts, course, judge)

    def fitted(self, classes: Array, history: dict[str, list[float]]) -> Fitted:
        """What has been learned."""
        learning = self.learning
        model = replace(self.model, rows=learning.rows, output=learning.output.copy())
        n_trained = (len(learning.rows) + len(learning.output)) * learning.dim
        return Fitted(model.settings, classes, history, n_trained, model)


def fit(
    settings: ClassifierSettings, given: Any, classes: Array, train_part: Labelled, dev: Labelled
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
    settings, texts, tokenize = checked(settings, given, train_part[0])
    part = Part(numbered(texts, tokenize), Several.of(train_part[1]))
    made = prepared(settings, given, classes, part)
    if not len(dev[0]):
        history = {"loss": made.train(lambda loss: True)}
    else:
        held = Part(numbered(list(dev[0]), tokenize), Several.of(dev[1]))
        best = Best(Held(made.model, made.learning, held))
        history = {"loss": made.train(best.judge)}
        best.put_back()
        history |= best.history
    return made.fitted(classes, history), made.coverage


def checked(
    settings: ClassifierSettings, given: Any, texts: Sequence[Text]
) -> tuple[ClassifierSettings, list[Text], Tokenizer]:
    """Settings with the tokenizer and the dimension that are meant, texts, and their tokenizer.

    Raises:
        ArgumentError: Settings that cannot be, or that have no effect.
    """
    _check(settings, given)
    tokenizer, left = settled(vectors.tokenizer_for(settings.tokenizer, given), texts)
    dim = given.dim if given is not None else settings.dim or DIM_OF_FASTTEXT
    settings = replace(settings, tokenizer=tokenizer, dim=dim)
    return settings, list(left), get_tokenizer(tokenizer)


def prepared(
    settings: ClassifierSettings, given: Any, classes: Array, part: Part, *, most: int = 0
) -> Ready:
    """A model for texts.

    Args:
        settings: As `checked` gives them.
        given: A table of vectors to start from, or None.
        classes: Sorted, `(n_classes,)`.
        part: The texts to learn from.
        most: How many numbers its rows may have; 0: any number.

    Raises:
        ArgumentError: No word is left.
        MemoryError: It would have more numbers.
    """
    of_texts = _vocabulary(settings, part.read)
    vocab = _with_rest(of_texts, given, settings.max_size)
    lookup = Lookup(vocab.tokens, rule_of(settings), None, limit=settings.max_length)
    met = lookup.meet(part.read)
    counts = np.bincount(part.targets.flat, minlength=classes.size)
    by_count = np.argsort(-counts, kind="stable")
    dim = settings.dim or DIM_OF_FASTTEXT
    if most and (len(vocab) + met.buckets.size) * dim > most:
        raise MemoryError
    nothing = np.empty((0, dim), np.float32)
    model = Supervised(
        settings,
        vocab,
        nothing,
        nothing,
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
    return Ready(model, learning, _texts(model, learning, met, part.targets), coverage)


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
    learning = Learning.random(
        n_rows, settings.dim or DIM_OF_FASTTEXT, model.labels.size, settings.seed
    )
    return replace(model, buckets=met.buckets[order]), learning


def _texts(model: Supervised, learning: Learning, met: Met, targets: Several) -> Any:
    """What the kernel learns from: rows by where they stand in the model, and labels."""
    from inlay.kernels.supervised import Texts

    n_words = len(model.vocabulary)
    rank = np.arange(len(learning.rows), dtype=np.int32)
    rank[n_words + _places(met, model)] = np.arange(n_words, rank.size)
    rows, weights, ends = merged(met.texts, rank)
    labels = model.columns[targets.flat].astype(np.int32)
    return Texts(rows, weights, ends, met.texts.totals, labels, targets.ends)


def _places(met: Met, model: Supervised) -> Array:
    """Which bucket, in the order in which they were met, stands at each place of the model."""
    assert model.buckets is not None
    at = np.empty(model.settings.bucket if met.buckets.size else 0, np.int32)
    at[met.buckets] = np.arange(met.buckets.size)
    found: Array = at[model.buckets]
    return found
