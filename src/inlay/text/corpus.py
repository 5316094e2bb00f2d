"""A corpus of any size as numbered words in a temporary file.

The text is read once, so that a stream serves as well as a file. Every word is numbered as it
first appears and goes to the file at once; when all are counted, the file is renumbered in
place without the rare words. What stays in memory is the vocabulary.
"""

import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from os import PathLike
from pathlib import Path
from typing import IO, Any

import numpy as np

from inlay.aliases import Array
from inlay.bytes.encodings import Encoding
from inlay.bytes.lines import first_lines, read_lines
from inlay.checks import flag, flag_or_none, whole, whole_or_none
from inlay.errors import ArgumentError
from inlay.jobs.progress import progress as show_progress
from inlay.paths import folder_to_write
from inlay.text.chunks import chunks
from inlay.text.corpus_file import (
    NAME,
    START,
    Numbered,
    digest_of_files,
    read_corpus,
    write_corpus,
)
from inlay.text.corpus_sources import CorpusLike, Texts, files_or_texts
from inlay.text.numbered import Corpus
from inlay.text.numbering import number_files, number_runs, number_stream
from inlay.text.space import space_reported
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


def encode_corpus(
    corpus: CorpusLike,
    *,
    min_count: int = 5,
    max_size: int | None = None,
    tokenizer: TokenizerLike | None = None,
    encoding: str = "utf-8",
    every_text: bool = False,
    folder: str | PathLike[str] | None = None,
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
        folder: Keep the numbered corpus in this folder, which is made if it is not there. The
            same call again finds it there and does not read the text, as long as no file has
            another size, time of change, beginning or end (64 KiB of each) than before; if one
            has, or if the numbered corpus is damaged, a warning says so and the text is numbered
            again. Texts that are no files cannot be looked at without reading them: they are
            numbered each time, as are files with a tokenizer that has no name.
        progress: Show a bar. None: on a terminal.

    Returns:
        The corpus. It takes 4 bytes of disk a word, in `folder` or in that for temporary files
        (`TMPDIR`), and the vocabulary's strings in memory.

    Raises:
        ArgumentError: The corpus is empty, no word is frequent enough, or the folder has a corpus
            of other settings.
        ArgumentTypeError: A number that is not whole, or what is neither a path nor texts.
        FormatError: The file is not text in this encoding, or is cut off.
        MissingFileError: There is no such file.
        NoSpaceError: The disk is full. Nothing of the corpus is left there.
    """
    check_tokenizer(tokenizer)
    bar = flag_or_none("progress", progress)
    source = files_or_texts(corpus)
    files = source if isinstance(source, list) else None
    where = os.fspath(corpus) if isinstance(corpus, str | PathLike) else "corpus"
    how = Encoding.of_lines(encoding, files[0] if files else source)
    job = _Job(
        min_count=whole("min_count", min_count, least=0),
        max_size=whole_or_none("max_size", max_size),
        encoding=how,
        every_text=flag("every_text", every_text),
        is_said=tokenizer not in (None, AUTO),
        where=where,
        progress=bar,
    )
    target = None if folder is None else folder_to_write(folder)
    texts: Texts
    if files is not None:
        tokenizer, _ = settled(tokenizer, first_lines(files[0], how))
        texts = chain.from_iterable(read_lines(path, how) for path in files)
    else:
        tokenizer, texts = settled(tokenizer, source)

    def number(file: IO[bytes]) -> Numbered:
        with space_reported(file, target, files):
            return _number(files, texts, tokenizer, job, file)

    if target is None:
        # Without a name from the start (where the system can): nothing is left behind by a
        # process that is killed.
        with tempfile.TemporaryFile(buffering=0, prefix="inlay-corpus-") as file:
            made = number(file)
            ids = np.memmap(file, np.int32, "r+", START, (made.size,))
        return Corpus(ids, made.tokens, made.counts, made.words, made.tokenizer)
    target.mkdir(exist_ok=True)
    about = {"settings": job.about(tokenizer_name(tokenizer)), "text": None}
    if files is not None and tokenizer_name(tokenizer) is not None:
        about["text"] = digest_of_files(files)
    kept = read_corpus(target / NAME, about)
    return kept or write_corpus(target / NAME, about, number)


@dataclass(frozen=True)
class _Job:
    """What `encode_corpus` was asked for, checked."""

    min_count: int
    max_size: int | None
    encoding: Encoding
    every_text: bool
    is_said: bool
    where: str
    progress: bool | None

    def about(self, tokenizer: str | None) -> dict[str, Any]:
        """What the result depends on besides the text, JSON."""
        return {
            "min_count": self.min_count,
            "max_size": self.max_size,
            "tokenizer": tokenizer,
            "encoding": self.encoding.name,
            "every_text": self.every_text,
        }


def _number(
    files: list[Path] | None,
    texts: Texts,
    tokenizer: TokenizerLike | None,
    job: _Job,
    file: IO[bytes],
) -> Numbered:
    """Write the numbers of a corpus, from `START` on."""
    tokens: Sequence[str]
    tokenize = get_tokenizer(tokenizer)
    file.seek(START)
    if files is not None and job.encoding.name == "utf-8" and is_local(tokenize):
        with show_progress(None, unit="B", desc="counting", enabled=job.progress) as report:
            if tokenize is split:
                tokens, counts = number_files(chunks(files), file, report)
            else:
                tokens, counts = number_runs(chunks(files), tokenize, file, report)
    else:
        watched = _Watched(texts)
        with show_progress(None, unit=" words", desc="counting", enabled=job.progress) as report:
            tokens, counts = number_stream(watched, tokenize, file, report)
        if not (watched.strings or job.is_said):
            tokenizer = None
    names, chosen = _frequent(tokens, counts, job.min_count, job.max_size, job.where)
    rank = np.full(len(tokens), -1, np.int32)
    rank[chosen] = np.arange(len(chosen), dtype=np.int32)
    size = _renumber(file, rank, every_end=job.every_text)
    name = None if tokenizer is None else tokenizer_name(tokenizer)
    return Numbered(size, names, counts[chosen], int(counts.sum()), name)


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


def _renumber(file: IO[bytes], rank: Array, *, every_end: bool) -> int:
    from inlay.kernels.corpus import renumber

    ids = np.memmap(file, np.int32, mode="r+", offset=START)
    return int(renumber(ids, rank, every_end))
