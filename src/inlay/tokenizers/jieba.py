"""Chinese words, by jieba."""

import re
import warnings
from collections.abc import Callable
from functools import cache

from inlay.optional import require
from inlay.tokenizers.protocol import Named
from inlay.tokenizers.words import sequence_pattern


class Jieba(Named):
    """Words of Chinese as jieba finds them with its own dictionary, without white space.

    It would take emoji of several characters apart; here they are one token.

    Words that a program adds by `jieba.add_word` are not seen, for the same name has to give the
    same tokens in every process: with a dictionary of your own, give a function.
    """

    name = "jieba"

    def open(self) -> "Jieba":
        """Make sure that the library is there; its dictionary is read at the first text."""
        _library()
        return self

    def _split(self, text: str) -> list[str]:
        tokens: list[str] = []
        for i, part in enumerate(_sequences().split(text)):  # every second is one
            tokens += [part] if i % 2 else [word for word in _cut()(part) if not word.isspace()]
        return tokens


def _library() -> type:
    with warnings.catch_warnings():  # its source is older than today's Python
        warnings.simplefilter("ignore")
        jieba = require("jieba", extra="jieba", need="splitting Chinese into words")
    jieba.setLogLevel("WARNING")
    found: type = jieba.Tokenizer
    return found


@cache
def _sequences() -> re.Pattern[str]:
    return re.compile(f"({sequence_pattern()})")


@cache
def _cut() -> Callable[[str], list[str]]:
    cut: Callable[[str], list[str]] = _library()().lcut
    return cut
