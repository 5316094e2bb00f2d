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
from inlay.core.tokens import Tokens, pack
from inlay.jobs.threads import lock
from inlay.text.distinct import Distinct
from inlay.tokenizers import Tokenizer, batched, lower
from inlay.tokenizers.classes import classes_for
from inlay.tokenizers.protocol import splits_at_spaces

MOST = 1 << 19  # pieces, or words, after which all are forgotten
LONGEST = 1 << 25  # characters of them all, likewise
FEW, PER_WORD = 64, 500  # words that Python finds; rows of a table that a kernel checks meanwhile
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
        self._classes = classes_for(tokenizer)
        self._forget()

    def _forget(self) -> None:
        self._words, self._pieces = Distinct(), Distinct()
        self._rows = [_Grown() for _ in self.tables]
        # The words of piece `i` are `_inside[_starts[i]:_starts[i + 1]]`.
        self._inside, self._starts = _Grown(), _Grown()
        self._starts.extend([0])
        self._room: tuple[Array, ...] = (np.empty(0, np.uint64),)

    def read(self, texts: Sequence[str | list[str]], max_length: int | None) -> "Words":
        """The words of texts, of each at most so many.

        Args:
            texts: Strings, or lists of tokens.
            max_length: Words of a text, unknown ones among them. None: all.
        """
        with self.one_at_a_time:
            parts = self._words, self._pieces
            held = sum(int(found.offsets[found.n]) for found in parts)
            if max(found.n for found in parts) > MOST or held > LONGEST:
                self._forget()
            try:
                if self._at_spaces and (raw := _bytes_of(texts)) is not None:
                    numbers, lengths = self._by_pieces(raw)
                else:
                    numbers, lengths = self._by_texts(texts, max_length)
                self._look_up()
            except BaseException:  # some are numbered by now, and not split
                self._forget()
                raise
            rows, words = [found.all for found in self._rows], _Spelled(self._words)
        if max_length is not None and lengths.max(initial=0) > max_length:
            before = np.cumsum(lengths) - lengths
            places = np.arange(numbers.size) - np.repeat(before, lengths)
            numbers, lengths = numbers[places < max_length], np.minimum(lengths, max_length)
        return Words(numbers, np.append(0, np.cumsum(lengths)), rows, words)

    def tokens(self, text: str | list[str], max_length: int | None) -> list[str]:
        """The tokens of one text, which are not remembered."""
        found = text if isinstance(text, list) else self.tokenizer(text)
        return found[:max_length]

    def _by_pieces(self, raw: Sequence[bytes]) -> tuple[Array, Array]:
        """Numbers of all words, and how many each text has, by what stands between spaces."""
        found, n_pieces = self._numbered(raw)
        known = self._starts.size - 1
        if self._pieces.n > known:
            numbers, lengths = self._split(known)
            end = self._starts.all[-1]
            self._inside.extend(numbers)
            self._starts.extend(end + np.cumsum(lengths))
        starts, within = self._starts.all, self._inside.all
        begin = starts[found]
        sizes = starts[found + 1] - begin
        ends = np.append(0, np.cumsum(sizes))
        # Place `j` of a piece's words in the result is `j` behind the words of those before it.
        places = np.repeat(begin - ends[:-1], sizes)
        places += np.arange(places.size)
        return within[places], np.diff(ends[np.append(0, np.cumsum(n_pieces))])

    def _split(self, first: int) -> tuple[Array, Array]:
        """Numbers of the words of all pieces from `first` on, and how many each has.

        Those of "words" are found by a kernel, where no characters belong together.
        """
        ends = self._pieces.offsets[first : self._pieces.n + 1]
        raw, offsets = self._pieces.blob[ends[0] : ends[-1]].tobytes(), ends - ends[0]
        lengths, plain = np.full(offsets.size - 1, -1), np.empty(0, np.int32)
        if self._classes is not None:
            from inlay.kernels.words import split_words

            text = np.frombuffer(raw.lower() if self.tokenizer is lower else raw, np.uint8)
            items = np.empty(text.size, np.uint64), *np.empty((2, text.size), np.int32)
            n = split_words(text, offsets, self._classes, items, lengths)
            plain = np.empty(n, np.int32)
            self._words.look_up(text, items, n, plain)
        is_left = lengths < 0
        if not is_left.any():
            return plain, lengths
        each = ((offsets[i], offsets[i + 1]) for i in np.flatnonzero(is_left))
        strings = [raw[begin:end].decode() for begin, end in each]
        inside = list(batched(self.tokenizer, strings))
        lengths[is_left] = list(map(len, inside))
        numbers = np.empty(int(lengths.sum()), np.int32)
        at = np.repeat(is_left, lengths)
        numbers[~at], numbers[at] = plain, self._numbers(list(chain.from_iterable(inside)))
        return numbers, lengths

    def _numbers(self, words: list[str]) -> Array:
        """The number of each word, int32; new ones get the next numbers."""
        from inlay.kernels.word_keys import joined_keys, word_keys

        n = len(words)
        ids, items = np.empty(n, np.int32), (np.empty(n, np.uint64), *np.empty((2, n), np.int32))
        if words:
            raw = ("\0".join(words) + "\0").encode(errors="surrogatepass")
            text = np.frombuffer(raw, np.uint8)
            if joined_keys(text, *items) != n:  # a word has a zero byte
                text, offsets = pack(words, errors="surrogatepass")
                word_keys(text, offsets, *items)
            self._words.look_up(text, items, n, ids)
        return ids

    def _numbered(self, raw: Sequence[bytes]) -> tuple[Array, Array]:
        """The number of each piece, int32 `(n,)`, and how many pieces each text has."""
        from inlay.kernels.spaces import split_at_spaces

        offsets = np.zeros(len(raw) + 1, np.int64)
        np.cumsum(np.fromiter(map(len, raw), np.int64, len(raw)), out=offsets[1:])
        text = np.frombuffer(b"".join((*raw, b"\0")), np.uint8)
        room = text.size // 2 + len(raw)
        if self._room[0].size < room:
            self._room = (np.empty(room, np.uint64), *np.empty((3, room), np.int32))
        keys, starts, stops, ids = self._room
        counts = np.empty(len(raw), np.int64)
        n = split_at_spaces(text, offsets, keys, starts, stops, counts)
        self._pieces.look_up(text, (keys, starts, stops), n, ids)
        return ids[:n], counts

    def _by_texts(
        self, texts: Sequence[str | list[str]], max_length: int | None
    ) -> tuple[Array, Array]:
        """The same for texts that are split one by one, or are lists already."""
        strings = [text for text in texts if isinstance(text, str)]
        split = iter(batched(self.tokenizer, strings))
        tokens = [next(split) if isinstance(text, str) else text for text in texts]
        if max_length is not None:
            tokens = [each[:max_length] for each in tokens]
        lengths = np.fromiter(map(len, tokens), np.int64, len(tokens))
        return self._numbers(list(chain.from_iterable(tokens))), lengths

    def _look_up(self) -> None:
        """Find the rows of words that have come new."""
        for table, rows in zip(self.tables, self._rows, strict=True):
            if self._words.n > rows.size:
                found = _rows_of(table.tokens, self._words, rows.size)
                if table.unk_id is not None:
                    found[found == table.unk_id] = UNKNOWN
                if table.can_compose:
                    found[found < 0] = COMPOSED
                rows.extend(found)


