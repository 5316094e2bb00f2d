import sys

import numpy as np
import pytest

from inlay.classify.fasttext import numbering
from inlay.classify.fasttext.numbering import END, numbered
from inlay.tokenizers.words import fasttext

SPACES = [c for c in map(chr, range(sys.maxunicode + 1)) if c.isspace()]
TEXTS = [
    "a good film",
    "",
    " \n",
    "영화　좋다 a\xa0b",
    "\0a\0\0b\0",
    *(f"a{c}b {c}c{c} a" for c in [*SPACES, "\0"]),
    "".join(f"x{c}" for c in SPACES),
]


def tokens(found):
    """Each text's tokens again."""
    words, texts = found.words.tolist(), [[]]
    for i in found.ids.tolist():
        if i == END:
            texts.append([])
        else:
            texts[-1].append(words[i])
    return texts[:-1]


@pytest.mark.parametrize("more", [[], ["a\ufdd0b c", "a\xa0b"]])
def test_texts_are_split_where_fasttext_does(more):
    """At no other white space, also where a character stands that is of no text."""
    texts = TEXTS + more
    found = numbered(texts, fasttext)
    assert tokens(found) == [fasttext(text) for text in texts]
    assert found.counts.sum() == (found.ids != END).sum()
    assert np.unique(found.words.tolist()).size == len(found.words)


def test_each_run_is_split_once(monkeypatch):
    monkeypatch.setattr(numbering, "_split", None)
    found = numbered(TEXTS * 3, fasttext)
    assert tokens(found) == [fasttext(text) for text in TEXTS] * 3
