"""Parquet, Arrow and Feather: a data frame with a column of words and one of their vectors.

    word     string                  optional: the only column of strings, or `column=`
    vector   list or array of floats the only such column, or `name=`

A frame without lists whose numbers are columns of their own, `0`, `1`, `2` and so on, is a matrix
of these. polars reads the file, and of it only the columns that are needed.

Source: https://docs.pola.rs
"""

from pathlib import Path
from typing import IO, Any, ClassVar

import numpy as np

from inlay.aliases import Array
from inlay.bytes.content import Content
from inlay.bytes.limits import UNPACKED
from inlay.containers.protocol import LazyArray, wrong
from inlay.core import Table
from inlay.errors import FormatError, InlayError, UnknownArrayError
from inlay.formats.format_options import NumbersFormat, options
from inlay.formats.names import Named, find_names
from inlay.formats.protocol import ReadOptions, refuse_write
from inlay.formats.selection import packed_tokens, table_of
from inlay.optional import require

PARQUET, ARROW = b"PAR1", b"ARROW1"
NEED = "reading a Parquet or Arrow file"
SHOWN = 8  # columns in a message


@options
class Parquet(NumbersFormat):
    """A data frame in a file of Parquet, or of Arrow, which Feather is too since version 2.

    Args:
        nonfinite: Whether NaN and infinity are errors.
        column: The column with the words. None: the only one of strings.
    """

    column: str | None = None

    name: ClassVar[str] = "parquet"
    suffixes: ClassVar[tuple[str, ...]] = ()
    takes: ClassVar[tuple[str, ...]] = ("name", "tokens")

    def sniff(self, head: bytes, path: Path) -> bool:
        return head.startswith((PARQUET, ARROW))

    def read(self, source: Content, options: ReadOptions) -> Table:
        """Reads the two columns into memory."""
        polars = require("polars", extra="parquet", need=NEED)
        with source.on_disk() as path:
            try:
                frame = _Frame(polars, path, source, self)
                matrix, column = frame.matrix(options.name)
                words = None if options.tokens is not None else frame.words()
            except BaseException as error:  # what polars panics with is no Exception
                known = InlayError | MemoryError | KeyboardInterrupt | SystemExit
                if isinstance(error, known):
                    raise
                got = f"{type(error).__name__}: {error!s:.200}"
                raise wrong(source.name, "a data frame", got) from error
        if words is None:
            entry = LazyArray(matrix.shape, matrix.dtype, matrix.__getitem__)
            named = find_names(source.path, options.tokens, entry)
        else:
            named = Named(packed_tokens(words, source.name))

        def rows(index: slice | Array) -> Array:
            return np.ascontiguousarray(matrix[named.row_of(index)])

        details: dict[str, Any] = {"name": column} if column else {}
        if named.without:
            details["rows_without_token"] = named.without
        special = (named.pad, named.unk)
        return table_of(source, options, self, named.tokens, rows, special=special, **details)

    def write(self, table: Table, file: IO[bytes]) -> None:
        raise refuse_write(self.name)


class _Frame:
    """A data frame that is still in its file."""

    def __init__(self, polars: Any, path: Path, source: Content, format: Parquet) -> None:
        is_parquet = source.head.startswith(PARQUET)
        self._scan = polars.scan_parquet(path) if is_parquet else polars.scan_ipc(path)
        self._polars, self._where, self._format = polars, source.name, format
        self._kinds = dict(self._scan.collect_schema())
        self._n = int(self._scan.select(polars.len()).collect().item())

    def words(self) -> list[str] | None:
        """The column of strings; None if there is none."""
        kinds = (self._polars.String, self._polars.Categorical, self._polars.Enum)
        texts = [name for name, kind in self._kinds.items() if isinstance(kind, kinds)]
        asked = self._format.column
        if asked is not None and asked not in texts:
            raise UnknownArrayError(
                self._where,
                expected=f"a column of strings {asked!r}",
                got=f"only {', '.join(texts[:SHOWN]) or 'others'}",
            )
        if asked is None and len(texts) > 1:
            raise FormatError(
                self._where,
                expected="one column of strings",
                got=f"{len(texts)}: {', '.join(texts[:SHOWN])}",
                hint=self._format.saying("column", texts[0]),
            )
        if not texts:
            return None
        found: list[str] = self._column(asked or texts[0]).cast(self._polars.String).to_list()
        if None in found:
            raise wrong(self._where, "a word in each row", "a row without one")
        return found

    def matrix(self, asked: str | None) -> tuple[Array, str]:
        """The vectors, and the name of their column; none of columns of numbers."""
        polars = self._polars
        lists = [
            name
            for name, kind in self._kinds.items()
            if isinstance(kind, polars.List | polars.Array) and kind.inner.is_float()
        ]
        if asked is not None and asked not in lists:
            raise UnknownArrayError(
                self._where,
                expected=f"a column of vectors {asked!r}",
                got=f"only {', '.join(lists[:SHOWN]) or 'others'}",
                hint=" or ".join(f"name={name!r}" for name in lists[:3]),
            )
        numbers = [name for name, kind in self._kinds.items() if kind.is_float()]
        if not lists and numbers:
            self._check_size(len(numbers), max(8, len(numbers)))
            frame = self._scan.select(numbers).collect()
            if any(frame.null_count().row(0)):
                raise wrong(self._where, "a number in each place", "an empty one")
            return np.asarray(frame.to_numpy()), ""
        if asked is None and len(lists) != 1:
            shown = [f"{name} {kind}" for name, kind in self._kinds.items()][:SHOWN]
            raise FormatError(
                self._where,
                expected="one column of vectors",
                got=", ".join(lists[:SHOWN] or shown) or "no column",
                hint=" or ".join(f"name={name!r}" for name in lists[:3]),
            )
        name = asked or lists[0]
        return self._vectors(name), name

    def _vectors(self, name: str) -> Array:
        polars = self._polars
        kind = self._kinds[name]
        if isinstance(kind, polars.Array):
            if len(kind.shape) != 1:
                raise wrong(f"{self._where}, {name}", "vectors", f"arrays of shape {kind.shape}")
            self._check_size(kind.shape[0], 8)
            series = self._column(name).cast(polars.List(kind.inner))
        else:
            first = self._scan.select(polars.col(name).list.len()).head(1).collect()
            self._check_size(int(first.item() or 0) if self._n else 0, 8)
            series = self._column(name)
        lengths = series.list.len().unique().to_list()
        if len(lengths) != 1 or not lengths[0]:
            got = f"lengths {', '.join(map(str, sorted(lengths, key=str)[:SHOWN]))}"
            raise wrong(f"{self._where}, {name}", "vectors of one length", got)
        values = series.explode()
        if values.null_count():
            raise wrong(f"{self._where}, {name}", "a number in each place", "an empty one")
        return np.asarray(values.to_numpy()).reshape(self._n, lengths[0])

    def _column(self, name: str) -> Any:
        return self._scan.select(name).collect().to_series()

    def _check_size(self, dim: int, size: int) -> None:
        if self._n * dim * size > UNPACKED.bytes():
            raise UNPACKED.exceeded(self._where, f"{self._n} rows of {dim} numbers")
