"""The two ways from text to word numbers: bytes through a kernel, Python objects through a dict.

Both number words in the order in which they first appear, write the numbers to a file as int32
with -1 at the end of each sentence, and return the vocabulary with its counts.
"""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import IO, Any

import numpy as np

from inlay.aliases import Array
from inlay.core.tokens import Tokens
from inlay.jobs.progress import Progress
from inlay.text.chunks import Chunk
from inlay.text.corpus_sources import not_text
from inlay.text.distinct import Distinct, grown
from inlay.text.space import write_whole
from inlay.tokenizers import Tokenizer, batched

TEXTS = 256  # that go to a tokenizer at a time
BATCH = 1 << 18  # numbers of a stream that are written at a time
END = -1
RUNS = 1 << 26  # bytes of different runs that are remembered


def number_files(text: Iterable[Chunk], file: IO[bytes], report: Progress) -> tuple[Tokens, Array]:
    """Number the words of text files, split as `str.split` does, a sentence on each line.

    Reads about 100 MB a second. Holds each distinct word's bytes and 40 bytes more.
    """
    from inlay.kernels.corpus import split

    words, ids = Distinct(), np.empty(0, np.int32)
    for chunk in text:
        size, raw = chunk.size, chunk.checked()
        if ids.size < size:
            ids, items = np.empty(size, np.int32), _room_for_items(size)
        n = split(raw, size, *items)
        words.look_up(raw, items, n, ids)
        write_whole(file, ids[:n])
        report.update(size)
    return words.tokens, words.counts[: words.n]


def _room_for_items(n: int) -> tuple[Array, Array, Array]:
    return np.empty(n, np.uint64), np.empty(n, np.int32), np.empty(n, np.int32)


def number_runs(
    text: Iterable[Chunk], tokenize: Tokenizer, file: IO[bytes], report: Progress
) -> tuple[list[str], Array]:
    """Number the tokens of text files, for a tokenizer that never looks across white space.

    What stands between white space is numbered as `number_files` does it, and each such run is
    split once and no more, however often it comes. After `RUNS` bytes of different runs they are
    forgotten, so that text without any white space is not held in memory.
    """
    from inlay.kernels.corpus import split

    numbers: defaultdict[str, int] = defaultdict()
    numbers.default_factory = numbers.__len__
    counts = np.zeros(0, np.int64)
    runs, known = Distinct(), _Runs(tokenize, numbers)
    ids = np.empty(0, np.int32)
    for chunk in text:
        size, raw = chunk.size, chunk.checked()
        if ids.size < size:
            ids, items = np.empty(size, np.int32), _room_for_items(size)
        n = split(raw, size, *items)
        runs.look_up(raw, items, n, ids)
        tokens = known.expand(runs, ids[:n])
        write_whole(file, tokens)
        new = np.bincount(tokens[tokens >= 0], minlength=len(numbers))
        new[: counts.size] += counts
        counts = new
        report.update(size)
        if runs.offsets[runs.n] > RUNS:
            runs, known = Distinct(), _Runs(tokenize, numbers)
    return list(numbers), counts


class _Runs:
    """The tokens of each run that was seen, one behind the other, as numbers."""

    def __init__(self, tokenize: Tokenizer, numbers: defaultdict[str, int]) -> None:
        self.tokenize, self.numbers = tokenize, numbers
        self.n = 0
        self.flat = np.zeros(1 << 16, np.int32)
        self.ends = np.zeros(1 << 15, np.int64)  # of the tokens of each run in `flat`

    def expand(self, runs: Distinct, ids: Array) -> Array:
        """Numbers of runs as numbers of tokens; the end of a sentence stays what it is."""
        if runs.n > self.n:
            self._add(runs)
        begins = np.concatenate([[0], self.ends[: self.n]])
        lengths = np.append(np.diff(begins), 1)  # at -1, the last: the end of a sentence
        self.flat[begins[-1]] = END
        many = lengths[ids]
        stops = np.cumsum(many)
        where = np.repeat(begins[ids] - stops + many, many)
        where += np.arange(where.size)
        found: Array = self.flat[where]
        return found

    def _add(self, runs: Distinct) -> None:
        tokens = [self.tokenize(run) for run in runs.since(self.n)]
        flat = [self.numbers[token] for some in tokens for token in some]
        begin = int(self.ends[self.n - 1]) if self.n else 0
        if begin + len(flat) + 1 > self.flat.size:
            self.flat = grown(self.flat, 2 * (begin + len(flat) + 1))
        if runs.n > self.ends.size:
            self.ends = grown(self.ends, 2 * runs.n)
        self.flat[begin : begin + len(flat)] = flat
        self.ends[self.n : runs.n] = begin + np.cumsum([len(some) for some in tokens])
        self.n = runs.n


def number_stream(
    texts: Iterable[str | Sequence[str]],
    tokenize: Tokenizer,
    file: IO[bytes],
    report: Progress,
) -> tuple[list[str], Array]:
    """Number the words of texts, or of lists of tokens; each is a sentence."""
    numbers: defaultdict[str, int] = defaultdict()
    numbers.default_factory = numbers.__len__
    counts = np.zeros(0, np.int64)
    batch = array("i")

    def write() -> None:
        nonlocal counts
        ids = np.frombuffer(batch, np.int32)
        write_whole(file, ids)
        new = np.bincount(ids[ids >= 0], minlength=len(numbers))
        new[: counts.size] += counts
        counts = new
        report.update(ids.size)

    for number, tokens in enumerate(_split(texts, tokenize)):
        if isinstance(tokens, bytes | tuple | Mapping) or not isinstance(tokens, Iterable):
            raise not_text(f"corpus, item {number}", tokens)
        batch.extend(map(numbers.__getitem__, tokens))
        batch.append(END)
        if len(batch) > BATCH:
            write()
            batch = array("i")
    write()
    for token in numbers:
        if not isinstance(token, str):
            raise not_text("corpus, a token", token)
    return list(numbers), counts


def _split(texts: Iterable[str | Sequence[str]], tokenize: Tokenizer) -> Iterable[Any]:
    """Texts as tokens, many at a time; what is no string is passed on as it is."""
    texts = iter(texts)
    while some := list(islice(texts, TEXTS)):
        found = batched(tokenize, [text for text in some if isinstance(text, str)])
        for text in some:
            yield next(found) if isinstance(text, str) else text
