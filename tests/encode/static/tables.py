"""Small tables with the words of the contract's texts, of each kind that there is."""

import numpy as np

from inlay import Table
from inlay.core.subwords import Ngrams, Subwords
from inlay.core.tokens import Tokens
from inlay.tokenizers import words
from tests.conformance.check_encoder import TEXTS

UNKNOWN = ("qzxv", "wqplk", "zzxq")
WORDS = list(dict.fromkeys(w for text in TEXTS for w in words(text) if w not in UNKNOWN))
FLOATS = np.random.default_rng(0).normal(size=(len(WORDS), 5)).astype(np.float32)


def table(**given):
    """Words and floats, the first the most frequent."""
    counts = np.arange(len(WORDS), 0, -1) ** 2
    return Table(WORDS, FLOATS, counts=counts, **given)


def composing():
    """A table that composes words of their n-grams, as fastText's do."""
    rows = np.random.default_rng(1).normal(size=(50, 5)).astype(np.float32)
    subwords = Subwords(Ngrams(4, 5, 50), rows)
    return Table._unchecked(Tokens.from_list(WORDS), FLOATS, subwords=subwords)
