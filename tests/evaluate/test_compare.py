import json

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier

from inlay.errors import ArgumentError, ArgumentTypeError, MissingFileError
from inlay.evaluate import Comparison, Row, compare
from inlay.evaluate.compare import default_estimators
from tests.encode.features_fake import Plain


class Remember(ClassifierMixin, BaseEstimator):
    """Knows the texts it has seen, and says the first class of any other."""

    seen: list = []  # noqa: RUF012  # of all splits, on purpose

    def __init__(self, seed=0):
        self.seed = seed

    def fit(self, texts, labels):
        self.known_ = dict(zip(texts, labels, strict=True))
        self.classes_ = np.unique(labels)
        Remember.seen.append((self.seed, frozenset(texts)))
        return self

    def predict(self, texts):
        return np.array([self.known_.get(text, self.classes_[0]) for text in texts])


TEXTS = [f"text {i}" for i in range(60)]
LABELS = ["a"] * 40 + ["b"] * 20


def test_every_estimator_gets_the_same_splits_and_no_text_to_judge_by():
    Remember.seen = []
    estimators = [("one", Remember()), ("two", Remember()), ("dummy", DummyClassifier())]
    found = compare(TEXTS, LABELS, estimators=estimators, n_splits=3, seed=7)
    assert [seed for seed, _ in Remember.seen] == [7, 7, 8, 8, 9, 9]
    parts = [texts for _, texts in Remember.seen]
    assert parts[0] == parts[1] != parts[2] == parts[3]
    assert {len(part) for part in parts} == {48}
    # What was not seen is always called "a", which is right for 8 of the other 12.
    assert found.rows[0].accuracies == pytest.approx((8 / 12,) * 3)
    assert found.rows[0].accuracies == found.rows[1].accuracies
    assert (found.n_train, found.n_test) == (48, 12)
    assert set(found.fitted) == {"one", "two", "dummy"}
    assert estimators[0][1].seed == 0  # those given are not touched


def test_one_bar_for_all_fits():
    class Showing(DummyClassifier):
        def __init__(self, progress=None):
            super().__init__()
            self.progress = progress

    estimators = [("unsaid", Showing()), ("asked for", Showing(progress=True))]
    fitted = compare(TEXTS, LABELS, estimators=estimators, n_splits=1).fitted
    assert [one.progress for one in fitted.values()] == [False, True]


def test_few_texts_of_each_class():
    found = compare(
        TEXTS, LABELS, estimators=[("x", DummyClassifier())], n_train=5, n_test=30, n_splits=2
    )
    assert (found.n_train, found.n_test) == (10, 30)
    assert found.rows[0].n_trainable is None


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_train": 20}, "class b: expected more than 20 texts"),
        ({"n_splits": 0}, "n_splits"),
        ({"n_splits": True}, "n_splits: expected a whole number"),
        ({"n_train": 5.0}, "n_train: expected a whole number"),
        ({"n_test": 0}, "n_test: expected a whole number"),
        ({"seed": "1"}, "seed: expected a whole number"),
        ({"progress": 1}, "progress: expected True or False"),
        ({"embedding": "v.txt"}, "embedding: expected nothing beside estimators"),
        ({"estimators": []}, "estimators"),
        ({"estimators": 5}, "estimators: expected a list of pairs"),
        ({"estimators": {"x": Remember()}}, r"list\(estimators.items\(\)\)"),
        ({"estimators": [Remember()]}, r"estimators\[0\]: expected a name and an estimator"),
        ({"estimators": [("x", Remember()), ("y", 5)]}, r"estimators\[1\]"),
        ({"estimators": [("x", Remember()), ("x", Remember())]}, "different names"),
    ],
)
def test_what_cannot_be_compared(settings, message):
    with pytest.raises((ArgumentError, ArgumentTypeError), match=message):
        compare(TEXTS, LABELS, **({"estimators": [("x", Remember())]} | settings))


