"""A corpus whose words are numbers, and its fingerprint."""

import json
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from inlay.aliases import Array

BLOCK = 1 << 22  # numbers that are looked at together


@dataclass(frozen=True)
class Corpus:
    """Numbered words, ready to train on.

    Attributes:
        ids: int32, words as rows of `tokens`, -1 at the end of each sentence: a map of a file,
            which writes to the array never reach. Without a folder to keep it in, it is a
            temporary file without a name, which is gone when the last reference to it is.
        tokens: The vocabulary, the most frequent word first.
        counts: int64 `(len(tokens),)`.
        words: Words that were read, the rare ones included.
        tokenizer: The name of the tokenizer; None for a function that no name leads to, and for
            lists of tokens alone where none was named: they are taken as they are.
        every_text: Whether the i-th text that was read ends at the i-th -1; else, those without a
            word of the vocabulary have left nothing behind.
    """

    ids: Array
    tokens: list[str]
    counts: Array
    words: int
    tokenizer: str | None = None
    every_text: bool = False

    @cached_property
    def ends(self) -> Array:
        """Where each text ends, int64: the i-th at the i-th -1. Takes 8 bytes for each text."""
        places = range(0, self.ids.size, BLOCK)
        found = [np.flatnonzero(self.ids[at : at + BLOCK] < 0) + at for at in places]
        return np.concatenate(found) if found else np.empty(0, np.int64)

    @property
    def texts(self) -> int:
        """How many texts there are."""
        return int(self.ends.size)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the numbers, the vocabulary with its counts, and the tokenizer's name.

        The same text, read with the same settings, has the same fingerprint. Reads about 1 GB
        a second the first time, and is remembered.
        """
        import hashlib

        digest = hashlib.sha256(json.dumps([self.tokenizer, self.words]).encode())
        raw = [token.encode("utf-8", "surrogatepass") for token in self.tokens]
        for array in (np.array([len(raw), *map(len, raw)]), self.counts):
            digest.update(array.astype("<i8").data)
        digest.update(b"".join(raw))
        for at in range(0, self.ids.size, BLOCK):
            block = self.ids[at : at + BLOCK].astype("<i4", copy=False)
            digest.update(hashlib.sha256(np.ascontiguousarray(block).data).digest())
        return digest.hexdigest()
