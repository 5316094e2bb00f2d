"""How a pooling learns: which texts are read, how often, and what is refused."""

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np

from inlay.aliases import Text
from inlay.checks import choice, described, number, whole
from inlay.encode.static.learned import (
    Fitted,
    Tally,
    common_directions,
    idf,
    sif_weights,
    zipf,
)
from inlay.encode.static.vectors import StaticVectors
from inlay.errors import ArgumentError

Counts = Literal["texts", "table", "zipf"]
COUNTS: tuple[Counts, ...] = ("texts", "table", "zipf")
A, COMPONENTS = 1e-3, 1  # as in the paper of SIF


def fit_sif(
    encoder: StaticVectors,
    texts: Iterable[Text] | None,
    *,
    a: float | None,
    components: int | None,
    counts: Counts | None,
    progress: bool | None,
) -> Fitted:
    """Learn weights and common directions; see `StaticEncoder.fit`."""
    a = number("a", A if a is None else a, above=0)
    k = whole("components", COMPONENTS if components is None else components, least=0)
    if k > encoder.dim:
        raise ArgumentError("components", expected=f"at most {encoder.dim}", got=f"{k}")
    counts = _checked_counts(encoder, texts, k, counts)
    about: dict[str, Any] = {"a": a, "components": k, "counts": counts, "texts": 0, "words": 0}
    tables = encoder.tables
    if texts is not None and counts == "texts":
        tally = _tally(encoder, texts, progress)
        given = [(words, float(tally.n_words)) for words in tally.words]
        about |= {"texts": tally.n_texts, "words": tally.n_words}
    elif counts == "table":
        given = [(t.counts, float(t.counts.sum())) for t in tables if t.counts is not None]
    else:
        given = [zipf(table) for table in tables]
    weights = tuple(sif_weights(words, total, a) for words, total in given)
    fitted = Fitted(weights, 1.0, np.empty((0, encoder.dim), np.float32), about)
    if not k or texts is None:
        return fitted
    products, n = np.zeros((encoder.dim, encoder.dim)), 0
    for words in encoder._words_of(texts, "common directions", progress):
        wide = encoder._pooled_words(words, "sif", fitted).astype(np.float64)
        products += wide.T @ wide
        n += len(wide)
    if not n:
        raise no_texts("to learn on")
    return fitted._replace(directions=common_directions(products, k), about=about | {"texts": n})


def fit_tfidf(
    encoder: StaticVectors,
    texts: Iterable[Text] | None,
    *,
    a: float | None,
    components: int | None,
    counts: Counts | None,
    progress: bool | None,
) -> Fitted:
    """Learn inverse document frequencies; see `StaticEncoder.fit`."""
    for name, value in {"a": a, "components": components, "counts": counts}.items():
        if value is not None:
            expected = "None: it has an effect with pool='sif' alone"
            raise ArgumentError(name, expected=expected, got=described(value))
    if texts is None:
        raise no_texts("whose words are counted")
    tally = _tally(encoder, texts, progress)
    weights = tuple(idf(found, tally.n_texts) for found in tally.texts)
    unseen = float(idf(np.zeros(1), tally.n_texts)[0])
    about = {"texts": tally.n_texts, "words": tally.n_words}
    return Fitted(weights, unseen, np.empty((0, encoder.dim), np.float32), about)


def no_texts(what: str, hint: str = "encoder.fit(texts)") -> ArgumentError:
    """The error where there are no texts."""
    return ArgumentError("texts", expected=f"texts {what}", got="none", hint=hint)


def _checked_counts(
    encoder: StaticVectors, texts: Iterable[Text] | None, k: int, counts: Counts | None
) -> Counts:
    """Where counts are to be had from."""
    if texts is None and (k or counts == "texts"):
        raise no_texts(
            "on which the common directions are learned" if k else "whose words are counted",
            "encoder.fit(texts), or encoder.fit(components=0) for the weights of the table's "
            "counts, or of Zipf's law, alone",
        )
    has_counts = all(table.counts is not None for table in encoder.tables)
    if counts is None:
        return "texts" if texts is not None else "table" if has_counts else "zipf"
    if choice("counts", counts, COUNTS) == "table" and not has_counts:
        hint = "counts='zipf', if the table begins with the most frequent words"
        raise ArgumentError("counts", expected="a table with counts", got="none", hint=hint)
    return counts


def _tally(encoder: StaticVectors, texts: Iterable[Text], progress: bool | None) -> Tally:
    tally = Tally(encoder.tables)
    for words in encoder._words_of(texts, "counting words", progress):
        tally.add(words)
    if not tally.n_texts:
        raise no_texts("to learn on")
    return tally
