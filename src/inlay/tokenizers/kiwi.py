"""Korean morphemes, by kiwipiepy."""

import os
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from inlay.optional import require
from inlay.tokenizers.protocol import Named


class Kiwi(Named):
    """Morphemes of Korean as Kiwi finds them: stems and endings apart, in their base form.

    An ending that is less than a syllable is written as it is typed (`ㄴ다`, `ㅂ니다`). Several
    texts at once are analysed by as many threads as there are processors. A text is put into
    composed form first, so that Hangul from file names of macOS is read alike.
    """

    name = "kiwi"

    def open(self) -> "Kiwi":
        """Make sure that the library is there; its model is read at the first text, in 2 s."""
        _library()
        return self

    def _batch(self, texts: Iterable[str]) -> Iterator[list[str]]:
        analyser = _analyser(os.getpid())
        for text in analyser.tokenize(map(_whole, texts), compatible_jamo=True):
            yield [token.form for token in text]

    def _split(self, text: str) -> list[str]:
        tokens = _analyser(os.getpid()).tokenize(_whole(text), compatible_jamo=True)
        return [token.form for token in tokens]


def _whole(text: str) -> str:
    text.encode()  # else it would cut a pair of surrogates in two
    # It takes a space of no width, as editors of web pages leave it, for a part of a word.
    return unicodedata.normalize("NFC", text.replace("\u200b", " "))


def _library() -> Any:
    return require("kiwipiepy", extra="kiwi", need="splitting Korean into morphemes")


@cache
def _analyser(process: int) -> Any:
    """One for each process: the threads of a parent do not live on in its fork.

    Nor may the parent's be let go there, for it would wait for them.
    """
    return _library().Kiwi()
