"""Hangul spelled in its letters, so that n-grams of characters are n-grams of jamo."""

import re
import unicodedata
from functools import cache

# The code point before the first final consonant, which stands for none.
NO_FINAL = "\u11a7"
FIRST, LAST, FINALS = 0xAC00, 0xD7A3, 28
HANGUL = re.compile("[\uac00-\ud7a3\u1100-\u11ff]")


def in_jamo(word: str) -> str:
    """A word with each syllable of Hangul as three jamo; all else stays as it is.

    A syllable without a final consonant has a sign for none in its place, so that every syllable
    is three characters and an n-gram says where in a syllable it is.

    Args:
        word: Any word; its syllables may be composed (NFC) or not (NFD).

    Examples:
        >>> [f"{ord(jamo):x}" for jamo in in_jamo("나무a")]
        ['1102', '1161', '11a7', '1106', '116e', '11a7', '61']

    Source: Park et al. 2018, "Subword-level Word Vector Representations for Korean", section 3.1.
    """
    if not HANGUL.search(word):
        return word
    return unicodedata.normalize("NFC", word).translate(_spelled())


@cache
def _spelled() -> dict[int, str]:
    """Each syllable in its three jamo."""
    return {
        code: unicodedata.normalize("NFD", chr(code))
        + (NO_FINAL if (code - FIRST) % FINALS == 0 else "")
        for code in range(FIRST, LAST + 1)
    }
