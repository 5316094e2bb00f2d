"""Chinese words, by jieba."""

import warnings
from collections.abc import Callable
from functools import cache

from inlay.optional import require
from inlay.tokenizers.protocol import Named


class Jieba(Named):
    """Words of Chinese as jieba finds them with its own dictionary, without white space.

    Words that a program adds by `jieba.add_word` are not seen, for the same name has to give the
    same tokens in every process: with a dictionary of your own, give a function.
    """

    name = "jieba"

    def open(self) -> "Jieba":
        """Make sure that the library is there; its dictionary is read at the first text."""
        _library()
        return self

    def _split(self, text: str) -> list[str]:
        return [word for word in _cut()(text) if not word.isspace()]


def _library() -> type:
    with warnings.catch_warnings():  # its source is older than today's Python
        warnings.simplefilter("ignore")
        jieba = require("jieba", extra="jieba", need="splitting Chinese into words")
    jieba.setLogLevel("WARNING")
    found: type = jieba.Tokenizer
    return found


@cache
def _cut() -> Callable[[str], list[str]]:
    cut: Callable[[str], list[str]] = _library()().lcut
    return cut
