"""Japanese words, by MeCab through fugashi."""

from functools import cache
from typing import Any

from inlay.optional import require
from inlay.tokenizers.protocol import Named


class Mecab(Named):
    """Words of Japanese as MeCab finds them with the dictionary UniDic Lite, as they stand."""

    name = "mecab"

    def open(self) -> "Mecab":
        """Make sure that the library and its dictionary are there."""
        _libraries()
        return self

    def _split(self, text: str) -> list[str]:
        # MeCab takes a NUL for the end of the text.
        parts = text.split("\0") if "\0" in text else [text]
        return [word.surface for part in parts for word in _tagger()(part)]


def _libraries() -> tuple[Any, Any]:
    need = "splitting Japanese into words"
    fugashi = require("fugashi", extra="mecab", need=need)
    return fugashi, require("unidic_lite", extra="mecab", need=need)


@cache
def _tagger() -> Any:
    fugashi, dictionary = _libraries()
    # As fugashi would find it by itself, but for other dictionaries that are installed.
    folder = dictionary.DICDIR
    return fugashi.Tagger(f'-r "{folder}/mecabrc" -d "{folder}"')
