"""What `to_keras(table, trainable="rows")` promises, and how its rows train."""

import json

import keras
import numpy as np
import pytest

import inlay
from inlay import Vocabulary, to_keras
from inlay.errors import ArgumentError, IdError
from inlay.layers.keras.rows import train_rows
from tests.layers.keras.embedding_contract import BACKEND, IDS, array, fit, model_of

CHOSEN = ["t1", "t5"]
OTHERS = [0, 2, 3, 4]
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture
def layer(padded):
    return to_keras(padded, trainable="rows", rows=CHOSEN)


def vectors(layer, table):
    return layer.merged(table).vectors


def test_some_rows_are_an_embedding_over_the_tables_memory(padded, layer):
    assert isinstance(layer, keras.layers.Embedding)
    assert [variable.name for variable in layer.trainable_variables] == ["rows"]
    np.testing.assert_array_equal(array(layer(IDS)), padded.vectors[IDS])
    np.testing.assert_array_equal(array(layer.compute_mask(IDS)), IDS != 2)
    padded.storage[0] = 7
    assert (array(layer(IDS))[0, 0] == 7).all()


def test_a_layer_with_two_matrices_is_no_table_of_large_vocabularies(layer):
    with pytest.raises(ArgumentError, match="model: expected a"):
        train_rows(model_of(layer))


def test_what_an_alignment_filled_trains(padded):
    vocab = Vocabulary(["t5", "new"])
    layer = to_keras(padded, vocab, trainable="rows")
    assert (layer.n_rows, layer.input_dim) == (2, 4)
    assert np.flatnonzero(array(layer.slots) >= 0).tolist() == [vocab.unk_id, vocab["new"]]
    merged = layer.merged(vocab)
    assert (merged.pad_id, merged.unk_id) == (vocab.pad_id, vocab.unk_id)


def test_rows_are_saved_cloned_and_frozen(padded, layer, tmp_path):
    model = model_of(layer)
    fit(model)
    made = vectors(layer, padded)
    config = json.dumps(layer.get_config())
    assert len(config) < 1000
    assert json.loads(config)["n_rows"] == 2
    model.save(tmp_path / "model.keras")
    model.save_weights(tmp_path / "model.weights.h5")
    again = keras.models.load_model(tmp_path / "model.keras")
    other = model_of(to_keras(padded, trainable="rows", rows=["t3", "t4"]), seed=1)
    other.load_weights(tmp_path / "model.weights.h5")
    clone = keras.models.clone_model(model)
    for twin in (again, other, clone):
        assert type(twin.layers[1]) is type(layer)
        np.testing.assert_array_equal(vectors(twin.layers[1], padded), made)
    again.layers[1].trainable = False
    again.compile("sgd", "mse", run_eagerly=BACKEND == "tensorflow")
    fit(again)
    np.testing.assert_array_equal(vectors(again.layers[1], padded), made)
    for twin in (other, clone):
        twin.compile("sgd", "mse", run_eagerly=BACKEND == "tensorflow")
        fit(twin)
        found = vectors(twin.layers[1], padded)
        assert found[OTHERS].tobytes() == made[OTHERS].tobytes()
        assert (found[[1, 5]] != made[[1, 5]]).all()
    shape = type(layer).from_config(json.loads(config))
    shape.build()
    assert np.isnan(array(shape.rows)).all()


def test_loading_rows_leaves_the_table_alone(padded, layer, make, tmp_path):
    model = model_of(layer)
    model.save_weights(tmp_path / "model.weights.h5")
    blank = make()
    blank.storage[...] = 0
    model_of(to_keras(blank, trainable="rows", rows=CHOSEN)).load_weights(
        tmp_path / "model.weights.h5"
    )
    assert not blank.storage.any()


@pytest.mark.parametrize("rows", [None, CHOSEN])
def test_rows_are_pulled_back_to_where_they_started(padded, rows, tmp_path):
    layer = to_keras(padded, trainable="rows" if rows else True, rows=rows, pull=0.5)
    model = model_of(layer, "sgd", graph=True)
    fit(model)
    moved = ((vectors(layer, padded) - padded.vectors) ** 2).sum()
    assert moved > 0
    (loss,) = layer.losses
    np.testing.assert_allclose(array(loss), 0.5 * moved, rtol=1e-4)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(array(again.layers[1].losses[0]), 0.5 * moved, rtol=1e-4)
    # A pull that outweighs the rest brings them back.
    again.layers[1].pull = 9.0
    again.compile(keras.optimizers.SGD(0.05), "mse", run_eagerly=BACKEND == "tensorflow")
    fit(again, epochs=8)
    assert ((vectors(again.layers[1], padded) - padded.vectors) ** 2).sum() < moved / 2


def test_the_start_of_a_layer_that_trains_is_the_tables_memory(padded):
    layer = to_keras(padded, trainable=True, pull=0.5)
    before = array(layer.embeddings).copy()
    padded.storage[0] = 7
    assert (array(layer.start)[0] == 7).all()
    np.testing.assert_array_equal(array(layer.embeddings), before)


@pytest.mark.parametrize("rows", [None, CHOSEN])
def test_a_layer_trains_from_an_epoch_on_and_the_optimiser_forgets_nothing(padded, rows):
    layer = to_keras(padded, trainable="rows" if rows else False, rows=rows)
    layer.trainable = False
    model = model_of(layer, keras.optimizers.Adam(0.1), graph=True)
    seen = []

    class Look(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            moved = (vectors(layer, padded) != padded.vectors).any(axis=1)
            seen.append((int(moved.sum()), int(array(model.optimizer.iterations))))

    ones = np.ones((4, 1), "float32")
    given = {"epochs": 3, "batch_size": 2, "verbose": 0}
    model.fit(IDS, ones, callbacks=[layer.unfreeze_at(1), Look()], **given)
    n_rows = 2 if rows else 5
    assert seen == [(0, 2), (n_rows, 4), (n_rows, 6)]
    names = [variable.path for variable in model.optimizer.variables]
    assert any("rows" in name or "embeddings" in name for name in names)


@pytest.mark.parametrize("check", ["debug", "always", "off"])
def test_ids_are_looked_at_as_asked(padded, check):
    layer = to_keras(padded, trainable="rows", rows=CHOSEN, check=check)
    for ids, words in (([[1, -1]], r"got -1, after 't1'"), ([[0.5]], "0.5|float64")):
        if check == "off":
            continue
        with pytest.raises(IdError, match=words):
            layer(np.array(ids))
    whole = np.array([[1.0, 2.0]], "float32")
    if check == "always":
        with pytest.raises(IdError, match="whole-number"):
            layer(whole)
    else:
        np.testing.assert_array_equal(array(layer(whole)), padded.vectors[[[1, 2]]])
        assert layer(keras.Input((3,))).shape == (None, 3, 4)


def test_by_default_a_compiled_model_is_left_alone(padded):
    model = model_of(to_keras(padded))
    with pytest.raises(IdError, match="from 0 to 5, got -1"):
        model(np.array([[-1]], "int32"))
    text = inlay.to_keras(padded, check="off")(np.array([[-1]], "int32"))
    np.testing.assert_array_equal(array(text), padded.vectors[[[-1]]])
