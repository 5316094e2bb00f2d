"""The models of fastText, `.bin` and `.ftz`: words, and what makes vectors of all others.

A row of the table is what fastText says of the word: the mean of the word's own row and those of
its n-grams. It is made when it is asked for, out of the mapped file, which therefore opens as
soon as its dictionary is read.
"""

from pathlib import Path
from typing import IO, ClassVar

import numpy as np

from inlay.aliases import Array
from inlay.bytes.content import Content
from inlay.bytes.encodings import ERRORS, Encoding, known_encoding
from inlay.checks import choice
from inlay.core import Table, Tokens
from inlay.core.subwords import Coded, Ngrams, Subwords, WordRows
from inlay.formats.fasttext_model import read_model
from inlay.formats.fasttext_writer import write_model
from inlay.formats.format_options import Errors, Suggested, options
from inlay.formats.mapped import MappedFile
from inlay.formats.protocol import ReadOptions
from inlay.formats.rows import EXAMPLES, Decoded, decode, spans, take, valid_utf8
from inlay.formats.selection import select
from inlay.formats.strangers import FASTTEXT, is_old_fasttext

MATRICES = ("input", "output")
NO_NGRAMS = Ngrams(0, 0, 0)


@options
class FastText(Suggested):
    """The binary models of fastText, plain and quantised, of all versions.

    `load(path, name="output")` reads the output matrix instead: a row for each label of a
    supervised model, or for each word. NaN and infinity are not looked for, because that would
    read all of the file.

    Args:
        encoding: What the words are written in.
        errors: What to do with words that are not in it: `"strict"` raises; `"replace"`,
            `"ignore"` and `"backslashreplace"` are Python's, and counted in the provenance. The
            vectors are those of the bytes in the file, whatever the words become.
    """

    encoding: str = "utf-8"
    errors: Errors = "strict"

    name: ClassVar[str] = "fasttext"
    takes: ClassVar[tuple[str, ...]] = ("name",)
    suffixes: ClassVar[tuple[str, ...]] = ()  # a .bin may be word2vec's too: reading tells

    def __post_init__(self) -> None:
        object.__setattr__(self, "encoding", known_encoding(self.encoding, lines=False))
        choice("errors", self.errors, ERRORS)

    def sniff(self, head: bytes, path: Path) -> bool:
        return head.startswith(FASTTEXT) or is_old_fasttext(head)

    def read(self, source: Content, options: ReadOptions) -> Table:
        """Read the dictionary; the matrices stay in the file, which is mapped."""
        wanted = _wanted(options)
        data, is_mapped = options.content(source), options.mmap and not source.packed
        model = read_model(data, source.name)
        bounds, counts, n_words = model.entries
        labels = self._decode(data, source.name, bounds, n_words, None)
        rows, ngrams, first, decoded = model.input, model.ngrams, 0, labels
        if wanted == "output":
            rows, ngrams = model.output, NO_NGRAMS
        if wanted == "output" and model.is_supervised:
            first = n_words
        else:
            stop = n_words if options.limit is None else min(n_words, options.limit)
            decoded = self._decode(data, source.name, bounds, 0, stop)
        tokens, own, repeated = _distinct(decoded)
        provenance = {
            "source": source.name,
            "format": self.name,
            "matrix": wanted,
            "rows": len(decoded.offsets) - 1,
            "duplicates": len(repeated),
            "duplicate_examples": repeated[:EXAMPLES],
            "replaced": decoded.n_replaced,
            "replaced_examples": decoded.replaced,
            "labels": len(labels.offsets) - 1,
            "quantised": isinstance(rows, Coded),
            "settings": model.settings,
        }
        origin = MappedFile.of(source.path, data, self) if is_mapped else None
        subwords = None
        if ngrams.n_rows:
            others = rows.behind(n_words) if isinstance(rows, Coded) else rows[n_words:]
            elsewhere = None if origin is None else origin.limited(0)
            subwords = Subwords(ngrams, others, Tokens(labels.blob, labels.offsets), elsewhere)
        counts = counts[own + first]
        blob, offsets = spans(data, bounds[own + first])
        table = Table._unchecked(
            tokens,
            WordRows(blob, offsets, own, ngrams, rows, n_words),
            counts=counts if counts.any() else None,
            provenance=provenance,
            origin=_of_table(origin, wanted, options.limit),
            subwords=subwords,
        )
        return select(table, options)

    def write(self, table: Table, file: IO[bytes]) -> None:
        write_model(table, file, self.name)

    def _decode(
        self, data: Array, name: str, bounds: Array, first: int, stop: int | None
    ) -> Decoded:
        """Some words of the dictionary in UTF-8."""
        blob, offsets = spans(data, bounds[first:stop])
        if self.encoding == "utf-8" and valid_utf8(blob, offsets):
            return Decoded(blob, offsets, 0, [])
        encoding = Encoding(self.encoding, self.errors, self.saying)
        return decode(blob, offsets, encoding, lambda i: f"{name}, word {first + i + 1}")


def _distinct(decoded: Decoded) -> tuple[Tokens, Array, list[str]]:
    """Tokens each once, which of the words they are, and those left out."""
    tokens = Tokens(decoded.blob, decoded.offsets)
    is_first = tokens.first_rows() == np.arange(len(tokens))
    own, later = np.flatnonzero(is_first), np.flatnonzero(~is_first)
    repeated = [tokens[row] for row in later.tolist()]
    return take(tokens, own) if repeated else tokens, own, repeated


def _of_table(origin: MappedFile | None, matrix: str, limit: int | None) -> MappedFile | None:
    """Where another process finds the same table; nowhere, if it is of another matrix."""
    if origin is None or matrix != MATRICES[0]:
        return None
    return origin if limit is None else origin.limited(limit)


def _wanted(options: ReadOptions) -> str:
    """Which matrix was asked for.

    Raises:
        ArgumentError: One that such a model has not.
    """
    return MATRICES[0] if options.name is None else choice("name", options.name, MATRICES)
