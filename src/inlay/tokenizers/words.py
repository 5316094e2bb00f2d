"""Words by Unicode: a default that is safe for any script, and two plain companions."""

import re
import unicodedata
from functools import cache

from inlay.checks import described
from inlay.errors import ArgumentTypeError

# A word: letters, digits, underscores; an apostrophe stays inside (don't, l’eau). Any other
# visible character is a token by itself, but for emoji that are written as several.
_ASCII = re.compile(r"\w+(?:'\w+)*|[^\w\s]")


_OF_FASTTEXT = re.compile(r"[^ \n\r\t\v\f\0]+")


def words(text: str) -> list[str]:
    r"""Split into words and single punctuation marks; case stays as it is.

    A word is a run of letters, digits and underscores of any script with the combining marks
    that belong to them (Python's `\w` alone cuts Hindi, Thai or decomposed accents apart),
    joined by inner apostrophes and zero-width joiners. Emoji of several characters (flags,
    families, skin tones, keycaps) are one token. Scripts without spaces (Chinese, Japanese,
    Thai) come out as one word per run: give `"characters"` or a segmenter of theirs instead.

    Examples:
        >>> words("Don't panic: naïve café, हिन्दी!")
        ["Don't", 'panic', ':', 'naïve', 'café', ',', 'हिन्दी', '!']
    """
    if not isinstance(text, str):
        raise ArgumentTypeError("words", expected="a text, as one string", got=described(text))
    return (_ASCII if text.isascii() else _unicode_pattern()).findall(text)


def lower(text: str) -> list[str]:
    """`words` of the lower-cased text: for vectors of uncased corpora such as GloVe 6B.

    Examples:
        >>> lower("A GOOD Film")
        ['a', 'good', 'film']
    """
    return words(text.lower())


def split(text: str) -> list[str]:
    """Split at white space: for text that is tokenised already.

    Examples:
        >>> split("a good film .")
        ['a', 'good', 'film', '.']
    """
    return text.split()


def fasttext(text: str) -> list[str]:
    r"""Split where fastText does: at ASCII's white space and NUL, and at no other space.

    Examples:
        >>> fasttext("a good\u3000film")
        ['a', 'good\u3000film']
    """
    return _OF_FASTTEXT.findall(text)


@cache
def _unicode_pattern() -> re.Pattern[str]:
    """Compiled on the first text beyond ASCII, in 20 ms."""
    return re.compile(unicode_pattern())


def unicode_pattern() -> str:
    """The pattern of a word or a symbol, in any script."""
    word = rf"\w+(?:(?:{_mark()}|[\u200c\u200d])\w*)*"
    return rf"{word}(?:['’]{word})*|{_symbol()}"


def cluster_pattern() -> str:
    """A pattern of one character as a reader sees it: Unicode's grapheme clusters, nearly.

    Letters of Indic scripts that a virama ties together stay apart, as do Hangul's old letters
    beyond the two blocks of Jamo.
    """
    jamo = "[\u1100-\u115f]*(?:[\uac00-\ud7a3]|[\u1160-\u11a7])[\u1160-\u11a7]*[\u11a8-\u11ff]*"
    letter = rf"(?:{jamo}|\w)(?:{_mark()}|[\u200c\u200d\u0e33\u0eb3])*"
    return rf"{letter}|{_symbol()}"


def _symbol() -> str:
    """A visible character that is no letter, with the marks on it; sequences of emoji as one."""
    more = rf"(?:{_mark()}|[\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f])*"
    flag = "[\U0001f1e6-\U0001f1ff]{2}"
    return rf"{flag}|[^\w\s]{more}(?:\u200d[^\w\s]{more})*"


def sequence_pattern() -> str:
    """A pattern of a symbol that is written as several characters: a flag, a red heart, a key."""
    flag, joined = "[\U0001f1e6-\U0001f1ff]{2}", "\u200d\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f"
    first = rf"[^\w\s](?:{_mark()}|[{joined}])|{flag}"
    return rf"(?={first})(?:{_symbol()})|[0-9#*]\ufe0f?\u20e3"


@cache
def _mark() -> str:
    """A combining mark or a variation selector."""
    # `re` searches a set of BMP characters by table but one with others range by range, so
    # those stand apart, behind a look-ahead that is rarely true.
    near = f"[{_marks(0x300, 0x10000)}]"
    far = rf"(?=[\U00010000-\U0010ffff])[{_marks(0x10000, 0x20000)}\U000e0100-\U000e01ef]"
    return f"(?:{near}|{far})"


def _marks(start: int, stop: int) -> str:
    """The combining marks of a range; beyond U+1FFFF there are only variation selectors."""
    return "".join(chr(c) for c in range(start, stop) if unicodedata.category(chr(c))[0] == "M")
