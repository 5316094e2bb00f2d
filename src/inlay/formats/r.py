"""R's `.rda` and `.rds`: a matrix with the names of its rows, or a data frame.

The tokens are the names of the rows; where these are only numbers, as in a data frame that has
not been given any, the one column of strings, or a factor. Unpacking `.rda`, which R compresses
with gzip, bzip2 or xz, is no different here from that of other files.
"""

from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, ClassVar, NamedTuple

import numpy as np

from inlay.aliases import Array
from inlay.bytes.content import Content
from inlay.containers.protocol import LazyArray, wrong
from inlay.core import Table, Tokens
from inlay.errors import FormatError, UnknownArrayError
from inlay.formats.format_options import NumbersFormat, options
from inlay.formats.names import Named, find_names
from inlay.formats.protocol import ReadOptions, refuse_write
from inlay.formats.r_data import INT, REAL, START, STR, VEC, Value, read_r
from inlay.formats.selection import packed_tokens, table_of


@options
class R(NumbersFormat):
    """A matrix or data frame that R saved.

    The numbers are float64, which is what R computes in; a missing one is NaN.

    Args:
        nonfinite: Whether NaN and infinity are errors.
    """

    name: ClassVar[str] = "r"
    suffixes: ClassVar[tuple[str, ...]] = (".rda", ".rds", ".rdata")
    takes: ClassVar[tuple[str, ...]] = ("name", "tokens")

    def sniff(self, head: bytes, path: Path) -> bool:
        return bool(START.match(head))

    def read(self, source: Content, options: ReadOptions) -> Table:
        """Unpacks the file into memory, and makes the rows that are kept beside it."""
        data = options.content(source)
        values = read_r(data, source.name)
        name, found = _the_table(values, options.name, source.name)
        details: dict[str, Any] = {"name": name} if name else {}
        if found.left_out:
            details["columns_left_out"] = found.left_out
        if found.tokens is None or options.tokens is not None:
            entry = LazyArray((found.n, found.dim), np.dtype(np.float64), found.take)
            named = find_names(source.path, options.tokens, entry)
        else:
            named = Named(_names(found.tokens, found.n, source.name))

        def rows(index: slice | Array) -> Array:
            return found.take(named.row_of(index))

        if named.without:
            details["rows_without_token"] = named.without
        special = (named.pad, named.unk)
        return table_of(source, options, self, named.tokens, rows, special=special, **details)

    def write(self, table: Table, file: IO[bytes]) -> None:
        raise refuse_write(self.name)


class _Rows(NamedTuple):
    """What a table is made of.

    Attributes:
        n: How many rows there are.
        dim: How many numbers are in each.
        tokens: Their names, if they have any.
        take: Gives some of them.
        left_out: Columns that are no numbers.
    """

    n: int
    dim: int
    tokens: list[str] | None
    take: Callable[[slice | Array], Array]
    left_out: list[str]


def _the_table(values: dict[str, Value], asked: str | None, where: str) -> tuple[str, _Rows]:
    """The value that is asked for, or the only one that is a table."""
    if asked is not None and asked not in values:
        raise UnknownArrayError(
            where, expected=f"a value {asked!r}", got=f"only {', '.join(values) or 'nothing'}"
        )
    wanted = values if asked is None else {asked: values[asked]}
    found = {name: rows for name, value in wanted.items() if (rows := _rows(value)) is not None}
    if len(found) == 1:
        return next(iter(found.items()))
    shown = ", ".join(list(found or wanted)[:8])
    raise FormatError(
        where,
        expected="a matrix of numbers, or a data frame with columns of numbers",
        got=f"{len(found)} of them: {shown}" if found else f"none: {shown or 'a value'}",
        hint=" or ".join(f"name={name!r}" for name in list(found)[:3]),
    )


def _names(tokens: list[Any], n: int, where: str) -> Tokens:
    """The names of rows, which are strings, and as many as these."""
    if len(tokens) != n:
        raise wrong(where, f"a name for each of {n} rows", str(len(tokens)))
    if not all(isinstance(token, str) for token in tokens):
        raise wrong(where, "names that are strings", "a missing one (NA)")
    return packed_tokens(tokens, where)


def _rows(value: Value) -> _Rows | None:
    """A value as rows with tokens; None if it is no matrix and no data frame."""
    if value.kind in (INT, REAL) and not isinstance(value.value, range):
        return _matrix(value)
    if value.kind == VEC and "data.frame" in value.strings("class"):
        return _frame(value)
    return None


def _matrix(value: Value) -> _Rows | None:
    dim = value.attributes.get("dim")
    if dim is None or dim.kind not in (INT, REAL) or len(dim.value) != 2:
        return None
    n, d = (int(size) for size in dim.value)
    if n < 0 or d < 1 or n * d != len(value.value):
        return None
    matrix = value.value.reshape(d, n).T
    names = value.attributes.get("dimnames")
    first = names.value[0] if names is not None and names.kind == VEC and names.value else None
    tokens = first.value if first is not None and first.kind == STR else None
    return _Rows(n, d, tokens, lambda chosen: _numbers(matrix[chosen]), [])


def _frame(value: Value) -> _Rows | None:
    names = [*value.strings("names"), *("" for _ in value.value)]
    columns = dict(enumerate(value.value))
    numbers = {i: c for i, c in columns.items() if c.kind in (INT, REAL) and not _is_factor(c)}
    texts = {i: found for i, c in columns.items() if (found := _strings(c)) is not None}
    row_names = value.attributes.get("row.names")
    tokens = row_names.value if row_names is not None and row_names.kind == STR else None
    if tokens is None and len(texts) == 1:
        tokens = next(iter(texts.values()))
        columns = {i: c for i, c in columns.items() if i not in texts}
    stored = [c.value for c in numbers.values()]
    n = next((len(column) for column in stored if not isinstance(column, range)), 0)
    if not stored or any(len(column) != n for column in stored):
        return None

    def take(chosen: slice | Array) -> Array:
        rows = np.arange(n)[chosen]
        matrix = np.empty((rows.size, len(stored)))
        for j, column in enumerate(stored):
            matrix[:, j] = _numbers(np.asarray(column)[chosen])
        return matrix

    left_out = [names[i] or str(i + 1) for i in columns if i not in numbers]
    return _Rows(n, len(stored), tokens, take, left_out)


def _numbers(values: Array) -> Array:
    """As float64, in rows; the least whole number is R's missing one."""
    found = np.array(values, np.float64, order="C")
    if values.dtype.kind == "i":
        found[values == -(2**31)] = np.nan
    return found


def _is_factor(column: Value) -> bool:
    return "factor" in column.strings("class")


def _strings(column: Value) -> list[Any] | None:
    """A column of strings, or a factor as the strings that its numbers stand for."""
    if column.kind == STR:
        found: list[Any] = column.value
        return found
    if column.kind == INT and _is_factor(column):
        levels = [None, *column.strings("levels")]
        codes = np.clip(np.asarray(column.value), 0, None)
        if codes.size and int(codes.max()) >= len(levels):
            return None
        return [levels[code] for code in codes.tolist()]
    return None
