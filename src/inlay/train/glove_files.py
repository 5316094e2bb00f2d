"""The files of the original GloVe programs: vocabulary, co-occurrences, vectors in binary.

`cooccur` writes its matrix as records of 16 bytes: the numbers of two words, from 1, as int32, and
what they count, as float64, in rising order; `shuffle` writes the same in another order. The
vocabulary is a line with a word and its count for each word, the first of which has the number 1.
Vectors as text are a format that `inlay.load` and `inlay.save` know, "glove".
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from inlay.aliases import Array
from inlay.bytes.lines import read_lines
from inlay.bytes.writing import atomic_path
from inlay.calls import refuses_unknown
from inlay.core import Table, Tokens
from inlay.errors import ArgumentError, FormatError, MissingFileError
from inlay.jobs.progress import progress as show_progress
from inlay.jobs.threads import available_workers
from inlay.paths import path_to_read
from inlay.text.corpus import Corpus
from inlay.train.cooccurrences import Counting, Growing, Layout, Runs, Use, count

R = TypeVar("R")

BAND = 256  # words whose pairs are written at a time
RECORD = np.dtype([("word", "<i4"), ("context", "<i4"), ("value", "<f8")])


@dataclass(frozen=True)
class Pairs:
    """Pairs of words that were counted already, by `cooccur` or by `write_cooccurrences`.

    Attributes:
        path: The file, shuffled or not.
        tokens: The words.
        counts: How often each occurs: int64 `(len(tokens),)`.
    """

    path: Path
    tokens: list[str]
    counts: Array

    @cached_property
    def records(self) -> Array:
        """The records, mapped."""
        size = self.path.stat().st_size
        if size == 0 or size % RECORD.itemsize:
            raise FormatError(
                str(self.path),
                expected=f"records of {RECORD.itemsize} bytes",
                got=f"{size:,} bytes",
                hint="make it again; a cut-off file looks like this",
            )
        return np.memmap(self.path, RECORD, "r")

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the file; reads about 1 GB a second."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def bands(
        self, layout: Layout, part: int, threads: int, use: Use[R]
    ) -> Iterator[tuple[int, R]]:
        """As `cooccurrences.count`; the sums in the rows are what the file says.

        Args:
            layout: Where words are.
            part: How many records are sorted at a time.
            threads: How many threads call `use`.
            use: Called with the number of each band and its rows.

        Yields:
            The number of a band, and what `use` returned of it.

        Raises:
            FormatError: There is no such word, or a value whose logarithm is no number.
        """
        places, bands = layout.places(), np.arange(layout.bands + 1) * layout.band
        with Growing(np.int32) as columns, Growing(np.float64) as values:
            runs = Runs(layout, columns, values)
            for begin in range(0, self.records.size, part):
                records = self.records[begin : begin + part]
                self._check(records, begin)
                rows = places[records["word"] - 1]
                order = np.argsort(rows, kind="stable")
                sizes = np.bincount(rows, minlength=layout.rows).astype(np.int32)
                ends = np.concatenate([[0], np.cumsum(sizes)])[bands]
                parts = [order[a:b] for a, b in pairwise(ends)]
                of_bands = ((places[records["context"][p] - 1], records["value"][p]) for p in parts)
                runs.add(sizes, enumerate(of_bands))
            yield from runs.merged(use, threads)

    def _check(self, records: Array, begin: int) -> None:
        most = len(self.tokens)
        for name in ("word", "context"):
            wrong = (records[name] < 1) | (records[name] > most)
            if wrong.any():
                raise FormatError(
                    f"{self.path}, record {begin + int(wrong.argmax()) + 1}",
                    expected=f"the number of one of the {most:,} words, from 1",
                    got=f"{int(records[name][wrong.argmax()])}",
                    hint="the vocabulary that it was counted with",
                )
        fine = np.isfinite(records["value"]) & (records["value"] > 0)
        if not fine.all():
            raise FormatError(
                f"{self.path}, record {begin + int(fine.argmin()) + 1}",
                expected="a number above 0",
                got=f"{records['value'][fine.argmin()]}",
                hint="make it again",
            )


@refuses_unknown()
def read_pairs(cooccurrences: str | PathLike[str], vocab: str | PathLike[str]) -> Pairs:
    """Pairs that were counted already, for `inlay.train.glove(pairs)`.

    Args:
        cooccurrences: The file of `cooccur` or of `shuffle`: `cooccurrence.bin`.
        vocab: The file of `vocab_count`: `vocab.txt`.

    Raises:
        FormatError: A file that is none of these.
        MissingFileError: There is no such file.
    """
    tokens, counts = read_vocab(vocab)
    pairs = Pairs(_there("cooccurrences", cooccurrences), tokens, counts)
    _ = pairs.records  # which looks at its size
    return pairs


@refuses_unknown()
def read_vocab(path: str | PathLike[str]) -> tuple[list[str], Array]:
    """The words of `vocab.txt`, and how often each occurs: int64.

    Raises:
        FormatError: A line without a word and a count, or a word twice.
        MissingFileError: There is no such file.
    """
    words: dict[str, int] = {}
    for at, line in enumerate(read_lines(path_to_read("vocab", path)), start=1):
        word, _, times = line.rstrip("\r\n").rpartition(" ")
        if not word or not times.isdecimal() or word in words:
            raise FormatError(
                f"{os.fspath(path)}, line {at}",
                expected="a word that is in no other line, a space and how often it occurs",
                got=repr(line.rstrip("\r\n")),
            )
        words[word] = int(times)
    if not words:
        raise FormatError(os.fspath(path), expected="a word on each line", got="nothing")
    return list(words), np.array(list(words.values()), np.int64)


@refuses_unknown()
def write_vocab(corpus: Corpus, path: str | PathLike[str]) -> None:
    """Write the words of a corpus and their counts, as `vocab_count` does.

    Raises:
        ArgumentError: A word that the original programs would take for two.
    """
    wrong = next((token for token in corpus.tokens if token.split() != [token]), None)
    if wrong is not None:
        raise ArgumentError("corpus", expected="words without white space", got=repr(wrong))
    with atomic_path(path) as part, part.open("w", encoding="utf-8", newline="\n") as file:
        for token, times in zip(corpus.tokens, corpus.counts.tolist(), strict=True):
            file.write(f"{token} {times}\n")


@refuses_unknown()
def write_cooccurrences(
    corpus: Corpus,
    path: str | PathLike[str],
    *,
    window: int = 15,
    symmetric: bool = True,
    distance_weighting: bool = True,
    memory: float = 1.0,
    workers: int | None = None,
    progress: bool | None = None,
) -> int:
    """Count which words stand near which, and write them as `cooccur` does.

    The pairs are those of the original and in its order; their sums are exact, where the
    original rounds at each addition.

    Args:
        corpus: What `inlay.text.encode_corpus` made.
        path: The file, of 16 bytes for each pair.
        window: As of `inlay.train.glove`, like the following.
        symmetric: Whether words to the right are near, as well as words to the left.
        distance_weighting: Whether two words that stand d words apart count 1/d.
        memory: How many GB may be used.
        workers: How many threads count. None: one for each processor.
        progress: Whether to show a bar. None: only on a terminal.

    Returns:
        How many pairs there are.
    """
    threads = available_workers(workers)
    counting = Counting.checked(window, symmetric, distance_weighting, memory, threads)
    layout, (_, scale) = Layout.of(len(corpus.tokens), BAND, stripes=1), counting.weights()

    def records(band: int, rows: Any) -> Array:
        words = np.repeat(np.arange(rows.sizes.size, dtype=np.int32), rows.sizes)
        made = np.empty(words.size, RECORD)
        made["word"] = words + np.int32(band * layout.band + 1)
        made["context"] = rows.columns + np.int32(1)
        made["value"] = rows.values / scale
        return made

    n = 0
    with (
        atomic_path(path) as part,
        part.open("wb") as file,
        show_progress(corpus.ids.size, unit=" words", desc="counting", enabled=progress) as report,
    ):
        # A single stripe's bands come in the order of their words.
        for _, made in count(corpus.ids, layout, counting, records, report):
            file.write(made.data)
            n += made.size
    return n


@refuses_unknown()
def read_vectors(path: str | PathLike[str], vocab: str | PathLike[str]) -> Table:
    """The vectors of a binary file of `glove -binary 1`, `vectors.bin`.

    Args:
        path: The file: float64, a vector and a bias for each word, then for each context.
        vocab: The file of `vocab_count`: `vocab.txt`.

    Returns:
        The sums of the vectors of words and of contexts, float32, with the latter as
        `table.parts["context"]`; without biases.

    Raises:
        FormatError: The file's size is none that so many words can have.
        MissingFileError: There is no such file.
    """
    tokens, counts = read_vocab(vocab)
    where = _there("path", path)
    numbers, left = divmod(where.stat().st_size, 2 * len(tokens) * 8)
    if left or numbers < 2:
        raise FormatError(
            str(where),
            expected=f"two vectors of float64 for each of {len(tokens):,} words",
            got=f"{where.stat().st_size:,} bytes",
            hint="the vocabulary of this training; vectors as text are opened by inlay.load",
        )
    rows = np.memmap(where, "<f8", "r", shape=(2, len(tokens), numbers))[..., :-1]
    words = Tokens.from_list(tokens)
    context = Table(words, rows[1].astype(np.float32), counts=counts)
    both = (rows[0] + rows[1]).astype(np.float32)
    said = {"model": "GloVe"}  # whose context vectors are a part of the sums
    return Table(words, both, counts=counts, provenance=said, parts={"context": context})


def _there(name: str, path: str | PathLike[str]) -> Path:
    found = path_to_read(name, path)
    if not found.is_file():
        raise MissingFileError(str(found), expected="a file", got="nothing there")
    return found
