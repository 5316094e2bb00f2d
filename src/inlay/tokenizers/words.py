"""Words by Unicode: a default that is safe for any script, and two plain companions."""

import re
import unicodedata
from functools import cache

from inlay.checks import described
from inlay.errors import ArgumentTypeError

# A word: letters, digits, underscores; an apostrophe stays inside (don't, l’eau). Any other
# visible character is a token by itself.
_ASCII = re.compile(r"\w+(?:'\w+)*|[^\w\s]")


def words(text: str) -> list[str]:
    r"""Split into words and single punctuation marks; case stays as it is.

    A word is a run of letters, digits and underscores of any script with the combining marks
    that belong to them (Python's `\w` alone cuts Hindi, Thai or decomposed accents apart),
    joined by inner apostrophes and zero-width joiners. Scripts without spaces (Chinese,
    Japanese, Thai) come out as one word per run: give a segmenter of theirs instead.

    Example:
        >>> words("Don't panic: naïve café, हिन्दी!")
        ["Don't", 'panic', ':', 'naïve', 'café', ',', 'हिन्दी', '!']
    """
    if not isinstance(text, str):
        raise ArgumentTypeError("words", expected="a text, as one string", got=described(text))
    return (_ASCII if text.isascii() else _unicode_pattern()).findall(text)


def lower(text: str) -> list[str]:
    """`words` of the lower-cased text: for vectors of uncased corpora such as GloVe 6B.

    Example:
        >>> lower("A GOOD Film")
        ['a', 'good', 'film']
    """
    return words(text.lower())


def split(text: str) -> list[str]:
    """Split at white space: for text that is tokenised already.

    Example:
        >>> split("a good film .")
        ['a', 'good', 'film', '.']
    """
    return text.split()


@cache
def _unicode_pattern() -> re.Pattern[str]:
    """The pattern for text beyond ASCII; compiled on the first such text, in 20 ms."""
    # `re` searches a set of BMP characters by table but one with others range by range, so
    # those stand apart, behind a look-ahead that is rarely true.
    near = rf"[{_marks(0x300, 0x10000)}\u200c\u200d]"
    far = rf"(?=[\U00010000-\U0010ffff])[{_marks(0x10000, 0x20000)}\U000e0100-\U000e01ef]"
    mark = f"(?:{near}|{far})"
    word = rf"\w+(?:{mark}\w*)*"
    return re.compile(rf"{word}(?:['’]{word})*|[^\w\s]")


def _marks(start: int, stop: int) -> str:
    """The combining marks of a range; beyond U+1FFFF there are only variation selectors."""
    return "".join(chr(c) for c in range(start, stop) if unicodedata.category(chr(c))[0] == "M")
