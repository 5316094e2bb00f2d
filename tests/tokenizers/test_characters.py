import pytest
from hypothesis import given
from hypothesis import strategies as st

from inlay.errors import ArgumentTypeError
from inlay.tokenizers import characters, get_tokenizer


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n", []),
        ("Ab c!", ["A", "b", "c", "!"]),
        ("房间很好，ok", ["房", "间", "很", "好", "，", "o", "k"]),
        ("한국 각", ["한", "국", "각"]),
        (
            "\u1112\u1161\u11ab\u1100\u116e\u11a8",  # decomposed
            ["\u1112\u1161\u11ab", "\u1100\u116e\u11a8"],
        ),
        ("\uac00\u11a8", ["\uac00\u11a8"]),  # a syllable and a final consonant
        ("ㅋㅋ", ["ㅋ", "ㅋ"]),
        ("café", ["c", "a", "f", "é"]),
        ("กำไร", ["กำ", "ไ", "ร"]),
        ("👍🏽👩‍👩‍👧🇰🇷🇯🇵", ["👍🏽", "👩‍👩‍👧", "🇰🇷", "🇯🇵"]),
        ("葛\U000e0100城", ["葛\U000e0100", "城"]),  # a variant of a character
    ],
)
def test_characters(text, expected):
    assert characters(text) == expected


@given(st.text())
def test_characters_lose_nothing_visible(text):
    assert "".join(characters(text)) == "".join(c for c in text if not c.isspace())


# What people write; no Indic letters, which a virama ties together.
UNITS = ["a", "é", "e\u0301", "1", "!", "한", "\u1112\u1161\u11ab", "\u1100\u1161", "\uac00\u11a8"]
UNITS += ["が", "か\u3099", "กำ", "ที่", "房", "葛\U000e0100", "א\u05b4", "ع\u064e", "ㅋ", "\u3000"]
UNITS += ["👍", "👍🏽", "👩‍👩‍👧", "👩🏽‍💻", "🇰🇷", "🇯", "❤️", "1️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "—", "\u0928\u093f"]


@given(st.lists(st.sampled_from(UNITS)).map("".join))
def test_they_are_those_of_unicode(text):
    breakers = pytest.importorskip("icu4py.breakers")
    expected = [c for c in breakers.CharacterBreaker(text, "en") if not c.isspace()]
    assert characters(text) == expected


@pytest.mark.parametrize("text", [None, 3, b"a", ["a"]])
def test_characters_of_what_is_no_text(text):
    with pytest.raises(ArgumentTypeError, match="characters: expected a text"):
        characters(text)
    with pytest.raises(ArgumentTypeError, match="ngrams:2: expected a text"):
        get_tokenizer("ngrams:2")(text)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("ngrams:2", "房间很好! ok a", ["房间", "间很", "很好", "!", "ok", "a"]),
        ("ngrams:2", "abc de", ["ab", "bc", "de"]),
        ("ngrams:3", "abcd ab", ["abc", "bcd", "ab"]),
        ("ngrams:1", "ab c", ["a", "b", "c"]),
        ("ngrams:2", "", []),
        ("ngrams:2", "재밌다 👍🏽👍", ["재밌", "밌다", "👍🏽", "👍"]),
    ],
)
def test_ngrams(name, text, expected):
    assert get_tokenizer(name)(text) == expected
