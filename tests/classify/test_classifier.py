import re
import sys

import numpy as np
import pytest

pytest.importorskip("keras")

from inlay import Table, TextClassifier
from inlay.classify import cnn
from inlay.classify.settings import BY_TEXT, FASTTEXT, MODELS, ClassifierSettings
from inlay.core.elsewhere import OF_CLASSIFIERS
from inlay.errors import (
    ArgumentError,
    ArgumentTypeError,
    InlayError,
    InlayWarning,
    NotFittedError,
    UnknownNameError,
)

QUICK = {"model": "mean", "dim": 16, "epochs": 20, "learning_rate": 0.1, "validation": None}


@pytest.fixture(scope="module")
def fitted(reviews):
    """Kim's network with random vectors, learnt to the end."""
    settings = {"dim": 16, "epochs": 20, "learning_rate": 0.005, "validation": None}
    return TextClassifier(**settings).fit(*reviews)


def test_it_learns_and_answers_with_the_labels_given(fitted, reviews):
    texts, labels = reviews
    assert fitted.score(texts, labels) == 1.0
    assert fitted.classes_.tolist() == ["neg", "pos"]
    assert fitted.predict(["a good film", "awful"]).tolist() == ["pos", "neg"]
    probabilities = fitted.predict_proba(texts)
    assert probabilities.shape == (40, 2)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)


def test_texts_that_hold_nothing_known_get_an_answer(fitted):
    probabilities = fitted.predict_proba(["", "   ", "xyzzy qwfpgj", "zzz " * 50])
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(probabilities[0], probabilities[1], atol=1e-6)
    np.testing.assert_allclose(probabilities[2], probabilities[3], atol=1e-6)
    assert probabilities.max() < 0.9
    assert fitted.predict_proba([]).shape == (0, 2)


def test_texts_longer_than_any_seen(fitted):
    long = "good " + "film " * 5_000
    assert fitted.predict([long]).tolist() == ["pos"]
    cut = fitted.predict_proba(["good " + "film " * 399])
    np.testing.assert_allclose(fitted.predict_proba([long]), cut, atol=1e-6)


def test_an_answer_does_not_depend_on_the_other_texts(fitted, reviews):
    texts = [*reviews[0], "good " * 100]
    together = fitted.predict_proba(texts)
    alone = np.concatenate([fitted.predict_proba([text]) for text in texts[-3:]])
    np.testing.assert_allclose(together[-3:], alone, atol=1e-6)


def test_before_fit_and_one_string(fitted):
    with pytest.raises(NotFittedError):
        TextClassifier().predict(["a"])
    with pytest.raises(ArgumentTypeError, match=r"\[text\]"):
        fitted.predict("a good film")
    with pytest.raises(ArgumentTypeError, match="text 1"):
        fitted.predict(["a", None])


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["a"] * 3, "two classes or more"),
        (["a", float("nan"), "b"], "label 1"),
        (["a", "b"], "3, one for each text"),
    ],
)
def test_labels_that_cannot_be_learnt(labels, message):
    with pytest.raises(ArgumentError, match=message):
        TextClassifier().fit(["x", "y", "z"], labels)


def test_the_same_seed_gives_the_same_numbers(reviews):
    first, same, other = (
        TextClassifier(**QUICK, batch_size=8, seed=seed).fit(*reviews).predict_proba(reviews[0])
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, same)
    assert np.abs(first - other).max() > 1e-4


@pytest.mark.parametrize("variant", ["static", "non-static", "multichannel"])
def test_words_that_only_the_table_has_are_understood(reviews, vectors, variant):
    model = TextClassifier(vectors, variant=variant, **QUICK).fit(*reviews)
    assert "superb" not in " ".join(reviews[0])
    assert model.predict(["superb"]).tolist() == ["pos"]
    times = 2 if variant == "multichannel" else 1
    np.testing.assert_allclose(model.table_["superb"], times * vectors["superb"], rtol=1e-6)
    assert model.coverage_.n_found == 6
    moved = np.abs(model.table_["good"] - times * vectors["good"]).max()
    assert (moved > 1e-3) == (variant != "static")


