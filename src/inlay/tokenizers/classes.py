"""What each character is to the tokenizer "words", as a table for a kernel."""

import re
import unicodedata
from functools import cache

import numpy as np

from inlay.aliases import Array
from inlay.tokenizers.protocol import Tokenizer
from inlay.tokenizers.words import lower, words

SIZE, SURROGATES = 1 << 16, range(0xD800, 0xE000)


def classes_for(tokenizer: Tokenizer) -> Array | None:
    """The table by which `inlay.kernels.words` does what a tokenizer does; None: it cannot.

    For "lower", A to Z must be in lower case already; others that have one are `OTHER`.
    """
    if tokenizer is words:
        return _classes()
    return _lowered() if tokenizer is lower else None


@cache
def _classes() -> Array:
    """Of all code points below U+10000, in 20 ms."""
    from inlay.kernels.words import APOSTROPHE, OTHER, SPACE, SYMBOL, WORD

    points = np.setdiff1d(np.arange(SIZE), SURROGATES)
    text = "".join(map(chr, points.tolist()))
    found = np.full(SIZE, OTHER, np.uint8)
    found[points] = SYMBOL
    for pattern, kind in ((r"\w+", WORD), (r"\s+", SPACE)):
        for run in re.finditer(pattern, text):
            found[points[run.start() : run.end()]] = kind
    joining = [c for c in text if unicodedata.category(c)[0] == "M"]
    found[[ord(c) for c in (*joining, "\u200c", "\u200d")]] = OTHER
    found[[ord("'"), ord("’")]] = APOSTROPHE
    return found


@cache
def _lowered() -> Array:
    from inlay.kernels.words import OTHER

    found = _classes().copy()
    changed = [i for i in range(128, SIZE) if chr(i).lower() != chr(i)]
    found[changed] = OTHER
    return found
