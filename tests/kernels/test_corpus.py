import numpy as np
import pytest

from inlay.kernels import corpus

# The hash wraps around; plain numpy says so.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered")


def both(name):
    kernel = getattr(corpus, name)
    return pytest.mark.parametrize(name, [kernel, kernel.py_func], ids=["compiled", "plain"])


def vocabulary(capacity, n_bytes):
    """Empty slots, keys, offsets, blob and counts, and the shift."""
    words = (
        np.zeros(2 * capacity, np.int32),
        np.zeros(capacity, np.uint64),
        np.zeros(capacity + 1, np.int64),
        np.zeros(n_bytes, np.uint8),
        np.zeros(capacity, np.int64),
    )
    return words, np.uint64(64 - (2 * capacity).bit_length() + 1)


def split_up(split, text):
    """The text as the kernel wants it, and its items."""
    data = text.encode()
    padded = np.frombuffer(data + b"\0\0", np.uint8)
    items = [np.zeros(len(data), kind) for kind in (np.uint64, np.int32, np.int32)]
    n = split(padded, len(data), *items)
    return padded, tuple(items), n


@both("split")
def test_split(split):
    text = "to be,\t or\r\n not\u3000étoile  sevenxx eightxxx\n"
    padded, (keys, starts, stops), n = split_up(split, text)
    found = [bytes(padded[starts[i] : stops[i]]).decode() if keys[i] else "\n" for i in range(n)]
    assert found == ["to", "be,", "or", "\n", "not", "étoile", "sevenxx", "eightxxx", "\n"]
    assert int(keys[0]) == 2 << 56 | int.from_bytes(b"to", "big")
    assert int(keys[6]) == 7 << 56 | int.from_bytes(b"sevenxx", "big")
    assert [int(key) >> 56 for key in keys[[5, 7]]] == [7, 255]


@both("split_at_spaces")
def test_split_at_spaces_and_nowhere_else(split_at_spaces):
    texts = [" to be,\t or  ", "", " ", "sevenxx eightxxx", "étoile\u3000"]
    raw = [text.encode() for text in texts]
    text = np.frombuffer(b"".join(raw), np.uint8)
    items = [np.zeros(text.size, kind) for kind in (np.uint64, np.int32, np.int32)]
    counts = np.full(5, 9)
    n = split_at_spaces(text, np.cumsum([0, *map(len, raw)]), *items, counts)
    keys, starts, stops = items
    found = [bytes(text[starts[i] : stops[i]]).decode() for i in range(n)]
    assert found == ["to", "be,\t", "or", "sevenxx", "eightxxx", "étoile\u3000"]
    assert counts.tolist() == [3, 0, 0, 2, 1]
    _, (others, _, _), _ = split_up(corpus.split, "to sevenxx eightxxx")
    assert keys[[0, 3, 4]].tolist() == others[:3].tolist()  # of the same words, the same


@both("look_up")
@pytest.mark.parametrize(("capacity", "n_bytes"), [(8, 64), (4, 64), (8, 9)])
def test_look_up_stops_where_the_vocabulary_is_full(look_up, capacity, n_bytes):
    text, items, n = split_up(corpus.split, "to be or\nnot to be constellation to\n")
    words, shift = vocabulary(capacity, n_bytes)
    _, _, offsets, blob, counts = words
    ids = np.full(n, 99, np.int32)
    stopped, n_words = look_up(text, items, 0, n, words, 0, shift, ids)
    found = [bytes(blob[offsets[i] : offsets[i + 1]]).decode() for i in range(n_words)]
    if (capacity, n_bytes) == (8, 64):
        assert (stopped, found) == (n, ["to", "be", "or", "not", "constellation"])
        assert counts[:5].tolist() == [3, 2, 1, 1, 1]
        assert ids.tolist() == [0, 1, 2, -1, 3, 0, 1, 4, 0, -1]
    else:
        assert (stopped, found) == (7, ["to", "be", "or", "not"])
        assert ids.tolist() == [0, 1, 2, -1, 3, 0, 1, 99, 99, 99]


@both("look_up")
def test_long_words_with_one_key_are_told_apart(look_up):
    text, items, n = split_up(corpus.split, "constellation constellatiom constellation")
    items[0][:] = corpus.LONG + np.uint64(5)  # as if their hashes were equal
    words, shift = vocabulary(8, 64)
    ids = np.zeros(n, np.int32)
    assert look_up(text, items, 0, n, words, 0, shift, ids) == (3, 2)
    assert ids.tolist() == [0, 1, 0]


@both("enter")
def test_words_are_found_again_in_larger_slots(enter):
    text, items, n = split_up(corpus.split, " ".join(f"w{i}" for i in range(8)))
    words, shift = vocabulary(8, 64)
    ids = np.zeros(n, np.int32)
    assert corpus.look_up(text, items, 0, n, words, 0, shift, ids) == (8, 8)
    words = (np.zeros(64, np.int32), *words[1:])
    shift -= np.uint64(2)
    enter(words, 8, shift)
    assert corpus.look_up(text, items, 0, n, words, 8, shift, ids) == (8, 8)
    assert ids.tolist() == list(range(8))
    assert words[4].tolist() == [2] * 8


@both("renumber")
@pytest.mark.parametrize(
    ("every_end", "left"),
    [(False, [0, 1, -1, 2, 0, -1]), (True, [-1, 0, 1, -1, -1, -1, 2, 0, -1])],
)
def test_renumber(renumber, every_end, left):
    ids = np.array([-1, 2, 0, -1, 1, -1, -1, 3, 2, -1], np.int32)
    rank = np.array([1, -1, 0, 2], np.int32)
    n = renumber(ids, rank, every_end)
    assert ids[:n].tolist() == left
