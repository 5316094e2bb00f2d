import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inlay.tokenizers import get_tokenizer
from inlay.tokenizers.letters import lettered, lowering
from inlay.tokenizers.paged import NEAR

# What the patterns tell apart: letters, marks, joiners, old Hangul, flags, tones, tags, spaces.
CHARACTERS = "aZ_9'’.é\u0301\u0e33\u200c\u200dㄱ가\u1100\u1161\u11a8हि中，"
CHARACTERS += "👍🏽🇰🇷❤\ufe0f#\u20e3\U000e0061 \t\x1c\u3000"
TEXTS = st.text(st.sampled_from(CHARACTERS)) | st.text()
NAMES = ["words", "split", "characters", "ngrams:2", "ngrams:3"]


def code(table, c):
    return table.pages[256 * table.page_of[ord(c) >> 8] + (ord(c) & 255)]


def found(pattern, text, table):
    """The pieces of a text that a pattern over letters finds, by Python's own engine."""
    letters = "".join(chr(code(table, c)) for c in text)
    assert letters.isascii()
    return [text[m.start() : m.end()] for m in re.finditer(pattern, letters)]


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=200, deadline=None)
@given(text=TEXTS)
def test_letters_give_the_same_tokens(name, text):
    form, split = lettered(name), get_tokenizer(name)
    tokens = found(form.word, text, form.letters)
    if form.part:
        parts = [found(form.part, token, form.letters) for token in tokens]
        starts = [(p, at) for p in parts for at in range(max(1, len(p) - form.n + 1))]
        tokens = ["".join(p[at : at + form.n]) for p, at in starts]
    assert tokens == split(text)
    spaces = "".join(c for c in text if chr(code(form.letters, c)) == form.space)
    assert spaces == "".join(c for c in text if c.isspace())


@pytest.mark.parametrize("name", NAMES)
def test_a_pattern_is_one_for_any_engine(name):
    form = lettered(name)
    for pattern in (form.word, form.part or ""):
        assert pattern.isascii()
        assert not {"\\", "<", "="} & {*pattern}, "escapes, or something that is looked ahead for"


def test_lower_case_is_python_s():
    tables = lowering()
    every = "".join(map(chr, [*range(0x600), *range(0x1E00, 0x2200), *range(0xA640, 0xA7FF)]))
    every += "\U00010400\U0001e900\U0010ffff\ud800"
    for c in every:
        second = code(tables.second, c)
        assert chr(ord(c) + code(tables.shift, c)) + chr(second) * bool(second) == c.lower()
    kinds = {c: code(tables.kinds, c) for c in "aΣς 1.'’\u0301中ª"}
    assert kinds == dict(
        zip("aΣς 1.'’\u0301中ª", [1, 1, 1, 0, 0, -1, -1, -1, -1, 0, 1], strict=True)
    )


def test_what_is_far_is_as_if_unassigned():
    far = "".join(map(chr, {*range(0x110000)} - {*NEAR.tolist()}))
    assert len(far) > 700_000
    assert not re.search(r"[\w\s]", far)
    assert far.lower() == far


def test_a_form_is_made_once_and_is_small():
    assert lettered("lower").letters is lettered("lower+words").letters is lettered(None).letters
    assert lettered("ngrams:2").letters is lettered("lower+ngrams:5").letters
    tables = [lettered("ngrams:2").letters, *lowering()]
    assert sum(table.page_of.nbytes + table.pages.nbytes for table in tables) < 600_000
    assert all(table.pages.dtype == table.page_of.dtype == np.int32 for table in tables)


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("words", ()),
        ("lower", ("lower",)),
        ("lower+split", ("lower",)),
        ("nfkc+lower", ("nfkc", "lower")),
        ("lower+nfc+characters", ("lower", "nfc")),
    ],
)
def test_what_is_done_first_is_a_step_of_its_own(name, steps):
    assert lettered(name).steps == steps


@pytest.mark.parametrize("name", ["unwrap+characters", "nfc+unwrap+lower", str.split])
def test_what_has_no_such_form(name):
    assert lettered(name) is None
