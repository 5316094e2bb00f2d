"""The vectors of a text's words, looked up in tables and pooled."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence, Sized
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from inlay.aliases import Array, Text
from inlay.checks import every_text, one_text, shown
from inlay.core import Table
from inlay.core.subwords import Coded
from inlay.encode.base import TextEncoder, unit
from inlay.encode.static.learned import Fitted
from inlay.encode.static.lexicon import UNKNOWN, Lexicon, Words
from inlay.encode.static.pooling import LEARNED, PLAIN, Found, parts_of
from inlay.errors import NotFittedError
from inlay.formats.native import content_digests
from inlay.jobs.progress import progress as show_progress
from inlay.tokenizers import TokenizerLike, get_tokenizer

# Texts that are looked at for words without a vector, and how many words, and which share of them,
# it takes to speak of it.
SAMPLE, LEAST, MOST = 100, 50, 0.8


class StaticVectors(TextEncoder):
    """The half of a `StaticEncoder` that makes vectors; see there for the attributes."""

    MADE = ("_lexicon",)

    tables: tuple[Table, ...]
    tokenizer: TokenizerLike
    pool: str
    max_characters: int | None
    normalize: bool
    fitted: Fitted | None

    @property
    def pools(self) -> tuple[str, ...]:  # type: ignore[override]
        """What `pool=` may be: the encoder's own first, then those with as many numbers."""
        single = len(parts_of(self.pool)) == 1
        return (self.pool, *(name for name in PLAIN if single and name != self.pool))

    @property
    def n_parameters(self) -> int:
        """How many numbers were learned: those of the tables, and of what composes words."""
        composing = [t._subwords.rows.shape for t in self.tables if t._subwords is not None]
        return sum(rows * dim for rows, dim in [*composing, *(t.shape for t in self.tables)])

    @property
    def n_bytes(self) -> int:
        """The bytes of the tables as they are stored, in memory or in files that are mapped."""
        composing = [t._subwords.rows for t in self.tables if t._subwords is not None]
        more = [rows.codes if isinstance(rows, Coded) else rows for rows in composing]
        return sum(a.nbytes for a in more) + sum(table.stored_bytes for table in self.tables)

    def known(self, texts: Iterable[Text]) -> tuple[Array, Array]:
        """Count the words of each text, and those of them that have a vector.

        Returns:
            `(n_known, n_words)`: int64 `(n,)` each. A word counts as known if any table has it.
        """
        n_known, n_words = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for words in self._words_of(texts, "counting words", False):
            is_known = np.zeros(words.numbers.size, np.bool_)
            for which, table in enumerate(self.tables):
                is_known |= Found(table, words, which).is_known
            n_known.append(np.diff(np.append(0, np.cumsum(is_known))[words.offsets]))
            n_words.append(np.diff(words.offsets))
        return np.concatenate(n_known), np.concatenate(n_words)

    def tokenize(self, text: Text) -> list[str]:
        """The words of a text, cut at `max_length`; those of a list are as they are."""
        found = self._cut([one_text("text", text)])[0]
        return self._lexicon.tokens(found, self.max_length)

    @cached_property
    def _lexicon(self) -> Lexicon:
        return Lexicon(get_tokenizer(self.tokenizer), self.tables)

    def _hash(self) -> str:
        named: list[Any] = ["inlay static", [content_digests(table) for table in self.tables]]
        found = hashlib.sha256()
        if self.fitted is not None:
            named += [self.fitted.unseen, self.fitted.about]
            for array in (*self.fitted.weights, self.fitted.directions):
                found.update(array.tobytes())
        found.update(json.dumps(named, sort_keys=True).encode())
        return found.hexdigest()

    @property
    def must_learn(self) -> bool:
        """Whether `fit` must come first."""
        return self.pool in LEARNED and self.fitted is None

    def _chosen(self, pool: str | None) -> str:
        name = self.pool if pool is None else pool
        if name in LEARNED and (self.fitted is None or name != self.pool):
            raise NotFittedError(
                "encoder",
                expected=f"one that has learned what {name!r} needs",
                got=f"{self!r}, which has not",
                hint=f"StaticEncoder(table, pool={name!r}).fit(texts)",
            )
        return super()._chosen(pool)

    def _doubts(self, texts: list[str | list[str]]) -> list[str]:
        words = self._words(texts[:SAMPLE])
        known = np.zeros(words.numbers.size, np.bool_)
        for rows in words.rows:
            known |= rows[words.numbers] != UNKNOWN
        lettered = {
            number: any(map(str.isalpha, words.words[number]))
            for number in np.unique(words.numbers).tolist()
        }
        has_letter = np.array([lettered[number] for number in words.numbers.tolist()], np.bool_)
        at = words.numbers[has_letter]
        unknown = words.numbers[has_letter & ~known]
        if at.size < LEAST or unknown.size < at.size * MOST:
            return super()._doubts(texts)
        return [
            f"encoder: {unknown.size:,} of {at.size:,} words have no vector, such as "
            f"{shown(words.words[unknown[0]])}, and count for nothing. Try: vectors of this "
            "language, or the tokenizer that they were trained with"
        ]

    def _words_of(self, texts: Iterable[Text], desc: str, progress: bool | None) -> Iterator[Words]:
        """The words of texts, a block at a time."""
        total = len(texts) if isinstance(texts, Sized) else None
        with show_progress(total, unit=" texts", desc=desc, enabled=progress) as report:
            for block in self._read(every_text("texts", texts), None):
                yield self._words(block)
                report.update(len(block))

    def _cut(self, texts: Sequence[str | list[str]]) -> Sequence[str | list[str]]:
        most = self.max_characters
        if most is None:
            return texts
        return [text[:most] if isinstance(text, str) else text for text in texts]

    def _words(self, texts: Sequence[str | list[str]]) -> Words:
        return self._lexicon.read(self._cut(texts), self.max_length)

    def _block(self, texts: list[str | list[str]], pool: str) -> Array:
        vectors = self._pooled_words(self._words(texts), pool, self.fitted)
        if pool == "sif" and self.fitted is not None and len(self.fitted.directions):
            from inlay.kernels.bags import without

            without(vectors, self.fitted.directions)
        return unit(vectors) if self.normalize else vectors

    def _pooled_words(self, words: Words, pool: str, fitted: Fitted | None) -> Array:
        """Vectors of texts, before anything is taken away from them."""
        parts, n = parts_of(pool), words.offsets.size - 1
        out = np.empty((n, self.dim), np.float32)
        start, width = 0, self.dim // len(parts)
        for which, table in enumerate(self.tables):
            found = Found(table, words, which)
            weights = None
            if pool in LEARNED and fitted is not None:
                weights = fitted.of_words(which, found.rows)
            for i, how in enumerate(parts):
                pooled = np.zeros((n, table.dim), np.float32)
                found.pooled(how, weights, pooled)
                out[:, i * width + start : i * width + start + table.dim] = pooled
            start += table.dim
        return out

    def _layers(self, texts: list[str | list[str]]) -> Iterator[Array]:
        """The vectors of the words themselves; zeros for an unknown one.

        Where poolings are laid side by side, so is the vector, once for each.
        """
        words, n_parts = self._words(texts), len(parts_of(self.pool))
        found = [Found(table, words, which) for which, table in enumerate(self.tables)]
        for i, (begin, end) in enumerate(pairwise(words.offsets.tolist())):
            made = np.zeros((end - begin, self.dim // n_parts), np.float32)
            start = 0
            for table, one in zip(self.tables, found, strict=True):
                ids = one.ids[one.offsets[i] : one.offsets[i + 1]]
                made[one.is_known[begin:end], start : start + table.dim] = one.matrix[ids]
                start += table.dim
            yield np.tile(made, (1, n_parts))[None]
