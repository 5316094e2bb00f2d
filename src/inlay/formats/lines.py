"""A line of text vectors by the book: what the parsing kernel leaves to Python.

The rules are those of `inlay.kernels.parse`. The kernel is fast and says nothing; this says
exactly what a line holds, or exactly what is wrong with it.
"""

import re
from collections import Counter
from dataclasses import dataclass

import numpy as np

from inlay.aliases import Array
from inlay.bytes.content import HEAD
from inlay.errors import FormatError

BOM = b"\xef\xbb\xbf"
SAMPLE = 100  # lines that the dimension is taken from

FIELD = re.compile(rb"[^ \t]+")
NUMBER = re.compile(rb"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|nan|inf|infinity)", re.IGNORECASE)
DECIMAL = re.compile(rb"[+-]?\d*\.\d+(?:[eE][+-]?\d+)?")
HEADER = re.compile(rb"[ \t]*(\d{1,18})[ \t]+(\d{1,9})[ \t]*\r?")


@dataclass(frozen=True)
class TextHead:
    """The first lines of a text file.

    Attributes:
        lines: Up to 101 whole lines, without line feeds.
        header: `(rows, dim)` if the first line is two numbers and nothing else.
        skip: Bytes before the first row, if the header is one.
        bom: Bytes of the byte order mark.
    """

    lines: list[bytes]
    header: tuple[int, int] | None
    skip: int
    bom: int


def text_head(head: bytes) -> TextHead | None:
    """The first lines of text vectors, or None if this is no text, or no table of numbers."""
    bom = len(BOM) if head.startswith(BOM) else 0
    lines = head[bom:].split(b"\n", SAMPLE + 1)
    # The last piece is what was not split any more, or a line that the end of the head cuts.
    rest = lines.pop() if len(lines) > SAMPLE + 1 or len(head) >= HEAD else b""
    lines = lines or [rest]
    match = HEADER.fullmatch(lines[0])
    header = (int(match[1]), int(match[2])) if match else None
    rows = (lines[1:] if header else lines) or [rest]
    # Floats as bytes have spaces and line feeds in them too, but hardly ever decimals.
    if any(rows) and not usual_dim(rows)[0]:
        return None
    return TextHead(lines, header, bom + len(lines[0]) + 1, bom)


def numbers_in(line: bytes) -> int:
    """How many fields at the end of a line are numbers; the first field never counts."""
    fields = FIELD.findall(line.rstrip(b"\r"))
    n = 0
    for field in reversed(fields[1:]):
        if not NUMBER.fullmatch(field):
            break
        n += 1
    return n


def holds_row(token: bytes, dim: int) -> bool:
    """Whether a token with spaces is not one: it ends with a vector, or has three decimals."""
    fields = FIELD.findall(token)[1:]
    if len(fields) >= dim and all(map(NUMBER.fullmatch, fields[-dim:])):
        return True
    return sum(map(bool, map(DECIMAL.fullmatch, fields))) > 2


def usual_dim(lines: list[bytes]) -> tuple[int, Counter[int]]:
    """The dimension that most lines have, and how many have which."""
    counts = Counter(numbers_in(line) for line in lines if line.strip())
    return (counts.most_common(1)[0][0] if counts else 0), counts


@dataclass(frozen=True)
class LineRules:
    """What every line of one file is held against.

    Attributes:
        name: The file's, for messages.
        dim: Numbers in a row.
        because: Why so many: `"as in line 1"`.
        finite: Whether NaN and infinity are errors.
    """

    name: str
    dim: int
    because: str
    finite: bool

    def parse(self, line: bytes, number: int) -> tuple[int, Array]:
        """Read a line that has no separators at its end.

        Returns:
            Where the token ends, and the vector, float32 `(dim,)`.

        Raises:
            FormatError: Not a token and `dim` numbers; or one that is not finite.
        """
        fields = list(FIELD.finditer(line))
        if len(fields) < self.dim + (line[:1] not in (b" ", b"\t")):
            raise self.error(number, f"{max(len(fields) - 1, 0)}" if fields else "an empty line")
        vector = fields[-self.dim :]
        for place, field in enumerate(vector, 1):
            if not NUMBER.fullmatch(field[0]):
                got = f"{field[0][:40].decode(errors='replace')!r} where number {place} belongs"
                raise self.error(number, got)
        end = len(line[: vector[0].start()].rstrip(b" \t"))
        with np.errstate(over="ignore"):
            row = np.array([float(field[0]) for field in vector]).astype(np.float32)
        if self.finite and not np.isfinite(row).all():
            place = int((~np.isfinite(row)).argmax())
            token = line[:end].decode(errors="replace")
            text = vector[place][0].decode()
            raise not_finite(f"{self.name}, line {number}", token, place, text)
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

    def error(self, number: int, got: str) -> FormatError:
        return FormatError(
            f"{self.name}, line {number}",
            expected=f"a token and {self.dim} numbers ({self.because})",
            got=got,
            hint="download it again; a cut-off file looks like this",
        )


def not_finite(where: str, token: str, place: int, text: str) -> FormatError:
    """The error of a NaN, an infinity, or a number beyond float32."""
    return FormatError(
        where,
        expected="finite float32 numbers",
        got=f"{text} as number {place + 1} of {token!r}",
        hint="nonfinite='keep' to read them as they are",
    )
