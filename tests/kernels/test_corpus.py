import numpy as np
import pytest

from inlay.kernels import corpus

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
    text, items, n = split_up(corpus.split, "to be to")
    words, shift = vocabulary(8, 64)
    ids = np.zeros(n, np.int32)
    assert look_up(text, items, 0, n, words, 0, shift, corpus.NONE, ids) == (3, 2)
    assert ids.tolist() == [0, 1, 0]
    keys, counts = keys_and_counts(words[0], 2)
    assert counts == [0, 0]
    assert keys.tolist() == items[0][:2].tolist()


@both("look_up")
def test_long_words_with_one_key_are_told_apart(look_up):
    text, items, n = split_up(corpus.split, "constellation constellatiom constellation")
    items[0][:] = corpus.LONG + np.uint64(5)  # as if their hashes were equal
    words, shift = vocabulary(8, 64)
    ids = np.zeros(n, np.int32)
    assert look_up(text, items, 0, n, words, 0, shift, corpus.ONE, ids) == (3, 2)
    assert ids.tolist() == [0, 1, 0]


@both("enter")
def test_words_are_found_again_in_a_larger_table(enter):
    text, items, n = split_up(corpus.split, " ".join(f"w{i}" for i in range(8)))
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


@both("merge")
@pytest.mark.parametrize("parts", [1, 4])
def test_vocabularies_are_merged_part_by_part(merge, parts):
    texts = ["to be or not to be constellation", "constellation not constellatiom be"]
    everyone = {}
    for part in range(parts):
        words, shift = vocabulary(8, 64)
        n_words = 0
        for text in texts:
            padded, items, n = split_up(corpus.split, text)
            theirs, theirs_shift = vocabulary(8, 64)
            ids = np.zeros(n, np.int32)
            one = corpus.ONE
            _, m = corpus.look_up(padded, items, 0, n, theirs, 0, theirs_shift, one, ids)
            keys, counts = keys_and_counts(theirs[0], m)
            given = (keys, np.array(counts), theirs[1][: m + 1], theirs[2])
            numbers = np.full(m, -7, np.int32)
            at, n_words = merge(given, 0, (part, parts), words, n_words, shift, numbers)
            assert at == m
            inside = numbers >= 0
            assert parts > 1 or inside.all()
            corpus.settle(keys, (part, parts), np.arange(100, 120, dtype=np.int32), numbers)
            assert (numbers[inside] >= 100).all()
            assert (numbers[~inside] == -7).all()
        table, offsets, blob = words
        _, counts = keys_and_counts(table, n_words)
        for i in range(n_words):
            word = bytes(blob[offsets[i] : offsets[i + 1]]).decode()
            assert word not in everyone
            everyone[word] = counts[i]
    expected = {"to": 2, "be": 3, "or": 1, "not": 2, "constellation": 2, "constellatiom": 1}
    assert everyone == expected


@both("merge")
def test_merge_stops_where_the_vocabulary_is_full(merge):
    text = np.frombuffer(b"abc", np.uint8)
    items = [np.zeros(3, kind) for kind in (np.uint64, np.int32, np.int32)]
    corpus.word_keys(text, np.arange(4), *items)
    theirs = (items[0], np.ones(3, np.int64), np.arange(4), text)
    words, shift = vocabulary(2, 64)
    assert merge(theirs, 0, (0, 1), words, 0, shift, np.zeros(3, np.int32)) == (2, 2)


@both("word_keys")
def test_words_that_are_known_have_the_keys_of_split(word_keys):
    text, (keys, starts, stops), n = split_up(corpus.split, "to sevenxx eightxxx étoile")
    raw = [bytes(text[a:b]) for a, b in zip(starts[:n], stops[:n], strict=True)]
    found = [np.zeros(n + 1, kind) for kind in (np.uint64, np.int32, np.int32)]
    offsets = np.cumsum([0, *map(len, raw), 0])
    word_keys(np.frombuffer(b"".join(raw), np.uint8), offsets, *found)
    assert found[0].tolist() == [*keys[:n].tolist(), 0]
    assert found[1].tolist() == offsets[:-1].tolist()
    assert found[2].tolist() == offsets[1:].tolist()


@both("simple_words")
def test_runs_are_split_by_the_classes_of_their_letters(simple_words):
    classes = np.zeros(1 << 16, np.uint8)
    classes[[ord(c) for c in "abcé한"]] = 1
    classes[[ord(c) for c in ".,\0"]] = 2
    classes[[ord(c) for c in "'’"]] = 3
    cases = {
        "ab": ["ab"],
        "a'b": ["a'b"],
        "a’é’한,b": ["a’é’한", ",", "b"],
        "'a''b'": ["'", "a", "'", "'", "b", "'"],
        "a'.b": ["a", "'", ".", "b"],
        "’’": ["’", "’"],
        "": [],
        "ax": None,
        "a,\U0001f600": None,
        "\0": ["\0"],
        "abcabcabca": ["abcabcabca"],
    }
    raw = [run.encode() for run in cases]
    text = np.frombuffer(b"".join(raw), np.uint8)
    items = [np.zeros(text.size, kind) for kind in (np.uint64, np.int32, np.int32)]
    counts = np.zeros(len(raw), np.int64)
    n = simple_words(text, np.cumsum([0, *map(len, raw)]), classes, *items, counts)
    expected = list(cases.values())
    assert counts.tolist() == [-1 if words is None else len(words) for words in expected]
    keys, starts, stops = items
    found = [bytes(text[starts[i] : stops[i]]).decode() for i in range(n)]
    assert found == [word for words in expected if words is not None for word in words]
    _, (others, _, _), _ = split_up(corpus.split, "ab abcabcabca")
    assert keys[[0, n - 1]].tolist() == others[:2].tolist()


@both("expand")
def test_runs_become_their_tokens(expand):
    ids = np.array([1, -1, 0, 2, 1], np.int32)
    spans = np.array([3, 1, 0]) << 32 | np.array([1, 2, 0])
    flat = np.array([9, 5, 6, 7], np.int32)
    assert corpus.expanded_size(ids, spans) == corpus.expanded_size.py_func(ids, spans) == 6
    out = np.zeros(6, np.int32)
    expand(ids, spans, flat, out)
    assert out.tolist() == [5, 6, -1, 7, 5, 6]


@both("credit")
def test_tokens_are_counted_by_their_runs(credit):
    spans = np.array([3, 1, 0]) << 32 | np.array([1, 2, 0])
    counts = np.ones(8, np.int64)
    credit(np.array([4, 5, 6]), spans, np.array([9, 5, 6, 5], np.int32), counts)
    assert counts.tolist() == [1, 1, 1, 1, 1, 10, 6, 1]


@both("renumber")
@pytest.mark.parametrize(
    ("every_end", "left"),
    [(False, [-1, 0, 1, -1, 2, 0, -1]), (True, [-1, 0, 1, -1, -1, -1, 2, 0, -1])],
)
def test_renumber(renumber, every_end, left):
    ids = np.array([-1, 2, 0, -1, 1, -1, -1, 3, 2, -1], np.int32)
    rank = np.array([1, -1, 0, 2], np.int32)
    n = renumber(ids, rank, every_end)
    assert ids[:n].tolist() == left