def _rows_of(tokens: Tokens, words: Distinct, first: int) -> Array:
    """The rows of the words from `first` on, in a kernel, which looks at its whole index first, if
    they are many.
    """
    n = words.n - first
    if n < FEW or n * PER_WORD < len(tokens):
        spelled = _Spelled(words)
        return tokens.find_many([spelled[i] for i in range(first, words.n)])
    ends = words.offsets[first : words.n + 1]
    return tokens.find_all(Tokens(words.blob[ends[0] : ends[-1]], ends - ends[0]))


def _bytes_of(texts: Sequence[str | list[str]]) -> list[bytes] | None:
    """Texts in UTF-8; None if one is no string, or has half a character."""
    try:
        return [text.encode() for text in texts]  # type: ignore[union-attr]
    except (AttributeError, UnicodeEncodeError):
        return None


class Words:
    """The words of some texts.

    Attributes:
        numbers: int64 `(n,)`: the word at each place, of all texts one after the other.
        offsets: int64 `(texts + 1,)`: where each text begins.
        rows: Of each table, int64 `(words,)`: the row of each word, `UNKNOWN` or `COMPOSED`.
        words: The words themselves, by number.
    """

    def __init__(
        self, numbers: Array, offsets: Array, rows: list[Array], words: "_Spelled"
    ) -> None:
        self.numbers, self.offsets, self.rows, self.words = numbers, offsets, rows, words


class _Spelled:
    """The words of `Distinct`, by number, of which one may be half a character."""

    def __init__(self, words: Distinct) -> None:
        self._blob, self._offsets = words.blob, words.offsets

    def __getitem__(self, number: int) -> str:
        begin, end = self._offsets[number : number + 2]
        return self._blob[begin:end].tobytes().decode(errors="surrogatepass")


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
