import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier

from inlay.encode import FunctionEncoder
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.evaluate import compare


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
    found = compare(TEXTS, LABELS, estimators=estimators, folds=5, seed=7)
    assert [seed for seed, _ in Remember.seen] == [7, 7, 8, 8, 9, 9, 10, 10, 11, 11]
    parts = [texts for _, texts in Remember.seen]
    assert parts[0] == parts[1] != parts[2] == parts[3]
    assert {len(part) for part in parts} == {48}
    assert sum(len(set(TEXTS) - part) for part in parts[::2]) == 60  # each is judged by once
    # What was not seen is always called "a", which is right for 8 of the other 12.
    assert found.rows[0].accuracies == pytest.approx((8 / 12,) * 5)
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
    fitted = compare(TEXTS, LABELS, estimators=estimators, folds=1).fitted
    assert [one.progress for one in fitted.values()] == [False, True]


def test_few_texts_of_each_class():
    found = compare(
        TEXTS, LABELS, estimators=[("x", DummyClassifier())], n_train=5, n_test=30, folds=2
    )
    assert (found.n_train, found.n_test) == (10, 30)
    assert found.rows[0].n_trainable is None


def test_a_file_and_a_classifier_beside_the_baseline(tmp_path):
    lines = (f"{text},{label}" for text, label in zip(TEXTS, LABELS, strict=True))
    (tmp_path / "d.csv").write_text("\n".join(["review,stars", *lines]))
    settings = {"text": "review", "label": "stars", "folds": 2}
    estimators = [("dummy", DummyClassifier())]
    found = compare(tmp_path / "d.csv", embeddings="tfidf", estimators=estimators, **settings)
    assert [row.name for row in found.rows] == ["TF-IDF + logistic regression", "dummy"]
    assert found.rows[1].accuracies == pytest.approx((40 / 60,) * 2)
    alone = compare(tmp_path / "d.csv", estimators=estimators, **settings)
    assert [row.name for row in alone.rows] == ["dummy"]


def test_auto_chooses_one_tokenizer_for_all(capsys):
    texts = ["这部电影真好看", "这部电影真难看"] * 10
    found = compare(texts, [1, 0] * 10, embeddings="tfidf", tokenizer="auto", folds=2)
    assert capsys.readouterr().err.startswith("tokenizer 'auto': ")
    assert found.rows[0].mean == 1.0
    tokens = found.fitted["TF-IDF + logistic regression"][0].vocabulary_
    assert texts[0] not in tokens
    with pytest.warns(UserWarning, match="for their script has no spaces"):
        compare(["这部电影真的是非常非常好看"] * 20, [1, 0] * 10, embeddings="tfidf", folds=2)


def test_an_estimator_that_fails_is_named_and_one_without_parameters_is_copied():
    class Fails(DummyClassifier):
        def fit(self, texts, labels):
            raise ValueError("could not convert string to float")

    with pytest.raises(ValueError, match="to float") as failed:
        compare(TEXTS, LABELS, estimators=[("mine", Fails())])
    assert failed.value.__notes__ == ["This came from 'mine', which was given texts and labels."]

    class Plain:
        def fit(self, texts, labels):
            self.n_texts = len(texts)
            return self

        def score(self, texts, labels):
            return 0.5

    given = Plain()
    assert compare(TEXTS, LABELS, estimators=[("x", given)]).fitted["x"].n_texts == 48
    assert not hasattr(given, "n_texts")


def test_ctrl_c_says_what_is_kept():
    class Stopping(DummyClassifier):
        def fit(self, texts, labels):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as stop:
        compare(TEXTS, LABELS, estimators=[("x", Stopping())])
    assert stop.value.__notes__ == [
        "Stopped; a comparison keeps nothing of folds that have not all ended."
    ]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_train": 20}, "class b: expected more than 20 texts"),
        ({"folds": 0}, "folds: expected a whole number, 1 or more"),
        ({"folds": True}, "folds: expected a whole number"),
        ({"n_train": 5.0}, "n_train: expected a whole number"),
        ({"n_test": 0}, "n_test: expected a whole number"),
        ({"seed": "1"}, "seed: expected a whole number"),
        ({"progress": 1}, "progress: expected True, False or None"),
        ({"estimators": [], "embeddings": []}, "embeddings: expected something to compare"),
        ({"tokenizer": "wrds"}, "tokenizer"),
        ({"max_length": 0}, "max_length: expected a whole number, 1 or more"),
        ({"seed": 2**31 - 3}, "seed: expected a whole number from 0 to 2147483642"),
        ({"estimators": 5}, "estimators: expected a list of pairs"),
        ({"estimators": {"x": Remember()}}, r"list\(estimators.items\(\)\)"),
        ({"estimators": [Remember()]}, r"estimators\[0\]: expected a name and an estimator"),
        ({"estimators": [("x", Remember()), ("y", 5)]}, r"estimators\[1\]"),
        ({"estimators": [("x", Remember)]}, r"estimators\[0\]: .* an object and not its class"),
        ({"estimators": [("x", Remember()), ("x", Remember())]}, "different names, got 'x' twice"),
    ],
)
def test_what_cannot_be_compared(settings, message):
    with pytest.raises((ArgumentError, ArgumentTypeError), match=message):
        compare(TEXTS, LABELS, **({"estimators": [("x", Remember())]} | settings))


def test_texts_and_labels_as_others_have_them():
    settings = {"estimators": [("x", Remember())], "folds": np.int64(2), "n_test": np.int32(9)}
    expected = compare(TEXTS, LABELS, **settings).rows[0].accuracies
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"text": TEXTS, "label": LABELS})
    assert compare(frame["text"], frame["label"], **settings).rows[0].accuracies == expected
    assert compare(frame, **settings).rows[0].accuracies == expected
    arrays = np.array(TEXTS), np.array(LABELS)
    assert compare(*arrays, **settings).rows[0].accuracies == expected
    with pytest.raises(ArgumentTypeError, match=r"\[data\]"):
        compare("a good film", LABELS, **settings)


def test_the_default_estimators(reviews, vectors, tmp_path):
    pytest.importorskip("keras")
    embeddings = ["tfidf", "random", vectors]
    found = compare(*reviews, embeddings=embeddings, n_train=12, folds=1, progress=False)
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


@pytest.mark.parametrize("useless", [{"tokenizer": "lower"}, {"max_length": 5}])
def test_how_texts_are_split_is_no_matter_of_encoders(useless):
    encoder = FunctionEncoder(lambda texts: [[len(text)] for text in texts], dim=1, name="n")
    with pytest.raises(ArgumentError, match=r"which it is for, got a setting that has no effect"):
        compare(["a", "bb"] * 10, [0, 1] * 10, embeddings=encoder, folds=2, **useless)
