"""The two ways from text to word numbers: bytes through kernels, Python objects through a dict.

Both write the numbers to a file as int32 with -1 at the end of each sentence, and return which
vocabulary each stretch of them is numbered by. Which word has which number depends on how many
workers there are; what is chosen of the vocabularies, and so what the numbers become in the end,
does not.
"""

from array import array
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import IO, Any

import numpy as np

from inlay.aliases import Array
from inlay.core.tokens import pack
from inlay.jobs.progress import Progress
from inlay.jobs.threads import Pool
from inlay.text.chunks import Chunk
from inlay.text.corpus_sources import Texts, not_text
from inlay.text.distinct import Distinct, Words, grown
from inlay.text.space import write_whole
from inlay.text.vocabularies import Vocabularies
from inlay.tokenizers import Tokenizer, batched, lower, split
from inlay.tokenizers.classes import classes_for

TEXTS = 256  # that go to a tokenizer at a time
BATCH = 1 << 18  # numbers that are written or renumbered at a time
AHEAD = 2  # chunks for each worker that wait to be written
END = -1
RUN = -2  # as in `inlay.kernels.runs`
RUNS = 7 << 17  # different runs that all workers remember together
RUN_BYTES = 1 << 24  # and bytes of them
STRINGS = 1 << 18  # Python strings that a vocabulary of a stream may have

# Stretches of numbers: the place of the vocabulary, and how many.
Stretches = list[tuple[int, int]]


def number_files(
    text: Iterable[Chunk],
    tokenize: Tokenizer,
    file: IO[bytes],
    known: Vocabularies,
    workers: int,
    report: Progress,
) -> Stretches:
    """Number the words of text files, a sentence on each line, in several threads.

    Args:
        text: The files.
        tokenize: A tokenizer that never looks across white space; `split` is the fastest.
        file: Receives the numbers.
        known: Receives the vocabularies.
        workers: How many threads there are.
        report: Receives bytes.
    """
    text = iter(text)
    first = list(islice(text, 2))
    workers = workers if len(first) > 1 else 1
    makers = [
        Splitter(known) if tokenize is split else Tokens(known, tokenize, workers)
        for _ in range(workers)
    ]
    free = deque(makers)

    def number(chunk: Chunk) -> tuple[int, Array, int]:
        maker = free.pop()
        try:
            return *maker.number(chunk), chunk.size
        finally:
            free.append(maker)

    stretches: Stretches = []
    for place, ids, size in mapped(number, chain(first, text), workers):
        write_whole(file, ids)
        _note(stretches, place, ids.size)
        report.update(size)
    for maker in makers:
        maker.finish()
    return stretches


def mapped(work: Any, items: Iterable[Any], workers: int) -> Iterator[Any]:
    """The results in order, of several threads if there are several workers."""
    if workers == 1:
        yield from map(work, items)
        return
    with Pool(workers) as pool:
        yield from pool.in_order(work, items, AHEAD * workers)


class Splitter:
    """What one worker knows: the words of a stretch, as `str.split` makes them."""

    def __init__(self, known: Vocabularies) -> None:
        self._known = known
        self._ids = np.empty(0, np.int32)
        self._begin()

    def number(self, chunk: Chunk) -> tuple[int, Array]:
        """The numbers of a chunk, and the place of the vocabulary that they are of."""
        place, ids = self._place, self._numbers(chunk)
        if self._known.is_full(self._words):
            self._known.put(place, self._counted(), last=False)
            self._begin()
        return place, ids

    def finish(self) -> None:
        """Put the last vocabulary in its place."""
        self._known.put(self._place, self._counted(), last=True)

    def _begin(self) -> None:
        self._words, self._place = Distinct(), self._known.begin()

    def _split(self, chunk: Chunk, words: Distinct, *, counted: bool) -> Array:
        """The numbers of what stands between white space; they stay what they are till the next."""
        from inlay.kernels.spaces import split

        raw, size = chunk.checked(), chunk.size
        if self._ids.size < size:
            self._ids, self._items = np.empty(size, np.int32), _room_for_items(size)
        n = split(raw, size, *self._items)
        words.look_up(raw, self._items, n, self._ids, counted=counted)
        return self._ids[:n]

    def _numbers(self, chunk: Chunk) -> Array:
        return self._split(chunk, self._words, counted=True).copy()

    def _counted(self) -> Words:
        return self._words.words


