import numpy as np
import pytest

from inlay import TextClassifier
from inlay.core.subwords import Coded, as_kernels_take
from inlay.errors import ArgumentError
from inlay.kernels.supervised import mean_rows

QUICK = {"model": "fasttext", "dim": 12, "epochs": 40, "validation": None}
GRAMS = {"word_ngrams": 5, "min_n": 2, "max_n": 6}


@pytest.fixture(scope="module")
def fitted(reviews):
    return TextClassifier(**QUICK, **GRAMS, tokenizer="split").fit(*reviews)


def rows_of(classifier):
    """The rows of a quantised classifier as numbers."""
    coded = classifier._fitted.learned.rows
    assert isinstance(coded, Coded)
    n = len(coded.codes)
    out, ends = np.empty(coded.shape, np.float32), np.arange(n + 1)
    mean_rows(ends[:-1].astype(np.int32), ends, np.ones(n, np.int32), as_kernels_take(coded), out)
    return out


@pytest.mark.parametrize("settings", [{}, {"qnorm": True}, {"dsub": 3}, {"dsub": 9}])
def test_it_answers_nearly_alike(fitted, reviews, settings):
    texts, labels = reviews
    small = fitted.quantize(**settings)
    assert small.score(texts, labels) == 1
    far = np.abs(small.predict_proba(texts) - fitted.predict_proba(texts)).max()
    assert 0 < far < 0.2
    rows = fitted._fitted.learned.rows
    error = np.linalg.norm(rows_of(small) - rows) / np.linalg.norm(rows)
    assert error < 0.35


def test_fewer_rows_than_centroids_are_exact(reviews):
    fitted = TextClassifier(**QUICK).fit(*reviews)
    assert len(fitted.vocabulary_) < 256
    np.testing.assert_allclose(rows_of(fitted.quantize()), fitted._fitted.learned.rows, atol=1e-6)


def test_words_alone_are_cut_off_too(reviews):
    fitted = TextClassifier(**QUICK).fit(*reviews)
    small = fitted.quantize(cutoff=5)
    assert len(small.vocabulary_) == len(rows_of(small)) == 5


def test_only_the_longest_rows_stay(fitted, reviews):
    rows = fitted._fitted.learned.rows
    lengths = np.linalg.norm(rows, axis=1)
    lengths[0] = np.inf  # the end of a text always stays
    small = fitted.quantize(cutoff=40)
    model = small._fitted.learned
    kept = np.sort(np.argsort(-lengths)[:40])
    n_words = len(fitted.vocabulary_)
    words = [fitted.vocabulary_.tokens[i] for i in kept if i < n_words]
    assert small.vocabulary_.tokens.tolist() == words
    buckets = fitted._fitted.learned.buckets[[i - n_words for i in kept if i >= n_words]]
    assert model.buckets.tolist() == buckets.tolist()
    assert len(model.rows.codes) == 40
    assert small.score(*reviews) > 0.9


@pytest.mark.parametrize("settings", [{}, {"qnorm": True, "cutoff": 300}])
def test_a_quantised_classifier_travels(fitted, reviews, tmp_path, settings):
    small = fitted.quantize(**settings)
    expected = small.predict_proba(reviews[0])
    small.save(tmp_path / "small.ftz")
    small.save(tmp_path / "folder")
    for name in ("small.ftz", "folder"):
        again = TextClassifier.load(tmp_path / name)
        np.testing.assert_allclose(again.predict_proba(reviews[0]), expected, atol=1e-6)
    with pytest.raises(ArgumentError, match=r"ends in \.ftz, for the classifier is quantised"):
        small.save(tmp_path / "small.bin")


def test_what_it_was_stays_as_it_was(fitted, reviews):
    before = fitted.predict_proba(reviews[0])
    fitted.quantize(cutoff=10, qnorm=True)
    np.testing.assert_array_equal(fitted.predict_proba(reviews[0]), before)


def test_settings_that_cannot_be_used(fitted, reviews):
    for settings in ({"cutoff": 0}, {"dsub": 0}, {"seed": -1}):
        with pytest.raises(ArgumentError, match=next(iter(settings))):
            fitted.quantize(**settings)
    with pytest.raises(ArgumentError, match="not quantised yet"):
        fitted.quantize().quantize()
