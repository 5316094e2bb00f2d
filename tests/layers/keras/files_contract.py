"""Weights that our layers and Keras' own exchange, LoRA and whole numbers."""

import json
import pickle

import keras
import numpy as np
import pytest

from inlay import load, to_keras
from inlay.errors import ArgumentError
from inlay.layers.keras.chosen import RowsEmbedding
from inlay.layers.keras.embedding import TableEmbedding
from tests.layers.keras.embedding_contract import BACKEND, IDS, array

CHOSEN = ["t1", "t5"]
MODES = {"frozen": False, "all": True, "rows": "rows"}
TOKENS = [f"t{i}" for i in range(6)]
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def ours(table, trainable, **given):
    rows = CHOSEN if trainable == "rows" else None
    return to_keras(table, trainable=trainable, rows=rows, mask=False, **given)


def embedding(**given):
    layer = keras.layers.Embedding(6, 4, **given)
    layer.build()
    return layer


def model_of(*layers):
    """A model that looks ids up in each, whose padding no mask hides."""
    ids = keras.Input((3,), dtype="int32")
    found = keras.layers.Concatenate()([layer(ids) for layer in layers] * 2)
    return keras.Model(ids, keras.layers.Dense(1)(keras.layers.Flatten()(found)))


def trained(layer, table):
    """The layer with other numbers in all that trains, and what it looks up."""
    for number, variable in enumerate(layer.trainable_variables):
        variable.assign(variable * (number + 2.0))
    return layer.merged(table).vectors


@pytest.mark.parametrize("mode", MODES)
def test_weights_of_ours_are_an_embeddings(padded, mode, tmp_path):
    layer = ours(padded, MODES[mode])
    expected = trained(layer, padded)
    model_of(layer).save_weights(tmp_path / "model.weights.h5")
    plain = embedding()
    model_of(plain).load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(array(plain(IDS)), expected[IDS])
    read = load(tmp_path / "model.weights.h5", name=layer.name, tokens=TOKENS)
    np.testing.assert_array_equal(read.vectors, expected)


@pytest.mark.parametrize("mode", MODES)
def test_weights_of_an_embedding_are_ours_but_for_padding(padded, mode, tmp_path):
    before = padded.vectors.copy()
    plain = embedding()
    model_of(plain).save_weights(tmp_path / "model.weights.h5")
    layer = ours(padded, MODES[mode], pull=0.5 * bool(MODES[mode]))
    model_of(layer).load_weights(tmp_path / "model.weights.h5")
    expected = array(plain.embeddings).copy()
    assert expected[2].any()
    expected[2] = 0
    np.testing.assert_array_equal(layer.merged(padded).vectors, expected)
    np.testing.assert_array_equal(array(layer(IDS)), expected[IDS])
    assert [float(array(loss)) for loss in layer.losses] == [0.0] * bool(MODES[mode])
    np.testing.assert_array_equal(padded.vectors, before)


def test_layers_of_all_kinds_are_numbered_as_embeddings(padded, tmp_path):
    layers = [ours(padded, False), embedding(), ours(padded, "rows"), ours(padded, True)]
    plain = [embedding() for _ in layers]
    model_of(*layers).save_weights(tmp_path / "model.weights.h5")
    model_of(*plain).load_weights(tmp_path / "model.weights.h5")
    for ours_, theirs in zip(layers, plain, strict=True):
        np.testing.assert_array_equal(array(theirs(IDS)), array(ours_(IDS)))


def test_rows_are_loaded_with_their_start(padded, make, tmp_path):
    layer = ours(padded, "rows", pull=0.5)
    expected = trained(layer, padded)
    model_of(layer).save_weights(tmp_path / "model.weights.h5")
    blank = make()
    blank.storage[...] = 0
    other = to_keras(blank, trainable="rows", rows=["t3", "t4"], pull=0.5, mask=False)
    model_of(other).load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(other.merged(padded).vectors, expected)
    np.testing.assert_array_equal(array(other.embeddings), padded.vectors)
    np.testing.assert_array_equal(array(other.slots), array(layer.slots))
    np.testing.assert_array_equal(array(other.losses[0]), array(layer.losses[0]))


