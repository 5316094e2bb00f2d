"""`KeyedVectors`: gensim's name for a table, and its ways to read, write and judge one."""

import os
from typing import Any, Self

import numpy as np

from inlay.aliases import Array
from inlay.bytes.lines import read_lines
from inlay.bytes.writing import atomic_path
from inlay.calls import refuses_unknown
from inlay.checks import choice
from inlay.compat.gensim.models import evaluations
from inlay.compat.gensim.models.nearest import Nearest
from inlay.compat.gensim.models.wording import in_gensims_words
from inlay.core import Table, Tokens
from inlay.errors import ArgumentError, FormatError
from inlay.formats import Glove, Word2VecBinary, Word2VecText, load, save
from inlay.paths import path_to_read

Path = str | os.PathLike[str]

ALL_AT_ONCE = "leave it out: a file is written as a whole"


class KeyedVectors(Nearest):
    """Keys and their vectors, under the names that gensim 4 has for everything.

    It holds a table, `kv.table`, and copies nothing. Its numbers are gensim's, to the last digits
    of a float32. What changes vectors in place is not offered.

    Attributes:
        table: The table itself, for `inlay.to_torch`, `inlay.save` and so on.

    Examples:
        >>> kv = KeyedVectors(Table(["good", "great", "film"], np.eye(3, 2, dtype="float32") + 0.5))
        >>> kv.most_similar("good", topn=1)
        [('film', 0.894...)]
        >>> kv
        KeyedVectors<vector_size=2, 3 keys>
    """

    @classmethod
    def load_word2vec_format(
        cls,
        fname: Path,
        fvocab: Path | None = None,
        binary: bool = False,
        encoding: str = "utf8",
        unicode_errors: str = "strict",
        limit: int | None = None,
        datatype: Any = np.float32,
        no_header: bool = False,
    ) -> Self:
        """Read a file of word2vec's, in text or binary.

        Args:
            fname: The file, packed or not.
            fvocab: A file of words and counts. None: there are no counts, and none are invented.
            binary: Whether it is binary.
            encoding: What the words are written in.
            unicode_errors: `"strict"`, or what Python does with bytes that are not in it:
                `"replace"`, `"ignore"` or `"backslashreplace"`.
            limit: Read so many words, from the first. None: all.
            datatype: What to store the numbers as.
            no_header: Whether a file of text begins with a word, as GloVe's do.

        Raises:
            FormatError: The file is damaged, or of another format.
            MissingFileError: There is no such file.
            ArgumentError: A setting that cannot be.
        """
        if binary and no_header:
            expected, got = "a file of text, if it has no header", "binary=True"
            raise ArgumentError("no_header", expected=expected, got=got)
        said: dict[str, Any] = {"encoding": encoding, "errors": unicode_errors}
        kind = Word2VecBinary if binary else Glove if no_header else Word2VecText
        with in_gensims_words(bool(binary)):
            table = load(fname, format=kind(**said), limit=limit or None, dtype=datatype)
        return cls(table if fvocab is None else _with_counts(table, fvocab))

    @classmethod
    def load(cls, fname: Path, mmap: str | None = None) -> Self:
        """Read what gensim or `save` has saved, or any other file that `inlay.load` reads.

        No pickle is run, and gensim need not be installed.

        Args:
            fname: The file, or a name of the catalogue.
            mmap: `"r"` or `"c"` maps what can be mapped, of which a write never reaches the file.
                None: all is read into memory.

        Raises:
            FormatError: The file is damaged, or holds no vectors.
            MissingFileError: There is no such file.
            ArgumentError: Another `mmap`.
        """
        hint = "mmap='c', for no write may reach the file"
        choice("mmap", mmap, (None, "r", "c"), hint=hint)
        return cls(load(fname, mmap=mmap is not None))

    def save(self, fname: Path) -> None:
        """Write one file in inlay's own format, whatever its suffix, which opens at once.

        `load` reads it, and `inlay.load`; gensim itself does not.
        """
        save(self.table, fname, format="native")

    @refuses_unknown(dict.fromkeys(("total_vec", "prefix", "append"), ALL_AT_ONCE))
    def save_word2vec_format(
        self,
        fname: Path,
        fvocab: Path | None = None,
        binary: bool = False,
        write_header: bool = True,
        sort_attr: str | None = "count",
    ) -> None:
        """Write a file of word2vec's, the most frequent words first if there are counts.

        Args:
            fname: The file; with `.gz`, `.bz2` or `.xz` at its end it is packed.
            fvocab: Where to write the words and their counts.
            binary: Whether to write binary numbers.
            write_header: Whether text begins with the numbers of words and of dimensions.
            sort_attr: None leaves the order as it is.

        Raises:
            ArgumentError: `fvocab` without counts; a binary file without a header.
        """
        choice("sort_attr", sort_attr, ("count", None))
        if binary and not write_header:
            expected = "True, for a binary file cannot be read without it"
            raise ArgumentError("write_header", expected=expected, got="False")
        table = self.table if sort_attr is None else _sorted(self.table)
        if fvocab is not None:
            _write_counts(table, fvocab)
        kind = Word2VecBinary if binary else Word2VecText if write_header else Glove
        save(table, fname, format=kind())

    def evaluate_word_analogies(
        self,
        analogies: Path,
        restrict_vocab: int = 300_000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
        similarity_function: str = "most_similar",
    ) -> tuple[float, list[dict[str, Any]]]:
        """How many questions like man : king = woman : ? have the right answer.

        Args:
            analogies: A file of four words a line, in sections that begin with `: name`.
            restrict_vocab: Look at so many words, from the first.
            case_insensitive: Whether case makes no difference. Of words that differ in nothing
                else, the first counts.
            dummy4unknown: Whether a question with a word that is not here counts as wrong. If
                not, it does not count.
            similarity_function: `"most_similar"`.

        Returns:
            The share of right answers, and for each section, and at last for all of them, a dict
            of `"section"`, its name, and `"correct"` and `"incorrect"`, lists of questions.
            Allocates one matrix, of vectors of length 1.

        Raises:
            FormatError: No questions, or none in a section.
        """
        return evaluations.analogies(
            self,
            analogies,
            restrict_vocab,
            case_insensitive=case_insensitive,
            dummy4unknown=dummy4unknown,
            similarity_function=similarity_function,
        )

    def evaluate_word_pairs(
        self,
        pairs: Path,
        delimiter: str = "\t",
        encoding: str = "utf8",
        restrict_vocab: int = 300_000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
    ) -> tuple[Any, Any, float]:
        """How well cosines agree with what people said of pairs of words.

        Args:
            pairs: A file of two words and a number a line; lines that begin with `#` are left
                out, and so is what has no such parts.
            delimiter: What stands between them.
            encoding: What the file is written in.
            restrict_vocab: Look at so many words, from the first.
            case_insensitive: Whether case makes no difference.
            dummy4unknown: Whether a pair with a word that is not here counts, as one of cosine 0.

        Returns:
            Pearson's correlation and Spearman's, each with its p-value, as SciPy gives them; and
            how many pairs in a hundred have a word that is not here.

        Raises:
            FormatError: No pair with words that are here.
            MissingPackageError: SciPy is not installed.
        """
        return evaluations.pairs(
            self,
            pairs,
            delimiter,
            encoding,
            restrict_vocab,
            case_insensitive=case_insensitive,
            dummy4unknown=dummy4unknown,
        )


