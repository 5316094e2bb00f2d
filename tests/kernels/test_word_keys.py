import numpy as np
import pytest
from numba import njit

from inlay.kernels import word_keys as kernels
from inlay.kernels.spaces import split
from tests.kernels.text import split_up

# The hash wraps around; plain numpy says so.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered")
WORDS = ["to", "sevenxx", "eightxxx", "étoile", "x" * 16, "x" * 17, "x" * 30 + "y", "\0", "\0\0"]


@pytest.mark.parametrize("word_keys", [kernels.word_keys, kernels.word_keys.py_func])
def test_words_that_are_known_have_the_keys_of_split(word_keys):
    text, (keys, starts, stops), n = split_up(split, " ".join(WORDS))
    raw = [bytes(text[a:b]) for a, b in zip(starts[:n], stops[:n], strict=True)]
    assert [word.decode() for word in raw] == WORDS
    found = [np.zeros(n + 1, kind) for kind in (np.uint64, np.int32, np.int32)]
    offsets = np.cumsum([0, *map(len, raw), 0])
    word_keys(np.frombuffer(b"".join(raw), np.uint8), offsets, *found)
    assert found[0].tolist() == [*keys[:n].tolist(), kernels.LONG]  # nothing is no line end
    assert len(set(found[0].tolist())) == n + 1
    assert found[1].tolist() == offsets[:-1].tolist()
    assert found[2].tolist() == offsets[1:].tolist()


@pytest.mark.parametrize("size", [8, 9, 15, 16, 17, 24, 31])
def test_each_byte_of_a_long_word_counts(size):
    words = [bytearray(b"a" * size) for _ in range(size + 1)]
    for i in range(size):
        words[i][i] += 1
    text, offsets = np.frombuffer(b"".join(words), np.uint8), np.arange(size + 2) * size
    items = np.zeros(size + 1, np.uint64), *np.zeros((2, size + 1), np.int32)
    kernels.word_keys(text, offsets, *items)
    assert len(set(items[0].tolist())) == size + 1
    assert (items[0] >= kernels.LONG).all()


JOINED = [kernels.joined_keys, kernels.joined_keys.py_func]


@pytest.mark.parametrize("joined_keys", JOINED, ids=["compiled", "plain"])
def test_words_between_zero_bytes_have_the_same_keys(joined_keys):
    words = ["", *WORDS[:7], "", "a"]
    raw = [word.encode() for word in words]
    offsets = np.cumsum([0, *map(len, raw)])
    items, known = (
        [np.zeros(len(words), kind) for kind in (np.uint64, np.int32, np.int32)] for _ in range(2)
    )
    kernels.word_keys(np.frombuffer(b"".join(raw), np.uint8), offsets, *known)
    text = np.frombuffer(b"".join(word + b"\0" for word in raw), np.uint8)
    assert joined_keys(text, *items) == len(words)
    assert items[0].tolist() == known[0].tolist()
    assert (items[1] - known[1]).tolist() == list(range(len(words)))
    assert (items[2] - items[1]).tolist() == list(map(len, raw))


@pytest.mark.parametrize("joined_keys", JOINED, ids=["compiled", "plain"])
def test_a_word_with_a_zero_byte_counts_as_two(joined_keys):
    items = np.zeros(2, np.uint64), *np.zeros((2, 2), np.int32)
    assert joined_keys(np.frombuffer(b"a\0b\0c\0", np.uint8), *items) == 3
    assert items[2].tolist() == [1, 3]


@njit
def compiled(*words):
    return kernels.equal_words(*words)


@pytest.mark.parametrize("equal_words", [compiled, kernels.equal_words.py_func])
@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 16, 17])
def test_words_are_equal_if_all_of_their_bytes_are(equal_words, size):
    one = np.arange(40, dtype=np.uint8)
    other = np.append(np.uint8(99), one)
    assert equal_words(one, 3, 3 + size, other, 4, 4 + size)
    assert not equal_words(one, 3, 3 + size, other, 4, 5 + size)
    for i in range(size):
        wrong = other.copy()
        wrong[4 + i] = 200
        assert not equal_words(one, 3, 3 + size, wrong, 4, 4 + size)
