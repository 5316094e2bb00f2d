import random

import numpy as np
import pytest

from inlay.kernels import spaces
from tests.kernels.text import split_up

# The hash wraps around; plain numpy says so.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered")
PARTS = [
    "\x0e",
    "\x1b",
    "a",
    "é",
    "한",
    "👍🏽",
    " ",
    "\n",
    "\t",
    "\x1c",
    "\x08",
    "\0",
    "\x85",
    "\xa0",
    "\xa1",
]
PARTS += ["\u1680", "\u1681", "\u2003", "\u200b", "\u2029", "\u202f", "\u205f", "\u2060", "\u3000"]


@pytest.fixture(params=["compiled", "plain"])
def how(request, monkeypatch):
    """Which of the two is tried; as plain Python, also what is inlined in it."""
    if request.param == "plain":
        for name in ("wide_space", "spaces64", "quick_key", "key_of"):
            monkeypatch.setattr(spaces, name, getattr(spaces, name).py_func)
        for name in ("split", "split_at_spaces"):
            monkeypatch.setattr(spaces, name, getattr(spaces, name).py_func)
    return request.param


@pytest.mark.usefixtures("how")
def test_split():
    text = "to be,\t or\r\n not\u3000étoile  sevenxx eightxxx\n"
    padded, (keys, starts, stops), n = split_up(spaces.split, text)
    found = [bytes(padded[starts[i] : stops[i]]).decode() if keys[i] else "\n" for i in range(n)]
    assert found == ["to", "be,", "or", "\n", "not", "étoile", "sevenxx", "eightxxx", "\n"]
    assert int(keys[0]) == 2 << 56 | int.from_bytes(b"to", "little")
    assert int(keys[6]) == 7 << 56 | int.from_bytes(b"sevenxx", "little")
    assert [int(key) >> 56 for key in keys[[5, 7]]] == [7, 255]


def test_words_are_those_of_python_wherever_they_stand(how):
    """Across the ends of 64 bytes, too, of words as of white space of several bytes."""
    draw = random.Random(0)
    for _ in range(400 if how == "compiled" else 12):
        few = draw.sample(PARTS, 4)
        text = "".join(draw.choices(["a" * draw.randrange(80), *few, "\n"], k=draw.randrange(90)))
        padded, (keys, starts, stops), n = split_up(spaces.split, text)
        found = [bytes(padded[starts[i] : stops[i]]).decode() if keys[i] else "" for i in range(n)]
        lines = text.split("\n")
        expected = [word for line in lines for word in (*line.split(), "")][:-1]
        assert found == expected


@pytest.mark.usefixtures("how")
def test_split_at_spaces_and_nowhere_else():
    texts = [" to be,\t or  ", "", " ", "sevenxx eightxxx", "étoile\u3000"]
    raw = [text.encode() for text in texts]
    text = np.frombuffer(b"".join(raw), np.uint8)
    items = [np.zeros(text.size, kind) for kind in (np.uint64, np.int32, np.int32)]
    counts = np.full(5, 9)
    n = spaces.split_at_spaces(text, np.cumsum([0, *map(len, raw)]), *items, counts)
    keys, starts, stops = items
    found = [bytes(text[starts[i] : stops[i]]).decode() for i in range(n)]
    assert found == ["to", "be,\t", "or", "sevenxx", "eightxxx", "étoile\u3000"]
    assert counts.tolist() == [3, 0, 0, 2, 1]
    _, (others, _, _), _ = split_up(spaces.split, "to sevenxx eightxxx")
    assert keys[[0, 3, 4]].tolist() == others[:3].tolist()  # of the same words, the same
