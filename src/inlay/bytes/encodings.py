"""How bytes become text; and of those that do not, what they are, and what to write instead."""

import codecs
import re
from collections.abc import Callable
from os import PathLike
from typing import Any, NamedTuple, Self

from inlay.checks import choice, described
from inlay.errors import ArgumentError, ArgumentTypeError, FormatError

BOM = b"\xef\xbb\xbf"
MARK = "\ufeff"  # the same, decoded
# Others (surrogateescape) make strings that cannot be written back.
ERRORS = ("strict", "replace", "ignore", "backslashreplace")
SHOWN = 20  # characters
FEW = 16  # bytes beyond ASCII, which may be damage
BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
# What people call them that Python does not.
CALLED = {"kor": "cp949", "korean": "cp949", "chinese": "gb18030", "chs": "gb18030"}
CALLED |= {"cht": "big5", "japanese": "shift_jis", "jpn": "shift_jis", "ansi": "cp1252"}
CALLED |= {"western": "cp1252", "windows": "cp1252", "russian": "cp1251", "unicode": "utf-8"}


def as_argument(option: str, value: str) -> str:
    """How a function is told about an encoding."""
    return f"{option}={value!r}"


def as_encoding(option: str, value: str) -> str:
    """The same for a function that has `encoding=` and no `errors=`."""
    return as_argument(option, value) if option == "encoding" else ""


class Encoding(NamedTuple):
    """How bytes become text, and what to say of those that do not.

    Attributes:
        name: One of Python's encodings.
        errors: What to do about other bytes: as in `bytes.decode`.
        saying: How the user says `encoding` or `errors` to whoever reads; None if there is no way.
    """

    name: str = "utf-8"
    errors: str = "strict"
    saying: Callable[[str, str], str] | None = None

    @classmethod
    def given(cls, name: Any, errors: Any = "strict", *, lines: bool = True) -> Self:
        """The encoding that the arguments `encoding=` and `errors=` of a function name.

        Args:
            name: What `encoding` is.
            errors: What `errors` is.
            lines: Whether text is read line by line, so that a line feed has to be one byte.

        Raises:
            ArgumentError: No encoding of text that Python knows, with those of like names.
            ArgumentTypeError: No string.
        """
        choice("errors", errors, ERRORS)
        return cls(known_encoding(name, lines=lines), errors, as_argument)

    @classmethod
    def of_lines(cls, name: Any, source: Any) -> Self:
        """The encoding that `encoding=` names, of a function without `errors=`.

        Args:
            name: What `encoding` is.
            source: The path of a file of lines; or texts, which have no encoding.

        Raises:
            ArgumentError: As `known_encoding`; or one that would have no effect on texts.
            ArgumentTypeError: No string.
        """
        known = known_encoding(name)
        if known != "utf-8" and not isinstance(source, str | PathLike):
            expected = "none, for texts are decoded already"
            raise ArgumentError("encoding", expected=expected, got=repr(name))
        return cls(known, saying=as_encoding)

    def decode(self, raw: bytes, where: str) -> str:
        """The bytes of a whole file as text, without its byte order mark.

        Args:
            raw: The bytes.
            where: The file, for the message.

        Raises:
            FormatError: Bytes in another encoding.
        """
        try:
            return raw.decode(self.name, self.errors).removeprefix(MARK)
        except UnicodeDecodeError as error:
            raise self.refused(f"{where}, byte {error.start}", error) from None

    def refused(self, where: str, error: UnicodeDecodeError, more: bytes = b"") -> FormatError:
        """The error for text in another encoding; it says in which, if that can be told.

        Args:
            where: File and line.
            error: What Python said of the bytes.
            more: What comes behind them, which may tell the encoding if they do not.
        """
        from inlay.bytes.guess import likely_encodings

        raw, got = error.object, f"the byte 0x{error.object[error.start]:02x}"
        expected, replace = f"text in {self.name.upper()}", self._said("errors", "replace")
        names = likely_encodings(raw + more[: more.rfind(b"\n") + 1])
        if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
            hint = "convert it first: iconv -f UTF-16 -t UTF-8, or save it as UTF-8"
        elif self.name == "utf-8" and _is_utf8(more):
            expected += ", as in the lines that follow"
            got += f" in {_around(error)!r}"
            hint = replace or "mend this line"
        elif names:
            got += f", in what is valid in {' or '.join(names)}: {_beginning(error, names[0])!r}"
            if self.saying:
                hint = " or ".join(self.saying("encoding", name) for name in names)
                if replace and len(BEYOND_ASCII.findall(raw + more)) < FEW:
                    hint += f"; {replace} if the file is damaged"
            else:
                hint = f"convert it first: iconv -f {names[0]} -t utf-8"
        elif self.saying:
            known = self.saying("encoding", "cp949")
            hint = f"the encoding that it was written in, such as {known} for Korean"
            hint += f"; or {replace}" if replace else ""
            got += f" in {_around(error)!r}"
        else:
            got += f" in {_around(error)!r}"
            hint = "convert it to UTF-8 first, from the encoding that it was written in"
        return FormatError(where, expected=expected, got=got, hint=hint)

    def _said(self, option: str, value: str) -> str:
        return self.saying(option, value) if self.saying else ""


