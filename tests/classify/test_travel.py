"""Classifiers in other processes: scikit-learn's workers, a pickle, another backend."""

import copy
import pickle

import numpy as np
import pytest

pytest.importorskip("keras")

import inlay
from inlay import TextClassifier
from inlay.errors import MissingFileError
from tests.conftest import INSTALLED
from tests.processes import ended, started

QUICK = {"model": "mean", "epochs": 10, "learning_rate": 0.1, "validation": None}


def spaces(text):
    """A tokenizer with a name."""
    return text.split(" ")


@pytest.fixture
def path(vectors, tmp_path):
    vectors.save(tmp_path / "v.safetensors")
    return tmp_path / "v.safetensors"


@pytest.fixture
def fitted(path, reviews):
    return TextClassifier(inlay.load(path), **QUICK).fit(*reviews)


def test_a_classifier_that_was_fitted_pickles(fitted, reviews):
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_allclose(
        again.predict_proba(reviews[0]), fitted.predict_proba(reviews[0]), atol=1e-6
    )
    assert again.classes_.tolist() == ["neg", "pos"]
    assert again.history_ == fitted.history_
    assert again.coverage_ == fitted.coverage_
    assert again.table_["superb"].tolist() == fitted.table_["superb"].tolist()
    assert again.embedding.tokens == fitted.embedding.tokens
    assert again.get_params().keys() == fitted.get_params().keys()
    assert pickle.loads(pickle.dumps(again)).predict(["superb"]).tolist() == ["pos"]


def test_it_answers_where_the_vectors_it_started_from_are_not(fitted, reviews, path):
    expected = fitted.predict_proba(reviews[0])
    sent = pickle.dumps(fitted)
    path.unlink()
    again = pickle.loads(sent)
    np.testing.assert_allclose(again.predict_proba(reviews[0]), expected, atol=1e-6)
    with pytest.raises(MissingFileError, match=r"v\.safetensors"):
        again.fit(*reviews)


def test_one_that_was_not_fitted_needs_the_vectors(path):
    sent = pickle.dumps(TextClassifier(inlay.load(path), **QUICK))
    assert len(sent) < 3_000
    assert pickle.loads(sent).embedding["superb"].shape == (16,)
    path.unlink()
    with pytest.raises(MissingFileError, match="the file that this table was mapped from"):
        pickle.loads(sent)


def test_copies_share_what_never_changes_and_no_setting(fitted, reviews):
    for made in (copy.copy(fitted), copy.deepcopy(fitted)):
        assert made.embedding is fitted.embedding
        np.testing.assert_array_equal(
            made.predict_proba(reviews[0]), fitted.predict_proba(reviews[0])
        )
        made.set_params(epochs=1)
        assert fitted.epochs == 10
    lonely = TextClassifier(tokenizer=lambda text: text.split())
    assert copy.deepcopy(lonely).tokenizer is lonely.tokenizer


def test_scikit_learn_s_workers(path, reviews):
    selection = pytest.importorskip("sklearn.model_selection")
    # joblib takes along what a plain pickle cannot.
    model = TextClassifier(inlay.load(path), tokenizer=lambda text: text.split(), **QUICK)
    alone = selection.cross_val_score(model, *reviews, cv=2)
    found = selection.cross_validate(model, *reviews, cv=2, n_jobs=2, return_estimator=True)
    np.testing.assert_allclose(found["test_score"], alone, atol=1e-6)
    assert [made.predict(["superb"])[0] for made in found["estimator"]] == ["pos", "pos"]
    search = selection.GridSearchCV(model, {"tokenizer": ["lower", spaces]}, cv=2, n_jobs=2)
    assert search.fit(*reviews).predict(["superb"]).tolist() == ["pos"]


def test_a_pickle_is_read_on_another_backend(fitted, reviews, tmp_path):
    import keras

    others = [name for name in INSTALLED if name != keras.backend.backend()]
    if not others:
        pytest.skip("no other backend")
    (tmp_path / "model.pickle").write_bytes(pickle.dumps([fitted, reviews[0]]))
    script = (
        "import pickle, sys, numpy as np\n"
        "folder = sys.argv[1]\n"
        "model, texts = pickle.load(open(f'{folder}/model.pickle', 'rb'))\n"
        "assert 'keras' not in sys.modules\n"
        "np.save(f'{folder}/found.npy', model.predict_proba(texts))\n"
        "import keras; print(keras.backend.backend())\n"
    )
    with started("-c", script, tmp_path, KERAS_BACKEND=others[-1]) as running:
        code, out, err = ended(running)
    assert (code, out.strip()) == (0, others[-1]), err
    np.testing.assert_allclose(
        np.load(tmp_path / "found.npy"), fitted.predict_proba(reviews[0]), atol=1e-5
    )
