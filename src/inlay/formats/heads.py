"""What the first 256 KiB of a text say: whether it is a table, of which dimension, and why."""

import re
from collections import Counter
from functools import lru_cache
from typing import NamedTuple

from inlay.bytes.content import HEAD, Content, is_html
from inlay.bytes.encodings import BOM
from inlay.errors import FormatError
from inlay.formats.format_options import HeaderUse, TextFormat
from inlay.formats.line_rules import LineRules, numbers_in
from inlay.formats.strangers import CONTROLS, describe

SAMPLE = 100  # lines that the dimension is taken from

HEADER = re.compile(rb"[ \t]*(\d{1,18})[ \t]+(\d{1,9})[ \t]*\r?")


class TextHead(NamedTuple):
    """The first lines of a text file.

    Attributes:
        lines: Up to 101 whole lines, without line feeds; if there is none, what there is of one.
        header: `(rows, dim)` if the first line is two numbers and nothing else.
        rows: `lines` behind the header; if there is none, what there is of the first row.
        cut: Whether no row is there as a whole.
        skip: Bytes before the first row, if the header is one.
        bom: Bytes of the byte order mark.
    """

    lines: list[bytes]
    header: tuple[int, int] | None
    rows: list[bytes]
    cut: bool
    skip: int
    bom: int


def split_head(head: bytes) -> TextHead:
    """The first lines of anything."""
    bom = len(BOM) if head.startswith(BOM) else 0
    lines = head[bom:].split(b"\n", SAMPLE + 1)
    # The last piece is what was not split any more, or a line that the end of the head cuts.
    rest = lines.pop() if len(lines) > SAMPLE + 1 or len(head) >= HEAD else b""
    match = HEADER.fullmatch(lines[0]) if lines else None
    header = (int(match[1]), int(match[2])) if match else None
    rows = lines[1:] if header else lines
    lines = lines or [rest]
    skip = bom + len(lines[0]) + 1
    return TextHead(lines, header, rows or [rest], not rows and bool(rest), skip, bom)


@lru_cache(maxsize=1)  # several formats look at the same bytes, one after the other
def text_head(head: bytes) -> TextHead | None:
    """The first lines of text vectors, or None if this is no text, or no table of numbers."""
    found = split_head(head)
    if usual_dim(found.rows)[0] or not any(found.rows):
        return found
    # Floats as bytes have spaces and line feeds in them too, but hardly ever decimals. Behind a
    # header, though, all that there is to see may be the beginning of a long token.
    token = found.header and found.cut and not CONTROLS.search(head, found.skip)
    return found if token else None


def has_header(head: TextHead | None) -> bool:
    """Whether line 1 can be a header: two whole numbers that the rows do not contradict."""
    if head is None or head.header is None:
        return False
    usual, _ = usual_dim(head.lines[1:])
    # Rows of one number contradict any other dimension: then line 1 is such a row itself.
    return usual != 1 or head.header[1] == 1


def usual_dim(lines: list[bytes]) -> tuple[int, Counter[int]]:
    """The dimension that most lines have, and how many have which."""
    counts = Counter(numbers_in(line) for line in lines if line.strip())
    return (counts.most_common(1)[0][0] if counts else 0), counts


def checked_head(source: Content, format: TextFormat, *, header: bool) -> TextHead:
    """The first lines of what is to be read as text vectors.

    Raises:
        FormatError: An empty file, a web page, no text, or no header where one belongs.
    """
    head = split_head(source.head)
    if not source.head[head.bom :].strip():
        hint = "download it again"
        raise FormatError(source.name, expected="rows of vectors", got="an empty file", hint=hint)
    # `<html>` may be a token: with the dimension said, the line tells.
    if is_html(source.head) and not (format.dim and numbers_in(head.lines[0]) >= format.dim):
        raise FormatError(
            source.name,
            expected="rows of vectors",
            got="an HTML page",
            hint="download it again: the address gave a web page, not the file",
        )
    if format.dim is None and text_head(source.head) is None:
        first = source.head.split(b"\n", 1)[0][:60]
        binary = b"\0" in source.head[:4096]
        _, way = describe(source.head, source.inner)
        raise FormatError(
            f"{source.name}, line 1",
            expected="a token and numbers, as text",
            got="binary data" if binary else repr(first.decode(errors="replace")),
            hint="leave format= out: the content says what it is" if binary else way,
        )
    if header and head.header is None:
        raise FormatError(
            f"{source.name}, line 1",
            expected="a header of two whole numbers: rows and dimension",
            got=repr(head.lines[0][:60].decode(errors="replace")),
            hint="format='glove' for a file without a header",
        )
    return head


def line_rules(
    name: str, head: TextHead, format: TextFormat, header: HeaderUse | None
) -> LineRules:
    """Find out the dimension, and why it is believed.

    Args:
        name: The file's, for messages.
        head: Its first lines.
        format: May say the dimension.
        header: Whether what the header says is held against the rows; None if the format has none.
    """
    said = head.header[1] if header and head.header else None
    if format.dim is not None:
        if header == "check" and said != format.dim:
            raise FormatError(
                f"{name}, line 1",
                expected=f"dimension {format.dim}, as dim= says",
                got=str(said),
                hint=f"leave dim= out, or {format.saying('header', 'ignore')}",
            )
        return LineRules(name, format.dim, f"dim={format.dim}", format)
    usual, counts = usual_dim([] if head.cut else head.lines[1:] if header else head.lines)
    if said == 0 and header == "check" and not usual:
        raise FormatError(
            f"{name}, line 1",
            expected="a header that says dimension 1 or more",
            got="0",
            hint="format=Glove(dim=1) if line 1 is a row",
        )
    if said is not None and header == "check":
        if counts and counts[said] < counts[usual]:
            raise FormatError(
                f"{name}, line 1",
                expected=f"a header that says dimension {usual}, as the rows have",
                got=str(said),
                hint=f"{format.saying('header', 'ignore')} to believe the rows",
            )
        return LineRules(name, said, "as line 1 says", format)
    if head.cut and said is None:
        raise FormatError(
            f"{name}, line 1",
            expected=f"a first line of at most {HEAD:,} bytes, which says the dimension",
            got="a longer one",
            hint=f"{format.saying('dim')} with the number of numbers in a line",
        )
    dim = usual or said or 0
    if dim == 0:
        raise FormatError(name, expected="rows of a token and numbers", got="no rows")
    first_row = head.lines[1:2] if header else head.lines[:1]
    line = "line 2" if header else "line 1"
    first = usual_dim(first_row)[0] == dim
    because = f"as in {line}" if first else f"as in most of the first {counts.total()} rows"
    return LineRules(name, dim, because, format)


def check_count(name: str, head: TextHead, rows: int, format: TextFormat) -> None:
    """Raise `FormatError` if there are not as many rows as the header says."""
    if head.header is not None and head.header[0] != rows:
        raise FormatError(
            name,
            expected=f"{head.header[0]} rows, as line 1 says",
            got=str(rows),
            hint="download it again if rows are missing, or "
            f"{format.saying('header', 'ignore')} to take what is there",
        )
