"""A corpus of any size as numbered words in a temporary file.

The text is read once, so that a stream serves as well as a file. Every word is numbered as it
first appears and goes to the file at once; when all are counted, the file is renumbered in
place without the rare words. What stays in memory is the vocabulary.
"""

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from os import PathLike
from typing import IO

import numpy as np

from inlay.aliases import Array
from inlay.bytes.encodings import Encoding
from inlay.bytes.lines import first_lines, read_lines
from inlay.checks import flag, flag_or_none, whole, whole_or_none
from inlay.errors import ArgumentError
from inlay.jobs.progress import progress as show_progress
from inlay.text.chunks import chunks
from inlay.text.corpus_sources import CorpusLike, Texts, files_or_texts
from inlay.text.numbering import number_files, number_runs, number_stream
from inlay.tokenizers import (
    TokenizerLike,
    check_tokenizer,
    get_tokenizer,
    is_local,
    settled,
    split,
    tokenizer_name,
)
from inlay.tokenizers.named import AUTO

__all__ = ["Corpus", "CorpusLike", "encode_corpus"]

BLOCK = 1 << 22  # numbers that are looked at together


@dataclass(frozen=True)
class Corpus:
    """Numbered words, ready to train on.

    Attributes:
        ids: int32, words as rows of `tokens`, -1 at the end of each sentence: a map of a
            temporary file without a name, which is gone when the last reference to it is.
        tokens: The vocabulary, the most frequent word first.
        counts: int64 `(len(tokens),)`.
        words: Words that were read, the rare ones included.
        tokenizer: The name of the tokenizer; None for a function that no name leads to, and for
            lists of tokens alone where none was named: they are taken as they are.
    """

    ids: Array
    tokens: list[str]
    counts: Array
    words: int
    tokenizer: str | None = None

    @cached_property
    def texts(self) -> int:
        """How many texts there are: the i-th ends at the i-th -1."""
        blocks = (self.ids[at : at + BLOCK] < 0 for at in range(0, self.ids.size, BLOCK))
        return sum(int(np.count_nonzero(ends)) for ends in blocks)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the numbers, the vocabulary with its counts, and the tokenizer's name.

        The same text, read with the same settings, has the same fingerprint. Reads about 1 GB
        a second the first time, and is remembered.
        """
        import hashlib

        digest = hashlib.sha256(json.dumps([self.tokenizer, self.words]).encode())
        raw = [token.encode("utf-8", "surrogatepass") for token in self.tokens]
        for array in (np.array([len(raw), *map(len, raw)]), self.counts):
            digest.update(array.astype("<i8").data)
        digest.update(b"".join(raw))
        for at in range(0, self.ids.size, BLOCK):
            block = self.ids[at : at + BLOCK].astype("<i4", copy=False)
            digest.update(hashlib.sha256(np.ascontiguousarray(block).data).digest())
        return digest.hexdigest()


def encode_corpus(
    corpus: CorpusLike,
    *,
    min_count: int = 5,
    max_size: int | None = None,
    tokenizer: TokenizerLike | None = None,
    encoding: str = "utf-8",
    every_text: bool = False,
    progress: bool | None = None,
) -> Corpus:
    """Read a corpus once, count its words and number them.

    Equally frequent words come in the order of their code points. Sentences may be of any
    length.

    Args:
        corpus: Path of a text file with a sentence or text on each line (also packed by
            gzip, bzip2, xz, zip or tar); of a folder, which stands for the files in it and in
            the folders below it, in the order of their names, without those that begin with a
            dot; or a pattern, such as "news/*.txt.gz" or "news/**/*.txt". Or a list of `Path`
            objects, read in this order. Or an iterable of texts, or of lists of tokens, which is
            read once: a list, a generator, a column of a data frame, labelled texts.
        min_count: Leave out words seen less often.
        max_size: Keep at most this many words, the most frequent.
        tokenizer: How texts become tokens; see `inlay.tokenizers.get_tokenizer`. None:
            `"words"`. `"auto"` chooses by the script of the first lines. `"split"`, at white
            space, is the fastest. Lists of tokens are taken as they are; a name says how they
            were made, for those who split later texts.
        encoding: The encoding of a file, such as "cp949" for Korean. UTF-8 is read several
            times as fast as any other.
        every_text: Keep the end of each text, also of one without a word that is kept, so that
            the i-th text that was read ends at the i-th -1. Without it, such a text leaves
            nothing behind.
        progress: Show a bar. None: on a terminal.

    Returns:
        The corpus. It takes 4 bytes of disk a word, in the folder for temporary files
        (`TMPDIR`), and the vocabulary's strings in memory.

    Raises:
        ArgumentError: The corpus is empty, or no word is frequent enough.
        ArgumentTypeError: A number that is not whole, or what is neither a path nor texts.
        FormatError: The file is not text in this encoding, or is cut off.
        MissingFileError: There is no such file.
    """
    check_tokenizer(tokenizer)
    min_count, max_size = (
        whole("min_count", min_count, least=0),
        whole_or_none("max_size", max_size),
    )
    progress = flag_or_none("progress", progress)
    every_text = flag("every_text", every_text)
    is_said = tokenizer not in (None, AUTO)
    source = files_or_texts(corpus)
    files = source if isinstance(source, list) else None
    how = Encoding.of_lines(encoding, files[0] if files else source)
    # Without a name from the start (where the system can): nothing is left behind by a process
    # that is killed.
    with tempfile.TemporaryFile(prefix="inlay-corpus-") as file:
        texts: Texts
        tokens: Sequence[str]
        if files is not None:
            texts = chain.from_iterable(read_lines(path, how) for path in files)
            tokenizer, _ = settled(tokenizer, first_lines(files[0], how))
        else:
            tokenizer, texts = settled(tokenizer, source)
        tokenize = get_tokenizer(tokenizer)
        if files is not None and how.name == "utf-8" and is_local(tokenize):
            with show_progress(None, unit="B", desc="counting", enabled=progress) as report:
                if tokenize is split:
                    tokens, counts = number_files(chunks(files), file, report)
                else:
                    tokens, counts = number_runs(chunks(files), tokenize, file, report)
        else:
            watched = _Watched(texts)
            with show_progress(None, unit=" words", desc="counting", enabled=progress) as report:
                tokens, counts = number_stream(watched, tokenize, file, report)
            if not (watched.strings or is_said):
                tokenizer = None
        where = "corpus" if files is None else os.fspath(files[0])
        if isinstance(corpus, str | PathLike):
            where = os.fspath(corpus)
        names, chosen = _frequent(tokens, counts, min_count, max_size, where)
        rank = np.full(len(tokens), -1, np.int32)
        rank[chosen] = np.arange(len(chosen), dtype=np.int32)
        ids = _renumber(file, rank, every_end=every_text)
        name = None if tokenizer is None else tokenizer_name(tokenizer)
        return Corpus(ids, names, counts[chosen], int(counts.sum()), name)


class _Watched:
    """Texts as they come, and whether there was a string among them, which a tokenizer splits."""

    def __init__(self, texts: Texts) -> None:
        self.texts, self.strings = texts, False

    def __iter__(self) -> Iterator[str | Sequence[str]]:
        for text in self.texts:
            self.strings = self.strings or isinstance(text, str)
            yield text


def _frequent(
    tokens: Sequence[str], counts: Array, min_count: int, limit: int | None, where: str
) -> tuple[list[str], Array]:
    """The words to keep and their numbers, the most frequent first."""
    if len(tokens) == 0:
        raise ArgumentError(where, expected="a corpus with words", got="none")
    kept = np.flatnonzero(counts >= min_count)
    if kept.size == 0:
        raise ArgumentError(
            where,
            expected=f"a word that occurs {min_count} times (min_count)",
            got=f"{counts.sum():,} words, none more than {_times(int(counts.max()))}",
            hint="a smaller min_count",
        )
    if limit is not None and kept.size > limit:
        # Only words that can be chosen become strings, to be sorted by them.
        least = np.partition(counts[kept], -limit)[-limit]
        kept = kept[counts[kept] >= least]
    numbers = kept.tolist()
    falling = (-counts[kept]).tolist()
    ordered = sorted(zip(falling, [tokens[i] for i in numbers], numbers, strict=True))
    return [name for _, name, _ in ordered[:limit]], np.array([i for *_, i in ordered[:limit]])


def _times(n: int) -> str:
    return "once" if n == 1 else f"{n:,} times"


def _renumber(file: IO[bytes], rank: Array, *, every_end: bool) -> Array:
    from inlay.kernels.corpus import renumber

    file.flush()
    ids: Array = np.memmap(file, np.int32, mode="r+")
    return ids[: renumber(ids, rank, every_end)]