def test_what_trainable_means():
    def variant(*, given, **settings):
        params = TextClassifier(**settings).get_params()
        return ClassifierSettings.checked(params).variant_for(given=given)

    assert variant(given=False) == "rand"
    assert variant(given=True) == "non-static"
    assert variant(given=True, trainable=True) == "non-static"
    assert variant(given=True, trainable=False) == "static"
    assert variant(given=False, trainable=False) == "static"
    assert variant(given=True, variant="multichannel") == "multichannel"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"variant": "frozen"}, "variant: expected None, 'rand', 'static'"),
        (
            {"variant": "static"},
            r"variant: expected 'rand' without an embedding, got 'static'. Try: embedding=",
        ),
        ({"variant": "rand", "embedding": 1}, "variant: expected another one beside an embedding"),
        ({"variant": "static", "trainable": True, "embedding": 1}, "trainable"),
        ({"model": "lstm"}, "'mlp' or 'fasttext'.*a function of your own"),
        ({"model": "fastText"}, "Try: model='fasttext'"),
        ({"embedding": "fasttext"}, "embedding: .* got the name of a model. Try: model='fasttext'"),
        ({"loss": "one-vs-all"}, "loss: .* Try: loss='ova'"),
        ({"validation": "dev.csv"}, r"got str 'dev.csv'. Try: inlay.read_labelled\(path\)"),
        ({"validation": 1.5}, "between 0 and 1"),
        ({"validation": ([], [])}, "validation, labels: expected a class or more, got no texts"),
        ({"validation": (["x"], [None])}, "validation, label 0: expected a class, got None"),
        ({"validation": (["x"], ["c"])}, "validation: expected classes of the texts, got 'c'"),
        ({"validation": (["x", "y"], ["a", "c"])}, "classes of the texts"),
        ({"epochs": 0}, "epochs"),
        ({"batch_size": 0}, "batch_size"),
        ({"max_length": 0}, "max_length"),
        ({"min_count": None}, "min_count"),
        ({"learning_rate": 0}, "learning_rate"),
        ({"epochs": 2.0}, "epochs: expected a whole number, 1 or more, got 2.0"),
        ({"batch_size": True}, "batch_size: expected a whole number"),
        ({"dim": "50"}, "dim: expected a whole number"),
        ({"max_size": 2.5}, "max_size: expected a whole number"),
        ({"learning_rate": float("nan")}, "learning_rate: expected a number above 0"),
        ({"seed": -1}, "seed: expected a whole number"),
        ({"seed": 2**31}, "seed: expected a whole number from 0 to 2147483647"),
        ({"trainable": 1}, "trainable: expected True, False or None"),
        ({"progress": "no"}, "progress: expected True, False or None"),
        ({"validation": True}, "a share between 0 and 1, a pair"),
        ({"validation": ["x"]}, "a share between 0 and 1, a pair"),
        ({"validation": (["x"],)}, "a tuple of 1"),
        ({"tokenizer": "bert"}, "tokenizer"),
        ({"model": 3}, "model: expected"),
    ],
)
def test_settings_that_cannot_be_used(settings, message):
    with pytest.raises((ArgumentError, ArgumentTypeError), match=message):
        TextClassifier(**settings).fit(["x", "y"], ["a", "b"])


def test_texts_and_labels_the_other_way_round_are_told_before_any_work(monkeypatch):
    monkeypatch.delattr("inlay.classify.fitting.opened")
    with pytest.raises(ArgumentError, match="texts first, and no more classes than different"):
        TextClassifier("no file").fit(["pos", "neg", "pos"], ["a joy", "a bore", "fine"])


def test_ctrl_c_says_that_nothing_is_kept(monkeypatch):
    def pressed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("inlay.classify.fitting._train", pressed)
    model = TextClassifier(**QUICK)
    with pytest.raises(KeyboardInterrupt) as stopped:
        model.fit(["x", "y"] * 9, ["a", "b"] * 9)
    kept = "Stopped; a classifier keeps nothing of a fit that has not ended."
    assert stopped.value.__notes__ == [kept]
    assert not hasattr(model, "classes_")


