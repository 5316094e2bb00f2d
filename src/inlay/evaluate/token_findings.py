"""What may be wrong with the tokens of a table."""

import re
import unicodedata
from collections.abc import Iterator

import numpy as np

from inlay.aliases import Array
from inlay.checks import shown
from inlay.core import Table
from inlay.evaluate.findings import EXAMPLES, Finding, found

# What a byte may be that is worth a look, as bits: by it, Python sees few tokens of most tables.
SPACE, CONTROL, BEYOND_ASCII = np.uint8(1), np.uint8(2), np.uint8(4)
CLASSES = np.zeros(256, np.uint8)
CLASSES[:0x20] = CLASSES[0x7F] = CONTROL
CLASSES[0x20] = SPACE
CLASSES[0x80:] = BEYOND_ASCII
# Spaces of other kinds; control characters beyond ASCII; what cannot be seen and changes a token.
# A joiner within a token is part of how some scripts and emoji are written.
SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")
CONTROLS = re.compile("[\u0080-\u009f]")
INVISIBLE = re.compile(
    "[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
    "|^[\u200c\u200d]|[\u200c\u200d]$"
)
LEADING = re.compile("[\u00c2-\u00f4]")  # how the first byte of a character looks in Latin-1
# All of these, and what is no UTF-8: tokens without any, and in NFKC, are as they should be.
ODD = re.compile(
    "[\u0080-\u00a0\u00ad\u00c2-\u00f4\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2069\u3000"
    "\udc80-\udcff\ufeff]"
)
TOGETHER = 32  # tokens
# Where UTF-8 of Chinese or Korean is read in these, two characters of three bytes become three of
# two, which are Han too, but hardly ever a word: what they were is Han, or Hangul, throughout.
EAST_ASIAN = ("gb18030", "cp949")
HAN = re.compile("[\u4e00-\u9fff]")
READ_SO = re.compile(
    rb"^(?:(?:[\xe4-\xe9][\x80-\xbf]{2}){2,}"
    rb"|(?:(?:\xea[\xb0-\xbf]|[\xeb\xec][\x80-\xbf]|\xed[\x80-\x9e])[\x80-\xbf]){2,})$",
    re.MULTILINE,
)


def token_findings(table: Table) -> list[Finding]:
    """Duplicates, spellings that look the same, and characters that hardly anybody can mean.

    ASCII is looked at as bytes. Beyond it Python looks at some tokens together, for half a
    microsecond each, and for three at each of them if anything is odd.

    Raises:
        FormatError: The tokens are damaged.
    """
    from inlay.kernels.examine import mark_tokens

    tokens = table.tokens
    tokens.check()
    first = tokens.first_rows()
    twice = np.flatnonzero(first != np.arange(len(tokens)))
    blob, offsets = np.asarray(tokens.blob), np.asarray(tokens.offsets)
    marks = np.empty(len(tokens), np.uint8)
    mark_tokens(blob, offsets, CLASSES, marks)
    rows = _odd(blob.tobytes(), offsets, np.flatnonzero(marks & BEYOND_ASCII))
    spaces, controls = (marks & SPACE).astype(bool), (marks & CONTROL).astype(bool)
    invisible, mojibake, mended = [], [], []
    canonical: dict[int, str] = {}
    compatible: dict[int, str] = {}
    for row in rows:
        token = tokens[row]
        spaces[row] |= SPACES.search(token) is not None
        controls[row] |= CONTROLS.search(token) is not None
        if INVISIBLE.search(token):
            invisible.append(row)
        if (text := repaired(token)) is not None:
            mojibake.append(row)
            mended.append(text)
        if not unicodedata.is_normalized("NFKC", token):
            nfc = unicodedata.normalize("NFC", token)
            if nfc != token:
                canonical[row] = nfc
            else:
                compatible[row] = unicodedata.normalize("NFKC", token)
    share = f"{len(mojibake) / max(len(tokens), 1):.2%} of all tokens"
    notes = [f"may have been {shown(text)}" for text in mended[:EXAMPLES]]
    return [
        *found(
            table,
            "duplicates",
            "tokens that are there more than once",
            twice,
            "keep the first of each; a look-up never finds the others",
            [f"also row {first[row]}" for row in twice[:EXAMPLES]],
        ),
        *_same(table, "normalisation", "NFC", canonical),
        *_same(table, "compatibility", "NFKC", compatible),
        *found(
            table,
            "mojibake",
            f"tokens that look like UTF-8 read as another encoding ({share})",
            mojibake,
            "take the vectors from a source that has not been decoded twice; texts in correct "
            "UTF-8 will not find these tokens",
            notes,
        ),
        *found(
            table,
            "empty",
            "empty tokens",
            np.flatnonzero(np.diff(offsets) == 0),
            "leave them out; no tokenizer makes them",
        ),
        *found(
            table,
            "spaces",
            "tokens with spaces in them",
            np.flatnonzero(spaces),
            "look at the lines that they come from; if they are phrases, use a tokenizer that "
            "makes the same phrases",
        ),
        *found(
            table,
            "control",
            "tokens with control characters",
            np.flatnonzero(controls),
            "leave them out; they come from damaged text",
        ),
        *found(
            table,
            "invisible",
            "tokens with characters that cannot be seen",
            invisible,
            "remove these characters from your texts too, or leave the tokens out",
        ),
    ]


