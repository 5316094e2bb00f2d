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

    Several texts at once are analysed by as many threads as there are processors. A text is put
    into composed form first, so that Hangul from file names of macOS is read alike.
    """

    name = "kiwi"

    def open(self) -> "Kiwi":
        """Make sure that the library is there; its model is read at the first text, in 2 s."""
        _library()
        return self

    def _batch(self, texts: Iterable[str]) -> Iterator[list[str]]:
        for text in _analyser(os.getpid()).tokenize(map(_whole, texts)):
            yield [token.form for token in text]

    def _split(self, text: str) -> list[str]:
        return [token.form for token in _analyser(os.getpid()).tokenize(_whole(text))]


def _whole(text: str) -> str:
    text.encode()  # else it would cut a pair of surrogates in two
    return unicodedata.normalize("NFC", text)


def _library() -> Any:
    return require("kiwipiepy", extra="kiwi", need="splitting Korean into morphemes")


@cache
def _analyser(process: int) -> Any:
    """One for each process: the threads of a parent do not live on in its fork.

    Nor may the parent's be let go there, for it would wait for them.
    """
    return _library().Kiwi()