def test_held_out_texts_choose_the_epoch(reviews):
    texts, labels = reviews
    settings = QUICK | {"epochs": 30, "patience": 2, "validation": (texts, labels)}
    model = TextClassifier(**settings).fit(texts, labels)
    assert model.score(texts, labels) == pytest.approx(max(model.history_["val_accuracy"]))
    assert len(model.history_["loss"]) < 30


def test_a_model_and_a_tokenizer_of_ones_own(reviews):
    import keras

    def last_word(vectors, mask, n_classes):
        del mask
        return keras.layers.Dense(n_classes)(vectors[:, 0, :])

    settings = QUICK | {"model": last_word, "tokenizer": lambda text: text.split()[:1]}
    model = TextClassifier(**settings).fit(["good x", "bad x"] * 10, [1, 0] * 10)
    assert model.predict(["good bad", "bad good"]).tolist() == [1, 0]
    assert "x" not in model.vocabulary_


def test_a_built_in_model_with_other_settings(reviews):
    from functools import partial

    model = TextClassifier(model=partial(cnn, widths=(2,), maps=5), dim=4, epochs=1).fit(*reviews)
    assert model.n_trainable_ == len(model.table_) * 4 + 2 * 4 * 5 + 5 + 5 * 2 + 2


@pytest.mark.parametrize("labels", [[3, 1, 1, 3], [True, False, False, True], ["b", "a", "a", "b"]])
def test_labels_keep_their_kind(labels):
    model = TextClassifier(**QUICK).fit(["x", "y", "y", "x"], labels)
    assert model.classes_.tolist() == sorted(set(labels))
    assert model.predict(["x", "y"]).tolist() == labels[:2]


def test_params():
    model = TextClassifier(dim=7, seed=3)
    assert model.get_params()["dim"] == 7
    assert repr(model) == "TextClassifier(dim=7, seed=3)"
    assert model.set_params(dim=8) is model
    assert model.dim == 8
    with pytest.raises(ArgumentError, match="one of embedding, model"):
        model.set_params(dims=8)


def test_sklearn_clones_without_copying_the_table(vectors):
    base = pytest.importorskip("sklearn.base")
    model = TextClassifier(vectors, dim=9)
    copy = base.clone(model)
    assert copy is not model
    assert copy.embedding is vectors
    assert copy.get_params() == model.get_params()
    assert base.is_classifier(model)


def test_sklearn_cross_validates_it_alone_and_in_a_pipeline(reviews):
    selection = pytest.importorskip("sklearn.model_selection")
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    texts, labels = reviews
    scores = selection.cross_val_score(TextClassifier(**QUICK), texts, labels, cv=2)
    assert scores.min() > 0.6
    upper = make_pipeline(
        FunctionTransformer(lambda texts: [t.replace("x", "") for t in texts]),
        TextClassifier(**QUICK),
    )
    assert upper.fit(texts, labels).score(texts, labels) == 1.0
    assert upper.classes_.tolist() == ["neg", "pos"]


@pytest.mark.parametrize("dtype", [object, np.str_])
def test_arrays_of_texts(reviews, dtype):
    texts, labels = (np.array(part, dtype=dtype) for part in reviews)
    model = TextClassifier(**QUICK).fit(texts, labels)
    assert model.score(texts, labels) == 1.0


