"""`inlay.Vectorizer` as scikit-learn sees a transformer of texts."""

import pickle
import sys

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import OneHotEncoder

from inlay import Vectorizer
from inlay.encode.static import StaticEncoder
from inlay.errors import ArgumentError, ArgumentTypeError, InlayError, NotFittedError
from tests.encode.features_fake import Plain

TEXTS = ["a good film", "bad", "", "xyzzy"]


def words(texts):
    """Two numbers of a text: a function of the user's own."""
    return [[len(text), text.count(" ")] for text in texts]


def test_it_gives_what_the_encoder_gives(vectors):
    encoder = StaticEncoder(vectors)
    found = Vectorizer(encoder).fit_transform(TEXTS)
    np.testing.assert_array_equal(found, encoder.encode(TEXTS))
    unit = Vectorizer(encoder, normalize=True, batch_size=1).fit(TEXTS).transform(TEXTS)
    np.testing.assert_allclose(np.linalg.norm(unit, axis=1), [1, 1, 0, 0], atol=1e-6)
    most = Vectorizer(encoder, pool="max").transform(["good film"])
    expected = np.maximum(vectors["good"], vectors["film"])
    np.testing.assert_array_equal(most[0], expected)
    assert Vectorizer(encoder).transform([]).shape == (0, 16)


def test_tables_paths_functions_and_the_smallest_encoder(vectors, tmp_path):
    expected = StaticEncoder(vectors).encode(TEXTS)
    StaticEncoder(vectors).save(tmp_path / "folder")
    for given in (vectors, tmp_path / "folder", str(tmp_path / "folder")):
        np.testing.assert_array_equal(Vectorizer(given).fit_transform(TEXTS), expected)
    assert Vectorizer(words).fit_transform(["a b"]).tolist() == [[3, 1]]
    made = Vectorizer(Plain(), normalize=True).fit(TEXTS)
    np.testing.assert_allclose(made.transform(["ab"]), [[0.5**0.5, 0.5**0.5]], atol=1e-6)


def test_what_has_to_learn_does_so_in_fit_and_on_a_copy(vectors, reviews):
    encoder = StaticEncoder(vectors, pool="sif")
    made = Vectorizer(encoder)
    with pytest.raises(NotFittedError, match=r"yet to learn of texts. Try: fit\(X\)"):
        made.transform(TEXTS)
    made.fit(reviews[0])
    assert encoder.fitted is None
    expected = StaticEncoder(vectors, pool="sif").fit(reviews[0])
    np.testing.assert_array_equal(made.transform(TEXTS), expected.encode(TEXTS))
    assert Vectorizer(expected).fit(TEXTS).encoder_ is expected
    other = clone(made).fit(reviews[0][:9])
    assert other.encoder_.hash != made.encoder_.hash


def test_pipelines_searches_and_columns(vectors, reviews):
    texts, labels = reviews
    model = make_pipeline(Vectorizer(vectors), LogisticRegression(C=100))
    assert cross_val_score(model, texts, labels, cv=2).min() > 0.6
    search = GridSearchCV(model, {"vectorizer__pool": ["mean", "max"]}, cv=2, n_jobs=2)
    assert search.fit(texts, labels).score(texts, labels) >= 0.8
    union = make_union(Vectorizer(vectors), Vectorizer(words))
    assert union.fit_transform(texts).shape == (40, 18)
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"text": texts, "kind": ["a", "b"] * 20})
    columns = make_column_transformer(
        (Vectorizer(vectors), "text"), (OneHotEncoder(sparse_output=False), ["kind"])
    ).set_output(transform="pandas")
    found = columns.fit_transform(frame)
    assert found.shape == (40, 18)
    assert list(found.columns)[:2] == ["vectorizer__vectorizer0", "vectorizer__vectorizer1"]
    wrong = make_column_transformer((Vectorizer(vectors), ["text"]))
    with pytest.raises(ArgumentTypeError, match=r"X: expected a list of texts.*one column"):
        wrong.fit_transform(frame)


