"""Classifiers on encoders: what they learn from, what is encoded how often, and their files."""

import copy
import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("keras")

from inlay import TextClassifier
from inlay.classify.encoded import Encoded
from inlay.errors import ArgumentError, FormatError, InlayError, MissingFileError
from tests.classify.encoders_fake import Counts, Telling
from tests.contracts import cases, check_contract
from tests.encode.elmo.golden import HERE as FOLDER
from tests.encode.features_fake import Fake, Plain

QUICK = {"epochs": 30, "learning_rate": 0.05, "validation": None, "batch_size": 8}
TEXTS = ["a good film", "", "bad and dull", "superb"]


BACKENDS = cases(Path(__file__).with_name("encoded_contract.py"))


@pytest.mark.parametrize(("file", "check", "backend"), BACKENDS)
def test_contract(request, file, check, backend):
    check_contract(request, file, check, backend)


@pytest.fixture(scope="module")
def fitted(reviews):
    return TextClassifier(Telling(), **QUICK).fit(*reviews)


@pytest.mark.parametrize("model", ["linear", "mlp", "mean", "cnn"])
@pytest.mark.parametrize("trainable", [False, "mix"])
def test_each_model_learns_and_each_text_is_encoded_once(reviews, model, trainable):
    encoder = Telling()
    found = TextClassifier(encoder, model, trainable=trainable, **QUICK).fit(*reviews)
    assert encoder.n_texts == 40
    assert found.score(*reviews) == 1.0
    assert encoder.n_texts == 80
    assert found.encoder_ is encoder
    assert not hasattr(found, "vocabulary_")
    probabilities = found.predict_proba(["a good film", "", "the awful men"])
    assert probabilities[0, 1] > 0.5 > probabilities[2, 1]
    # Alone, a text has the answer that it has among others.
    np.testing.assert_allclose(found.predict_proba(["a good film"])[0], probabilities[0], atol=1e-6)


def test_a_mix_learns_which_layer_tells(reviews):
    found = TextClassifier(Telling(), trainable="mix", **QUICK).fit(*reviews)
    scalars = next(
        w for name, w in found._fitted.learned.weights.items() if name.endswith("scalars")
    )
    assert scalars[1] > scalars[0] + 0.1
    assert found.n_trainable_ == 2 + 1 + 6 * 2 + 2


def test_frozen_linear_is_a_layer_on_what_encode_gives(fitted):
    mean, scale, kernel, bias = fitted._fitted.learned.weights.values()
    scores = (Telling().encode(TEXTS) - mean) * scale @ kernel + bias
    powers = np.exp(scores)
    expected = powers / powers.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(fitted.predict_proba(TEXTS), expected, atol=1e-6)
    assert (fitted.n_trainable_, fitted.coverage_) == (14, None)


@pytest.mark.parametrize("mixes", [False, True])
def test_vectors_are_centred_and_scaled_by_those_learned_from(reviews, mixes):
    settings = QUICK | {"epochs": 1, "trainable": "mix" if mixes else False}
    found = TextClassifier(Telling(), **settings).fit(*reviews)
    mean, scale = list(found._fitted.learned.weights.values())[:2]
    vectors = Telling().pooled(reviews[0]) if mixes else Telling().encode(reviews[0])
    np.testing.assert_allclose(mean, vectors.mean(axis=0), atol=1e-6)
    lengths = np.square((vectors - mean) * scale).sum(axis=-1)
    assert lengths.mean() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("size", [1e-3, 1e3])
def test_the_length_of_vectors_decides_nothing(reviews, size):
    def tells(texts):
        words = [[("good" in t) - ("bad" in t), 1, 5] for t in texts]
        return np.array(words, np.float32) * np.float32(size)

    texts, labels = ["good film", "bad film", "a film"] * 4, ["pos", "neg", "pos"] * 4
    found = TextClassifier(tells, **QUICK).fit(texts, labels)
    probabilities = found.predict_proba(texts[:2])
    settings = TextClassifier(lambda t: tells(t) / np.float32(size), **QUICK)
    expected = settings.fit(texts, labels).predict_proba(texts[:2])
    np.testing.assert_allclose(probabilities, expected, atol=1e-4)