def test_texts_and_labels_as_others_have_them():
    settings = {"estimators": [("x", Remember())], "n_splits": np.int64(2), "n_test": np.int32(9)}
    expected = compare(TEXTS, LABELS, **settings).rows[0].accuracies
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"text": TEXTS, "label": LABELS})
    assert compare(frame["text"], frame["label"], **settings).rows[0].accuracies == expected
    with pytest.raises(ArgumentTypeError, match=r"texts: expected a list of texts"):
        compare(frame, frame["label"], **settings)
    arrays = np.array(TEXTS), np.array(LABELS)
    assert compare(*arrays, **settings).rows[0].accuracies == expected
    with pytest.raises(ArgumentTypeError, match=r"\[text\]"):
        compare("a good film", LABELS, **settings)


def test_vectors_are_given_as_to_a_classifier(vectors, tmp_path):
    vectors.save(tmp_path / "v.safetensors")
    for embedding in (vectors, tmp_path / "v.safetensors", str(tmp_path / "v.safetensors")):
        estimators = dict(default_estimators(embedding, n_texts=10))
        assert len(estimators) == 4
        frozen = estimators["CNN, these vectors frozen"]
        np.testing.assert_array_equal(frozen.embedding.vectors, vectors.vectors)
    assert len(default_estimators(None, n_texts=10)) == 2
    with pytest.raises(ArgumentTypeError, match=r"embedding: .*not learned on top of yet"):
        compare(TEXTS, LABELS, Plain())
    with pytest.raises(ArgumentTypeError, match="embedding: expected a Table, its file or None"):
        compare(TEXTS, LABELS, np.zeros((2, 2)))
    with pytest.raises(MissingFileError):
        compare(TEXTS, LABELS, tmp_path / "none.txt")


def test_the_interval_is_students():
    # scipy.stats.t.interval(0.95, 4, loc, sem) of these five
    row = Row("x", (0.70, 0.72, 0.74, 0.76, 0.78), 1.0, None)
    assert row.mean == pytest.approx(0.74)
    assert row.half_width == pytest.approx(2.7764451 * np.std(row.accuracies, ddof=1) / 5**0.5)
    assert np.isnan(Row("x", (0.7,), 1.0, None).half_width)


def test_as_a_table_and_as_json():
    rows = (Row("linear", (0.8, 0.9), 0.25, 1234567), Row("net", (0.9, 0.95), 12.0, None))
    found = Comparison(rows, 100, 50, {"linear": object(), "net": object()})
    assert str(found).splitlines() == [
        "        accuracy, %  95 % interval  seconds  trainable",
        "linear         85.0        +- 63.5      0.2  1,234,567",
        "net            92.5        +- 31.8     12.0",
        "2 splits: 100 texts to learn from, 50 to judge by",
    ]
    found = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert found["best"] == "net"
    assert found["best_classifier"] is None
    assert found["rows"][0]["n_trainable"] == 1_234_567
    one = Comparison((Row("x", (0.5,), 1.0, None),), 1, 1)
    assert one.to_dict()["rows"][0]["half_width"] is None
    assert "+-" not in str(one)


def test_the_default_estimators(reviews, vectors, tmp_path):
    pytest.importorskip("keras")
    found = compare(*reviews, vectors, n_train=12, n_splits=1, progress=False)
    assert [row.name for row in found.rows] == [
        "TF-IDF + logistic regression",
        "CNN, random vectors",
        "CNN, these vectors frozen",
        "CNN, these vectors fine-tuned",
    ]
    assert all(0 <= row.accuracies[0] <= 1 and row.seconds > 0 for row in found.rows)
    linear, random, frozen, tuned = (row.n_trainable for row in found.rows)
    assert linear == len(found.fitted["TF-IDF + logistic regression"][0].vocabulary_) + 1
    assert random == tuned > frozen
    assert found.best_classifier.startswith("CNN")
    found.fitted[found.best_classifier].save(tmp_path / "best")
    assert found.best in {row.name for row in found.rows}