UTF8 = Encoding()


def known_encoding(name: Any, *, lines: bool = True) -> str:
    """The name of an encoding of text, as the argument `encoding=` of a function.

    Raises:
        ArgumentError: None that Python knows; or a line feed has two bytes in it, and `lines`.
        ArgumentTypeError: No string.
    """
    if not isinstance(name, str):
        raise ArgumentTypeError("encoding", expected="a name", got=described(name))
    try:
        found = codecs.lookup(name)
        line_feed = b"\n".decode(name, "ignore")
    except (LookupError, ValueError):  # unknown, or none of text
        expected, near = "an encoding of text that Python knows", _like(name)
        hint = " or ".join(as_argument("encoding", known) for known in near)
        raise ArgumentError("encoding", expected=expected, got=repr(name), hint=hint) from None
    if line_feed != "\n" and lines:
        raise ArgumentError(
            "encoding",
            expected="one whose line feed is one byte",
            got=repr(name),
            hint=f"convert it first: iconv -f {name.upper()} -t UTF-8, or save it as UTF-8",
        )
    return found.name


def _like(name: str) -> list[str]:
    """Encodings with a name like this one."""
    import difflib
    from encodings.aliases import aliases

    plain = name.lower().replace("-", "_")
    if plain in CALLED:
        return [CALLED[plain]]
    texts = {alias: to for alias, to in aliases.items() if not to.endswith("_codec")}
    texts |= {to: to for to in texts.values()}
    close = difflib.get_close_matches(plain, texts, 3)
    return list(dict.fromkeys(texts[alias] for alias in close))


def _is_utf8(more: bytes) -> bool:
    """Whether whole lines of these are UTF-8, and not for want of anything else."""
    whole = more[: more.rfind(b"\n") + 1]
    try:
        whole.decode()
    except UnicodeDecodeError:
        return False
    return not whole.isascii()


def _around(error: UnicodeDecodeError) -> bytes:
    """The byte that was refused, and those of its line beside it."""
    before, behind = error.object[: error.start], error.object[error.start :]
    return before[-SHOWN:].rpartition(b"\n")[2] + behind[:SHOWN].partition(b"\n")[0]


def _beginning(error: UnicodeDecodeError, name: str) -> str:
    """What the bytes that were refused are in another encoding."""
    start = error.object.rfind(b"\n", 0, error.start) + 1
    text = error.object[start : start + 1000].decode(name, "replace").split("\n")[0]
    first = next((at for at, char in enumerate(text) if char > "\x7f"), 0)
    first = max(first - SHOWN // 2, 0)
    return text[first : first + SHOWN].strip()