@pytest.mark.filterwarnings("ignore:Skipping nested container:UserWarning")
def test_what_fits_no_layer_of_rows_is_refused(padded, tmp_path):
    model_of(ours(padded, "rows")).save_weights(tmp_path / "model.weights.h5")
    other = model_of(to_keras(padded, trainable="rows", rows=["t3"], mask=False))
    with pytest.raises(ValueError, match="expected 1 rows that train, got a file with 2"):
        other.load_weights(tmp_path / "model.weights.h5")
    plain = embedding()
    plain.quantize("int8")
    model_of(plain).save_weights(tmp_path / "model.weights.h5")
    with pytest.raises(ValueError, match="weights of an Embedding, one matrix, got 2 arrays"):
        other.load_weights(tmp_path / "model.weights.h5")
    for refused, argument in {"quantize": "int8", "enable_lora": 4}.items():
        with pytest.raises((NotImplementedError, ArgumentError), match='trainable="rows"'):
            getattr(other.layers[1], refused)(argument)


@pytest.mark.parametrize("mode", MODES)
def test_a_class_that_is_called_as_keras_own_is_still_ours(padded, mode, tmp_path):
    layer = ours(padded, MODES[mode])
    kind = RowsEmbedding if mode == "rows" else TableEmbedding
    assert (type(layer), type(layer).__name__) == (kind, "Embedding")
    assert pickle.loads(pickle.dumps(kind)) is kind
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(layer)))
    assert config["registered_name"] == f"inlay>{kind.__qualname__}"
    assert type(keras.saving.deserialize_keras_object(config)) is kind
    expected = trained(layer, padded)
    model_of(layer).save(tmp_path / "model.h5")  # the layout of Keras 2
    again = keras.models.load_model(tmp_path / "model.h5").layers[1]
    assert type(again) is kind
    np.testing.assert_array_equal(again.merged(padded).vectors, expected)


@pytest.mark.parametrize(("numbers", "error"), [(None, 0), ("int8", 0.05), ("int4", 0.6)])
def test_padding_is_zero_after_lora_and_in_whole_numbers(padded, numbers, error, tmp_path):
    keras.utils.set_random_seed(0)
    layer = ours(padded, True)
    config = layer.get_config() | {"embeddings_regularizer": "l1"}  # JAX: a gradient of 1 at 0
    layer = type(layer).from_config(config)
    if numbers:
        layer.quantize(numbers)
        np.testing.assert_allclose(layer.merged(padded).vectors, padded.vectors, atol=error)
    layer.enable_lora(2)
    layer.lora_embeddings_b.assign(np.ones((2, 4)))
    model = model_of(layer)
    before = layer.merged(padded).vectors
    if numbers and BACKEND == "jax":  # which compiles for seconds
        layer.lora_embeddings_a.assign(layer.lora_embeddings_a * 2)
    else:
        model.compile("adam", "mse", run_eagerly=BACKEND == "tensorflow")
        model.fit(IDS, np.ones((4, 1)), verbose=0)
    merged = layer.merged(padded)  # a table refuses a row of padding that is not zero
    assert merged.pad_id == 2
    moved = (merged.vectors != before).any(axis=1)
    np.testing.assert_array_equal(moved, np.arange(6) != 2)
    if not numbers:
        np.testing.assert_array_equal(array(layer.embeddings), merged.vectors)
    twin = keras.models.clone_model(model).layers[1]
    np.testing.assert_array_equal(twin.merged(padded).vectors, merged.vectors)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras").layers[1]
    found = again.merged(padded).vectors
    np.testing.assert_allclose(found, merged.vectors, atol=error)
    model.save_weights(tmp_path / "model.weights.h5")
    plain = embedding()
    if numbers:
        plain.quantize(numbers)
    other = model_of(plain)
    other.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(array(plain(np.arange(6))), found)