def test_columns_of_a_data_frame_are_texts_and_labels_and_the_frame_is_not(reviews):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"text": reviews[0], "label": reviews[1]}, index=range(5, 45))
    model = TextClassifier(**QUICK).fit(frame["text"], frame["label"])
    assert model.score(frame["text"], frame["label"]) == 1.0
    expected = TextClassifier(**QUICK).fit(*reviews).predict_proba(reviews[0])
    np.testing.assert_array_equal(model.predict_proba(frame["text"]), expected)
    for wrong in (frame, frame[["text"]]):
        with pytest.raises(ArgumentTypeError, match=r"texts: expected a list of texts.*column"):
            model.predict(wrong)
        with pytest.raises(ArgumentTypeError, match="texts: expected a list of texts"):
            TextClassifier(**QUICK).fit(wrong, frame["label"])
        with pytest.raises(ArgumentTypeError, match="labels: expected a list of labels"):
            TextClassifier(**QUICK).fit(frame["text"], wrong)
    frame.loc[7, "label"] = None
    with pytest.raises(ArgumentError, match="label 2: expected a class"):
        TextClassifier(**QUICK).fit(frame["text"], frame["label"])


def test_one_string_is_neither_texts_nor_labels(reviews):
    with pytest.raises(ArgumentTypeError, match=r"texts: .*put it in a list: \[text\]"):
        TextClassifier(**QUICK).fit("a good film", ["a"] * 11)
    with pytest.raises(ArgumentTypeError, match=r"labels: .*\[label\]"):
        TextClassifier(**QUICK).fit(["x", "y"], "ab")


def test_numbers_of_numpy_are_numbers(reviews, tmp_path):
    settings = QUICK | {"epochs": 2}
    names = ("dim", "epochs", "batch_size", "max_length", "max_size", "min_count", "seed")
    numbers = dict(zip(names, (16, 2, 8, 5, 9, 1, 3), strict=True))
    plain = TextClassifier(**settings | numbers).fit(*reviews)
    theirs = {name: np.int64(number) for name, number in numbers.items()}
    theirs["learning_rate"] = np.float32(0.1)
    found = TextClassifier(**settings | theirs).fit(*reviews)
    assert len(found.table_) == len(plain.table_) == 9
    found.save(tmp_path / "model")
    assert TextClassifier.load(tmp_path / "model").get_params()["max_length"] == 5


def test_settings_that_change_after_the_fit_wait_for_the_next(reviews, tmp_path):
    model = TextClassifier(**QUICK).fit(*reviews)
    expected = model.predict_proba(reviews[0])
    model.set_params(max_length=1)
    np.testing.assert_array_equal(model.predict_proba(reviews[0]), expected)
    model.save(tmp_path / "model")
    assert TextClassifier.load(tmp_path / "model").max_length == 400


def test_a_score_of_other_labels_is_none(reviews):
    model = TextClassifier(**QUICK | {"epochs": 1}).fit(*reviews)
    with pytest.raises(ArgumentError, match="labels: expected 2, one for each text, got 1"):
        model.score(["a", "b"], ["pos"])


@pytest.mark.parametrize(
    ("progress", "terminal", "shown"),
    [(True, False, True), (False, True, False), (None, True, True), (None, False, False)],
)
def test_progress_is_shown_if_asked_for_or_on_a_terminal(
    reviews, capsys, monkeypatch, progress, terminal, shown
):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    assert TextClassifier().progress is None
    TextClassifier(**QUICK | {"epochs": 1, "progress": progress}).fit(*reviews)
    assert ("training" in capsys.readouterr().err) == shown


def test_every_model_of_that_name_is_there():
    from inlay.classify import keras

    assert (*keras.BY_TOKEN, *keras.BY_TEXT, FASTTEXT) == MODELS
    assert tuple(keras.BY_TEXT) == BY_TEXT


def test_rare_words_are_unknown_and_max_size_bounds_the_words(reviews, vectors):
    settings = QUICK | {"epochs": 1, "min_count": 5}
    model = TextClassifier(vectors, **settings, max_size=10).fit(*reviews)
    assert len(model.vocabulary_) == len(model.table_) == 10
    assert "superb" not in model.vocabulary_


