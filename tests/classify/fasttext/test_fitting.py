import copy
import pickle
import subprocess
import sys
import unicodedata
import warnings

import numpy as np
import pytest

from inlay import Table, TextClassifier, read_labelled
from inlay.errors import ArgumentError, ArgumentTypeError

QUICK = {"model": "fasttext", "dim": 12, "epochs": 40, "validation": None}
LOSSES = ["softmax", "hs", "ns", "ova"]
ALONE = """
import sys
for name in ("keras", "torch", "tensorflow", "jax", "sklearn"):
    sys.modules[name] = None
from inlay import TextClassifier
model = TextClassifier(model="fasttext", dim=12, epochs=12, validation=0.2)
print(model.fit(["a good film", "a bad film"] * 10, [1, 0] * 10).predict(["good"]))
"""


@pytest.fixture(scope="module")
def fitted(reviews):
    return TextClassifier(**QUICK, word_ngrams=2, min_n=3, max_n=4).fit(*reviews)


@pytest.mark.parametrize("loss", LOSSES)
def test_it_learns_with_every_loss(reviews, loss):
    texts, labels = reviews
    model = TextClassifier(**QUICK, loss=loss, word_ngrams=2).fit(texts, labels)
    assert model.score(texts, labels) == 1
    assert model.history_["loss"][-1] < model.history_["loss"][0] / 3
    assert model.predict(["a great film", "dull"]).tolist() == ["pos", "neg"]
    sums = model.predict_proba(texts).sum(axis=1)
    assert (np.abs(sums - 1) < 1e-5).all() == (loss in ("softmax", "hs"))


def test_no_framework_is_needed():
    run = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, check=False)
    assert run.stdout == "[1]\n", run.stderr


def test_labels_keep_their_kind(reviews):
    texts, labels = reviews
    numbers = [5 if label == "pos" else -2 for label in labels]
    model = TextClassifier(**QUICK).fit(texts, numbers)
    assert model.classes_.tolist() == [-2, 5]
    assert model.score(texts, numbers) == 1


def test_many_classes_of_different_counts():
    texts = [f"word{k} the film" for k in range(7) for _ in range(3 + 2 * k)]
    labels = [f"class {k}" for k in range(7) for _ in range(3 + 2 * k)]
    for loss in ("hs", "softmax"):
        model = TextClassifier(**QUICK | {"epochs": 60}, loss=loss).fit(texts, labels)
        assert model.score(texts, labels) == 1


def test_one_worker_gives_the_same_numbers_and_another_seed_others(reviews):
    texts, labels = reviews
    first, again = (TextClassifier(**QUICK, word_ngrams=2).fit(texts, labels) for _ in range(2))
    np.testing.assert_array_equal(first.predict_proba(texts), again.predict_proba(texts))
    other = TextClassifier(**QUICK, word_ngrams=2, seed=1).fit(texts, labels)
    assert (first.predict_proba(texts) != other.predict_proba(texts)).any()


def test_several_workers_learn_too(reviews):
    texts, labels = reviews
    model = TextClassifier(**QUICK, workers=2).fit(texts * 60, labels * 60)
    assert model.score(texts, labels) == 1


def test_an_answer_does_not_depend_on_the_other_texts(fitted, reviews):
    texts = [*reviews[0], "", "zzz"]
    whole = fitted.predict_proba(texts)
    np.testing.assert_array_equal(whole[::-1], fitted.predict_proba(texts[::-1]))
    np.testing.assert_allclose(whole[3], fitted.predict_proba([texts[3]])[0], rtol=1e-5)
    assert fitted.predict_proba([]).shape == (0, 2)


@pytest.mark.parametrize("way", ["folder", "pickle", "copy"])
def test_it_travels(fitted, reviews, tmp_path, way):
    texts = [*reviews[0], "", "never met"]
    if way == "folder":
        fitted.save(tmp_path / "model")
        names = ["settings.json", "vocabulary.json", "weights.safetensors"]
        assert sorted(path.name for path in (tmp_path / "model").iterdir()) == names
        again = TextClassifier.load(tmp_path / "model")
        assert again.history_ == fitted.history_
    else:
        again = pickle.loads(pickle.dumps(fitted)) if way == "pickle" else copy.deepcopy(fitted)
    np.testing.assert_array_equal(again.predict_proba(texts), fitted.predict_proba(texts))
    assert again.n_trainable_ == fitted.n_trainable_
    assert again.get_params()["word_ngrams"] == 2


