"""How well a biLM predicts texts that it has not seen, each read by itself as the encoder does."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.encode.batching import packed_batches
from inlay.encode.elmo.network import Network
from inlay.train.elmo.stream import Words

SHARES = 4  # whatever the threads: sums are made in one order
ROWS = 128  # of scores at once


def perplexity(
    network: Network,
    softmax: tuple[Array, Array],
    words: Words,
    texts: Sequence[Array],
    run: Callable[..., Iterable[Any]] = map,
) -> dict[str, float]:
    """Perplexities by the full softmax: `forward`, `backward` and `mean`, of both together.

    Args:
        network: The biLM, to encode with.
        softmax: Weights `(V, P)` and biases `(V,)`.
        words: What the numbers of words mean.
        texts: Numbers of words, without marks.
        run: Maps, perhaps over threads.
    """
    marked = [np.concatenate([[0], text, [1]]) for text in texts]
    distinct = np.unique(np.concatenate(marked))
    vectors = network.words(words.characters[distinct])
    size = network.options.projection_dim

    def share(batch: list[int]) -> tuple[float, float, int]:
        some = [marked[i] for i in batch]
        top = network.layers(vectors, [np.searchsorted(distinct, text) for text in some])[-1]
        inner = np.ones(len(top), bool)
        inner[np.cumsum([len(text) for text in some]) - 1] = False
        rows = np.flatnonzero(inner)  # each has a next one in its text
        targets = words.targets(np.concatenate(some))
        return (
            loss(top[rows, :size], targets[rows + 1], *softmax),
            loss(top[rows + 1, size:], targets[rows], *softmax),
            len(rows),
        )

    batches = packed_batches([len(text) for text in marked], SHARES)
    forward, backward, n = map(sum, zip(*run(share, batches), strict=True))
    means = {"forward": forward / n, "backward": backward / n}
    means["mean"] = (means["forward"] + means["backward"]) / 2
    return {name: math.exp(mean) for name, mean in means.items()}


def loss(states: Array, targets: Array, weights: Array, bias: Array) -> float:
    """The sum of `-log p(target)` among all classes, in nats."""
    total = 0.0
    for at in range(0, len(states), ROWS):
        target = targets[at : at + ROWS]
        scores = states[at : at + ROWS] @ weights.T + bias
        scores -= scores.max(1, keepdims=True)
        own = scores[np.arange(len(target)), target]
        total += float((np.log(np.exp(scores).sum(1)) - own).sum())
    return total


def unigram(words: Words, n_texts: int, texts: Sequence[Array]) -> float:
    """The perplexity of word counts alone; it is the same in both directions.

    Args:
        words: The words of a corpus.
        n_texts: How many texts that has.
        texts: Those to predict.
    """
    counts = words.counts.copy()
    counts[0] -= n_texts  # the forward direction predicts no beginning
    seen = np.bincount(words.targets(np.concatenate(texts)), minlength=len(counts))
    seen[1] += len(texts)
    there = seen > 0
    mean = seen[there] @ np.log(counts[there] / counts.sum()) / seen.sum()
    return math.exp(-mean)
