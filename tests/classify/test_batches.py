import unicodedata

import numpy as np
import pytest

from inlay import Vocabulary
from inlay.classify.batches import (
    encode,
    plan,
    prediction_plan,
    prediction_shape,
    rectangle,
    training_widths,
)


def test_encode_gives_rows_without_padding_across_chunks(monkeypatch):
    monkeypatch.setattr("inlay.classify.batches.CHUNK", 2)
    vocab = Vocabulary(["a", "b"])
    rows = encode(vocab, ["a b a", "", "zzz", ["b"] * 4, "a"], max_length=3)
    assert [row.tolist() for row in rows] == [[2, 3, 2], [], [1], [3, 3, 3], [2]]


def test_a_word_that_is_not_known_is_looked_for_in_other_forms():
    vocab = Vocabulary(["film", "American", "NASA", "Film"])
    rows = encode(vocab, ["FILM Film american nasa zzz ｆｉｌｍ", "영화"], max_length=None)
    assert [vocab.decode(row) for row in rows] == [
        ["film", "Film", "American", "NASA", "<unk>", "film"],
        ["<unk>"],
    ]
    assert rows[0].dtype == np.int32


@pytest.mark.parametrize("tokenizer", ["words", "characters", "ngrams:2"])
def test_letters_in_parts_are_looked_for_as_one(tokenizer):
    """As macOS stores them; a text in composed letters gets the same ids."""
    texts = ["caf\xe9 영화 film", "x"]
    vocab = Vocabulary.from_texts(texts, tokenizer=tokenizer)
    expected = [row.tolist() for row in encode(vocab, texts, max_length=None)]
    parts = [unicodedata.normalize("NFD", text) for text in texts]
    assert parts != texts
    assert vocab.unk_id not in expected[0]
    assert [row.tolist() for row in encode(vocab, parts, max_length=None)] == expected
    if tokenizer == "words":
        shouted = [unicodedata.normalize("NFD", "CAF\xc9 zz\xe9")]
        assert encode(vocab, shouted, max_length=None)[0].tolist() == [vocab["caf\xe9"], 1]


def test_rectangle_fills_up_with_padding():
    rows = [np.array([5], np.int32), np.array([], np.int32), np.array([6, 7], np.int32)]
    expected = [[5, 9, 9], [9, 9, 9], [6, 7, 9], [9, 9, 9]]
    assert rectangle(rows, 3, 9, 4).tolist() == expected


def test_few_texts_get_one_width_and_many_several():
    assert training_widths(np.array([3, 20, 11]), 50, 20).tolist() == [20]
    assert training_widths(np.array([], int), 50, 20).tolist() == [8]
    assert training_widths(np.array([0, 1]), 50, 20).tolist() == [8]
    lengths = np.concatenate([np.full(2000, 7), np.full(2000, 30), np.full(3, 100)])
    assert training_widths(lengths, 50, 5).tolist() == [8, 32, 100]
    assert training_widths(lengths, 50, 4).tolist() == [32, 100]
    assert training_widths(lengths, 50, 2).tolist() == [100]


def test_plan_takes_each_text_once_and_mixes_lengths_only_at_the_seams():
    rng = np.random.default_rng(0)
    lengths = rng.integers(0, 60, 1234)
    widths = np.array([8, 16, 32, 60])
    batches = plan(lengths, widths, 50, rng)
    assert sorted(np.concatenate(batches).tolist()) == list(range(1234))
    assert sorted(map(len, batches))[:2] == [1234 % 50, 50]
    bins = [set(np.searchsorted(widths, lengths[batch])) for batch in batches]
    assert sum(len(found) > 1 for found in bins) <= 3
    again = plan(lengths, widths, 50, np.random.default_rng(1))
    assert [b.tolist() for b in batches] != [b.tolist() for b in again]


def test_prediction_takes_each_text_once_by_length():
    lengths = np.array([9, 1, 5, 0])
    assert [b.tolist() for b in prediction_plan(lengths, 3)] == [[3, 1, 2], [0]]


@pytest.mark.parametrize(
    ("n", "longest", "shape"),
    [(1, 0, (1, 32)), (3, 32, (4, 32)), (128, 33, (128, 64)), (5, 400, (8, 512))],
)
def test_prediction_shapes_are_few(n, longest, shape):
    assert prediction_shape(n, longest) == shape
