"""One fit: everything is looked at first, then texts become rows, then the network trains."""

import os
from collections.abc import Iterable
from typing import Any

import numpy as np

from inlay.aliases import Array, Text
from inlay.checks import every_text
from inlay.classify.batches import training_widths
from inlay.classify.embeddings import inputs_of, opened
from inlay.classify.inputs import Inputs, lengths_of
from inlay.classify.labels import check_order, checked_labels, warn_of_doubtful, warn_of_order
from inlay.classify.network import Network, networks, new_body
from inlay.classify.settings import FASTTEXT, MODELS, RATE, ClassifierSettings
from inlay.classify.several import Several, each_once, have_several
from inlay.classify.splits import held_out
from inlay.classify.storage import Fitted
from inlay.core import Coverage
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.hosts.backends import check_keras
from inlay.jobs.progress import progress as show_progress


def fit(
    settings: ClassifierSettings, embedding: Any, texts: Iterable[Text], labels: Iterable[Any]
) -> tuple[Fitted, Coverage | None]:
    """What `TextClassifier.fit` learns, and how many words were found."""
    if isinstance(embedding, str) and embedding in MODELS and not os.path.exists(embedding):
        expected, hint = "vectors to start from", f"model={embedding!r}"
        raise ArgumentError("embedding", expected=expected, got="the name of a model", hint=hint)
    settings.variant_for(given=embedding is not None)
    warn_of_order(texts, labels)
    texts = checked_texts(texts)
    classes, targets = _targets(settings, texts, labels)
    is_held_out = isinstance(settings.validation, float)
    if not isinstance(targets, Several):
        check_order(texts, classes[targets])
    train, dev = _parts(settings, texts, targets, classes)
    if settings.model == FASTTEXT:
        from inlay.classify.fasttext import fitting, tuning

        table = opened(embedding).value
        if not isinstance(targets, Several):
            warn_of_doubtful(classes[targets], held_out=is_held_out)
        fit_parts = tuning.fit if settings.tunes else fitting.fit
        return fit_parts(settings, table, classes, train, dev)
    check_keras("a text classifier")
    given = opened(embedding)
    settings, inputs = inputs_of(settings, given, [*train[0], *dev[0]])
    warn_of_doubtful(classes[targets], held_out=is_held_out)
    net = networks()
    body = new_body(settings, inputs, len(classes))
    whole = inputs.below(body)
    history = _train(settings, (body, whole), inputs, train, dev)
    n_trainable, weights = net.n_trainable(whole), net.weights_of(body)
    network = Network(settings, len(classes), inputs.learned(whole), weights)
    network.keep(body)
    return Fitted(settings, classes, history, n_trainable, network), inputs.coverage


def checked_texts(texts: Iterable[Text]) -> list[Text]:
    """Texts as a list.

    Raises:
        ArgumentTypeError: One string instead of a list, or a text that is none.
    """
    return list(every_text("texts", texts, hint="leave out missing texts, and their labels"))


def _targets(
    settings: ClassifierSettings, texts: list[Text], labels: Iterable[Any], *, least: int = 2
) -> tuple[Array, Any]:
    """The classes, sorted, and those of each text by number: an array, or `Several`."""
    ends = None
    if settings.model == FASTTEXT and have_several(labels):
        labels, ends = each_once(labels, len(texts))
    y = checked_labels(labels, len(texts) if ends is None else int(ends[-1]), least=least)
    classes, targets = np.unique(y, return_inverse=True)
    if ends is not None:
        return classes, Several(targets, ends)
    return classes, targets


def _parts(
    settings: ClassifierSettings, texts: list[Text], targets: Any, classes: Array
) -> tuple[Any, Any]:
    """`(texts, class numbers)` to train on, and to choose the epoch by (may be empty)."""
    nothing: tuple[list[Text], Array] = [], np.empty(0, np.int64)
    if settings.validation is None:
        return (texts, targets), nothing
    if isinstance(settings.validation, tuple):
        try:
            dev_texts = checked_texts(settings.validation[0])
            known, found = _targets(settings, dev_texts, settings.validation[1], least=1)
        except (ArgumentError, ArgumentTypeError) as error:
            error.where = f"validation, {error.where}"
            raise
        unknown = np.setdiff1d(known, classes)
        if unknown.size:
            raise ArgumentError(
                "validation", expected="classes of the texts", got=repr(unknown[0].item())
            )
        numbers = np.searchsorted(classes, known)
        if isinstance(found, Several):
            return (texts, targets), (dev_texts, found._replace(flat=numbers[found.flat]))
        return (texts, targets), (dev_texts, numbers[found])
    first = Several.of(targets).first
    held = held_out(first, settings.validation, np.random.default_rng(settings.seed))
    if not held.any():
        return (texts, targets), nothing
    parts = [([texts[i] for i in np.flatnonzero(w)], _some(targets, w)) for w in (~held, held)]
    return parts[0], parts[1]


def _some(targets: Any, chosen: Array) -> Any:
    return targets.some(chosen) if isinstance(targets, Several) else targets[chosen]


def _train(
    settings: ClassifierSettings, model: tuple[Any, Any], inputs: Inputs, train: Any, dev: Any
) -> dict[str, list[float]]:
    training = networks("training")
    n, texts, (body, whole) = len(train[0]), [*train[0], *dev[0]], model
    with inputs.learning_rows(texts, progress=settings.progress) as rows:
        if inputs.fixed and not inputs.by_token:
            body.get_layer("centred").settle(rows[:n])
        widths = training_widths(lengths_of(rows), settings.batch_size, settings.epochs)
        how = {"widths": widths, "batch_size": settings.batch_size, "seed": settings.seed}
        data = training.Batches(inputs, rows[:n], train[1], **how)
        held = training.Batches(inputs, rows[n:], dev[1], **how) if dev[0] else None
        total = settings.epochs * len(data)
        with show_progress(total, unit=" steps", desc="training", enabled=settings.progress) as bar:
            history: dict[str, list[float]] = training.train(
                whole,
                data,
                held,
                epochs=settings.epochs,
                patience=settings.patience,
                learning_rate=settings.learning_rate or RATE,
                bar=bar,
            )
    return history
