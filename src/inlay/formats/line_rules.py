"""A line of text vectors by the book: what the parsing kernel leaves to Python.

The rules are those of `inlay.kernels.parse`. The kernel is fast and says nothing; this says
exactly what a line holds, or exactly what is wrong with it.
"""

import re
from typing import NamedTuple

import numpy as np

from inlay.aliases import Array
from inlay.bytes.damage import CUT_OFF
from inlay.errors import FormatError
from inlay.formats.format_options import NumbersFormat, TextFormat

NAMES_COLUMNS = "remove the first line, if it names the columns"

# A byte can be taken by one part of a pattern only: a field may be as long as the file.
FIELD = re.compile(rb"[^ \t]+")
NUMBER = re.compile(
    rb"[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?|nan|inf|infinity)", re.IGNORECASE
)
DECIMAL = re.compile(rb"[+-]?\d*\.\d+(?:[eE][+-]?\d+)?")


def numbers_in(line: bytes) -> int:
    """How many fields at the end of a line are numbers; the first field never counts."""
    line = line.rstrip(b"\r")
    end = line.rstrip(b" \t")
    last = max(end.rfind(b" "), end.rfind(b"\t")) + 1
    if not last or not NUMBER.fullmatch(end, last):
        return 0  # without a look at the others: binary data is sniffed too
    n = 0
    for field in reversed(FIELD.findall(line)[1:]):
        if not NUMBER.fullmatch(field):
            break
        n += 1
    return n


def found_in(line: bytes) -> str:
    """How many fields behind the first one, for an error about too few of them."""
    fields = len(FIELD.findall(line))
    return f"{fields - 1}" if fields else "an empty line"


def holds_row(token: bytes, dim: int) -> bool:
    """Whether a token with spaces is not one: it ends with a vector, or has three decimals."""
    fields = FIELD.findall(token)[1:]
    if len(fields) >= dim and all(map(NUMBER.fullmatch, fields[-dim:])):
        return True
    return sum(map(bool, map(DECIMAL.fullmatch, fields))) > 2


class LineRules(NamedTuple):
    """What every line of one file is held against.

    Attributes:
        name: The file's, for messages.
        dim: Numbers in a row.
        because: Why so many: `"as in line 1"`.
        format: Says whether NaN and infinity are errors.
    """

    name: str
    dim: int
    because: str
    format: TextFormat

    def parse(self, line: bytes, number: int) -> tuple[int, Array]:
        """Read a line that has no separators at its end.

        Returns:
            Where the token ends, and the vector, float32 `(dim,)`.

        Raises:
            FormatError: Not a token and `dim` numbers; or one that is not finite.
        """
        fields = list(FIELD.finditer(line))
        if len(fields) < self.dim + (line[:1] not in (b" ", b"\t")):
            raise self.error(number, found_in(line))
        vector = fields[-self.dim :]
        for place, field in enumerate(vector, 1):
            if not NUMBER.fullmatch(field[0]):
                got = f"{field[0][:40].decode(errors='replace')!r} where number {place} belongs"
                raise self.error(number, got, NAMES_COLUMNS if number == 1 else CUT_OFF)
        end = len(line[: vector[0].start()].rstrip(b" \t"))
        with np.errstate(over="ignore"):
            row = np.array([float(field[0]) for field in vector]).astype(np.float32)
        if self.format.nonfinite == "error" and not np.isfinite(row).all():
            place = int((~np.isfinite(row)).argmax())
            token = line[:end].decode(errors="replace")
            text = vector[place][0].decode()
            raise not_finite(f"{self.name}, line {number}", token, place, text, self.format)
        return end, row

    def check_spaced(self, token: bytes, number: int) -> None:
        """Refuse a "token" that holds most of a row: two rows without a line feed between."""
        if b"\r" in token:
            raise FormatError(
                f"{self.name}, line {number}",
                expected="lines that end in LF or CR LF",
                got=f"a lone CR in {token[:40]!r}",
                hint="tr '\\r' '\\n' < FILE",
            )
        if holds_row(token, self.dim):
            numbers = sum(map(bool, map(NUMBER.fullmatch, FIELD.findall(token)[1:])))
            raise self.error(number, f"{numbers + self.dim}")

    def error(self, number: int, got: str, hint: str = CUT_OFF) -> FormatError:
        return FormatError(
            f"{self.name}, line {number}",
            expected=f"a token and {self.dim} numbers ({self.because})",
            got=got,
            hint=hint,
        )


def not_finite(where: str, token: str, place: int, text: str, format: NumbersFormat) -> FormatError:
    """The error of a NaN, an infinity, or a number beyond float32."""
    return FormatError(
        where,
        expected="finite float32 numbers",
        got=f"{text} as number {place + 1} of {token!r}",
        hint=f"{format.saying('nonfinite', 'keep')} to read them as they are",
    )
