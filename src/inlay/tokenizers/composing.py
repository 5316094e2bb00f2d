"""Unicode's forms NFC and NFKC as tables, for an engine that has no `unicodedata`."""

import unicodedata
from functools import cache
from typing import NamedTuple

import numpy as np

from inlay.aliases import Array
from inlay.tokenizers.normalise import STEPS
from inlay.tokenizers.paged import NEAR, Paged, paged, text_of

HANGUL = range(0xAC00, 0xD7A4)  # syllables, which need not be taken apart to be composed
LEADS, VOWELS, TRAILS = 0x1100, 0x1161, 0x11A7
JOINS = 256


class Composing(NamedTuple):
    """What a text is taken apart into, and what is put together of it.

    Attributes:
        sizes: Of how many code points each is put together.
        starts: Where these begin in `parts`, and one more; 0: it stands for itself.
        parts: Code points, int32.
        classes: The combining class, with `JOINS` added for one that may join what stands before.
        pairs: Two code points that become one, `first << 21 | second`, int64, in order.
        wholes: What they become, int32.
    """

    sizes: Paged
    starts: Paged
    parts: Array
    classes: Paged
    pairs: Array
    wholes: Array


@cache
def composing(form: str) -> Composing:
    """The tables of `"nfc"`, or of `"nfkc"` as the tokenizers have it."""
    every = text_of(NEAR)
    taken = [_apart(form, c) for c in every]
    changed = [part != c for part, c in zip(taken, every, strict=True)]
    sizes = np.array([len(part) for part in taken])
    ends = np.cumsum(np.where(changed, sizes, 0))
    parts = "".join(part for part, is_other in zip(taken, changed, strict=True) if is_other)
    pairs = _pairs(every)
    order = sorted(pairs)
    seconds = {second for _, second in pairs}
    classes = [unicodedata.combining(c) + JOINS * (ord(c) in seconds) for c in every]
    return Composing(
        sizes=paged(sizes),
        starts=paged(np.where(changed, ends - sizes + 1, 0)),
        parts=np.array([ord(c) for c in parts], np.int32),
        classes=paged(classes),
        pairs=np.array([first << 21 | second for first, second in order], np.int64),
        wholes=np.array([pairs[pair] for pair in order], np.int32),
    )


def _apart(form: str, c: str) -> str:
    if ord(c) in HANGUL:
        return c
    # Of NFKC the tokenizers except some letters, which it then leaves as they are.
    is_plain = form == "nfc" or STEPS[form](c) == c
    return unicodedata.normalize("NFD" if is_plain else "NFKD", c)


def _pairs(every: str) -> dict[tuple[int, int], int]:
    found: dict[tuple[int, int], int] = {}
    for c in every:
        parts = unicodedata.decomposition(c).split()
        if len(parts) == 2 and parts[0][0] != "<":
            first, second = (int(part, 16) for part in parts)
            if unicodedata.normalize("NFC", chr(first) + chr(second)) == c:
                found[first, second] = ord(c)
    for syllable in HANGUL:
        at, trail = divmod(syllable - HANGUL[0], 28)
        if trail:
            found[syllable - trail, TRAILS + trail] = syllable
        else:
            found[LEADS + at // 21, VOWELS + at % 21] = syllable
    return found
