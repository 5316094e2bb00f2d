"""What a pooling learns on texts: how much each word counts, and which directions all texts share.

Source: Arora, Liang and Ma 2017, "A Simple but Tough-to-Beat Baseline for Sentence Embeddings",
algorithm 1, for SIF; scikit-learn's `TfidfTransformer(smooth_idf=True)` for the inverse document
frequency.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from inlay.aliases import Array
from inlay.core import Table
from inlay.encode.static.lexicon import Words


class Fitted(NamedTuple):
    """What was learned.

    Attributes:
        weights: Of each table, what a row counts, float32 `(vocab_size,)`.
        unseen: What a word counts that no table holds and one composes.
        directions: What is taken away from each vector, float32 `(k, dim)`.
        about: How it was learned, as JSON values.
    """

    weights: tuple[Array, ...]
    unseen: float
    directions: Array
    about: dict[str, Any]

    def of_words(self, which: int, rows: Array) -> Array:
        """What some words count, by their rows in one table, float32 `(n,)`."""
        weights = self.weights[which]
        if not weights.size:
            return np.full(rows.size, self.unseen, np.float32)
        is_own = rows >= 0
        return np.where(is_own, weights[np.where(is_own, rows, 0)], np.float32(self.unseen))


class Tally:
    """How often the words of each table stand in texts, and in how many texts.

    Attributes:
        words: Of each table, int64 `(vocab_size,)`: how often each row's word was seen.
        texts: Of each table, in how many texts.
        n_words: How many words there were, unknown ones among them.
        n_texts: How many texts.
    """

    def __init__(self, tables: Sequence[Table]) -> None:
        self.words = [np.zeros(len(table), np.int64) for table in tables]
        self.texts = [np.zeros(len(table), np.int64) for table in tables]
        self.n_words = self.n_texts = 0

    def add(self, words: Words) -> None:
        """Count some texts."""
        self.n_words += words.numbers.size
        self.n_texts += words.offsets.size - 1
        text = np.repeat(np.arange(words.offsets.size - 1), np.diff(words.offsets))
        for which, of_words in enumerate(words.rows):
            rows = of_words[words.numbers]
            known = rows >= 0
            each, n = np.unique(rows[known], return_counts=True)
            self.words[which][each] += n
            pairs = np.unique(np.stack([rows[known], text[known]]), axis=1)
            each, n = np.unique(pairs[0], return_counts=True)
            self.texts[which][each] += n


def sif_weights(counts: Array, total: float, a: float) -> Array:
    """`a / (a + p)` of a word's probability `p = count / total`, float32."""
    p = counts / max(total, 1)
    weights: Array = (a / (a + p)).astype(np.float32)
    return weights


def idf(texts: Array, n: int) -> Array:
    """`ln((1 + n) / (1 + texts)) + 1`, float32: of a word that `texts` of `n` texts have."""
    weights: Array = (np.log((1 + n) / (1 + texts)) + 1).astype(np.float32)
    return weights


def zipf(table: Table) -> tuple[Array, float]:
    """Counts as Zipf's law has them, `1 / rank` in the order of the rows, and their sum.

    Padding and the unknown token have no rank and no count.
    """
    special = [row for row in (table.pad_id, table.unk_id) if row is not None]
    is_word = np.ones(len(table), np.bool_)
    is_word[special] = False
    counts = np.zeros(len(table))
    counts[is_word] = 1 / np.arange(1, is_word.sum() + 1)
    return counts, float(counts.sum())


def common_directions(products: Array, k: int) -> Array:
    """The first `k` singular vectors of all texts' vectors, float32 `(k, dim)`.

    Args:
        products: float64 `(dim, dim)`: the sum of each vector with itself, `v v^T`.
        k: How many.
    """
    _, directions = np.linalg.eigh(products)  # the greatest last
    found: Array = np.ascontiguousarray(directions[:, ::-1][:, :k].T, np.float32)
    return found