def test_the_smallest_encoder_and_a_function_are_enough(reviews):
    model = TextClassifier(Plain(), **QUICK | {"epochs": 1}).fit(*reviews)
    assert model.encoder_.dim == 2

    def says(texts):
        return [[float("good" in text), len(text) / 99] for text in texts]

    settings = QUICK | {"epochs": 60}
    model = TextClassifier(says, **settings).fit(["good", "so bad"] * 8, [1, 0] * 8)
    assert model.predict(["good film", "bad"]).tolist() == [1, 0]
    with pytest.raises(ArgumentError, match="a name, by which its features are known again"):
        TextClassifier(says, features="cache", **settings).fit(["x", "y"], [1, 0])


@pytest.mark.parametrize(
    ("encoder", "settings", "message"),
    [
        (Telling, {"dim": 6}, "dim: expected nothing beside an encoder, .* got int 6"),
        (Telling, {"max_size": 9}, "max_size: expected nothing beside an encoder"),
        (Telling, {"min_count": 2}, "min_count: expected nothing beside an encoder"),
        (Telling, {"variant": "static"}, "variant: expected nothing .*trainable=False, True"),
        (Telling, {"tokenizer": "lower"}, r"tokenizer: .*load_encoder\(path, tokenizer="),
        (Telling, {"max_length": 9}, r"max_length: .*load_encoder\(path, max_length="),
        (Plain, {"model": "cnn"}, "model: expected 'linear' or 'mlp' on an encoder without vec"),
        (Plain, {"model": lambda *_: 0}, "model: expected 'linear' or 'mlp'"),
        (Plain, {"trainable": "mix"}, "trainable: expected False or True: the encoder has no lay"),
        (lambda: None, {"trainable": "mix"}, "trainable: expected True, False or None on a table"),
        (lambda: None, {"features": "x"}, "features: expected nothing beside a table"),
        (Telling, {"trainable": True}, "trainable: expected False, or 'mix' .* got True with Tell"),
        (Counts, {"trainable": True, "features": "x"}, "features: expected nothing beside an enc"),
        (Telling, {"trainable": "all"}, "trainable: expected None, True, False or 'mix'"),
        (Telling, {"features": 3}, "features: expected a path"),
    ],
)
def test_settings_that_have_no_effect_are_refused(encoder, settings, message):
    with pytest.raises(InlayError, match=message):
        TextClassifier(encoder(), **settings).fit(["x", "y"], ["a", "b"])


@pytest.mark.parametrize("model", ["linear", "mlp"])
def test_a_table_is_averaged_for_models_of_one_vector(reviews, vectors, model, tmp_path):
    settings = QUICK | {"max_length": 50, "tokenizer": "lower"}
    found = TextClassifier(vectors, model, **settings).fit(*reviews)
    assert found.predict(["superb", "AWFUL"]).tolist() == ["pos", "neg"]
    np.testing.assert_array_equal(found.encoder_.encode(["superb"])[0], vectors["superb"])
    assert (found.encoder_.max_length, found.encoder_.tokenizer) == (50, "lower")
    found.save(tmp_path / "m")
    again = TextClassifier.load(tmp_path / "m")
    np.testing.assert_allclose(again.predict_proba(TEXTS), found.predict_proba(TEXTS), atol=1e-6)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"min_count": 2}, "min_count: expected nothing beside model='linear'"),
        ({"trainable": True}, "trainable: expected False or None with model='linear' on a table"),
        ({"dim": 3}, "dim: expected 16, as the embedding has"),
        ({"embedding": None}, "embedding: expected a table or an encoder for model='linear'"),
    ],
)
def test_what_an_averaged_table_cannot_do(vectors, settings, message):
    with pytest.raises(ArgumentError, match=message):
        TextClassifier(**{"embedding": vectors, "model": "linear"} | settings).fit(
            ["x", "y"], [0, 1]
        )


def test_an_encoder_that_learns_does_so_on_the_texts_of_the_fit(reviews, vectors):
    from inlay.encode.static import StaticEncoder

    given = StaticEncoder(vectors, pool="sif")
    found = TextClassifier(given, **QUICK).fit(*reviews)
    assert given.fitted is None
    expected = StaticEncoder(vectors, pool="sif").fit(reviews[0])
    assert found.encoder_.hash == expected.hash
    learned = TextClassifier(expected, **QUICK | {"epochs": 1}).fit(reviews[0][:8], reviews[1][:8])
    assert learned.encoder_ is expected  # one that has learned already stays as it is


