"""One fit: everything is looked at first, then the words are counted, then the network trains."""

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy as np

from inlay.aliases import Array, Text
from inlay.checks import every_text
from inlay.classify import storage
from inlay.classify.batches import encode, training_widths
from inlay.classify.labels import check_order, checked_labels, warn_of_doubtful, warn_of_order
from inlay.classify.settings import ClassifierSettings
from inlay.classify.splits import held_out
from inlay.classify.storage import Fitted
from inlay.classify.vectors import check_dim, given_table, start, tokenizer_for, with_rest
from inlay.core import Coverage, Vocabulary
from inlay.errors import ArgumentError
from inlay.hosts.backends import check_keras, load_keras
from inlay.jobs.progress import progress as show_progress


def fit(
    settings: ClassifierSettings, embedding: Any, texts: Iterable[Text], labels: Iterable[Any]
) -> tuple[Fitted, Any, Coverage | None]:
    """What `TextClassifier.fit` learns, the network itself, and how many words were found."""
    variant = settings.variant_for(given=embedding is not None)
    warn_of_order(texts, labels)
    texts = checked_texts(texts)
    y = checked_labels(labels, len(texts))
    check_order(texts, y)
    classes, targets = np.unique(y, return_inverse=True)
    train, dev = _parts(settings, texts, targets, classes)
    check_keras("a text classifier")
    given = given_table(embedding)
    check_dim(settings.dim, given)
    settings = dataclasses.replace(settings, tokenizer=tokenizer_for(settings.tokenizer, given))
    warn_of_doubtful(y, held_out=isinstance(settings.validation, float))
    vocab = _vocabulary(settings, [*train[0], *dev[0]])
    net = networks()
    table = start(given, vocab, settings.dim, settings.seed)
    body = net.build(settings.model, table.dim, len(classes), seed=settings.seed)
    whole = net.with_table(body, table, variant)
    history = _train(settings, whole, vocab, train, dev)
    vectors = net.final_vectors(whole, table, variant)
    times = 2 if variant == "multichannel" else 1
    known = with_rest(vocab, vectors, given, max_size=settings.max_size, times=times)
    learned = net.n_trainable(whole), *known, net.weights_of(body)
    return Fitted(settings, classes, history, *learned), body, table.coverage


def body_of(fitted: Fitted, where: str) -> Any:
    """The network above the vectors, with the weights that it learned."""
    settings, n_classes = fitted.settings, len(fitted.classes)
    body = networks().build(settings.model, fitted.table.dim, n_classes, seed=settings.seed)
    storage.fill(body, fitted.weights, where)
    return body


def checked_texts(texts: Iterable[Text]) -> list[Text]:
    """Texts as a list.

    Raises:
        ArgumentTypeError: One string instead of a list, or a text that is none.
    """
    return list(every_text("texts", texts, hint="leave out missing texts, and their labels"))


def networks() -> Any:
    """`inlay.classify.keras`, which imports Keras."""
    load_keras("a text classifier")
    from inlay.classify import keras

    return keras


def _parts(
    settings: ClassifierSettings, texts: list[Text], targets: Array, classes: Array
) -> tuple[Any, Any]:
    """`(texts, class numbers)` to train on, and to choose the epoch by (may be empty)."""
    nothing: tuple[list[Text], Array] = [], targets[:0]
    if settings.validation is None:
        return (texts, targets), nothing
    if isinstance(settings.validation, tuple):
        dev_texts = checked_texts(settings.validation[0])
        dev_labels = checked_labels(settings.validation[1], len(dev_texts))
        unknown = np.setdiff1d(dev_labels, classes)
        if unknown.size:
            raise ArgumentError("validation", expected="classes of the texts", got=repr(unknown[0]))
        return (texts, targets), (dev_texts, np.searchsorted(classes, dev_labels))
    held = held_out(targets, settings.validation, np.random.default_rng(settings.seed))
    if not held.any():
        return (texts, targets), nothing
    parts = [([texts[i] for i in np.flatnonzero(w)], targets[w]) for w in (~held, held)]
    return parts[0], parts[1]


def _vocabulary(settings: ClassifierSettings, texts: list[Text]) -> Vocabulary:
    vocab = Vocabulary.from_texts(
        texts,
        min_count=settings.min_count,
        max_size=settings.max_size,
        tokenizer=settings.tokenizer,
    )
    if len(vocab) == 2:
        raise ArgumentError(
            "texts",
            expected=f"a word with a count of {settings.min_count} or more",
            got=f"none in {len(texts)} texts",
            hint="a smaller min_count" if settings.min_count > 1 else "another tokenizer",
        )
    return vocab


def _train(
    settings: ClassifierSettings, whole: Any, vocab: Vocabulary, train: Any, dev: Any
) -> dict[str, list[float]]:
    net = networks()
    parts = [encode(vocab, part, settings.max_length) for part, _ in (train, dev)]
    lengths = np.asarray([len(row) for rows in parts for row in rows])
    widths = training_widths(lengths, settings.batch_size, settings.epochs)
    data, held = (
        net.Batches(rows, part[1], widths, settings.batch_size, seed=settings.seed)
        if rows
        else None
        for rows, part in zip(parts, (train, dev), strict=True)
    )
    assert data is not None  # there are texts of two classes
    total = settings.epochs * len(data)
    with show_progress(total, unit=" steps", desc="training", enabled=settings.progress) as bar:
        history: dict[str, list[float]] = net.train(
            whole,
            data,
            held,
            epochs=settings.epochs,
            patience=settings.patience,
            learning_rate=settings.learning_rate,
            bar=bar,
        )
    return history