def _with_counts(table: Table, path: Path) -> Table:
    """The table with the counts of a file of `word count` lines."""
    counts: dict[str, int] = {}
    for number, line in enumerate(read_lines(path), 1):
        word, _, count = line.strip().rpartition(" ")
        if not word or not count.isdecimal():
            where, expected = f"{os.fspath(path)}, line {number}", "a word and its count"
            raise FormatError(where, expected=expected, got=f"{line.strip()!r:.60}")
        counts[word] = int(count)
    missing = next((token for token in table.tokens if token not in counts), None)
    if missing is not None:
        expected = "a count for each word of the vectors"
        raise FormatError(os.fspath(path), expected=expected, got=f"none for {missing!r:.60}")
    found = np.array([counts[token] for token in table.tokens], np.int64)
    return Table(table.tokens, table.storage, counts=found, provenance=table.provenance)


def _sorted(table: Table) -> Table:
    """The table with the most frequent tokens first; itself, if it is so or has no counts."""
    counts = table.counts
    if counts is None or (counts[1:] <= counts[:-1]).all():
        return table
    order: Array = np.argsort(-counts, kind="stable")
    tokens = Tokens.from_list([table.tokens[i] for i in order])
    return Table(tokens, table.matrix[order], counts=counts[order], provenance=table.provenance)


def _write_counts(table: Table, path: Path) -> None:
    if table.counts is None:
        expected, hint = "vectors with counts", "fvocab=None"
        raise ArgumentError("fvocab", expected=expected, got="vectors without any", hint=hint)
    with atomic_path(path_to_read("fvocab", path)) as part, part.open("wb") as file:
        for token, count in zip(table.tokens, table.counts.tolist(), strict=True):
            file.write(f"{token} {count}\n".encode())
