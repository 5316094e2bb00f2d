"""Characters as a reader sees them, and n-grams of them."""

import re
from dataclasses import dataclass
from functools import cache

from inlay.checks import described
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.tokenizers.protocol import Named
from inlay.tokenizers.words import cluster_pattern, words

MOST = 20  # longer n-grams hardly ever come twice


def characters(text: str) -> list[str]:
    """Split into characters, without white space; case stays as it is.

    A character is what a reader sees as one (a grapheme cluster of Unicode): a letter with its
    accents, a syllable of Hangul however it is written, a flag, a family of emoji. Counted as
    code points these would fall into pieces that mean nothing. This is the usual token for
    Chinese without a segmenter, and needs no dictionary.

    Examples:
        >>> characters("房间很好 👍🏽")
        ['房', '间', '很', '好', '👍🏽']
    """
    if not isinstance(text, str):
        raise ArgumentTypeError("characters", expected="a text, as one string", got=described(text))
    if text.isascii():
        return list("".join(text.split()))
    return _pattern().findall(text)


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(cluster_pattern())


@dataclass(frozen=True)
class Ngrams(Named):
    """Overlapping runs of n characters within each word; a shorter word stays whole.

    They never cross white space or punctuation, as in Lucene's analyser of Chinese, Japanese
    and Korean, and have no padding: for a language without spaces a word is all that stands
    between two punctuation marks.

    Examples:
        >>> Ngrams(2)("房间很好! ok")
        ['房间', '间很', '很好', '!', 'ok']

    Source: McNamee and Mayfield 2004, Character n-gram tokenization for European language text
    retrieval; Nie et al. 2000, On the use of words and n-grams for Chinese information retrieval.
    """

    n: int
    is_local = True

    @classmethod
    def of(cls, argument: str) -> "Ngrams":
        """From what stands behind the colon of `ngrams:2`.

        Raises:
            ArgumentError: It is no number from 1 to 20.
        """
        if not re.fullmatch(r"[0-9]{1,2}", argument) or not 1 <= int(argument) <= MOST:
            expected = f"'ngrams:' and a number from 1 to {MOST}"
            raise ArgumentError("tokenizer", expected=expected, got=repr(f"ngrams:{argument}"))
        return cls(int(argument))

    @property
    def name(self) -> str:  # type: ignore[override]  # not to be set
        """`ngrams:2`."""
        return f"ngrams:{self.n}"

    def _split(self, text: str) -> list[str]:
        tokens: list[str] = []
        for word in words(text):
            parts: list[str] | str = word if word.isascii() else characters(word)
            last = max(1, len(parts) - self.n + 1)
            tokens += ["".join(parts[at : at + self.n]) for at in range(last)]
        return tokens
