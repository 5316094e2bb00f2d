"""Classifiers on encoders, on whatever backend this process runs."""

import numpy as np
import pytest

from inlay import TextClassifier
from tests.classify.encoders_fake import Counts, Telling
from tests.encode.elmo.golden import HERE

QUICK = {"epochs": 30, "learning_rate": 0.05, "validation": None, "batch_size": 8}


@pytest.mark.parametrize("model", ["linear", "mean"])
def test_it_learns_on_frozen_vectors_and_a_mix(reviews, model):
    found = TextClassifier(Telling(), model, trainable="mix", **QUICK).fit(*reviews)
    assert found.score(*reviews) == 1.0
    alone = found.predict_proba(["a good film"])
    among = found.predict_proba(["the awful men and more words", "a good film", ""])
    np.testing.assert_allclose(alone[0], among[1], atol=1e-6)


def test_a_layer_trains_and_is_saved(reviews, tmp_path):
    settings = QUICK | {"trainable": True, "epochs": 3}
    found = TextClassifier(Counts(), "mean", **settings).fit(*reviews)
    assert found.history_["loss"][-1] < found.history_["loss"][0]
    found.save(tmp_path / "m")
    loaded = TextClassifier.load(tmp_path / "m", embedding=Counts())
    texts = ["a good film", "", "bad"]
    expected = found.predict_proba(texts)
    np.testing.assert_allclose(loaded.predict_proba(texts), expected, atol=1e-6)


class Hashed(Counts):
    """The same with a layer that takes whole strings, as a SavedModel does."""

    has_tokens = False

    def layer_rows(self, texts):
        return [np.array([text.encode()], object) for text in texts]

    def learning_layer(self, *, by_token):
        import keras

        hashed = keras.layers.Hashing(512)
        return keras.Sequential(
            [keras.Input((), dtype="string"), hashed, keras.layers.Embedding(512, 8)]
        )


def test_a_layer_of_strings_trains_where_keras_has_them(reviews):
    import keras

    if keras.backend.backend() != "tensorflow":
        pytest.skip("Keras has strings on TensorFlow alone")
    settings = QUICK | {"trainable": True, "epochs": 9, "learning_rate": 0.3}
    found = TextClassifier(Hashed(), **settings).fit(*reviews)
    assert found.score(*reviews) > 0.9  # each text learned by heart


def test_an_elmo_trains(reviews):
    import keras

    from inlay import load_encoder

    if keras.backend.backend() != "torch":
        pytest.skip("others compile for long what tests/encode/elmo has tried on them")
    encoder = load_encoder(HERE)
    texts, labels = (part[:8] for part in reviews)
    found = TextClassifier(encoder, trainable=True, **QUICK | {"epochs": 1}).fit(texts, labels)
    n = encoder.n_parameters
    assert found.n_trainable_ > n > 1000
    assert found.predict_proba(["a good film", ""]).shape == (2, 2)
