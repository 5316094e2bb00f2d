"""A classifier of fastText in a hundredth of its memory: fewer rows, and each in a few bytes."""

from dataclasses import replace
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.checks import flag, whole, whole_or_none
from inlay.classify.fasttext.model import Supervised
from inlay.classify.fasttext.rows import END
from inlay.core import Vocabulary
from inlay.core.subwords import CENTROIDS, Coded
from inlay.errors import ArgumentError
from inlay.formats.rows import take

ROUNDS = 25  # of k-means, at most
SAMPLE = 256 * CENTROIDS  # rows that the centroids are learned from
BLOCK = 1 << 16  # rows that are coded at once


def quantised(model: Supervised, *, cutoff: Any, dsub: Any, qnorm: Any, seed: Any) -> Supervised:
    """Do what `TextClassifier.quantize` says.

    Source: Joulin et al. 2016, FastText.zip: compressing text classification models;
    https://github.com/facebookresearch/fastText, src/productquantizer.cc.
    """
    cutoff, dsub = whole_or_none("cutoff", cutoff), whole("dsub", dsub)
    qnorm, rng = flag("qnorm", qnorm), np.random.default_rng(whole("seed", seed, least=0))
    if isinstance(model.rows, Coded):
        expected = "a classifier that is not quantised yet"
        raise ArgumentError("quantize", expected=expected, got="one that is")
    n_words, places = len(model.vocabulary), _places(model)
    words, buckets = _kept(model, places, cutoff)
    chosen = np.concatenate([words, n_words + places[buckets]])
    numbers = np.arange(places.size) if model.buckets is None else model.buckets
    vocab = model.vocabulary
    counts = None if vocab.counts is None else vocab.counts[words]
    kept = Vocabulary(
        take(vocab.tokens, words), pad=None, unk=None, counts=counts, tokenizer=vocab.tokenizer
    )
    return replace(
        model,
        vocabulary=kept,
        rows=_coded(model.rows, chosen, dsub, qnorm, rng),
        buckets=numbers[buckets].astype(np.int32) if model.rule.hashes else None,
        places=None,
        counts_all=not model.rule.hashes,
    )


def _places(model: Supervised) -> Array:
    """The row behind the words' of each bucket that has one."""
    if model.places is not None:
        return model.places
    return np.arange(model.rows.shape[0] - len(model.vocabulary))


def _kept(model: Supervised, places: Array, cutoff: int | None) -> tuple[Array, Array]:
    """Which words and buckets stay, in their order: the longest rows, and the end of a text's."""
    n_words = len(model.vocabulary)
    if cutoff is None or cutoff >= n_words + places.size:
        return np.arange(n_words), np.arange(places.size)
    rows: Any = model.rows
    order = np.concatenate([np.arange(n_words), n_words + places])
    lengths = np.empty(order.size, np.float32)
    for start in range(0, order.size, BLOCK):
        some = order[start : start + BLOCK]
        lengths[start : start + BLOCK] = np.linalg.norm(rows[some], axis=1)
    end = model.vocabulary.tokens.find(END[0])
    if end >= 0:
        lengths[end] = np.inf
    best = np.sort(np.argsort(-lengths, kind="stable")[:cutoff])
    return best[best < n_words], best[best >= n_words] - n_words


def _coded(rows: Any, chosen: Array, dsub: int, qnorm: bool, rng: np.random.Generator) -> Coded:
    """Some rows, each part of which is one of 256."""
    dim = rows.shape[1]
    matrix = np.array(rows[chosen], np.float32)
    norms, scales = np.empty(0, np.uint8), np.empty(0, np.float32)
    if qnorm:
        lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
        matrix /= np.where(lengths > 0, lengths, 1)
        norms, found = _clustered(lengths, rng)
        scales = found.reshape(-1)
    parts = [np.ascontiguousarray(matrix[:, at : at + dsub]) for at in range(0, dim, dsub)]
    coded = [_clustered(part, rng) for part in parts]
    centroids = np.concatenate([found.reshape(-1) for _, found in coded])
    codes = np.stack([some for some, _ in coded], axis=1)
    return Coded(codes, centroids, dsub, norms, scales)


def _clustered(points: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """The code of each point, uint8 `(n,)`, and the centroids, float32 `(256, d)`, by k-means."""
    sample = points
    if len(points) > SAMPLE:
        sample = points[rng.choice(len(points), SAMPLE, replace=False)]
    first = rng.permutation(len(sample))
    centroids = sample[np.resize(first, CENTROIDS)].copy()
    codes, before = np.empty(len(sample), np.uint8), None
    for _ in range(ROUNDS):
        _assign(sample, centroids, codes)
        if before is not None and np.array_equal(codes, before):
            break
        before = codes.copy()
        sizes = np.bincount(codes, minlength=CENTROIDS)
        for axis in range(points.shape[1]):
            sums = np.bincount(codes, sample[:, axis], minlength=CENTROIDS)
            centroids[:, axis] = np.where(sizes > 0, sums / np.maximum(sizes, 1), 0)
        empty = np.flatnonzero(sizes == 0)
        centroids[empty] = sample[rng.integers(len(sample), size=empty.size)]
    found = np.empty(len(points), np.uint8)
    _assign(points, centroids, found)
    return found, centroids


def _assign(points: Array, centroids: Array, codes: Array) -> None:
    from inlay.kernels.clusters import nearest

    halves = ((centroids**2).sum(axis=1) / 2).astype(np.float32)
    columns = np.ascontiguousarray(centroids.T)
    nearest(points, columns, halves, np.empty(CENTROIDS, np.float32), codes)