def test_only_buckets_that_were_met_take_memory(fitted):
    rows = (fitted.n_trainable_ // 6) - 2
    assert len(fitted.vocabulary_) < rows < 1000


def test_the_vocabulary_is_that_of_the_texts(fitted, reviews):
    words = {word for text in reviews[0] for word in text.split()}
    assert set(fitted.vocabulary_.tokens) == {"</s>", *words}
    assert fitted.vocabulary_.tokens[0] == "</s>"  # of every text
    assert fitted.vocabulary_.counts[0] == 40
    assert fitted.table_["good"].shape == (12,)


def test_held_out_texts_choose_the_epoch(reviews):
    texts, labels = reviews
    model = TextClassifier(**QUICK | {"epochs": 30, "validation": 0.25}, patience=2)
    model.fit(texts, labels)
    history = model.history_
    best = max(zip(history["val_accuracy"], [-x for x in history["val_loss"]], strict=True))
    dev = TextClassifier(**QUICK | {"validation": (texts, labels), "epochs": 4}).fit(texts, labels)
    assert len(history["loss"]) == len(history["val_loss"]) <= 30
    assert best[0] <= 1
    # What is kept is what was measured in its best epoch.
    right = dev.predict_proba(texts)[np.arange(40), [int(x == "pos") for x in labels]]
    assert -np.log(right).mean() == pytest.approx(min(dev.history_["val_loss"]), rel=1e-4)


def test_patience_ends_a_training_that_gets_no_better(reviews):
    texts, labels = reviews
    wrong = ["neg" if label == "pos" else "pos" for label in labels]
    settings = QUICK | {"validation": (texts, wrong), "epochs": 30}
    model = TextClassifier(**settings, patience=3).fit(texts, labels)
    losses = model.history_["val_loss"]
    assert len(losses) < 30
    right = model.predict_proba(texts)[np.arange(40), [int(x == "pos") for x in wrong]]
    best = max(range(len(losses)), key=lambda i: (model.history_["val_accuracy"][i], -losses[i]))
    assert best == len(losses) - 4
    assert -np.log(right).mean() == pytest.approx(losses[best], rel=1e-4)


def test_vectors_to_start_from(reviews, vectors):
    texts, labels = reviews
    model = TextClassifier(vectors, model="fasttext", epochs=1, learning_rate=1e-9, validation=None)
    model.fit(texts, labels)
    assert model.dim is None
    assert model.table_.dim == vectors.dim
    np.testing.assert_allclose(model.table_["good"], vectors["good"], atol=1e-6)
    np.testing.assert_allclose(model.table_["superb"], vectors["superb"], atol=1e-6)
    assert model.coverage_.n_found == 6
    learned = TextClassifier(vectors, **QUICK | {"dim": None}).fit(texts, labels)
    assert learned.predict(["superb"]).tolist() == learned.predict(["good"]).tolist() == ["pos"]


def test_words_seldom_met_and_beyond_max_size_have_no_row(reviews):
    model = TextClassifier(**QUICK, min_count=5, max_size=10).fit(*reviews)
    assert len(model.vocabulary_) <= 10
    assert model.vocabulary_.counts.min() >= 5
    with pytest.raises(ArgumentError, match=r"a word with a count of 1000.*min_count"):
        TextClassifier(**QUICK, min_count=1000).fit(*reviews)


def test_a_text_is_read_up_to_max_length(reviews):
    model = TextClassifier(**QUICK, max_length=2, word_ngrams=2).fit(*reviews)
    asked = model.predict_proba(["the film good good good", "the film"])
    np.testing.assert_array_equal(asked[0], asked[1])


@pytest.mark.parametrize(
    ("tokenizer", "texts", "asked"),
    [
        ("characters", ["很好看", "不好看"], ["很", "不"]),
        ("ngrams:2", ["정말 좋은 영화", "정말 나쁜 영화"], ["좋은", "나쁜"]),
        (str.split, ["정말 좋은", "정말 나쁜"], ["좋은", "나쁜"]),
        ("lower", ["GOOD a", "BAD a"], ["good", "bad"]),
        ("words", ["good.a", "bad.a"], [["good"], ["bad"]]),
        ("fasttext", ["good a", "bad a"], ["good", "bad"]),
    ],
)
def test_tokenizers_of_every_kind(tokenizer, texts, asked):
    settings = QUICK | {"epochs": 40, "tokenizer": tokenizer}
    model = TextClassifier(**settings).fit(texts * 10, [1, 2] * 10)
    assert model.predict(asked).tolist() == [1, 2]


def test_lists_of_tokens_and_strings_are_read_alike(reviews):
    texts, labels = reviews
    lists = [text.split() if i % 2 else text for i, text in enumerate(texts)]
    by_lists = TextClassifier(**QUICK, word_ngrams=2).fit(lists, labels)
    by_texts = TextClassifier(**QUICK, word_ngrams=2).fit(texts, labels)
    np.testing.assert_allclose(
        by_lists.predict_proba(texts), by_texts.predict_proba(texts), atol=1e-5
    )


def test_sklearn_cross_validates_it(reviews):
    selection = pytest.importorskip("sklearn.model_selection")
    scores = selection.cross_val_score(TextClassifier(**QUICK), *reviews, cv=3)
    assert scores.min() > 0.7


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"variant": "static", "embedding": True}, "variant: expected nothing beside model='fast"),
        ({"trainable": False}, "trainable: expected True or None with model='fasttext'"),
        ({"trainable": "mix"}, "trainable: expected True or None with model='fasttext'"),
        ({"loss": "hs", "negative": 7}, "negative: expected nothing beside loss='hs'"),
        ({"batch_size": 10}, "batch_size: expected nothing beside"),
        ({"features": "folder"}, "features: expected nothing beside"),
        ({"embedding": str.upper}, "embedding: expected a table or None with model='fasttext'"),
        ({"embedding": True, "dim": 3}, "dim: expected 16"),
        ({"loss": "hinge"}, "loss: expected 'softmax', 'hs', 'ns' or 'ova'"),
        ({"min_n": 3, "max_n": 2}, "min_n: expected 1 to max_n=2, got 3"),
        ({"min_n": 3}, "max_n: expected min_n=3 or more"),
        ({"word_ngrams": 0}, "word_ngrams: expected a whole number"),
        ({"bucket": 0}, "bucket: expected a whole number"),
        ({"workers": 0}, "workers: expected a whole number"),
        ({"model": "cnn", "word_ngrams": 2}, "word_ngrams: expected nothing beside model='cnn'"),
        ({"model": None, "loss": "hs"}, "loss: expected nothing beside model=None"),
        ({"learning_rate": 1e30}, "learning_rate: expected one at which the loss stays finite"),
    ],
)
def test_settings_that_cannot_be_used(reviews, vectors, settings, message):
    if settings.get("embedding") is True:
        settings = settings | {"embedding": vectors}
    with pytest.raises((ArgumentError, ArgumentTypeError), match=message):
        TextClassifier(**{"model": "fasttext", "epochs": 3} | settings).fit(*reviews)