class Tokens(Splitter):
    """What one worker knows where a tokenizer splits further what stands between white space.

    A kernel does what "words" does to most text. Any other run between white space is split in
    Python: once and no more, however often it comes, until those that are remembered would fill
    the memory, as they would where text has no white space at all.
    """

    def __init__(self, known: Vocabularies, tokenize: Tokenizer, workers: int) -> None:
        self._tokenize = tokenize
        self._most, self._most_bytes = RUNS // workers, RUN_BYTES // workers
        self._classes = classes_for(tokenize)
        super().__init__(known)

    def _begin(self) -> None:
        super()._begin()
        self._counts = np.zeros(0, np.int64)
        self._forget()

    def _forget(self) -> None:
        self._runs, self._n = Distinct(), 0
        self._flat, self._size = np.zeros(1 << 16, np.int32), 0
        self._spans = np.zeros(1 << 15, np.int32)

    def _numbers(self, chunk: Chunk) -> Array:
        from inlay.kernels.runs import expand

        if self._classes is None:
            items = self._split(chunk, self._runs, counted=True)
            np.subtract(RUN, items, out=items, where=items != END)
            runs = items.size
        else:
            items, runs = self._plain(chunk)
        if not runs:
            return items.copy()
        if self._runs.n > self._n:
            self._add()
        tokens = np.empty(2 * items.size, np.int32)
        at, n = expand(items, 0, self._spans, self._flat, tokens)
        while at < items.size:  # runs of more than two tokens, on average
            tokens = grown(tokens, 2 * tokens.size + int(self._flat.max()))
            at, more = expand(items, at, self._spans, self._flat, tokens[n:])
            n += more
        tokens = tokens[:n]
        if self._runs.n > self._most or self._runs.size > self._most_bytes:
            self._credit()
            self._forget()
        return tokens

    def _plain(self, chunk: Chunk) -> tuple[Array, int]:
        """The numbers of tokens that a kernel finds, of runs that it does not split, how many."""
        from inlay.kernels.word_masks import split_text

        raw, size = chunk.checked(), chunk.size
        if self._tokenize is lower:
            raw = np.where((raw >= 65) & (raw <= 90), raw + np.uint8(32), raw)
        if self._ids.size < size:
            self._ids, self._items = np.empty(size, np.int32), _room_for_items(size)
            self._hard = np.empty(size, np.int32), *_room_for_items(size)
        n, runs = split_text(raw, size, self._classes, self._items, self._hard)
        self._words.look_up(raw, self._items, n, self._ids)
        if runs:
            numbers = np.empty(runs, np.int32)
            self._runs.look_up(raw, self._hard[1:], runs, numbers)
            self._ids[self._hard[0][:runs]] = RUN - numbers
        return self._ids[:n], runs

    def _credit(self) -> None:
        """Count the tokens of the runs that are known, which are then to be forgotten."""
        from inlay.kernels.runs import credit

        credit(self._runs.words.counts, self._spans, self._flat, self._counts)

    def _counted(self) -> Words:
        self._credit()
        words = self._words.words
        words.counts[: self._counts.size] += self._counts[: self._words.n]
        return words

    def _add(self) -> None:
        """Split the runs that are new."""
        from inlay.kernels.word_keys import word_keys

        new = self._runs.n - self._n
        self._spans = _with(self._spans, self._n, np.zeros(new, np.int32))
        tokens = list(batched(self._tokenize, self._runs.since(self._n)))
        blob, ends = pack(list(chain.from_iterable(tokens)), errors="surrogatepass")
        items = _room_for_items(ends.size - 1)
        word_keys(blob, ends, *items)
        lengths = np.fromiter(map(len, tokens), np.int64, new)
        self._remember(blob, items, ends.size - 1, lengths)
        self._n = self._runs.n
        if self._words.n > self._counts.size:
            self._counts = grown(self._counts, 2 * self._words.n)

    def _remember(
        self, text: Array, items: tuple[Array, Array, Array], n: int, lengths: Array
    ) -> None:
        """Number the tokens of the new runs."""
        from inlay.kernels.runs import remember

        ids = np.empty(n, np.int32)
        self._words.look_up(text, items, n, ids, counted=False)
        self._flat = _with(self._flat, self._size + n + lengths.size, np.empty(0, np.int32))
        self._size = remember(ids, lengths, self._spans[self._n :], self._flat, self._size)


def _room_for_items(n: int) -> tuple[Array, Array, Array]:
    return np.empty(n, np.uint64), np.empty(n, np.int32), np.empty(n, np.int32)