@pytest.mark.parametrize("package", ["pandas", "polars"])
def test_data_frames_if_asked_for(vectors, package):
    frames = pytest.importorskip(package)
    made = Vectorizer(vectors).set_output(transform=package).fit(TEXTS)
    given = frames.Series(TEXTS)
    found = made.transform(given)
    assert isinstance(found, frames.DataFrame)
    assert list(found.columns) == made.get_feature_names_out().tolist()
    np.testing.assert_array_equal(found.to_numpy(), StaticEncoder(vectors).encode(TEXTS))
    assert isinstance(clone(made).fit_transform(TEXTS), frames.DataFrame)
    assert isinstance(made.set_output(transform="default").transform(TEXTS), np.ndarray)
    with config_context(transform_output=package):
        assert isinstance(Vectorizer(vectors).fit_transform(given), frames.DataFrame)


def test_the_index_of_a_series_is_that_of_the_frame(vectors):
    pandas = pytest.importorskip("pandas")
    made = Vectorizer(vectors).set_output(transform="pandas")
    assert made.fit_transform(pandas.Series(TEXTS, index=[7, 5, 3, 1])).index[0] == 7


def test_without_pandas_it_says_so(vectors, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(InlayError, match="pip install pandas"):
        Vectorizer(vectors).set_output(transform="pandas")


def test_copies_travel_and_share_the_encoder(vectors, reviews):
    made = Vectorizer(StaticEncoder(vectors), normalize=True).fit(reviews[0])
    copy = clone(made)
    assert copy.encoder is made.encoder
    assert not hasattr(copy, "encoder_")
    again = pickle.loads(pickle.dumps(made))
    np.testing.assert_array_equal(again.transform(TEXTS), made.transform(TEXTS))
    assert repr(copy).startswith("Vectorizer(encoder=StaticEncoder(")
    assert copy.set_params(pool="sum").get_params()["pool"] == "sum"
    with pytest.raises(ArgumentError, match="set_params: expected one of encoder, pool, normalize"):
        copy.set_params(pooling="mean")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"pool": "sums"}, "pool: expected 'mean'"),
        ({"normalize": 1}, "normalize: expected True or False"),
        ({"batch_size": 0}, "batch_size: expected a whole number"),
        ({"encoder": 3}, "encoder: expected an encoder"),
        ({"encoder": Plain(), "batch_size": 2}, "batch_size: expected None for an encoder of your"),
        ({"encoder": Plain(), "pool": "mean"}, "pool: expected None"),
    ],
)
def test_settings_that_cannot_be(vectors, settings, message):
    with pytest.raises(InlayError, match=message):
        Vectorizer(**{"encoder": vectors} | settings).fit(TEXTS)


def test_one_string_is_no_list_and_numbers_are_no_texts(vectors):
    for wrong in ("a film", np.zeros((2, 2)), [3]):
        with pytest.raises(ArgumentTypeError, match=r"X:|text 0:"):
            Vectorizer(vectors).fit(wrong)
    with pytest.raises(ArgumentTypeError, match="pool="):
        Vectorizer(vectors, pooling="mean")
    with pytest.raises(NotFittedError):
        Vectorizer(vectors).get_feature_names_out()


# `check_estimator` runs nothing on what takes texts. These are its checks that need no numbers.
CHECKS = (
    "check_estimator_cloneable",
    "check_estimator_tags_renamed",
    "check_valid_tag_types",
    "check_estimator_repr",
    "check_no_attributes_set_in_init",
    "check_get_params_invariance",
    "check_set_params",
)


@pytest.mark.parametrize("name", CHECKS)
def test_scikit_learns_own_checks(vectors, name):
    from sklearn.utils import estimator_checks

    check = getattr(estimator_checks, name, None)
    if check is None:
        pytest.skip(f"this scikit-learn has no {name}")
    assert check("Vectorizer", Vectorizer(vectors, progress=False)) is None