def test_texts_without_words():
    with pytest.raises(ArgumentError, match=r"a word.* got none in 2 texts.*another tokenizer"):
        TextClassifier(**QUICK).fit(["", " "], ["a", "b"])


def test_a_damaged_folder_is_refused(fitted, tmp_path):
    from safetensors.numpy import load_file, save_file

    fitted.save(tmp_path / "model")
    path = tmp_path / "model" / "weights.safetensors"
    arrays = load_file(path)
    buckets = arrays["buckets"].copy()
    buckets[0] = 2_000_000
    for name, wrong in (
        ("buckets", buckets),
        ("buckets", arrays["buckets"].astype(np.int64)),
        ("labels", np.zeros(2, np.int64)),
        ("rows", arrays["rows"][:-1]),
        ("output", arrays["output"][:, :-1]),
        ("label_counts", None),
    ):
        changed = {k: v for k, v in (arrays | {name: wrong}).items() if v is not None}
        save_file({k: np.ascontiguousarray(v) for k, v in changed.items()}, path)
        with pytest.raises(Exception, match=r"expected (what a classifier|the digests)") as found:
            TextClassifier.load(tmp_path / "model", verify=False)
        assert name in str(found.value)


def test_a_table_is_left_as_it_was(reviews, vectors):
    before = np.array(vectors.matrix)
    TextClassifier(vectors, **QUICK | {"dim": None}).fit(*reviews)
    np.testing.assert_array_equal(vectors.matrix, before)
    assert isinstance(vectors, Table)


def test_nothing_is_warned_of(reviews):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = TextClassifier(**QUICK, loss="hs", learning_rate=2.0).fit(*reviews)
        model.predict_proba(["good", ""])
    assert len(model.history_["loss"]) == 40


SEVERAL = [("good fun", ["pos", "fun"]), ("good but long", {"pos"}), ("a bad bore", ("neg",))]


@pytest.mark.parametrize("loss", LOSSES)
def test_texts_of_several_labels(loss):
    texts, labels = [text for text, _ in SEVERAL] * 10, [some for _, some in SEVERAL] * 10
    model = TextClassifier(**QUICK | {"epochs": 80}, loss=loss).fit(texts, labels)
    assert model.classes_.tolist() == ["fun", "neg", "pos"]
    assert model.score(texts, labels) == 1
    found = dict(model.predict_top(["good fun"], k=2)[0])
    assert set(found) == {"fun", "pos"}
    if loss == "ova":  # each by itself
        assert min(found.values()) > 0.8
    if loss == "softmax":
        assert max(found.values()) < 0.8


