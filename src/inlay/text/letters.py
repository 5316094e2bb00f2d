"""Which characters a kernel can split as `words` and `lower` do, as seen by what these do."""

from functools import cache
from unicodedata import category

import numpy as np

from inlay.aliases import Array
from inlay.tokenizers import Tokenizer, lower, words

PLANE = 1 << 16  # characters that are asked of: those of at most three bytes
ASCII = 128
WORD, SYMBOL, APOSTROPHE = 1, 2, 3  # the classes of `inlay.kernels.corpus.simple_words`
APOSTROPHES = "'\u2019"


def classes_of(tokenizer: Tokenizer, *, every: bool) -> Array | None:
    """The class of each character, uint8 `(65536,)`; None for a tokenizer of another kind.

    A letter that `lower` changes is of class 0, but for A to Z: who uses them lowers these.

    Args:
        tokenizer: Any.
        every: Whether to ask for all characters, which takes 100 ms once in a process; else all
            beyond ASCII are of class 0.
    """
    if tokenizer is words:
        return _classes(PLANE if every else ASCII)
    if tokenizer is lower:
        return _lowered(PLANE if every else ASCII)
    return None


@cache
def _classes(size: int) -> Array:
    """By the answers of `words` to each character among others, for the first `size`."""
    classes = np.zeros(PLANE, np.uint8)
    visible = [chr(i) for i in range(size) if not 0xD800 <= i < 0xE000 and not chr(i).isspace()]
    letters = [c for c in visible if c == "_" or c.isalnum()]
    others = [c for c in visible if c != "_" and not c.isalnum() and c not in APOSTROPHES]
    symbols = [c for c in others if category(c) not in ("Mn", "Mc", "Me", "Cf", "Cn", "Co")]
    _note(classes, letters, WORD)
    _note(classes, symbols, SYMBOL)
    classes[[ord(c) for c in APOSTROPHES if ord(c) < size]] = APOSTROPHE
    return classes


def _note(classes: Array, characters: list[str], kind: int) -> None:
    """Give those a class that stand among others as one of this class would."""
    if not characters:
        return
    tried = "".join(f".a{c}{c}.{c}a " for c in characters)
    expected: list[str] = []
    for c in characters:
        whole = kind == WORD
        expected += [".", f"a{c}{c}", ".", f"{c}a"] if whole else []
        expected += [] if whole else [".", "a", c, c, ".", c, "a"]
    if words(tried) == expected:
        classes[[ord(c) for c in characters]] = kind
    elif len(characters) > 1:
        half = len(characters) // 2
        _note(classes, characters[:half], kind)
        _note(classes, characters[half:], kind)


@cache
def _lowered(size: int) -> Array:
    classes = _classes(size).copy()
    changed = [i for i in range(ASCII, size) if chr(i).lower() != chr(i)]
    classes[changed] = 0
    return classes
