"""The mix alone over pooled layers, on each backend; run by test_keras.py."""

import keras
import numpy as np
import pytest

from inlay.encode.elmo import Elmo, Mix, Weights, batch_to_ids
from inlay.encode.elmo.keras_mix import ScalarMix
from inlay.errors import ArgumentError
from tests.encode.elmo.test_network import TINY

MIX = Mix((0.5, -1.0, 2.0), 1.5)
TEXTS = [["a", "good", "film"][: 1 + i % 3] * (1 + i % 5) + [str(i)] for i in range(12)]
LABELS = np.arange(12) % 2


@pytest.fixture(scope="module")
def elmo():
    return Elmo(TINY, Weights.random(TINY, 1), mix=MIX)


def test_it_mixes(elmo):
    pooled = elmo.pooled(TEXTS)
    layer = ScalarMix(MIX.scalars, MIX.gamma)
    found = keras.ops.convert_to_numpy(layer(pooled))
    np.testing.assert_allclose(found, elmo.encode(TEXTS), rtol=0, atol=1e-6)
    assert layer.compute_output_shape((None, 3, 10)) == (None, 10)
    assert layer.count_params() == 4


def test_as_many_scalars_as_layers():
    with pytest.raises(ArgumentError, match="scalars: expected 3"):
        ScalarMix([0.0, 0.0])(np.ones((2, 3, 4), "float32"))


def head(inputs, mixed):
    hidden = keras.layers.Dense(8, activation="relu")(mixed)
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(hidden))
    # A graph of TensorFlow takes longer to make than to run.
    eager = keras.backend.backend() == "tensorflow"
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", run_eagerly=eager)
    return model


def losses(model, x, start):
    for layer, numbers in zip(model.layers[-2:], start, strict=True):
        layer.set_weights(numbers)
    history = model.fit(x, LABELS, batch_size=5, epochs=4, shuffle=False, verbose=0)
    return history.history["loss"]


def test_it_learns_what_the_whole_learns(elmo):
    ids = batch_to_ids(TEXTS)
    inputs = keras.Input(ids.shape[1:], dtype="int32")
    whole = head(inputs, elmo.to_keras(dropout=0.0)(inputs))
    start = [layer.get_weights() for layer in whole.layers[-2:]]
    pooled = elmo.pooled(TEXTS)
    inputs = keras.Input(pooled.shape[1:])
    cached = head(inputs, ScalarMix(MIX.scalars, MIX.gamma)(inputs))
    expected = losses(whole, ids, start)
    np.testing.assert_allclose(losses(cached, pooled, start), expected, rtol=0, atol=1e-6)
    assert expected[-1] < expected[0]
    scalars = [np.array(w) for w in cached.layers[1].get_weights()]
    np.testing.assert_allclose(scalars[0], whole.layers[1].get_weights()[0], rtol=0, atol=1e-5)
    assert not np.allclose(scalars[0], MIX.scalars, atol=1e-3)


def answer(model, x):
    return keras.ops.convert_to_numpy(model(x))


def test_saved(tmp_path):
    inputs = keras.Input((3, 4))
    model = keras.Model(inputs, ScalarMix((1.0, 2.0, 3.0), 0.5)(inputs))
    x = np.random.default_rng(0).normal(size=(2, 3, 4)).astype("float32")
    expected = answer(model, x)
    model.layers[1].set_weights([np.zeros(3), np.array(2.0)])
    changed = answer(model, x)
    model.save(tmp_path / "mix.keras")
    again = keras.models.load_model(tmp_path / "mix.keras")
    np.testing.assert_allclose(answer(again, x), changed, rtol=1e-6)
    np.testing.assert_allclose(changed, 2 * x.mean(1), rtol=1e-5, atol=1e-6)
    assert not np.allclose(expected, changed)
