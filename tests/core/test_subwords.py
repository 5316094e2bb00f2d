import copy
import pickle

import numpy as np
import pytest
from fuzz.fasttext import grams, hashed

from inlay.core import Tokens
from inlay.core.subwords import BLOCK, Coded, Ngrams, Subwords, WordRows
from inlay.core.tokens import pack

ROWS = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)


def buckets(word, min_n=3, max_n=6, bucket=20):
    return [hashed(gram) % bucket for gram in grams(word.encode(), min_n, max_n)]


def test_composing():
    subwords = Subwords(Ngrams(3, 6, 20), ROWS)
    vectors, parts = subwords.compose(["film", "", "영화", "</s>"])
    assert parts.tolist() == [len(buckets("film")), 0, len(buckets("영화")), 0]
    assert np.allclose(vectors[0], ROWS[buckets("film")].mean(axis=0), atol=1e-6)
    assert not vectors[[1, 3]].any()
    none, of_none = subwords.compose([])
    assert (none.shape, of_none.shape) == ((0, 3), (0,))


def test_half_a_character_is_no_error():
    vectors, parts = Subwords(Ngrams(3, 3, 20), ROWS).compose(["\ud83d"])
    assert parts.tolist() == [1]
    assert vectors.any()


def test_a_label_has_the_row_that_fasttext_takes():
    subwords = Subwords(Ngrams(3, 3, 20), ROWS, Tokens.from_list(["a", "b"]))
    vectors, parts = subwords.compose(["b", "c"])
    assert parts.tolist() == [2, 1]
    expected = (ROWS[1] + ROWS[buckets("b", 3, 3)[0]]) / 2
    assert np.allclose(vectors[0], expected, atol=1e-6)
    many = Subwords(Ngrams(3, 3, 20), ROWS, Tokens.from_list([f"l{i}" for i in range(30)]))
    assert many.compose(["l19", "l20"])[1].tolist() == [4, 3]  # of row 20 there is none


def test_how_many_rows_there_must_be():
    kept = np.array([3, 9], np.int32), np.array([5, 2], np.int32)
    none = np.empty(0, np.int32)
    assert Ngrams(3, 6, 20).n_rows == 20
    assert Ngrams(0, 0, 20).n_rows == Ngrams(4, 3, 20).n_rows == 0
    assert Ngrams(3, 6, 20, kept).n_rows == 6
    assert Ngrams(3, 6, 20, (none, none)).n_rows == 0


def test_it_travels():
    subwords = Subwords(Ngrams(3, 6, 20), ROWS, Tokens.from_list(["a"]))
    assert copy.deepcopy(subwords) is subwords
    again = pickle.loads(pickle.dumps(subwords))
    assert again.compose(["film", "a"])[0].tobytes() == subwords.compose(["film", "a"])[0].tobytes()


def test_coded_rows_behind_others():
    codes, centroids = np.arange(8, dtype=np.uint8).reshape(4, 2), np.zeros(3 * 256, np.float32)
    coded = Coded(codes, centroids, 2, np.arange(4, dtype=np.uint8), np.zeros(256, np.float32))
    assert coded.shape == (4, 3)
    behind = coded.behind(3)
    assert (behind.codes.tolist(), behind.norms.tolist()) == ([[6, 7]], [3])
    assert np.shares_memory(behind.codes, codes)
    plain = coded._replace(norms=np.empty(0, np.uint8)).behind(3)
    assert plain.norms.size == 0


@pytest.fixture
def words():
    names = [f"w{i}" for i in range(3 * BLOCK + 7)]
    rows = np.arange(len(names) * 2, dtype=np.float32).reshape(-1, 2)
    return WordRows(*pack(names), np.arange(len(names)), Ngrams(0, 0, 0), rows, len(names))


def test_rows_are_made_by_any_index(words):
    n = words.shape[0]
    whole = words[...]
    assert whole.shape == words.shape == (n, 2)
    assert whole.dtype == words.dtype == np.float32
    assert np.array_equal(whole, words.rows)
    assert np.array_equal(words[5:9], whole[5:9])
    assert np.array_equal(words[::1000], whole[::1000])
    assert np.array_equal(words[[7, 1, n - 1]], whole[[7, 1, n - 1]])
    assert np.array_equal(words[np.int64(8)], whole[8])
    assert words[3].tolist() == [6, 7]
    assert words[[]].shape == (0, 2)
