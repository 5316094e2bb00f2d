"""What a corpus may be given as: files by their path, folder or pattern, or texts as they come."""

import glob
import math
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from os import PathLike
from pathlib import Path
from typing import Any

from inlay.bytes.content import kind_of, near_path, shortened
from inlay.checks import OF_TUPLES, described, many_texts, no_order
from inlay.errors import ArgumentError, ArgumentTypeError, MissingFileError
from inlay.paths import path_to_read
from inlay.text.labelled.readers import PACKED, kind_of_table

# A path, several of them, or texts.
CorpusLike = str | PathLike[str] | Iterable[str | Sequence[str]] | Iterable[PathLike[str]]
Texts = Iterable[str | Sequence[str]]

PARQUET = ".parquet"
# How pandas reads a table of columns.
READS = {
    "csv": "pandas.read_csv(path)",
    "tsv": r"pandas.read_csv(path, sep='\t')",
    "jsonl": "pandas.read_json(path, lines=True)",
    PARQUET: "pandas.read_parquet(path)",
}
FEW = 8  # items of a list that tell whether names of files stand in the place of texts


def files_or_texts(corpus: Any) -> list[Path] | Texts:
    """The files of a corpus in the order in which they are read, or its texts, not yet read.

    A folder stands for the files in it and in the folders below it, in the order of their
    paths' code points; what has a name that begins with a dot is left out. A string that is no
    path and has one of `*?[` in it is a pattern, as Python's `glob` has them (`**` for folders
    of any depth), and stands for the files that match, in the same order. Several paths are read
    in the order in which they are given.

    Args:
        corpus: A path, a folder or a pattern; a list or an iterator of `Path` objects; labelled
            texts; or any other iterable of texts or lists of tokens.

    Returns:
        A list of paths, or an iterable that can be gone through once.

    Raises:
        ArgumentError: A list of strings that are names of files; no path among the paths; a table
            of columns (.csv, .tsv, .jsonl, .parquet) among the files.
        ArgumentTypeError: Neither a path nor texts, or a set of them, which has no order.
        MissingFileError: There is no such file, no file in a folder, or none that matches.
    """
    if isinstance(corpus, bytes) or not isinstance(corpus, str | PathLike | Iterable):
        expected = "the path of a text file, or a list of texts"
        hint = "corpus(), if it makes texts" if callable(corpus) else ""
        raise ArgumentTypeError("corpus", expected=expected, got=described(corpus), hint=hint)
    if isinstance(corpus, str | PathLike):
        return _expanded(corpus)
    if isinstance(corpus, set | frozenset):
        raise no_order("corpus", corpus, "texts")
    found = corpus.texts if _is_labelled(corpus) else corpus  # type: ignore[attr-defined]
    texts = iter(many_texts("corpus", found))
    head = list(islice(texts, 1))
    if head and isinstance(head[0], PathLike):
        return _paths(chain(head, texts))
    if isinstance(corpus, list | tuple) and head and _are_names(corpus[:FEW]):
        raise ArgumentError(
            "corpus, item 0",
            expected="a text",
            got=f"{corpus[0]!r}, which is the name of a file",
            hint="[Path(name) for name in corpus], to read the files",
        )
    return chain(head, texts)


def _is_labelled(corpus: Any) -> bool:
    """Whether these are `inlay.text.LabelledTexts`; a table's columns may have those names."""
    return isinstance(getattr(corpus, "texts", None), list) and hasattr(corpus, "labels")


def _are_names(items: Sequence[Any]) -> bool:
    """Whether strings are names of files: the first is there, and others look like it."""
    ending = Path(items[0]).suffix if isinstance(items[0], str) else ""
    return _is_file(items[0]) and all(
        _is_file(item) or (isinstance(item, str) and ending != "" and item.endswith(ending))
        for item in items
    )


def _is_file(item: Any) -> bool:
    return isinstance(item, str) and kind_of(Path(item)) == stat.S_IFREG


def _paths(items: Iterator[Any]) -> list[Path]:
    found: list[Path] = []
    for number, item in enumerate(items):
        if not isinstance(item, PathLike):
            where = f"corpus, item {number}"
            raise ArgumentTypeError(where, expected="a path, as before", got=described(item))
        found += _expanded(item)
    return found


def _expanded(given: str | PathLike[str]) -> list[Path]:
    """The files that one path stands for."""
    path = path_to_read("corpus", given)
    kind = kind_of(path)
    if kind == stat.S_IFDIR:
        return _no_tables(_below(path), others=str(path / "**" / "*.txt"))
    if kind is None:
        if glob.has_magic(os.fspath(given)):
            return _no_tables(_matching(os.fspath(given)))
        raise MissingFileError(
            shortened(path),
            expected="a text file",
            got="nothing there",
            hint=near_path(path) or "texts themselves are given as a list of strings",
        )
    return _no_tables([path])


def _no_tables(files: list[Path], others: str = "") -> list[Path]:
    """The files, none of which is a table of columns, whose commas and labels would be words.

    Args:
        files: What was found.
        others: A pattern for those among them that are no tables, where that may be meant.

    Raises:
        ArgumentError: There is one.
    """
    for file in files:
        ending = file.suffix.lower()
        kind = PARQUET if ending == PARQUET else kind_of_table(file)
        if kind is None:
            continue
        ways = [f"{READS[kind]}['text'], for a column of it"]
        if kind != PARQUET and ending not in PACKED:
            ways.append("open(path, encoding='utf-8'), for its lines")
        if others:
            ways.append(f"{others}, for the files of text alone")
        raise ArgumentError(
            shortened(file),
            expected="a file whose lines are texts",
            got="a table, whose other columns would be read as texts too",
            hint="; ".join(ways),
        )
    return files


def _below(folder: Path) -> list[Path]:
    found: list[Path] = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files = [Path(place, name) for name in names if not name.startswith(".")]
        found += [file for file in files if kind_of(file) == stat.S_IFREG]
    if not found:
        raise MissingFileError(str(folder), expected="a folder with text files", got="none in it")
    return sorted(found, key=lambda file: file.relative_to(folder).parts)


def _matching(pattern: str) -> list[Path]:
    found = [Path(name) for name in glob.glob(pattern, recursive=True)]
    files = [file for file in found if kind_of(file) == stat.S_IFREG]
    if not files:
        raise MissingFileError(pattern, expected="files that match", got="none")
    return sorted(files, key=lambda file: file.parts)


def not_text(where: str, got: Any, expected: str = "a str, or a list of them") -> ArgumentTypeError:
    """The error of an item that is neither a text nor a list of tokens, or of a token."""
    hint = OF_TUPLES if isinstance(got, tuple) else ""
    if hasattr(got, "words") and hasattr(got, "tags"):  # gensim's TaggedDocument
        hint = "doc2vec([d.words for d in documents], tags=[d.tags for d in documents])"
    elif isinstance(got, bytes):
        hint = "text.decode(), or open(path, encoding='utf-8') for a file that is open already"
    elif isinstance(got, list):
        hint = "[sentence for text in corpus for sentence in text], for texts of several sentences"
    elif isinstance(got, Mapping):
        hint = f"[row[{next(iter(got), 'text')!r}] for row in corpus]"
    elif got is None or (isinstance(got, float) and math.isnan(got)):
        hint = "leave out what is missing: corpus.dropna() in pandas, corpus.drop_nulls() in Polars"
    found = f"{type(got).__name__} {got!r:.40}"
    return ArgumentTypeError(where, expected=expected, got=found, hint=hint)
