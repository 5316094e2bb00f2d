import numpy as np
import pytest

from inlay.core import Tokens
from inlay.core.other_ngrams import EXPLICIT, FLORET, KINDS, OtherNgrams
from inlay.core.subwords import Coded, Subwords

ROWS = np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32)
LISTED = {"listed": Tokens.from_list(["<a", "a>", "b>", "<a>"]), "listed_rows": np.arange(4)}


def test_a_listed_n_gram_has_its_row_and_others_have_none():
    ngrams = OtherNgrams(EXPLICIT, 2, 3, 4, **LISTED)
    vectors, parts = Subwords(ngrams, ROWS).compose(["a", "b", "ccc", ""])
    assert parts.tolist() == [3, 1, 0, 0]
    assert np.allclose(vectors[:2], [ROWS[[0, 1, 3]].mean(axis=0), ROWS[2]], atol=1e-6)
    assert not vectors[2:].any()


@pytest.mark.parametrize("kind", KINDS)
def test_the_length_is_1_or_that_of_the_mean(kind):
    ngrams = OtherNgrams(kind, 1, 3, 4, **LISTED)
    mean, parts = Subwords(ngrams, ROWS).compose(["a", "ab"])
    unit, same = Subwords(ngrams._replace(unit=True), ROWS).compose(["a", "ab"])
    assert parts.tolist() == same.tolist()
    assert np.allclose(np.linalg.norm(unit, axis=1), 1)
    assert np.allclose(unit * np.linalg.norm(mean, axis=1)[:, None], mean, atol=1e-6)


def test_floret_s_marks_and_an_empty_word():
    ngrams = OtherNgrams(FLORET, 1, 2, 20, hashes=(2, 7), marks=("«", ""))
    vectors, parts = Subwords(ngrams, ROWS).compose(["a", "", "\ud83d"])
    assert parts.tolist() == [8, 0, 8]
    assert not vectors[1].any()
    other, _ = Subwords(ngrams._replace(marks=("<", "")), ROWS).compose(["a"])
    assert not np.allclose(other[0], vectors[0])


def test_quantised_rows_with_norms_and_a_projection():
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 256, (4, 2)).astype(np.uint8)
    centroids, norms = rng.normal(size=(2, 256, 2)), np.array([1, 2, 3, 4], np.float32)
    projection = rng.normal(size=(4, 4)).astype(np.float32)
    flat = centroids.reshape(-1).astype(np.float32)
    coded = Coded(codes, flat, 2, np.arange(4, dtype=np.int32), norms, projection)
    rows = np.stack([np.concatenate([centroids[0, a], centroids[1, b]]) for a, b in codes])
    expected = (rows * norms[:, None] @ projection.T)[[0, 1, 3]].mean(axis=0)
    vectors, _ = Subwords(OtherNgrams(EXPLICIT, 2, 3, 4, **LISTED), coded).compose(["a"])
    assert np.allclose(vectors[0], expected, atol=1e-5)
