"""What fastText goes on from: words, and the rows of n-grams that they are made of."""

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.core.subwords import Ngrams
from inlay.errors import ArgumentError
from inlay.formats.fasttext_writer import is_whole
from inlay.train.start import BLOCK, Start


class SubwordStart(Start):
    """A table to go on from, whose words are the mean of their own row and those of n-grams.

    The table knows the rows of n-grams, and of each word the mean. So the word's own row is what
    makes that mean of the others, which are filled in first.
    """

    def check(self, settings: Any) -> None:
        """Refuse a table whose n-grams are others than those of the training.

        Raises:
            ArgumentError: They are, or there are none, or not as numbers.
        """
        subwords: Any = self.table._subwords
        if not settings.max_n:  # words alone, whatever the table can compose
            return
        if subwords is None:
            raise ArgumentError(
                "start",
                expected="a table with the rows of n-grams, as fasttext makes it",
                got="one of words alone",
                hint="max_n=0, for words alone, or inlay.train.word2vec(corpus, start=...)",
            )
        if not is_whole(self.table):
            raise ArgumentError(
                "start",
                expected="fastText's rows of n-grams, as numbers",
                got="quantised ones" if _is_coded(subwords.rows) else "those of another method",
                hint="the table as it was trained, or max_n=0, for words alone",
            )
        theirs, ours = (
            f"min_n={n.min_n}, max_n={n.max_n}, bucket={n.bucket}" + ", jamo=True" * n.jamo
            for n in (subwords.ngrams, settings)
        )
        if theirs != ours:
            raise ArgumentError(
                "start",
                expected=f"n-grams of {ours}, as for this training",
                got=f"those of {theirs}",
                hint=theirs if "jamo" in theirs or not settings.jamo else f"{theirs}, jamo=False",
            )

    def begin(self, rows: Array, parts: Any, places: Array, of: Array) -> Array:
        """Fill in the rows of n-grams and of words; returns which rows that is, bool.

        Args:
            rows: float32 `(rows, row)`, of the model.
            parts: `inlay.kernels.subword_training.Parts` of all words.
            places: The row of each bucket, or -1.
            of: Which row of the table each word is, or -1.
        """
        from inlay.kernels.rows import aligned_zeros
        from inlay.kernels.subword_training import compose_words

        begun = np.zeros(len(rows), bool)
        for buckets, given in self.ngrams(np.flatnonzero(places >= 0)):
            rows[places[buckets], : self.table.dim] = given
            begun[places[buckets]] = True
        own, words = parts.rows[parts.starts[:-1]], aligned_zeros(of.size * rows.shape[1])
        known = np.flatnonzero(of >= 0)
        rows[own[known]] = 0
        begun[own[known]] = True
        compose_words(rows.reshape(-1), parts, rows.shape[1], words)
        means = words.reshape(of.size, -1)[:, : self.table.dim]
        for at in range(0, known.size, BLOCK):
            some = known[at : at + BLOCK]
            missing = (self.table._rows[of[some]] - means[some]) / parts.shares[some, None]
            rows[own[some], : self.table.dim] = missing
        return begun

    def ngrams(self, buckets: Array) -> Iterator[tuple[Array, Array]]:
        """Those of some buckets that have rows, and these rows, a block at a time."""
        subwords: Any = self.table._subwords
        if subwords is None or not buckets.size:
            return
        kept, there = subwords.ngrams.kept, buckets
        if kept is not None:
            place = np.minimum(np.searchsorted(kept[0], buckets), kept[0].size - 1)
            is_there = kept[0][place] == buckets
            buckets, there = buckets[is_there], kept[1][place[is_there]]
        for at in range(0, buckets.size, BLOCK):
            yield buckets[at : at + BLOCK], np.asarray(subwords.rows[there[at : at + BLOCK]])

    def buckets(self, n: int) -> Array:
        """All of n buckets that have rows, rising."""
        subwords = self.table._subwords
        assert subwords is not None
        assert isinstance(subwords.ngrams, Ngrams)
        kept = subwords.ngrams.kept
        return np.arange(n, dtype=np.int32) if kept is None else kept[0]

    def row_factors(self, parts: Any, of: Array, begun: Array) -> Array | None:
        """What the rate of each row is multiplied by, float32; None, if all are as they are.

        A row is no faster than the slowest word that is made of it: one at 0 stays where it is.
        """
        rates = self.factors(of)
        if rates is None or self.rates is None:
            return None
        found = np.where(begun, self.rates.max(initial=0), np.float32(1))
        sizes = np.where(of >= 0, np.diff(parts.starts), 0)
        is_of_table = np.repeat(of >= 0, np.diff(parts.starts))
        np.minimum.at(found, parts.rows[is_of_table], np.repeat(rates, sizes))
        return found

    def still(self, of: Array) -> Array:
        """The words that do not move."""
        rates = self.factors(of)
        return np.flatnonzero([] if rates is None else (of >= 0) & (rates == 0))

    def digest(self) -> str:
        """The same of n-grams too."""
        found = hashlib.sha256(super().digest().encode())
        subwords = self.table._subwords
        if subwords is not None and not _is_coded(subwords.rows):
            for buckets, rows in self.ngrams(self.buckets(subwords.ngrams.bucket)):
                found.update(buckets.tobytes())
                found.update(rows.tobytes())
        return found.hexdigest()


def _is_coded(rows: Any) -> bool:
    return not isinstance(rows, np.ndarray)
