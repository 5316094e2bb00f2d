"""Magnitude's `.magnitude`: an SQLite database of words and whole numbers.

    magnitude           key, dim_0, dim_1, ..., magnitude: a row for each word
    magnitude_format    dim, size, precision: a number in a row is stored times 10 ** precision

Vectors are stored with a length of 1, and the length that they had beside them. The database is
opened to be read only, and nothing that it defines (views, virtual tables, functions) is used.

Source: https://github.com/plasticityai/magnitude, `pymagnitude/converter.py`.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from inlay.bytes.content import Content
from inlay.checks import choice
from inlay.containers.protocol import wrong
from inlay.core import Table
from inlay.errors import FormatError
from inlay.formats.format_options import NumbersFormat, options
from inlay.formats.protocol import ReadOptions, refuse_write
from inlay.formats.rows import as_keep
from inlay.formats.selection import packed_tokens, table_of

if TYPE_CHECKING:
    from sqlite3 import Connection

MAGIC = b"SQLite format 3\0"
NUMBER, LENGTH = "dim_", "magnitude"
LARGEST_PRECISION = 30
LARGEST_ROW = 1 << 20  # bytes, of words and of rows
ROWS_AT_ONCE = 1024


@options
class Magnitude(NumbersFormat):
    """The format of Magnitude.

    What it has besides, indices of n-grams and of neighbours, is left out.

    Args:
        nonfinite: Whether NaN and infinity are errors.
        norms: `"beside"` gives the vectors as they are stored, each of length 1, as that library
            does by default; `"multiply"` gives them the length that they had.
    """

    norms: Literal["beside", "multiply"] = "beside"

    name: ClassVar[str] = "magnitude"
    suffixes: ClassVar[tuple[str, ...]] = (".magnitude",)

    def __post_init__(self) -> None:
        super().__post_init__()
        choice("norms", self.norms, ("beside", "multiply"))

    def sniff(self, head: bytes, path: Path) -> bool:
        return head.startswith(MAGIC) and b"magnitude" in head

    def read(self, source: Content, options: ReadOptions) -> Table:
        """The whole numbers, divided by the precision, become float32."""
        with source.on_disk() as path, _opened(path) as database:
            return self._read(database, source, options)

    def _read(self, database: "Connection", source: Content, options: ReadOptions) -> Table:
        dim, has_length = _columns(database, source.name)
        precision = _said(database, "precision")
        if type(precision) is not int or not 0 <= precision <= LARGEST_PRECISION:
            expected = f"a precision of 0 to {LARGEST_PRECISION}"
            raise wrong(source.name, expected, f"{precision!r:.40}")
        if _said(database, "dim") not in (dim, None):
            raise wrong(source.name, f"{dim} dimensions, as there are columns", "another number")
        if self.norms == "multiply" and not has_length:
            raise FormatError(
                source.name, expected="lengths of vectors", got="none", hint="leave norms= out"
            )
        names = [f"{NUMBER}{i}" for i in range(dim)] + [LENGTH] * (self.norms == "multiply")
        (n,) = database.execute("SELECT COUNT(*) FROM magnitude").fetchone()
        n = n if options.limit is None else min(n, options.limit)
        wanted = as_keep(options.keep)
        words: list[str] = []
        matrix = np.empty((n, dim), np.float32)  # where nothing is written, nothing is taken
        query = f"SELECT key, {', '.join(names)} FROM magnitude ORDER BY rowid LIMIT {n}"
        rows = database.execute(query)
        while some := rows.fetchmany(ROWS_AT_ONCE):
            kept = [row for row in some if wanted is None or row[0] in wanted]
            if not all(isinstance(row[0], str) for row in some):
                raise wrong(source.name, "words that are strings", "others")
            block = np.array([row[1:] for row in kept], np.float64).reshape(len(kept), len(names))
            vectors = block[:, :dim] / 10.0**precision
            if self.norms == "multiply":
                vectors *= block[:, dim:]
            with np.errstate(over="ignore"):
                matrix[len(words) : len(words) + len(kept)] = vectors
            words += [row[0] for row in kept]
        matrix = matrix if len(words) == n else matrix[: len(words)].copy()
        tokens = packed_tokens(words, source.name)
        details: dict[str, Any] = {
            "precision": precision,
            "norms": self.norms if has_length else "none",
        }
        return table_of(source, options, self, tokens, matrix.__getitem__, read=n, **details)

    def write(self, table: Table, file: IO[bytes]) -> None:
        raise refuse_write(self.name)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator["Connection"]:
    """The database, in a way in which it can neither be changed nor do anything."""
    import sqlite3

    address = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    with contextlib.closing(sqlite3.connect(address, uri=True)) as database:
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_ROW)
        database.execute("PRAGMA trusted_schema = OFF")
        database.execute("PRAGMA cell_size_check = ON")
        yield database


def _columns(database: "Connection", name: str) -> tuple[int, bool]:
    """How many numbers a row has, and whether the length of the vector stands behind them."""
    for table in ("magnitude", "magnitude_format"):
        found = database.execute(
            "SELECT sql FROM sqlite_master WHERE name = ?", (table,)
        ).fetchall()
        text = str(found[0][0]).upper().split() if found else []
        if text[:2] != ["CREATE", "TABLE"]:
            raise wrong(name, f"a table {table!r}", "none")
    columns = database.execute("PRAGMA table_xinfo(magnitude)").fetchall()
    names = [str(column[1]) for column in columns if column[6] == 0]  # stored, not computed
    dim = sum(column.startswith(NUMBER) for column in names)
    if "key" not in names or not dim or not {f"{NUMBER}{i}" for i in range(dim)} <= {*names}:
        raise wrong(name, "columns key, dim_0, dim_1, ...", f"{', '.join(names):.100}")
    return dim, LENGTH in names


def _said(database: "Connection", key: str) -> Any:
    """What the database says of its format; None if it says nothing of this."""
    query = "SELECT value FROM magnitude_format WHERE key = ? LIMIT 1"
    found = database.execute(query, (key,)).fetchone()
    return found and found[0]
