"""Words of Thai, Lao, Khmer and Burmese (and of any other script), by ICU."""

from typing import Any

from inlay.optional import require
from inlay.tokenizers.protocol import Named


class Icu(Named):
    """Words between ICU's word boundaries, without white space: dictionaries for Thai, Lao,
    Khmer, Burmese, Chinese and Japanese, the rules of Unicode for the rest.
    """

    name = "icu"

    def open(self) -> "Icu":
        """Make sure that the library is there."""
        _breaker()
        return self

    def _split(self, text: str) -> list[str]:
        # The script of the text chooses the dictionary, whatever the language.
        return [word for word in _breaker()(text, "en") if not word.isspace()]


def _breaker() -> Any:
    library = require("icu4py.breakers", extra="icu", need="splitting Thai and the like into words")
    return library.WordBreaker
