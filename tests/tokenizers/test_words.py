import pickle
import sys
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inlay import Vocabulary
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.tokenizers import get_tokenizer, lower, split, tokenizer_name, words


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
        ("👍🏽", ["👍", "🏽"]),
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


def test_names_and_callables():
    assert get_tokenizer("words") is words
    assert get_tokenizer(words) is words
    own = get_tokenizer(str.split)
    assert own("a good film") == ["a", "good", "film"]
    assert get_tokenizer(own) is own
    assert pickle.loads(pickle.dumps(own))("a b") == ["a", "b"]
    assert tokenizer_name(lower) == "lower"
    assert tokenizer_name(str.split) is None
    with pytest.raises(ArgumentError, match=r"\['lower', 'split', 'words'\]"):
        get_tokenizer("wrods")
    with pytest.raises(ArgumentTypeError):
        get_tokenizer(3)


@pytest.mark.parametrize("answer", ["a b", None, [1, 2], {"a": 1}, {"a", "b"}, 3])
def test_a_tokenizer_that_returns_no_tokens_is_found_out(answer):
    """A string would be counted character by character, numbers as unknown words."""
    with pytest.raises(ArgumentTypeError, match=r"^what the tokenizer returned"):
        Vocabulary.from_texts(["a b"], tokenizer=lambda text: answer)


def test_a_tokenizer_that_returns_a_string_is_told_to_split_it():
    with pytest.raises(ArgumentTypeError, match=r"Try: lambda text: text.lower\(\).split\(\)"):
        get_tokenizer(str.lower)("A b")


@pytest.mark.parametrize("answer", [("a", "b"), np.array(["a", "b"]), iter(["a", "b"])])
def test_a_tokenizer_may_return_tokens_in_whatever_holds_them(answer):
    assert get_tokenizer(lambda text: answer)("a b") == ["a", "b"]


@pytest.mark.parametrize("text", [None, ["a"], b"a", 3])
def test_words_of_what_is_no_text(text):
    with pytest.raises(ArgumentTypeError, match="words: expected a text, as one string"):
        words(text)