def test_features_are_kept_in_a_folder_for_the_next_fit(reviews, tmp_path):
    texts, labels = reviews
    encoder, folder = Telling(), tmp_path / "cache"
    for n_files, model in ((1, "linear"), (1, "mlp"), (2, "cnn")):
        settings = QUICK | {"epochs": 1, "features": folder}
        TextClassifier(encoder, model, **settings).fit(texts, labels)
        assert len(list(folder.glob("*.safetensors"))) == n_files
        assert encoder.n_texts == 40 * n_files
    TextClassifier(encoder, **settings).fit([*texts, "more"], [*labels, "pos"])
    assert len(list(folder.glob("*.safetensors"))) == 3


def test_held_out_texts_are_encoded_too(reviews):
    settings = QUICK | {"validation": 0.2, "epochs": 3}
    found = TextClassifier(Telling(), **settings).fit(*reviews)
    assert len(found.history_["val_accuracy"]) == 3


def test_rows_of_features_are_those_of_the_encoder():
    texts = ["a good film", "", "bad"]
    for by_token in (False, True):
        for mixes in (False, True):
            inputs = Encoded(Telling(), by_token, mixes)
            with inputs.learning_rows(texts, progress=False) as rows:
                for kept, direct in zip(rows, inputs.rows(texts), strict=True):
                    np.testing.assert_array_equal(kept, direct)
                    assert len(kept) in (0, 1, 3) if by_token else len(kept) == 1


@pytest.mark.parametrize("model", ["linear", "mean"])
def test_an_encoder_that_is_a_layer_trains(reviews, model, tmp_path):
    settings = QUICK | {"trainable": True, "epochs": 4}
    found = TextClassifier(Counts(), model, **settings).fit(*reviews)
    assert found.n_trainable_ == 128 * 8 + 8 * 2 + 2
    assert found.history_["loss"][-1] < found.history_["loss"][0]
    expected = found.predict_proba(TEXTS)
    found.save(tmp_path / "m")
    loaded = TextClassifier.load(tmp_path / "m", embedding=Counts())
    for other in (loaded, pickle.loads(pickle.dumps(found)), copy.deepcopy(found)):
        np.testing.assert_allclose(other.predict_proba(TEXTS), expected, atol=1e-6)
    again = tmp_path / "again"
    loaded.save(again)
    other = TextClassifier.load(again, embedding=Counts())
    np.testing.assert_allclose(other.predict_proba(TEXTS), expected, atol=1e-6)


# -- files -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def on_elmo(reviews, tmp_path_factory):
    """A classifier on an ELMo that was given by its path, and that path."""
    folder = tmp_path_factory.mktemp("elmo") / "elmo"
    shutil.copytree(FOLDER, folder)
    texts, labels = (part[:8] for part in reviews)
    return TextClassifier(folder, **QUICK | {"epochs": 1}).fit(texts, labels), folder


def test_a_classifier_is_saved_with_its_encoder(on_elmo, tmp_path):
    fitted, _ = on_elmo
    fitted.save(tmp_path / "whole")
    names = ["encoder", "settings.json", "weights.safetensors"]
    assert sorted(path.name for path in (tmp_path / "whole").iterdir()) == names
    loaded = TextClassifier.load(tmp_path / "whole")
    np.testing.assert_allclose(loaded.predict_proba(TEXTS), fitted.predict_proba(TEXTS), atol=1e-6)
    assert loaded.encoder_.hash == fitted.encoder_.hash
    loaded.save(tmp_path / "whole")  # over itself
    again = TextClassifier.load(tmp_path / "whole")
    np.testing.assert_allclose(again.predict_proba(TEXTS), fitted.predict_proba(TEXTS), atol=1e-6)


