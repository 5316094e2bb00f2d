"""Texts as numbers of distinct words, each text with its end."""

import re
from array import array
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np

from inlay.aliases import Array, Text
from inlay.core import Tokens
from inlay.text.chunks import BEYOND
from inlay.text.distinct import Distinct
from inlay.tokenizers import Tokenizer, batched, is_local, split
from inlay.tokenizers.words import fasttext

CHUNK = 1 << 18  # characters at a time: they and their numbers stay in the second-level cache
TEXTS = 256  # that go to a tokenizer at a time
END = -1
# White space at which fastText does not split, and characters of no text to stand for it.
OTHER_SPACES = "\x1c\x1d\x1e\x1f\x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B)))
OTHER_SPACES += "\u2028\u2029\u202f\u205f\u3000"
HIDE = {ord(space): 0xFDD0 + i for i, space in enumerate(OTHER_SPACES)}
SHOW = {hidden: space for space, hidden in HIDE.items()}
ASCII_SPACES = OTHER_SPACES[:4]
SPACE, HIDDEN = re.compile(f"[{OTHER_SPACES}]"), re.compile("[\ufdd0-\ufdef]")


class Numbered(NamedTuple):
    """Texts in numbers.

    Attributes:
        ids: int32: the number of each token, and -1 at the end of each text.
        words: The distinct tokens, in the order in which they come.
        counts: How often each of them comes, int64 `(len(words),)`.
        n_texts: How many texts there are.
    """

    ids: Array
    words: Tokens
    counts: Array
    n_texts: int

    @classmethod
    def of_ids(cls, ids: Array, words: list[str], n_texts: int) -> "Numbered":
        """The same with the words counted."""
        counts = np.bincount(ids[ids >= 0], minlength=len(words))
        return cls(ids, Tokens.from_list(words), counts, n_texts)

    def split(self, n: int) -> "tuple[Numbered, Numbered]":
        """The first `n` texts, and the others; both know the words of all."""
        at = int(np.flatnonzero(self.ids == END)[n - 1]) + 1 if n else 0
        parts = (self.ids[:at], n), (self.ids[at:], self.n_texts - n)
        first, second = (
            Numbered(ids, self.words, np.bincount(ids[ids >= 0], minlength=len(self.words)), size)
            for ids, size in parts
        )
        return first, second


def numbered(texts: Sequence[Text], tokenize: Tokenizer) -> Numbered:
    """Number the tokens of texts.

    Where the tokenizer never looks across white space, each distinct run between it is split
    once, however often it comes.
    """
    if (is_local(tokenize) or tokenize is fasttext) and all(isinstance(x, str) for x in texts):
        found: Sequence[str] = texts  # type: ignore[assignment]  # all are strings
        try:
            if tokenize is not fasttext:
                return _by_runs(found, tokenize)
            if not any(not text.isascii() and HIDDEN.search(text) for text in found):
                return _by_runs([_hidden(text) for text in found], _of_hidden)
        except UnicodeEncodeError:
            pass  # half a surrogate pair: told of in our words, if it matters to the tokenizer
    numbers: defaultdict[str, int] = defaultdict()
    numbers.default_factory = numbers.__len__
    ids = array("i")
    for tokens in _split(texts, tokenize):
        ids.extend(map(numbers.__getitem__, tokens))
        ids.append(END)
    return Numbered.of_ids(np.frombuffer(ids, np.int32), list(numbers), len(texts))


def _hidden(text: str) -> str:
    """A text without the white space at which fastText does not split."""
    if text.isascii():
        has_some = any(space in text for space in ASCII_SPACES)
    else:
        has_some = SPACE.search(text) is not None
    return text.translate(HIDE) if has_some else text


def _of_hidden(run: str) -> list[str]:
    """The tokens of what stands between white space in such a text, as `fasttext` splits it."""
    if not run.isascii():
        run = run.translate(SHOW)
    return fasttext(run) if "\0" in run else [run]


def _split(texts: Sequence[Text], tokenize: Tokenizer) -> Iterator[Sequence[str] | Array]:
    """Texts as tokens, many at a time; lists of tokens are passed on as they are."""
    left = iter(texts)
    while some := list(islice(left, TEXTS)):
        found = batched(tokenize, [text for text in some if isinstance(text, str)])
        for text in some:
            yield next(found) if isinstance(text, str) else text


def _by_runs(texts: Sequence[str], tokenize: Tokenizer) -> Numbered:
    runs, parts = Distinct(), [np.empty(0, np.int32)]
    for chunk in _chunks(texts):
        parts.append(_number_runs(chunk, runs))
    ids = np.concatenate(parts)
    if tokenize is split:
        known = runs.words
        return Numbered(ids, Tokens(known.blob, known.offsets), known.counts, len(texts))
    numbers: defaultdict[str, int] = defaultdict()
    numbers.default_factory = numbers.__len__
    flat, ends = array("i"), np.zeros(runs.n + 1, np.int64)
    for i, run in enumerate(runs.since(0)):
        flat.extend(map(numbers.__getitem__, tokenize(run)))
        ends[i + 1] = len(flat)
    flat.append(END)
    begins, sizes = np.append(ends[:-1], ends[-1]), np.append(np.diff(ends), 1)
    many = sizes[ids]  # the last of them, at -1, is the end of a text
    stops = np.cumsum(many)
    where = np.repeat(begins[ids] - stops + many, many)
    where += np.arange(where.size)
    return Numbered.of_ids(np.frombuffer(flat, np.int32)[where], list(numbers), len(texts))


def _chunks(texts: Sequence[str]) -> Iterator[list[str]]:
    begin, size = 0, 0
    for i, text in enumerate(texts):
        size += len(text) + 1
        if size > CHUNK:
            yield list(texts[begin : i + 1])
            begin, size = i + 1, 0
    if begin < len(texts):
        yield list(texts[begin:])


def _number_runs(texts: list[str], runs: Distinct) -> Array:
    """The numbers of what stands between white space, and -1 at the end of each text."""
    from inlay.kernels.spaces import split

    lines = "\n".join(text.replace("\n", " ") for text in texts)
    data = f"{lines}\n".encode()
    buffer, size = np.frombuffer(data + BEYOND, np.uint8), len(data)
    items = np.empty(size, np.uint64), *np.empty((2, size), np.int32)
    n = split(buffer, size, *items)
    ids = np.empty(n, np.int32)
    runs.look_up(buffer, items, n, ids)
    return ids