def repaired(token: str) -> str | None:
    """The text of which a token is the UTF-8, decoded in another encoding; else None.

    Windows-1252 leaves five bytes out, for which most programs take the characters of Latin-1.

    Examples:
        >>> repaired("cafÃ©"), repaired("café"), repaired("鐢靛奖"), repaired("电影")
        ('café', None, '电影', None)
    """
    for raw in _east_asian(token):
        if READ_SO.search(raw):
            return _decoded(raw)
    if not LEADING.search(token):
        return None
    try:
        single = [char.encode("latin-1" if char <= "\xff" else "cp1252") for char in token]
    except UnicodeEncodeError:
        return None
    return _decoded(b"".join(single))


def _decoded(raw: bytes) -> str | None:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return None


def _east_asian(text: str) -> Iterator[bytes]:
    """The bytes that were read as this text, if they were in an encoding of East Asia."""
    if HAN.search(text):
        for encoding in EAST_ASIAN:
            yield text.encode(encoding, "replace")


def _odd(blob: bytes, offsets: Array, rows: Array) -> Iterator[int]:
    """The rows, of these, of tokens that need a look of their own, and some of their neighbours."""
    starts, stops = offsets[rows].tolist(), offsets[rows + 1].tolist()
    for at in range(0, len(rows), TOGETHER):
        some = slice(at, at + TOGETHER)
        raw = [blob[start:stop] for start, stop in zip(starts[some], stops[some], strict=True)]
        text = b"\n".join(raw).decode(errors="surrogateescape")
        is_odd = ODD.search(text) or not unicodedata.is_normalized("NFKC", text)
        if is_odd or any(map(READ_SO.search, _east_asian(text))):
            yield from rows[some].tolist()


def _same(table: Table, kind: str, form: str, forms: dict[int, str]) -> list[Finding]:
    """Of tokens with another normal form, those of which that form, or one like it, is there."""
    known = table.tokens.find_many(list(forms.values()))
    partners: dict[int, int] = {}
    seen: dict[str, int] = {}
    for (row, text), other in zip(forms.items(), known.tolist(), strict=True):
        other = other if other >= 0 else seen.setdefault(text, row)
        if other != row:
            partners[row] = other
    notes = [
        f"looks like row {other}, {shown(table.tokens[other])}"
        for other in list(partners.values())[:EXAMPLES]
    ]
    alone = [row for row in forms if row not in partners] if form == "NFC" else []
    return [
        *found(
            table,
            kind,
            f"tokens that differ from another only until both are in {form}",
            list(partners),
            f"bring your texts into {form}, and know that the vectors of the two are not the same",
            notes,
        ),
        *found(
            table,
            "decomposed",
            "tokens that are not in NFC, the usual form",
            alone,
            "bring the tokens into NFC; words typed on most keyboards will not find them",
        ),
    ]
