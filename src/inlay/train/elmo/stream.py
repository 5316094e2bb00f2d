"""A corpus as rows of text side by side, read piece by piece, for training a language model.

All texts of an epoch stand one behind the other, in an order of its own, and are cut into rows of
one length. A batch is the next few positions of all rows; what it holds follows from its number
alone, so that a job that was stopped goes on anywhere.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from inlay.aliases import Array
from inlay.encode.elmo.characters import BOS, EOS, PADDING, character_ids
from inlay.errors import ArgumentError
from inlay.text import Corpus

UNKNOWN = "<UNK>"
SPECIAL = (BOS, EOS, UNKNOWN)  # first in the vocabulary, as bilm-tf has them
NONE = -1  # a target that is none
LEAST = 50  # positions of a row, where a corpus has them: a row begins without a past
BLOCK = 1 << 24  # numbers of a corpus that are looked at together


@dataclass(frozen=True)
class Words:
    """Every word of a corpus: what is read of it, and what is predicted.

    Attributes:
        number: int32 `(len(corpus.tokens),)`: a word's number. 0, 1 and 2 are `SPECIAL`, then
            come the others by falling count.
        characters: int16 `(words, 50)`, by number, as `character_ids` makes them: 100
            bytes for each distinct word.
        lengths: int16 `(words,)`: how many of a word's characters are no filling.
        vocabulary: The words that are predicted, by number; the others count as `UNKNOWN`.
        counts: int64 `(len(vocabulary),)`: how often each would be predicted.
    """

    number: Array
    characters: Array
    lengths: Array
    vocabulary: list[str]
    counts: Array

    @classmethod
    def of(cls, corpus: Corpus, n_texts: int, *, min_count: int, max_size: int | None) -> "Words":
        """Number the words of a corpus of `n_texts`; see `inlay.train.bilm`."""
        others = [i for i, token in enumerate(corpus.tokens) if token not in SPECIAL]
        if not others:
            raise ArgumentError(
                "corpus", expected="words to predict", got=f"nothing but {', '.join(SPECIAL)}"
            )
        common = int((corpus.counts[others] >= min_count).sum())
        if not common:
            most = corpus.counts[others[0]]
            raise ArgumentError(
                "min_count",
                expected=f"at most {most}, the count of the most frequent word",
                got=str(min_count),
                hint="a smaller min_count",
            )
        number = np.empty(len(corpus.tokens), np.int32)
        number[others] = np.arange(len(SPECIAL), len(SPECIAL) + len(others))
        for i, token in enumerate(corpus.tokens):
            if token in SPECIAL:
                number[i] = SPECIAL.index(token)
        names = [*SPECIAL, *(corpus.tokens[i] for i in others)]
        size = len(SPECIAL) + common
        if max_size is not None:
            size = min(max_size, size)
        broken = [name for name in names[:size] if "\n" in name or "\r" in name]
        if broken:
            raise ArgumentError(
                "corpus",
                expected="words without line breaks, for vocab.txt has one on each line",
                got=repr(broken[0]),
                hint="a tokenizer that leaves them out",
            )
        parts = [names[at : at + 10_000] for at in range(0, len(names), 10_000)]
        characters = np.concatenate([character_ids(part).astype(np.int16) for part in parts])
        counts = np.zeros(len(names), np.int64)
        np.add.at(counts, number, corpus.counts)
        counts[SPECIAL.index(UNKNOWN)] += counts[size:].sum()
        counts[[SPECIAL.index(BOS), SPECIAL.index(EOS)]] += n_texts
        lengths = (characters != PADDING).sum(1).astype(np.int16)
        return cls(number, characters, lengths, names[:size], counts[:size])

    def targets(self, numbers: Array) -> Array:
        """What words count as when they are predicted: int64, below `len(vocabulary)`."""
        known = numbers < len(self.vocabulary)
        found: Array = np.where(known, numbers, SPECIAL.index(UNKNOWN)).astype(np.int64)
        return found


class Texts(NamedTuple):
    """Where texts lie in `Corpus.ids`: int64 `(texts,)` each; none is empty."""

    begins: Array
    lengths: Array

    def pick(self, which: Array) -> "Texts":
        """Some of them."""
        return Texts(self.begins[which], self.lengths[which])

    @classmethod
    def of(cls, ids: Array) -> "Texts":
        """Find the texts of a corpus."""
        ends = np.concatenate(
            [at + np.flatnonzero(ids[at : at + BLOCK] < 0) for at in range(0, ids.size, BLOCK)]
            + [[ids.size]]
        )
        begins = np.concatenate([[0], ends[:-1] + 1])
        lengths = ends - begins
        return cls(begins, lengths).pick(lengths > 0)

    def split(self, share: float, most: int, seed: int) -> tuple["Texts", "Texts"]:
        """Texts to train on, and some by chance to measure on: a share of all words, or `most`.

        They are of middling length at most, where that is more than the share; and what one
        has beyond `most` is trained on.

        Raises:
            ArgumentError: There is one text only, and a share above 0.
        """
        if share == 0:
            return self, self.pick(np.zeros(0, np.int64))
        if len(self.lengths) < 2:
            raise ArgumentError(
                "held_out",
                expected="0 for a corpus of one text",
                got=str(share),
                hint="held_out=0, or each text on a line of its own",
            )
        order = np.random.default_rng([seed, 1]).permutation(len(self.lengths))
        enough = min(share * self.lengths.sum(), most)
        fit = self.lengths[order] <= max(enough, np.median(self.lengths))
        order = np.concatenate([order[fit], order[~fit]])
        held = 1 + int(np.searchsorted(np.cumsum(self.lengths[order]), enough))
        held = min(held, len(order) - 1)
        train, apart = self.pick(np.sort(order[held:])), self.pick(np.sort(order[:held]))
        rest = apart.pick(apart.lengths > most)
        train = Texts(
            np.concatenate([train.begins, rest.begins + most]),
            np.concatenate([train.lengths, rest.lengths - most]),
        )
        return train, Texts(apart.begins, np.minimum(apart.lengths, most))


class Batch(NamedTuple):
    """The next positions of all rows, for both directions: forward, backward.

    Attributes:
        inputs: int32 `(2, steps, rows)`: the numbers of the words that are read.
        targets: int64 `(2, steps, rows)`: those to predict; `NONE` where a row has ended.
        fresh: bool `(steps, rows)`: where the state starts at zero.
        words: How many positions have a target.
    """

    inputs: Array
    targets: Array
    fresh: Array
    words: int


class Stream:
    """Batches of texts.

    The forward direction reads `<S> w1 .. wn` and predicts `w1 .. wn </S>`; the backward one
    reads `</S> wn .. w1` and predicts `wn .. w1 <S>` at the same positions of the same row, as in
    bilm-tf. Every other text starts from state zero, as the encoder does; the rest go on from
    where the row's last text ended, as bilm-tf's do and AllenNLP's at any time: the model learns
    to serve both.
    """

    def __init__(
        self,
        ids: Array,
        texts: Texts,
        words: Words,
        *,
        rows: int,
        steps: int,
        seed: int,
    ) -> None:
        """Args as follows.

        Args:
            ids: `Corpus.ids`.
            texts: Which of its texts.
            words: Its words.
            rows: Of a batch, at most: fewer where they would be shorter than `LEAST`.
            steps: Positions of a batch.
            seed: For the order of texts, another in each epoch.
        """
        self.ids, self.texts, self.words = ids, texts, words
        self.steps, self.seed = steps, seed
        self.positions = int((texts.lengths + 1).sum())
        self.rows = max(1, min(rows, self.positions // max(steps, LEAST)))
        self.row_length = -(-self.positions // self.rows)
        self.pieces = -(-self.row_length // steps)  # batches of an epoch
        self._epoch = -1

    def batch(self, step: int) -> Batch:
        """Batch `step` of all epochs, from 0."""
        epoch, piece = divmod(step, self.pieces)
        self._set_out(epoch)
        column = np.arange(piece * self.steps, min((piece + 1) * self.steps, self.row_length))
        at = column[:, None] + np.arange(self.rows) * self.row_length
        missing = at >= self.positions
        at = np.minimum(at, self.positions - 1)
        place = np.searchsorted(self._ends, at, side="right")
        text = self._order[place]
        length, begin = self.texts.lengths[text], self.texts.begins[text]
        offset = at - (self._ends[place] - length - 1)
        first, last = offset == 0, offset == length
        # One place is read though not used: it must be within the text.
        before, after = np.maximum(offset - 1, 0), np.minimum(offset, length - 1)
        inputs = np.stack(
            [
                np.where(first, 0, self._numbers(begin + before)),
                np.where(first, 1, self._numbers(begin + length - 1 - before)),
            ]
        )
        targets = np.stack(
            [
                np.where(last, 1, self._numbers(begin + after)),
                np.where(last, 0, self._numbers(begin + length - 1 - after)),
            ]
        )
        targets = self.words.targets(targets)
        targets[:, missing] = NONE
        fresh = (first & (place % 2 == 0)) | (column == 0)[:, None]
        return Batch(inputs, targets, fresh, int(missing.size - missing.sum()))

    def _numbers(self, at: Array) -> Array:
        numbers: Array = self.words.number[self.ids[at]]
        return numbers

    def _set_out(self, epoch: int) -> None:
        """The order of an epoch, and where each of its texts ends."""
        if epoch == self._epoch:
            return
        draw = np.random.default_rng([self.seed, 2, epoch])
        self._order = draw.permutation(len(self.texts.lengths))
        self._ends = np.cumsum(self.texts.lengths[self._order] + 1)
        self._epoch = epoch