def test_held_out_texts_of_several_labels_choose_the_epoch():
    texts, labels = [text for text, _ in SEVERAL] * 10, [some for _, some in SEVERAL] * 10
    for validation in (0.2, (texts[:3], labels[:3])):
        settings = QUICK | {"loss": "ova", "validation": validation}
        model = TextClassifier(**settings).fit(texts, labels)
        assert max(model.history_["val_accuracy"]) == 1
    unknown = QUICK | {"validation": (texts[:2], [["pos"], ["odd", "pos"]])}
    with pytest.raises(ArgumentError, match=r"validation: expected classes.*'odd'"):
        TextClassifier(**unknown).fit(texts, labels)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([["a"], []], "label 1: expected one class or more"),
        ([["a"], ["b"], ["c"]], "labels: expected 2, one or a list"),
        ([["a"], [1]], "all strings or all whole numbers"),
        ([["a"], "a"], "two classes or more"),
    ],
)
def test_lists_of_labels_that_cannot_be_learnt(labels, message):
    with pytest.raises((ArgumentError, ArgumentTypeError), match=message):
        TextClassifier(**QUICK).fit(["x", "y"], labels)


def test_the_most_probable_classes_above_a_threshold(fitted):
    (one,), (both) = fitted.predict_top(["good"]), fitted.predict_top(["good"], k=None)[0]
    assert one == both[:1]
    assert [label for label, _ in both] == ["pos", "neg"]
    assert both[0][1] == pytest.approx(fitted.predict_proba(["good"])[0, 1])
    assert fitted.predict_top(["good", ""], threshold=1.0) == [[], []]
    for settings in ({"k": 0}, {"threshold": -0.1}):
        with pytest.raises(ArgumentError):
            fitted.predict_top(["good"], **settings)


def test_it_is_compared_without_keras(reviews, monkeypatch):
    pytest.importorskip("sklearn")
    from inlay.evaluate import compare

    module = sys.modules["inlay.evaluate.compare"]  # the name alone is the function's
    monkeypatch.setattr(module, "load_keras", lambda need: pytest.fail(need))
    texts, labels = reviews
    found = compare(texts, labels, estimators=[("fast", TextClassifier(**QUICK))], folds=2)
    assert len(found.rows[0].accuracies) == 2
    assert found.rows[0].n_trainable > 0


@pytest.mark.parametrize("part", [{}, {"word_ngrams": 2, "min_n": 2, "max_n": 3, "bucket": 500}])
def test_a_word_is_known_in_other_forms_too(part):
    """As to the networks: in another case, in parts as macOS stores it, in full width."""
    texts = ["영화 재미있다 good", "영화 지루하다 bad"] * 4
    labels = ["pos", "neg"] * 4
    model = TextClassifier(**QUICK | part, tokenizer="words").fit(texts, labels)
    others = [
        unicodedata.normalize("NFD", texts[0]),
        "영화 재미있다 GOOD",
        "영화 재미있다 ｇｏｏｄ",
    ]
    expected = model.predict_proba(texts[:1])
    assert expected.max() > 0.9
    np.testing.assert_array_equal(model.predict_proba(others), np.repeat(expected, 3, axis=0))
    official = TextClassifier(**QUICK | part, tokenizer="fasttext").fit(texts, labels)
    found = official.predict_proba([texts[0], *others])
    assert (found[0] != found[1:]).any(axis=1).all()


def test_an_unknown_word_has_the_parts_of_its_composed_letters():
    texts, labels = ["재미있다", "지루하다"] * 4, ["pos", "neg"] * 4
    model = TextClassifier(**QUICK, min_n=2, max_n=3, bucket=500).fit(texts, labels)
    whole = "재미있는"
    assert model.vocabulary_.tokens.find(whole) < 0
    one, two = model.predict_proba([whole, unicodedata.normalize("NFD", whole)])
    np.testing.assert_array_equal(one, two)


def test_the_best_epoch_is_told_by_what_is_answered():
    """Held-out texts are read as those to answer are."""
    texts, labels = ["good", "bad"] * 4, ["pos", "neg"] * 4
    settings = QUICK | {"validation": (["GOOD", "BAD"], ["pos", "neg"]), "epochs": 3}
    model = TextClassifier(**settings, learning_rate=2.0, patience=3).fit(texts, labels)
    assert model.history_["val_accuracy"][-1] == 1
    assert model.score(["GOOD", "BAD"], ["pos", "neg"]) == 1


def test_texts_that_were_read_choose_the_epoch(tmp_path):
    """What `inlay.read_labelled` gives is a pair, too."""
    texts, labels = ["good", "bad"] * 4, ["pos", "neg"] * 4
    path = tmp_path / "dev.csv"
    path.write_text("text,label\ngood,pos\nbad,neg\n", encoding="utf-8")
    model = TextClassifier(**QUICK | {"validation": read_labelled(path)}).fit(texts, labels)
    assert model.history_["val_accuracy"][-1] == 1
