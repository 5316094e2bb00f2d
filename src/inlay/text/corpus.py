"""A corpus of any size as numbered words in a file.

The text is read once, so that a stream serves as well as a file. Every word is numbered as it
first appears and goes to the file at once; when all are counted, the file is renumbered in
place without the rare words. What stays in memory is the vocabulary without them.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from os import PathLike
from pathlib import Path
from typing import IO, Any

import numpy as np

from inlay.bytes.encodings import Encoding
from inlay.bytes.lines import first_lines, read_lines
from inlay.calls import refuses_unknown
from inlay.checks import flag, flag_or_none, whole, whole_or_none
from inlay.jobs.progress import progress as show_progress
from inlay.jobs.threads import available_workers
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
from inlay.text.numbering import number_files, number_texts, renumber
from inlay.text.space import space_reported
from inlay.text.vocabularies import Vocabularies
from inlay.tokenizers import (
    TokenizerLike,
    check_tokenizer,
    get_tokenizer,
    is_local,
    settled,
    tokenizer_name,
)
from inlay.tokenizers.named import AUTO

__all__ = ["Corpus", "CorpusLike", "encode_corpus"]


@refuses_unknown(
    {
        **dict.fromkeys(("sentences", "texts", "path"), "encode_corpus(corpus): first and unnamed"),
        **dict.fromkeys(("max_vocab", "max_final_vocab", "vocab_size"), "max_size="),
        "max_vocab_size": "leave it out: what memory does not hold waits on the disk",
        **dict.fromkeys(("threads", "n_jobs", "num_proc"), "workers="),
    }
)
def encode_corpus(
    corpus: CorpusLike,
    *,
    min_count: int = 5,
    max_size: int | None = None,
    tokenizer: TokenizerLike | None = None,
    encoding: str = "utf-8",
    every_text: bool = False,
    folder: str | PathLike[str] | None = None,
    workers: int | None = None,
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
        workers: How many threads count and number the words of a file in UTF-8, with a tokenizer
            that does not look across white space ("words", "lower", "split"). None: one for each
            processor. The corpus is the same for any number.
        progress: Show a bar. None: on a terminal.

    Returns:
        The corpus. It takes 4 bytes of disk a word, in `folder` or in that for temporary files
        (`TMPDIR`), and the vocabulary's strings in memory. While it is made, words that are not
        frequent enough take at most about 150 MB of memory, however many there are: the others
        wait on the disk, 40 bytes for each. Counts are exact.

    Raises:
        ArgumentError: The corpus is empty, a file is a table of columns (.csv, .tsv, .jsonl), no
            word is frequent enough, or the folder has a corpus of other settings.
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
        once=isinstance(corpus, Iterator),
        progress=bar,
        workers=available_workers(workers),
        folder=None if folder is None else folder_to_write(folder),
    )
    target = job.folder
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
            file.truncate(START + 4 * made.size)
            ids = np.memmap(file, np.int32, "r+", START, (made.size,))
        said = made.tokens, made.counts, made.words, made.tokenizer
        return Corpus(ids, *said, job.every_text)
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
    once: bool
    progress: bool | None
    workers: int
    folder: Path | None

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
    tokenize = get_tokenizer(tokenizer)
    workers = job.workers
    known = Vocabularies(job.folder, workers)
    with contextlib.closing(known):
        file.seek(START)
        if files is not None and job.encoding.name == "utf-8" and is_local(tokenize):
            with show_progress(None, unit="B", desc="counting", enabled=job.progress) as report:
                stretches = number_files(chunks(files), tokenize, file, known, workers, report)
        else:
            watched = _Watched(texts)
            with show_progress(
                None, unit=" words", desc="counting", enabled=job.progress
            ) as report:
                stretches = number_texts(watched, tokenize, file, known, report)
            if not (watched.strings or job.is_said):
                tokenizer = None
        chosen = known.choose(job.min_count, job.max_size, job.where, once=job.once)
        file.seek(START)
        size = renumber(file, stretches, known, every_end=job.every_text, workers=workers)
    name = None if tokenizer is None else tokenizer_name(tokenizer)
    return Numbered(size, *chosen, name)


class _Watched:
    """Texts as they come, and whether there was a string among them, which a tokenizer splits."""

    def __init__(self, texts: Texts) -> None:
        self.texts, self.strings = texts, False

    def __iter__(self) -> Iterator[str | Sequence[str]]:
        for text in self.texts:
            self.strings = self.strings or isinstance(text, str)
            yield text
