import unicodedata

import pytest

from inlay.tokenizers.composing import JOINS, composing
from inlay.tokenizers.normalise import STEPS


def code(table, c):
    return table.pages[256 * table.page_of[ord(c) >> 8] + (ord(c) & 255)]


@pytest.mark.parametrize("form", ["nfc", "nfkc"])
def test_what_a_character_is_taken_apart_into(form):
    tables = composing(form)
    for (
        c
    ) in "a é ế Å ﬁ １ ㈀ ﷺ ㅋ ㄱ \u3164 ﾡ \u0344 中 豈 \U0001d15e \U0002f800 \U0010ffff \ud800":
        start, size = code(tables.starts, c), code(tables.sizes, c)
        parts = "".join(map(chr, tables.parts[start - 1 : start - 1 + size])) if start else c
        assert len(parts) == size
        assert parts == unicodedata.normalize("NFD", STEPS[form](c))
    assert code(tables.starts, "각") == 0  # it is one already


def test_two_that_become_one():
    tables = composing("nfc")
    assert (tables.pairs[1:] > tables.pairs[:-1]).all()
    assert len(tables.pairs) > 11172 + 900  # the syllables of Hangul alone are so many
    for pair, whole in zip(tables.pairs[::7].tolist(), tables.wholes[::7].tolist(), strict=True):
        first, second = chr(pair >> 21), chr(pair & (1 << 21) - 1)
        assert unicodedata.normalize("NFC", first + second) == chr(whole)
        assert code(tables.classes, second) == unicodedata.combining(second) + JOINS
    assert [code(tables.classes, c) for c in "a가\u0301\u05b0"] == [0, 0, 230 + JOINS, 10]
