import pickle

import numpy as np
import pytest

from inlay import Table, TextClassifier, load
from inlay.errors import ArgumentError, FormatError, InlayWarning
from tests.classify.fasttext import official
from tests.classify.fasttext.official import TEXTS, packed

MODELS = {
    name: (packed(getattr(official, name.upper())), getattr(official, f"{name.upper()}_SAYS"))
    for name in ("hs", "ova", "ns", "softmax")
}


@pytest.fixture(params=MODELS)
def given(request, tmp_path):
    raw, said = MODELS[request.param]
    path = tmp_path / "model.bin"
    path.write_bytes(raw)
    return path, said, request.param


def test_an_official_model_answers_as_the_official_program(given):
    path, said, loss = given
    model = TextClassifier.load(path)
    assert model.loss == loss
    found = model.predict_proba(TEXTS)
    far = 4e-5 if loss == "hs" else 2e-6
    for row, official_row in zip(found, said, strict=True):
        assert set(official_row) <= set(model.classes_)
        # It adds 1e-5 to each probability, and with `hs` to each of their two or three factors; of
        # the others it says nothing.
        expected = [official_row.get(name, 1e-5) for name in model.classes_]
        np.testing.assert_allclose(row, np.array(expected) - 1e-5, atol=far)
    best = [max(row, key=lambda name: row[name]) for row in said]
    assert model.predict(TEXTS).tolist() == best


def test_what_was_read_is_written_as_it_was(given, tmp_path):
    path, _, _ = given
    model = TextClassifier.load(path)
    model.save(tmp_path / "again.bin")
    raw, again = path.read_bytes(), (tmp_path / "again.bin").read_bytes()
    tokens = slice(76, 84)  # how many it has read, rare words among them: nobody else can know
    assert again[: tokens.start] + again[tokens.stop :] == raw[: tokens.start] + raw[tokens.stop :]


def test_an_official_model_is_saved_in_a_folder_and_pickled(given, tmp_path):
    path, _, _ = given
    model = TextClassifier.load(path)
    expected = model.predict_proba(TEXTS)
    model.save(tmp_path / "folder")
    np.testing.assert_array_equal(
        TextClassifier.load(tmp_path / "folder").predict_proba(TEXTS), expected
    )
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict_proba(TEXTS), expected)


def test_its_vectors_of_words_are_those_of_the_format(given):
    path, _, _ = given
    model = TextClassifier.load(path)
    table = load(path)
    assert isinstance(model.table_, Table)
    assert model.table_.tokens == table.tokens
    assert model.vocabulary_.tokens == table.tokens


def test_a_fitted_classifier_answers_alike_from_an_official_file(reviews, tmp_path):
    texts, labels = reviews
    settings = {"dim": 12, "epochs": 5, "validation": None, "tokenizer": "split"}
    grams = {"word_ngrams": 2, "min_n": 2, "max_n": 3, "bucket": 300}
    model = TextClassifier(model="fasttext", **settings, **grams).fit(texts, labels)
    model.save(tmp_path / "model.bin")
    size = (tmp_path / "model.bin").stat().st_size
    assert size > (300 + len(model.vocabulary_)) * 4 * 4  # a row for every bucket
    again = TextClassifier.load(tmp_path / "model.bin")
    asked = [*texts, "", "never met words", "good"]
    np.testing.assert_allclose(again.predict_proba(asked), model.predict_proba(asked), atol=1e-6)
    assert again.classes_.tolist() == model.classes_.tolist()


@pytest.mark.parametrize("cut", [3, 40, 100, 300, -1])
def test_a_model_cut_short_is_refused(tmp_path, cut):
    path = tmp_path / "model.bin"
    path.write_bytes(MODELS["hs"][0][:cut])
    with pytest.raises(FormatError, match=r"model\.bin"):
        TextClassifier.load(path)


def test_vectors_without_labels_are_no_classifier(tmp_path):
    Table(["a"], np.ones((1, 2), np.float32)).save(tmp_path / "vectors.bin", format="fasttext")
    with pytest.raises(FormatError, match=r"supervised model.*got one of skipgram.*inlay\.load"):
        TextClassifier.load(tmp_path / "vectors.bin")


@pytest.mark.parametrize("name", ["embedding", "model"])
def test_a_file_holds_all(given, name):
    path, _, _ = given
    with pytest.raises(ArgumentError, match=f"{name}: expected nothing for a file of fastText"):
        TextClassifier.load(path, **{name: len})


def test_a_name_must_say_what_is_in_it(given, tmp_path):
    path, _, _ = given
    with pytest.raises(ArgumentError, match=r"ends in \.bin, for the classifier is not quantised"):
        TextClassifier.load(path).save(tmp_path / "model.ftz")


def test_a_file_does_not_say_how_texts_were_split(reviews, tmp_path):
    """So a warning does, where it is not at white space, and the tokenizer can be given again."""
    texts, labels = ["good, bad", "bad"] * 4, ["pos", "neg"] * 4
    path = tmp_path / "m.bin"
    settings = {"model": "fasttext", "dim": 4, "epochs": 9, "validation": None}
    model = TextClassifier(**settings).fit(texts, labels)
    with pytest.warns(InlayWarning, match=r"m\.bin: .* split by 'words', whose answers") as told:
        model.save(path)
    (message,) = [str(each.message) for each in told]
    assert message.endswith("or tokenizer='words' again for each use.")
    expected = model.predict_proba(["good!"])
    assert not np.allclose(TextClassifier.load(path).predict_proba(["good!"]), expected)
    again = TextClassifier.load(path, tokenizer="words").predict_proba(["good!"])
    np.testing.assert_allclose(again, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("labels", "written"),
    [
        (["__label__a", "__label__b"], [b"__label__a\0", b"__label__b\0"]),
        (["a", "__label__b"], [b"__label__a\0", b"__label____label__b\0"]),
    ],
)
def test_labels_begin_as_the_program_expects_it(tmp_path, labels, written):
    settings = {"model": "fasttext", "dim": 4, "epochs": 1, "validation": None}
    model = TextClassifier(**settings, tokenizer="split").fit(["x", "y"], labels)
    model.save(tmp_path / "m.bin")
    raw = (tmp_path / "m.bin").read_bytes()
    assert [raw.count(name) for name in written] == [1, 1]
    assert raw.count(b"__label__") == sum(name.count(b"__label__") for name in written)