def test_texts_are_split_as_those_of_the_vectors_were(reviews, vectors):
    lowered = Table(vectors.tokens, vectors.matrix, provenance={"tokenizer": "lower"})
    settings = QUICK | {"epochs": 1, "dim": None}
    model = TextClassifier(lowered, **settings).fit(*reviews)
    assert (model.vocabulary_.tokenizer, model.tokenizer) == ("lower", None)
    assert TextClassifier(vectors, **settings).fit(*reviews).vocabulary_.tokenizer == "words"
    with pytest.warns(InlayWarning, match=r"'lower', and the vocabulary splits them by 'split'\."):
        TextClassifier(lowered, tokenizer="split", **settings).fit(*reviews)


def test_a_word_of_another_case_is_understood(reviews, vectors):
    settings = QUICK | {"dim": None, "trainable": False}
    cased = Table(["Superb" if t == "superb" else t for t in vectors.tokens], vectors.matrix)
    model = TextClassifier(cased, **settings).fit(*reviews)
    for word in ("superb", "SUPERB", "Superb", "AWFUL"):
        expected = "neg" if word == "AWFUL" else "pos"
        assert model.predict([word]).tolist() == [expected]
    same = model.predict_proba(["superb", "Superb", "zzz"])
    assert same[0].tolist() == same[1].tolist() != same[2].tolist()


def test_everything_is_looked_at_before_the_work(reviews, vectors, monkeypatch):
    def late(*_, **__):
        raise AssertionError("work has begun")

    monkeypatch.setattr("inlay.classify.network.load_keras", late)
    texts, labels = reviews
    strange = Table(vectors.tokens, vectors.matrix, provenance={"tokenizer": "some.body:splits"})
    for settings, message in (
        ({"validation": (texts, ["x", "y"] * 20)}, "validation: expected classes"),
        ({"validation": (texts, labels[:1])}, "validation, labels: expected 40"),
        ({"embedding": vectors, "dim": 3}, "dim: expected 16"),
        ({"embedding": "no/such.file"}, "no/such.file"),
        ({"embedding": strange}, "some.body:splits"),
        (
            {"min_count": 1000},
            r"a word with a count of 1000 or more, got none in 40.*min_count",
        ),
    ):
        with pytest.raises(InlayError, match=message):
            TextClassifier(**settings).fit(texts, labels)
    with pytest.raises(ArgumentError, match=r"a word.* got none in 2 texts.*another tokenizer"):
        TextClassifier(validation=None).fit(["", " "], ["a", "b"])


def test_labels_that_it_never_saw_are_told(reviews):
    model = TextClassifier(**QUICK | {"epochs": 1}).fit(*reviews)
    with pytest.warns(InlayWarning, match=r"1 of 2 texts has a label that .* 'odd', and counts"):
        assert model.score(["good", "bad"], ["odd", "neg"]) in (0, 0.5)
    with pytest.raises(ArgumentError, match="none of them, int 0 first"):
        model.score(["good", "bad"], [0, 1])


def test_a_wrong_embedding(reviews):
    with pytest.raises(
        ArgumentTypeError, match="a Table, an encoder, the path or name of one, or None"
    ):
        TextClassifier(np.zeros((3, 3))).fit(*reviews)


def test_an_embedding_may_be_half_as_precise(reviews, vectors):
    half = Table(vectors.tokens, vectors.matrix.astype(np.float16))
    model = TextClassifier(half, **QUICK).fit(*reviews)
    assert model.table_.matrix.dtype == np.float32
    assert model.score(*reviews) == 1.0


@pytest.mark.parametrize("name", OF_CLASSIFIERS)
def test_what_keras_and_scikit_learn_call_it_leads_to_ours(name):
    for asked in (TextClassifier(), TextClassifier):
        assert not hasattr(asked, name)
        with pytest.raises(UnknownNameError, match=rf"TextClassifier\.{name}: .* Try: ") as raised:
            getattr(asked, name)
    said = re.match(r"(?:numpy\.log\()?(?:classifier|TextClassifier)\.?(\w*)", raised.value.hint)
    learned = ("", "classes_", "history_", "vocabulary_", "coverage_", "table_")
    assert said[1] in learned or hasattr(TextClassifier, said[1])