def test_or_by_reference_and_another_encoder_there_is_noticed(on_elmo, tmp_path):
    fitted, elmo = on_elmo
    fitted.save(tmp_path / "small", by_reference=True)
    names = ["settings.json", "weights.safetensors"]
    assert sorted(path.name for path in (tmp_path / "small").iterdir()) == names
    loaded = TextClassifier.load(tmp_path / "small")
    np.testing.assert_allclose(loaded.predict_proba(TEXTS), fitted.predict_proba(TEXTS), atol=1e-6)
    loaded.save(tmp_path / "again", by_reference=True)
    moved = tmp_path / "moved"
    elmo.rename(moved)
    try:
        with pytest.raises(MissingFileError, match=r"load\(path, embedding=\.\.\.\)"):
            TextClassifier.load(tmp_path / "small")
        found = TextClassifier.load(tmp_path / "small", embedding=moved)
        assert found.predict(TEXTS).tolist() == fitted.predict(TEXTS).tolist()
        with pytest.raises(FormatError, match="embedding: expected the encoder of the fit, with"):
            TextClassifier.load(tmp_path / "small", embedding=Telling())
    finally:
        moved.rename(elmo)


def test_settings_of_the_encoder_come_back(on_elmo, reviews, tmp_path):
    from inlay import load_encoder

    _, elmo = on_elmo
    encoder = load_encoder(elmo, tokenizer="lower", max_length=5)
    texts, labels = (part[:8] for part in reviews)
    fitted = TextClassifier(encoder, **QUICK | {"epochs": 1}).fit(texts, labels)
    with pytest.raises(ArgumentError, match="an encoder that was given by its path or name"):
        fitted.save(tmp_path / "m", by_reference=True)
    fitted.save(tmp_path / "m")
    loaded = TextClassifier.load(tmp_path / "m").encoder_
    assert (loaded.tokenizer, loaded.max_length) == ("lower", 5)
    with pytest.raises(FormatError, match=r"embedding: expected max_length=5, as .* got None"):
        TextClassifier.load(tmp_path / "m", embedding=load_encoder(elmo, tokenizer="lower"))


def test_an_encoder_of_ones_own_is_given_again(fitted, tmp_path):
    fitted.save(tmp_path / "m")
    with pytest.raises(ArgumentError, match=r"a file cannot hold it.*embedding="):
        TextClassifier.load(tmp_path / "m")
    loaded = TextClassifier.load(tmp_path / "m", embedding=Telling())
    np.testing.assert_allclose(loaded.predict_proba(TEXTS), fitted.predict_proba(TEXTS), atol=1e-6)
    with pytest.raises(FormatError, match="expected the encoder of the fit"):
        TextClassifier.load(tmp_path / "m", embedding=Fake())
    with pytest.raises(ArgumentError, match="tokenizer: expected nothing for a classifier on an e"):
        TextClassifier.load(tmp_path / "m", embedding=Telling(), tokenizer="words")


@pytest.mark.parametrize("model", ["linear", "cnn"])
def test_a_mix_is_saved(reviews, tmp_path, model):
    settings = QUICK | {"epochs": 1, "trainable": "mix"}
    found = TextClassifier(Telling(), model, **settings).fit(*reviews)
    found.save(tmp_path / "m")
    loaded = TextClassifier.load(tmp_path / "m", embedding=Telling())
    np.testing.assert_allclose(loaded.predict_proba(TEXTS), found.predict_proba(TEXTS), atol=1e-6)


def test_damaged_settings_of_an_encoder(fitted, tmp_path):
    fitted.save(tmp_path / "m")
    path = tmp_path / "m" / "settings.json"
    about = json.loads(path.read_text(encoding="utf-8"))
    for wrong in (3, {}, {"hash": 3, "settings": {}, "path": None}, about["encoder"] | {"x": 1}):
        path.write_text(json.dumps(about | {"encoder": wrong}), encoding="utf-8")
        with pytest.raises(FormatError, match="an encoder's hash and settings"):
            TextClassifier.load(tmp_path / "m", embedding=Telling(), verify=False)
    named = about["encoder"] | {"path": str(FOLDER), "settings": {"tokenizer": "os:getcwd"}}
    path.write_text(json.dumps(about | {"encoder": named}), encoding="utf-8")
    with pytest.raises(InlayError, match="os:getcwd"):  # which is not imported
        TextClassifier.load(tmp_path / "m", verify=False)


def test_it_pickles_and_clones(on_elmo, fitted):
    base = pytest.importorskip("sklearn.base")
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_allclose(again.predict_proba(TEXTS), fitted.predict_proba(TEXTS), atol=1e-6)
    model, _ = on_elmo
    copy = base.clone(model)
    assert copy.embedding is model.embedding
    assert not hasattr(copy, "encoder_")
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_allclose(again.predict_proba(TEXTS), model.predict_proba(TEXTS), atol=1e-6)
