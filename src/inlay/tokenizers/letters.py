"""A tokenizer for an engine that has neither Python's `re` nor its Unicode: tables and a pattern.

Each code point stands for a letter, that of all code points which the tokenizer treats alike.
Over these letters, a dozen of ASCII's, any engine of regular expressions finds the same tokens.
The tables are those of the Python that runs: the same Unicode, character by character.
"""

import re
from dataclasses import dataclass, replace
from functools import cache
from string import ascii_letters
from typing import NamedTuple

import numpy as np

from inlay.tokenizers.characters import Ngrams, characters
from inlay.tokenizers.named import get_tokenizer
from inlay.tokenizers.normalise import Normalised
from inlay.tokenizers.paged import NEAR, Paged, paged, text_of
from inlay.tokenizers.protocol import TokenizerLike
from inlay.tokenizers.words import cluster_pattern, lower, split, unicode_pattern, words

SIGMA, FINAL_SIGMA = "\u03a3", "\u03c2"

# A set of characters in a pattern; what is looked ahead for only makes `re` faster.
_ATOM = re.compile(r"\[[^\]]+\]|\\w|\\u[0-9a-f]{4}")
_AHEAD = re.compile(r"\(\?=[^)]*\)")


@dataclass(frozen=True)
class Lettered:
    r"""What `get_tokenizer(name)` does, over letters.

    Attributes:
        letters: The letter of each code point, as a code of ASCII.
        space: The letter of white space, which is in no token; all else is in one.
        word: The pattern of a token, over the letters.
        part: If tokens are n-grams, the pattern of a character within `word`.
        n: How many of these make an n-gram.
        steps: What is done to the text first: "lower", by `lowering`, "nfc" and "nfkc", by
            `composing`.
    """

    letters: Paged
    space: str
    word: str
    part: str | None
    n: int = 0
    steps: tuple[str, ...] = ()


class Lowering(NamedTuple):
    """`str.lower`, for each code point.

    Attributes:
        shift: How far from it what becomes of it is.
        second: What follows that, or 0.
        kinds: What it is to a capital sigma beside it: 1, a letter with case; 0, nothing; -1, not
            there.
    """

    shift: Paged
    second: Paged
    kinds: Paged


def lettered(tokenizer: TokenizerLike | None) -> Lettered | None:
    """A tokenizer over letters, or None for one that has no such form.

    Those are the ones of a library, of a file or of the user, and what joins lines. The tables
    are made once in a process, in a few tenths of a second.
    """
    found = get_tokenizer(tokenizer)
    steps: tuple[str, ...] = ()
    while isinstance(found, Normalised):
        steps, found = (*steps, *found.steps), found.tokenizer
    if "unwrap" in steps:
        return None
    if found is lower:
        steps = (*steps, "lower")
    if isinstance(found, Ngrams):
        made = replace(_lettered(unicode_pattern(), cluster_pattern()), n=found.n)
    elif found is words or found is lower:
        made = _lettered(unicode_pattern())
    elif found is characters:
        made = _lettered(cluster_pattern())
    elif found is split:
        made = _lettered(r"[^\s]+")
    else:
        return None
    return replace(made, steps=steps)


@cache
def _lettered(word: str, part: str | None = None) -> Lettered:
    word, within = (_AHEAD.sub("", pattern or "") for pattern in (word, part))
    atoms = [r"\s", *sorted({*_ATOM.findall(word), *_ATOM.findall(within)} - {r"\s"})]
    text, kinds = text_of(NEAR), np.zeros(len(NEAR), np.int64)
    for k, atom in enumerate(atoms):
        found = "".join(re.findall(atom, text)).encode("utf-32-le", "surrogatepass")
        kinds[np.searchsorted(NEAR, np.frombuffer(found, "<u4"))] |= 1 << k
    each, kinds = np.unique(kinds, return_inverse=True)
    codes = np.frombuffer(ascii_letters.encode(), np.uint8)[kinds]

    def letters(atom: str) -> str:
        bit = 1 << atoms.index(atom)
        return "".join(a for a, kind in zip(ascii_letters, each, strict=False) if kind & bit)

    def over(pattern: str) -> str:
        return _ATOM.sub(lambda atom: f"[{letters(atom[0])}]", pattern)

    return Lettered(paged(codes), letters(r"\s"), over(word), over(within) or None)


@cache
def lowering() -> Lowering:
    """The tables of `str.lower`. What a final sigma is they tell by trying each character."""
    every = text_of(NEAR)
    low = [c.lower() for c in every]
    seen = [f"{c}{SIGMA}".lower()[-1] == FINAL_SIGMA for c in every]
    seen_through = [f"a{c}{SIGMA}".lower()[-1] == FINAL_SIGMA for c in every]
    first = np.array([ord(c[0]) for c in low])
    second = [ord(c[1]) if len(c) > 1 else 0 for c in low]
    kinds = np.where(seen, 1, np.where(seen_through, -1, 0))
    return Lowering(paged(first - NEAR), paged(second), paged(kinds))
