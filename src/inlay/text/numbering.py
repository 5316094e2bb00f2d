"""The two ways from text to word numbers: bytes through a kernel, Python objects through a dict.

Both number words in the order in which they first appear, write the numbers to a file as int32
with -1 at the end of each sentence, and return the vocabulary with its counts.
"""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Any

import numpy as np

from inlay.aliases import Array
from inlay.bytes.damage import damage_reported
from inlay.bytes.encodings import BOM, Encoding
from inlay.bytes.limits import TEXT
from inlay.bytes.lines import open_text
from inlay.checks import OF_TUPLES
from inlay.core.tokens import Tokens
from inlay.errors import ArgumentTypeError
from inlay.jobs.progress import Progress
from inlay.text.distinct import Distinct, grown
from inlay.tokenizers import Tokenizer, batched

CHUNK = 1 << 18  # bytes read at a time: they and their numbers stay in the second-level cache
TEXTS = 256  # that go to a tokenizer at a time
BATCH = 1 << 18  # numbers of a stream that are written at a time
END = -1
RUNS = 1 << 26  # bytes of different runs that are remembered


def number_file(path: Path, file: IO[bytes], report: Progress) -> tuple[Tokens, Array]:
    """Number the words of a text file, split as `str.split` does, a sentence on each line.

    Reads about 100 MB a second. Holds each distinct word's bytes and 40 bytes more.
    """
    from inlay.kernels.corpus import split

    words, ids, chunk = Distinct(), np.empty(0, np.int32), b""
    for chunk in _chunks(path):
        size = len(chunk)
        text = np.frombuffer(chunk + b"\0\0", np.uint8)
        if ids.size < size:
            ids, items = np.empty(size, np.int32), _room_for_items(size)
        n = split(text, size, *items)
        words.look_up(text, items, n, ids)
        file.write(ids[:n].data)
        report.update(size)
    _end(chunk, file)
    return words.tokens, words.counts[: words.n]


def _room_for_items(n: int) -> tuple[Array, Array, Array]:
    return np.empty(n, np.uint64), np.empty(n, np.int32), np.empty(n, np.int32)


def number_runs(
    path: Path, tokenize: Tokenizer, file: IO[bytes], report: Progress
) -> tuple[list[str], Array]:
    """Number the tokens of a text file, for a tokenizer that never looks across white space.

    What stands between white space is numbered as `number_file` does it, and each such run is
    split once and no more, however often it comes. After `RUNS` bytes of different runs they are
    forgotten, so that text without any white space is not held in memory.
    """
    from inlay.kernels.corpus import split

    numbers: defaultdict[str, int] = defaultdict()
    numbers.default_factory = numbers.__len__
    counts = np.zeros(0, np.int64)
    runs, known = Distinct(), _Runs(tokenize, numbers)
    ids, chunk = np.empty(0, np.int32), b""
    for chunk in _chunks(path):
        size = len(chunk)
        text = np.frombuffer(chunk + b"\0\0", np.uint8)
        if ids.size < size:
            ids, items = np.empty(size, np.int32), _room_for_items(size)
        n = split(text, size, *items)
        runs.look_up(text, items, n, ids)
        tokens = known.expand(runs, ids[:n])
        file.write(tokens.data)
        new = np.bincount(tokens[tokens >= 0], minlength=len(numbers))
        new[: counts.size] += counts
        counts = new
        report.update(size)
        if runs.offsets[runs.n] > RUNS:
            runs, known = Distinct(), _Runs(tokenize, numbers)
    _end(chunk, file)
    return list(numbers), counts


def _end(last: bytes, file: IO[bytes]) -> None:
    """End the last sentence of a text whose last line has no end."""
    if last and not last.endswith(b"\n"):
        file.write(np.array([END], np.int32).data)


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
        file.write(ids.data)
        new = np.bincount(ids[ids >= 0], minlength=len(numbers))
        new[: counts.size] += counts
        counts = new
        report.update(ids.size)

    for number, tokens in enumerate(_split(texts, tokenize)):
        if isinstance(tokens, bytes | tuple) or not isinstance(tokens, Iterable):
            raise _not_text(f"corpus, item {number}", tokens)
        batch.extend(map(numbers.__getitem__, tokens))
        batch.append(END)
        if len(batch) > BATCH:
            write()
            batch = array("i")
    write()
    for token in numbers:
        if not isinstance(token, str):
            raise _not_text("corpus, a token", token)
    return list(numbers), counts


def _split(texts: Iterable[str | Sequence[str]], tokenize: Tokenizer) -> Iterable[Any]:
    """Texts as tokens, many at a time; what is no string is passed on as it is."""
    texts = iter(texts)
    while some := list(islice(texts, TEXTS)):
        found = batched(tokenize, [text for text in some if isinstance(text, str)])
        for text in some:
            yield next(found) if isinstance(text, str) else text


def _not_text(where: str, got: Any) -> ArgumentTypeError:
    return ArgumentTypeError(
        where,
        expected="a str, or a list of them",
        got=f"{type(got).__name__} {got!r:.40}",
        hint=OF_TUPLES if isinstance(got, tuple) else "",
    )


def _chunks(path: Path) -> Iterable[bytes]:
    """A file in pieces that end at white space."""
    line, most = 1, TEXT.bytes()
    begun, held = [b""], 0  # the word that the last piece broke off
    with open_text(path) as file, damage_reported(lambda: f"{path}, line {line}"):
        piece = file.read(CHUNK).removeprefix(BOM)
        while piece:
            cut = max(piece.rfind(b"\n"), piece.rfind(b" ")) + 1
            if cut:
                chunk = b"".join([*begun, piece[:cut]])
                yield _checked(chunk, path, line)
                line += chunk.count(b"\n")
                begun, held = [], 0
            begun.append(piece[cut:])
            held += len(piece) - cut
            if held > most:
                raise TEXT.exceeded(f"{path}, line {line}", "a word of more")
            piece = file.read(CHUNK)
        if held:
            yield _checked(b"".join(begun), path, line)


def _checked(chunk: bytes, path: Path, line: int) -> bytes:
    try:
        chunk.decode()
    except UnicodeDecodeError as error:
        line += chunk.count(b"\n", 0, error.start)
        raise Encoding.of_lines("utf-8", path).refused(f"{path}, line {line}", error) from None
    return chunk
