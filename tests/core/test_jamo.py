import unicodedata

import pytest

from inlay.core.jamo import NO_FINAL, in_jamo


@pytest.mark.parametrize(
    ("word", "spelled"),
    [
        ("나무", "\u1102\u1161\u11a7\u1106\u116e\u11a7"),
        ("값", "\u1100\u1161\u11b9"),
        ("가힣", "\u1100\u1161\u11a7\u1112\u1175\u11c2"),  # the first syllable and the last
        ("film영a", "film\u110b\u1167\u11bca"),
        ("ㅋㅋ", "ㅋㅋ"),  # letters that are no syllable
        ("中文😀é", "中文😀é"),
        ("", ""),
    ],
)
def test_syllables_are_three_letters(word, spelled):
    assert in_jamo(word) == spelled


def test_decomposed_words_are_spelled_alike():
    word = "나무값"
    assert in_jamo(unicodedata.normalize("NFD", word)) == in_jamo(word)
    assert NO_FINAL not in unicodedata.normalize("NFD", word)
