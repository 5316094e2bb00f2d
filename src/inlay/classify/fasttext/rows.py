"""Which rows of a model a text is the mean of: words, parts of words, runs of words."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from inlay.aliases import Array
from inlay.classify.fasttext.numbering import Numbered
from inlay.core import Tokens

END = Tokens.from_list(["</s>"])  # stands behind every text, and is a word like any other
PREFIX = np.frombuffer(b"__label__", np.uint8)
ALL_TOKENS = 1 << 62


class Rule(NamedTuple):
    """How texts become buckets.

    Attributes:
        word_ngrams: Words of the longest run that has a bucket; 1: no run has one.
        min_n: Characters of the shortest part of a word that has one.
        max_n: Of the longest; 0: no part has one.
        bucket: How many buckets there are.
    """

    word_ngrams: int
    min_n: int
    max_n: int
    bucket: int

    @property
    def hashes(self) -> bool:
        """Whether anything has a bucket."""
        return self.bucket > 0 and (self.word_ngrams > 1 or self.max_n > 0)


class TextRows(NamedTuple):
    """The rows of texts.

    Attributes:
        rows: int32.
        ends: int64 `(n + 1,)`: where those of each text begin.
        totals: int32 `(n,)`: of how many rows each text is the mean, those of zeros among them.
    """

    rows: Array
    ends: Array
    totals: Array


class Met(NamedTuple):
    """What texts to learn from have: their rows, and the buckets that got one.

    Attributes:
        texts: As they are read, a row for each word or bucket.
        buckets: int32 `(n,)`: the bucket of each row behind those of the words.
        counts: int32 `(n,)`: how often each was met.
    """

    texts: TextRows
    buckets: Array
    counts: Array


@dataclass(frozen=True)
class Lookup:
    """What finds rows.

    Attributes:
        vocabulary: The words that have rows: the first ones.
        rule: How texts become buckets.
        buckets: int32 `(n,)`: those that have rows, behind the words', in their order; None: all.
        places: int32 `(n,)`: which of these rows each has; None: the first has the first.
        counts_all: Whether a bucket without a row counts, as one of zeros.
        limit: How many tokens of a text are read; None: all.
    """

    vocabulary: Tokens
    rule: Rule
    buckets: Array | None
    places: Array | None = None
    counts_all: bool = True
    limit: int | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "slots"}

    @cached_property
    def slots(self) -> Array:
        """The row of each bucket, or -1: int32 `(bucket,)`; empty, if nothing has one."""
        if not self.rule.hashes:
            return np.empty(0, np.int32)
        first = len(self.vocabulary)
        if self.buckets is None:
            return np.arange(first, first + self.rule.bucket, dtype=np.int32)
        found = np.full(self.rule.bucket, -1, np.int32)
        places = np.arange(self.buckets.size) if self.places is None else self.places
        found[self.buckets] = first + places
        return found

    def rows(self, texts: Numbered) -> TextRows:
        """The rows of texts."""
        nothing = np.empty(0, np.int32)
        found, _ = self._gather(texts, (self.slots, nothing, nothing), learns=False)
        return found

    def meet(self, texts: Numbered) -> Met:
        """The rows of texts, where each bucket that they meet gets one."""
        size = self.rule.bucket if self.rule.hashes else 0
        slots = np.full(size, -1, np.int32)
        most = min(size, _most_rows(texts, self.rule, self._words(texts)))
        buckets, counts = np.empty(most, np.int32), np.zeros(most, np.int32)
        found, known = self._gather(texts, (slots, buckets, counts), learns=True)
        return Met(found, buckets[:known].copy(), counts[:known].copy())

    def _words(self, texts: Numbered) -> tuple[Array, Array, Array, Array]:
        """What is known of the distinct words, as `inlay.kernels.word_ngrams` takes it."""
        from inlay.kernels.subword_rows import find_buckets
        from inlay.kernels.word_ngrams import LABEL, hash_words

        n, words = len(texts.words), texts.words
        own, hashes = np.empty(n + 1, np.int32), np.empty(n + 1, np.uint64)
        own[:n], own[n:] = self.vocabulary.find_all(words), self.vocabulary.find_all(END)
        own[:n][are_labels(words)] = LABEL
        hash_words(words.blob, words.offsets, hashes)
        hash_words(END.blob, END.offsets, hashes[n:])
        ends, parts = np.zeros(n + 2, np.int64), np.empty(0, np.int32)
        if self.rule.max_n > 0 and self.rule.hashes:
            settings = self.rule.min_n, self.rule.max_n, self.rule.bucket
            find_buckets(words.blob, words.offsets, settings, 0, ends[:-1], parts)
            parts = np.empty(int(ends[n]), np.int32)
            find_buckets(words.blob, words.offsets, settings, 0, ends[:-1], parts)
            ends[n + 1] = ends[n]
        return own, hashes, ends, parts

    def _gather(
        self, texts: Numbered, buckets: tuple[Array, Array, Array], *, learns: bool
    ) -> tuple[TextRows, int]:
        from inlay.kernels.word_ngrams import gather

        words = self._words(texts)
        rows = np.empty(_most_rows(texts, self.rule, words), np.int32)
        ends, totals = np.empty(texts.n_texts + 1, np.int64), np.empty(texts.n_texts, np.int32)
        word_ngrams = self.rule.word_ngrams if self.rule.hashes else 1
        limit = ALL_TOKENS if self.limit is None else self.limit
        settings = (word_ngrams, limit, len(self.vocabulary), 0, learns, self.counts_all)
        running = np.empty(max(word_ngrams, 1), np.uint64)
        known = gather(texts.ids, words, buckets, settings, running, rows, ends, totals)
        return TextRows(rows[: ends[-1]], ends, totals), int(known)


def _most_rows(texts: Numbered, rule: Rule, words: tuple[Array, ...]) -> int:
    """The rows that texts can have at most."""
    part_ends, parts = words[2], words[3]
    of_parts = int((np.diff(part_ends)[:-1] * texts.counts).sum()) if parts.size else 0
    return texts.ids.size * (rule.word_ngrams if rule.hashes else 1) + of_parts


def are_labels(words: Tokens) -> Array:
    """Which words begin as a label does, bool `(n,)`: fastText takes none of them for a word."""
    begins, ends = words.offsets[:-1], words.offsets[1:]
    found = np.flatnonzero(ends - begins >= PREFIX.size)
    for i, byte in enumerate(PREFIX.tolist()):
        found = found[words.blob[begins[found] + i] == byte]
    chosen = np.zeros(len(words), bool)
    chosen[found] = True
    return chosen


def joined(first: Tokens, second: Tokens) -> Tokens:
    """Tokens, and others behind them."""
    size = first.offsets[-1]
    blob = np.concatenate([first.blob[:size], second.blob[: second.offsets[-1]]])
    return Tokens(blob, np.append(first.offsets, second.offsets[1:] + size))