def _with(old: Array, at: int, new: Array) -> Array:
    """An array with others in their places from `at` on, and room behind them."""
    if at + new.size > old.size:
        old = grown(old, 2 * (at + new.size))
    old[at : at + new.size] = new
    return old


def _note(stretches: Stretches, place: int, n: int) -> None:
    if stretches and stretches[-1][0] == place:
        n += stretches.pop()[1]
    stretches.append((place, n))


def number_texts(
    texts: Texts, tokenize: Tokenizer, file: IO[bytes], known: Vocabularies, report: Progress
) -> Stretches:
    """Number the words of texts, or of lists of tokens; each is a sentence."""
    stretches: Stretches = []
    numbers, counts, place = _numbers(), np.zeros(0, np.int64), known.begin()
    batch = array("i")

    def write() -> None:
        nonlocal batch, counts
        ids = np.frombuffer(batch, np.int32)
        write_whole(file, ids)
        counts = _with(counts, len(numbers), np.zeros(0, np.int64))
        counts += np.bincount(ids[ids >= 0], minlength=counts.size)
        _note(stretches, place, ids.size)
        report.update(ids.size)
        batch = array("i")

    for number, tokens in enumerate(_split(texts, tokenize)):
        if isinstance(tokens, bytes | tuple | Mapping) or not isinstance(tokens, Iterable):
            raise not_text(f"corpus, item {number}", tokens)
        try:
            batch.extend(map(numbers.__getitem__, tokens))
        except TypeError:  # a list among them cannot be a key
            wrong = [token for token in tokens if not isinstance(token, str)]
            if not wrong:
                raise
            raise not_text(f"corpus, item {number}, a token", wrong[0], "a str") from None
        batch.append(END)
        if len(batch) > BATCH:
            write()
            if len(numbers) > STRINGS:
                known.put(place, _words(numbers, counts), last=False)
                numbers, counts, place = _numbers(), np.zeros(0, np.int64), known.begin()
    write()
    known.put(place, _words(numbers, counts), last=True)
    return stretches


def _numbers() -> defaultdict[str, int]:
    numbers: defaultdict[str, int] = defaultdict()
    numbers.default_factory = numbers.__len__
    return numbers


def _words(numbers: defaultdict[str, int], counts: Array) -> Words:
    """A dict of Python's as a vocabulary."""
    from inlay.kernels.word_keys import word_keys

    for token in numbers:
        if not isinstance(token, str):
            raise not_text("corpus, a token", token, "a str")
    blob, offsets = pack(list(numbers), errors="surrogatepass")
    items = _room_for_items(len(numbers))
    word_keys(blob, offsets, *items)
    return Words(items[0], counts[: len(numbers)], offsets, blob)


def _split(texts: Iterable[str | Sequence[str]], tokenize: Tokenizer) -> Iterable[Any]:
    """Texts as tokens, many at a time; what is no string is passed on as it is."""
    texts = iter(texts)
    while some := list(islice(texts, TEXTS)):
        found = batched(tokenize, [text for text in some if isinstance(text, str)])
        for text in some:
            yield next(found) if isinstance(text, str) else text


def renumber(
    file: IO[bytes],
    stretches: Stretches,
    known: Vocabularies,
    *,
    every_end: bool,
    workers: int,
) -> int:
    """Replace the numbers in a file, from where it stands, by ranks, and leave out the rare words.

    Returns:
        How many are left; what stands behind them is of no use.
    """
    from inlay.kernels.runs import renumber as kernel

    start = at = end = file.tell()
    ended = True  # whether the last number that was written is an end, or none was

    def pieces() -> Iterator[tuple[Array, Array]]:
        nonlocal at
        for place, n in stretches:
            rank = known.rank(place)
            for done in range(0, n, BATCH):
                ids = np.empty(min(BATCH, n - done), np.int32)
                file.seek(at)
                read_whole(file, ids)
                at += ids.nbytes
                yield ids, rank

    def ranked(piece: tuple[Array, Array]) -> Array:
        ids, rank = piece
        left: Array = ids[: kernel(ids, rank, every_end)]
        return left

    for left in mapped(ranked, pieces(), workers):
        if left.size and left[0] == END and ended and not every_end:
            left = left[1:]
        if left.size:
            ended = left[-1] == END
            file.seek(end)
            write_whole(file, left)
            end += left.nbytes
    return (end - start) // 4


def read_whole(file: IO[bytes], array: Array) -> None:
    """Fill an array with the bytes that come, of which there are enough."""
    data = array.data.cast("B")
    while data:
        data = data[file.readinto(data) :]  # type: ignore[attr-defined]
