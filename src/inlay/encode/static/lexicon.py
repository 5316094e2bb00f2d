"""Texts to numbers of their words, and words to rows: what has been seen once is not split again.

Most of what is written consists of few different words. So a text is cut at its spaces, which
takes next to no time, and the tokens of each piece are remembered. That is only done for tokenizers
that never look across a space; with others each text is split anew, and its tokens are remembered.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.core import Table
from inlay.jobs.threads import lock
from inlay.tokenizers import Tokenizer, batched
from inlay.tokenizers.protocol import splits_at_spaces

MOST = 1 << 18  # pieces, and words, that are remembered
LONGEST = 1 << 24  # characters of them all
UNKNOWN, COMPOSED = -1, -2  # in the place of a row


class Lexicon:
    """The words that some texts had, numbered, and the row that each has in every table.

    Args:
        tokenizer: What splits texts.
        tables: Where words are looked up.
    """

    def __init__(self, tokenizer: Tokenizer, tables: Sequence[Table]) -> None:
        self.tokenizer, self.tables = tokenizer, tables
        self.one_at_a_time = lock()
        self._at_spaces = splits_at_spaces(tokenizer)
        self._forget()

    def _forget(self) -> None:
        self._words, self._pieces, self._characters = _Numbered(), _Numbered(), 0
        self._rows = [_Grown() for _ in self.tables]
        # The words of piece `i` are `_inside[_starts[i]:_starts[i + 1]]`.
        self._inside, self._starts = _Grown(), _Grown()
        self._starts.extend([0])

    def read(self, texts: Sequence[str | list[str]], max_length: int | None) -> "Words":
        """The words of texts, of each at most so many.

        Args:
            texts: Strings, or lists of tokens.
            max_length: Words of a text, unknown ones among them. None: all.
        """
        with self.one_at_a_time:
            if max(len(self._words), len(self._pieces)) > MOST or self._characters > LONGEST:
                self._forget()
            strings: Any = texts
            try:
                if self._at_spaces and all(type(text) is str for text in texts):
                    numbers, lengths = self._by_pieces(strings)
                else:
                    numbers, lengths = self._by_texts(texts, max_length)
                self._look_up()
            except BaseException:  # some are numbered by now, and not split
                self._forget()
                raise
            rows, words = [found.all for found in self._rows], self._words.new
        if max_length is not None and lengths.max(initial=0) > max_length:
            before = np.cumsum(lengths) - lengths
            places = np.arange(numbers.size) - np.repeat(before, lengths)
            numbers, lengths = numbers[places < max_length], np.minimum(lengths, max_length)
        return Words(numbers, np.append(0, np.cumsum(lengths)), rows, words)

    def tokens(self, text: str | list[str], max_length: int | None) -> list[str]:
        """The tokens of one text, which are not remembered."""
        found = text if isinstance(text, list) else self.tokenizer(text)
        return found[:max_length]

    def _by_pieces(self, texts: Sequence[str]) -> tuple[Array, Array]:
        """Numbers of all words, and how many each text has, by what stands between spaces."""
        pieces = " ".join(texts).split(" ") if texts else []
        known = len(self._pieces)
        found = np.fromiter(map(self._pieces.__getitem__, pieces), np.int64, len(pieces))
        if new := self._pieces.new[known:]:
            inside = list(batched(self.tokenizer, new))
            flat = list(chain.from_iterable(inside))
            end = self._starts.all[-1]
            self._inside.extend(list(map(self._words.__getitem__, flat)))
            self._starts.extend(end + np.cumsum(list(map(len, inside))))
            self._characters += sum(map(len, new))
        starts, within = self._starts.all, self._inside.all
        begin, sizes = starts[found], starts[found + 1] - starts[found]
        # Place `j` of a piece's words in the result is `j` behind the words of those before it.
        shift = np.repeat(begin - (np.cumsum(sizes) - sizes), sizes)
        numbers = within[np.arange(shift.size) + shift]
        n_pieces = np.array([text.count(" ") + 1 for text in texts], np.int64)
        first = np.cumsum(n_pieces) - n_pieces
        lengths = np.add.reduceat(sizes, first) if len(texts) else n_pieces
        return numbers, lengths

    def _by_texts(
        self, texts: Sequence[str | list[str]], max_length: int | None
    ) -> tuple[Array, Array]:
        """The same for texts that are split one by one, or are lists already."""
        strings = [text for text in texts if isinstance(text, str)]
        split = iter(batched(self.tokenizer, strings))
        tokens = [(next(split) if isinstance(text, str) else text)[:max_length] for text in texts]
        lengths = np.fromiter(map(len, tokens), np.int64, len(tokens))
        flat = chain.from_iterable(tokens)
        numbers = np.fromiter(map(self._words.__getitem__, flat), np.int64, int(lengths.sum()))
        return numbers, lengths

    def _look_up(self) -> None:
        """Find the rows of words that have come new."""
        for table, rows in zip(self.tables, self._rows, strict=True):
            if new := self._words.new[rows.size :]:
                found = table.tokens.find_many(new)
                if table.unk_id is not None:
                    found[found == table.unk_id] = UNKNOWN
                if table.can_compose:
                    found[found < 0] = COMPOSED
                rows.extend(found)
                self._characters += sum(map(len, new))


class Words:
    """The words of some texts.

    Attributes:
        numbers: int64 `(n,)`: the word at each place, of all texts one after the other.
        offsets: int64 `(texts + 1,)`: where each text begins.
        rows: Of each table, int64 `(words,)`: the row of each word, `UNKNOWN` or `COMPOSED`.
        words: The words themselves, by number.
    """

    def __init__(self, numbers: Array, offsets: Array, rows: list[Array], words: list[str]) -> None:
        self.numbers, self.offsets, self.rows, self.words = numbers, offsets, rows, words


class _Numbered(dict[str, int]):
    """Strings by number: one that is asked for, and is not here, gets the next number."""

    def __init__(self) -> None:
        self.new: list[str] = []

    def __missing__(self, text: str) -> int:
        number = self[text] = len(self.new)
        self.new.append(text)
        return number


class _Grown:
    """Whole numbers, int64, to which others are added at the end."""

    def __init__(self) -> None:
        self._room, self.size = np.empty(1024, np.int64), 0

    @property
    def all(self) -> Array:
        """A view of all of them."""
        return self._room[: self.size]

    def extend(self, more: Any) -> None:
        """Add numbers; views that were given before do not change."""
        size = self.size + len(more)
        if size > self._room.size:
            larger = np.empty(2 * size, np.int64)
            larger[: self.size] = self.all
            self._room = larger
        self._room[self.size : size] = more
        self.size = size
