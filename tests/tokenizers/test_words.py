import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inlay.errors import ArgumentTypeError
from inlay.tokenizers import lower, split, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("  \n\t ", []),
        ("Don't stop.", ["Don't", "stop", "."]),
        ("'quoted' rock'n'roll", ["'", "quoted", "'", "rock'n'roll"]),
        ("l’eau naïve", ["l’eau", "naïve"]),
        ("naïve", ["naïve"]),  # i and a combining diaeresis
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("안녕하세요 世界!", ["안녕하세요", "世界", "!"]),
        ("a\u00a0b\u3000c", ["a", "b", "c"]),
        ("3.14 <br />", ["3", ".", "14", "<", "br", "/", ">"]),
        ("می‌خواهم", ["می‌خواهم"]),  # a zero-width non-joiner stays inside a Persian word
        ("good👍🏽👍", ["good", "👍🏽", "👍"]),  # a skin tone
        ("🇰🇷🇯🇵🇨", ["🇰🇷", "🇯🇵", "🇨"]),  # flags, and half of one
        ("👩‍👩‍👧‍👦, 👩🏽‍💻", ["👩‍👩‍👧‍👦", ",", "👩🏽‍💻"]),  # joined by zero-width joiners
        ("1️⃣ #️⃣ ❤️", ["1️⃣", "#️⃣", "❤️"]),  # keycaps, and a variation selector
        ("🏴󠁧󠁢󠁥󠁮󠁧󠁿!", ["🏴󠁧󠁢󠁥󠁮󠁧󠁿", "!"]),  # the flag of England, by tags
        ("재밌다ㅋㅋ👍", ["재밌다ㅋㅋ", "👍"]),
        ("𑀓𑀺", ["𑀓𑀺"]),  # Brahmi: letter and mark beyond the first plane
    ],
)
def test_words(text, expected):
    assert words(text) == expected


@given(st.text())
def test_words_lose_nothing_visible(text):
    assert "".join(words(text)) == "".join(c for c in text if not c.isspace())
    assert not any(any(c.isspace() for c in word) for word in words(text))


@given(st.text(st.characters(max_codepoint=127)), st.sampled_from("éह"))
def test_ascii_is_split_alike_beside_other_scripts(text, other):
    assert words(f"{text} {other}") == [*words(text), other]


def test_every_mark_is_known():
    marks = [chr(c) for c in range(sys.maxunicode + 1) if unicodedata.category(chr(c))[0] == "M"]
    assert [mark for mark in marks if words(f"a{mark}b") != [f"a{mark}b"]] == []


def test_lower_and_split():
    assert lower("A GOOD film!") == ["a", "good", "film", "!"]
    assert split("A good\nfilm! ") == ["A", "good", "film!"]


@pytest.mark.parametrize("text", [None, ["a"], b"a", 3])
def test_words_of_what_is_no_text(text):
    with pytest.raises(ArgumentTypeError, match="words: expected a text, as one string"):
        words(text)
