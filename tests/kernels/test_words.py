import random

import numpy as np
import pytest

from inlay.core.tokens import pack
from inlay.kernels import words as kernels
from inlay.tokenizers import lower, words
from inlay.tokenizers.classes import SIZE, classes_for

ALPHABETS = (
    "ab'Z_9.- \t\x1c\0",
    "aé'’x—“。！ 好영ß\u00a0\u3000",
    "a\u0301'’क्ष\u200d\u200c영\ufe0f😀🇰1\u20e3㎏",
)
PIECES = ["", "don't", "l’eau", "'a'b''c'", "a'", "rock'n'roll", "a’b'c", "…", "x" * 300, "é'é"]


def pieces():
    draw = random.Random(0)
    made = ["".join(draw.choices(letters, k=draw.randrange(9))) for letters in ALPHABETS * 400]
    return PIECES + made


@pytest.mark.parametrize("how", ["compiled", "python"])
def test_pieces_are_split_as_by_the_pattern(how, monkeypatch):
    split, every = kernels.split_words, pieces()
    if how == "python":
        for name in ("_kind_at", "key_of"):
            monkeypatch.setattr(kernels, name, getattr(kernels, name).py_func)
        split, every = split.py_func, every[:200]
    text, offsets = pack(every)
    items = np.empty(text.size, np.uint64), *np.empty((2, text.size), np.int32)
    counts = np.empty(len(every), np.int64)
    with np.errstate(over="ignore"):  # which a hash does
        n = split(text, offsets, classes_for(words), items, counts)
    assert n == counts[counts > 0].sum()
    found, left = iter(zip(*(array.tolist() for array in items[1:]), strict=True)), 0
    for piece, count in zip(every, counts.tolist(), strict=True):
        if count < 0:
            left += 1
            assert not piece.isascii()
        else:
            got = [text[slice(*next(found))].tobytes().decode() for _ in range(count)]
            assert got == words(piece), piece
    assert 0 < left < len(every) / 3  # not those of the first two alphabets


def test_what_a_table_says_of_characters():
    table = classes_for(words)
    assert table.shape == (SIZE,)
    kinds = {"a": 1, "영": 1, "9": 1, " ": 0, "\u3000": 0, ".": 2, "。": 2, "'": 3, "’": 3}
    kinds |= {"\u0301": 4, "\u200d": 4, "\ufe0f": 4, "\u0e31": 4}
    assert {c: int(table[ord(c)]) for c in kinds} == kinds
    lowered = classes_for(lower)
    kinds |= {"É": 4, "é": 1, "Σ": 4, "İ": 4, "A": 1}
    assert {c: int(lowered[ord(c)]) for c in kinds} == kinds
    assert classes_for(str.split) is None
