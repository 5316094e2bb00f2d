import numpy as np
import pytest

from inlay.kernels import corpus
from inlay.kernels.spaces import split
from inlay.kernels.word_keys import LONG, word_keys
from tests.kernels.text import split_up

# The hash wraps around; plain numpy says so.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered")


def both(name):
    kernel = getattr(corpus, name)
    return pytest.mark.parametrize(name, [kernel, kernel.py_func], ids=["compiled", "plain"])


def vocabulary(capacity, n_bytes):
    """An empty table, offsets and blob, and the shift."""
    words = (
        np.zeros(4 * capacity, np.uint64),
        np.zeros(capacity + 1, np.int64),
        np.zeros(n_bytes, np.uint8),
    )
    return words, np.uint64(64 - (2 * capacity).bit_length() + 1)


def keys_and_counts(table, n):
    keys, counts = np.zeros(n, np.uint64), np.zeros(n, np.int64)
    corpus.read_table(table, keys, counts)
    return keys, counts.tolist()


@both("look_up")
@pytest.mark.parametrize(("capacity", "n_bytes"), [(8, 64), (4, 64), (8, 9)])
def test_look_up_stops_where_the_vocabulary_is_full(look_up, capacity, n_bytes):
    text, items, n = split_up(split, "to be or\nnot to be constellation to\n")
    words, shift = vocabulary(capacity, n_bytes)
    table, offsets, blob = words
    ids = np.full(n, 99, np.int32)
    stopped, n_words = look_up(text, items, 0, n, words, 0, shift, corpus.ONE, ids)
    found = [bytes(blob[offsets[i] : offsets[i + 1]]).decode() for i in range(n_words)]
    if (capacity, n_bytes) == (8, 64):
        assert (stopped, found) == (n, ["to", "be", "or", "not", "constellation"])
        assert keys_and_counts(table, 5)[1] == [3, 2, 1, 1, 1]
        assert ids.tolist() == [0, 1, 2, -1, 3, 0, 1, 4, 0, -1]
    else:
        assert (stopped, found) == (7, ["to", "be", "or", "not"])
        assert ids.tolist() == [0, 1, 2, -1, 3, 0, 1, 99, 99, 99]


@both("look_up")
def test_what_is_looked_up_without_counting_has_a_number(look_up):
    text, items, n = split_up(split, "to be to")
    words, shift = vocabulary(8, 64)
    ids = np.zeros(n, np.int32)
    assert look_up(text, items, 0, n, words, 0, shift, corpus.NONE, ids) == (3, 2)
    assert ids.tolist() == [0, 1, 0]
    keys, counts = keys_and_counts(words[0], 2)
    assert counts == [0, 0]
    assert keys.tolist() == items[0][:2].tolist()


@both("look_up")
def test_long_words_with_one_key_are_told_apart(look_up):
    text, items, n = split_up(split, "constellation constellatiom constellation")
    items[0][:] = LONG + np.uint64(5)  # as if their hashes were equal
    words, shift = vocabulary(8, 64)
    ids = np.zeros(n, np.int32)
    assert look_up(text, items, 0, n, words, 0, shift, corpus.ONE, ids) == (3, 2)
    assert ids.tolist() == [0, 1, 0]


@both("enter")
def test_words_are_found_again_in_a_larger_table(enter):
    text, items, n = split_up(split, " ".join(f"w{i}" for i in range(8)))
    (table, offsets, blob), shift = vocabulary(8, 64)
    ids = np.zeros(n, np.int32)
    once = corpus.ONE
    found = corpus.look_up(text, items, 0, n, (table, offsets, blob), 0, shift, once, ids)
    assert found == (8, 8)
    larger = np.zeros(128, np.uint64)
    shift -= np.uint64(2)
    enter(table, larger, shift)
    found = corpus.look_up(text, items, 0, n, (larger, offsets, blob), 8, shift, once, ids)
    assert found == (8, 8)
    assert ids.tolist() == list(range(8))
    assert keys_and_counts(larger, 8)[1] == [2] * 8


@both("by_part")
def test_words_are_ordered_by_part(by_part):
    keys = np.random.default_rng(0).integers(1, 1 << 63, 300).astype(np.uint64)
    order, starts = np.full(300, -1, np.int32), np.zeros(corpus.PARTS + 2, np.int64)
    by_part(keys, order, starts)
    assert sorted(order.tolist()) == list(range(300))
    assert (starts[0], starts[corpus.PARTS]) == (0, 300)
    found = [order[starts[i] : starts[i + 1]].tolist() for i in range(corpus.PARTS)]
    assert found == [sorted(part) for part in found]
    assert [len(set(map(corpus.part_of.py_func, keys[part]))) for part in found if part] == [
        1 for part in found if part
    ]
    assert len([part for part in found if part]) > 200


@both("merge")
def test_vocabularies_are_merged(merge):
    texts = ["to be or not to be constellation", "constellation not constellatiom be"]
    words, shift = vocabulary(8, 64)
    n_words = 0
    for text, some in zip(texts, ([0, 2, 3, 4], [3, 1]), strict=True):
        padded, items, n = split_up(split, text)
        theirs, theirs_shift = vocabulary(8, 64)
        ids, one = np.zeros(n, np.int32), corpus.ONE
        _, m = corpus.look_up(padded, items, 0, n, theirs, 0, theirs_shift, one, ids)
        keys, counts = keys_and_counts(theirs[0], m)
        given = (keys, np.array(counts), theirs[1][: m + 1], theirs[2])
        numbers, rows = np.full(len(some), -7, np.int32), np.array(some, np.int32)
        at, n_words = merge(given, rows, 0, words, n_words, shift, numbers)
        assert at == len(some)
    assert numbers.tolist() == [4, 2]  # "be" of the first was left out
    table, offsets, blob = words
    _, counts = keys_and_counts(table, n_words)
    found = [bytes(blob[offsets[i] : offsets[i + 1]]).decode() for i in range(n_words)]
    expected = {"to": 2, "or": 1, "not": 2, "constellation": 1, "be": 1}
    assert dict(zip(found, counts, strict=True)) == expected


@both("merge")
def test_merge_stops_where_the_vocabulary_is_full(merge):
    text = np.frombuffer(b"abc", np.uint8)
    items = [np.zeros(3, kind) for kind in (np.uint64, np.int32, np.int32)]
    word_keys(text, np.arange(4), *items)
    theirs = (items[0], np.ones(3, np.int64), np.arange(4), text)
    words, shift = vocabulary(2, 64)
    rows, numbers = np.array([2, 0, 1], np.int32), np.zeros(3, np.int32)
    assert merge(theirs, rows, 0, words, 0, shift, numbers) == (2, 2)
    assert numbers.tolist() == [0, 1, 0]
