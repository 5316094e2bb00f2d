import random

import numpy as np
import pytest

from inlay.kernels import word_masks
from inlay.tokenizers import words
from inlay.tokenizers.classes import classes_for

# The hash wraps around; plain numpy says so.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered")
PLAIN = ["a", "Z9_", "'", "’", ".", "`@[{/:", "é", "한", "很", "—", "\0", "ß'é", "\x80", "\ufffd"]
SPACES = [" ", "\t", "\x1c", "\x85", "\u00a0", "\u3000", "\r", "\n", "\n"]
OTHERS = ["\u0301", "क्ष", "\u200d", "😀", "🇰", "\ufe0f"]


@pytest.fixture(params=["compiled", "plain"])
def how(request, monkeypatch):
    """Which of the two is tried; as plain Python, also what is inlined in it."""
    if request.param == "plain":
        for name in ("_letters", "_whole", "_kind_at", "quick_key", "_joined", "split_text"):
            monkeypatch.setattr(word_masks, name, getattr(word_masks, name).py_func)
    return request.param


def split(text):
    """Tokens, "\\n" at the end of a line, and a list of its text for a hard piece."""
    raw = text.encode()
    padded = np.frombuffer(raw + b" " * 64, np.uint8)

    def room():
        return np.empty(len(raw), np.uint64), *np.full((2, len(raw)), -1, np.int32)

    items, (at, *pieces) = room(), (np.empty(len(raw), np.int32), *room())
    hard = (at, *pieces)
    n, n_hard = word_masks.split_text(padded, len(raw), classes_for(words), items, hard)
    keys = items[0][:n].tolist()
    spans = [bytes(padded[a:b]).decode() for a, b in zip(*(x[:n] for x in items[1:]), strict=True)]
    found = [span if key else "\n" for key, span in zip(keys, spans, strict=True)]
    for i, item in enumerate(at[:n_hard].tolist()):
        assert keys[item] == 0
        assert pieces[0][i] != 0
        found[item] = [bytes(padded[pieces[1][i] : pieces[2][i]]).decode()]
    return found


def expected(text):
    found = []
    for line in text.split("\n"):
        for piece in line.split():
            is_hard = any(c in "".join(OTHERS) for c in piece)
            found += [[piece]] if is_hard else words(piece)
        found.append("\n")
    return found[:-1]


@pytest.mark.usefixtures("how")
def test_split():
    text = "Don't 'stop', l’eau!\n\n한국어(韓國語). a''b x\u0301, a_1 😀\n"
    found = ["Don't", "'", "stop", "'", ",", "l’eau", "!", "\n", "\n", "한국어", "(", "韓國語", ")"]
    found += [".", "a", "'", "'", "b", ["x\u0301,"], "a_1", ["😀"], "\n"]
    assert split(text) == found == expected(text)


@pytest.mark.parametrize("others", [0, 1, 6])
def test_tokens_are_those_of_the_pattern_wherever_they_stand(how, others):
    """Across the ends of 64 bytes, too, of words as of apostrophes and spaces of several bytes."""
    draw, count = random.Random(others), 3000 if how == "compiled" else 40
    for _ in range(count):
        few = draw.sample([*PLAIN, *SPACES], 5) + draw.sample(OTHERS, min(others, 2))
        few += ["'", "’", " ", "b" * draw.randrange(1, 70)]
        text = "".join(draw.choices(few, k=draw.randrange(1, 90))) + "\n"
        assert split(text) == expected(text)


@pytest.mark.usefixtures("how")
@pytest.mark.parametrize("before", range(56, 66))
def test_apostrophes_at_the_end_of_64_bytes(before):
    for text in ("a'b", "a’b", "a’", "’b", "é’é", "a\u3000b", "한’한 ", "'\n'"):
        text = "x" * (before - 1) + " " + text + "\n"
        assert split(text) == expected(text)
        text = "x" * before + text
        assert split(text) == expected(text)
