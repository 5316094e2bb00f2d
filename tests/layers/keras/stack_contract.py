"""What `to_keras(stack, vocab)` promises, on the backend that KERAS_BACKEND names."""

import json

import keras
import numpy as np
import pytest

from inlay import Table, to_keras
from inlay.errors import ArgumentError, IdError
from inlay.layers import stack
from tests.layers.stacks import BOTH, FIRST, IDS, MODES, NEITHER, SECOND, VOCAB, both, joined

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)


def mixed(layer):
    """The numbers of a mix, for `joined`."""
    if layer.mode not in ("mix", "scalar_mix"):
        return ()
    pairs = [layer.get_weights() for layer in layer.projections]
    if layer.mode == "scalar_mix":
        return pairs, array(layer.score)
    return pairs, layer.score.get_weights()[0][:, 0]


def model_of(layer, optimiser="sgd"):
    ids = keras.Input((None,), dtype="int32")
    mean = keras.layers.GlobalAveragePooling1D()(layer(ids))
    model = keras.Model(ids, keras.layers.Dense(1)(mean))
    model.compile(optimiser, loss="mse", run_eagerly=keras.backend.backend() == "tensorflow")
    return model


def fit(model):
    model.fit(IDS, np.ones((2, 1)), epochs=2, verbose=0)


@pytest.mark.parametrize("mode", MODES)
def test_vectors_are_those_of_numpy(mode):
    layer = to_keras(both(mode), VOCAB, name="words")
    if mode == "scalar_mix":
        layer.score.assign([0.0, 1.0])
    found = array(layer(IDS))
    np.testing.assert_allclose(found, joined(mode, *mixed(layer))[IDS], rtol=1e-5, atol=1e-6)
    assert not found[1, 2].any()  # padding
    np.testing.assert_array_equal(array(layer.compute_mask(IDS)), IDS != 0)
    assert layer.compute_output_shape((None, 3)) == (None, 3, both(mode).dim)
    assert both(mode).to_keras(VOCAB, mask=False).compute_mask(IDS) is None
    np.testing.assert_allclose(layer.merged(VOCAB).vectors[IDS], found, rtol=1e-6)
    assert layer.name == "words"


@pytest.mark.parametrize("mode", MODES)
def test_what_trains_and_what_moves(mode):
    for trainable in (False, True):
        layer = to_keras(both(mode), VOCAB, trainable=trainable)
        assert layer.trainable is (trainable or mode.endswith("mix"))
        assert len(layer.trainable_variables) == 2 * trainable + 5 * mode.endswith("mix")
        before = [array(variable).copy() for variable in layer.variables]
        fit(model_of(layer, keras.optimizers.AdamW(0.1, weight_decay=0.5)))
        moved = [
            variable.path
            for variable, was in zip(layer.variables, before, strict=True)
            if not np.array_equal(array(variable), was)
        ]
        assert moved == [variable.path for variable in layer.trainable_variables]
        assert not array(layer(np.array([[0]]))).any()
        assert not any(array(part.embeddings)[0].any() for part in layer.parts)


def test_of_what_one_table_has_nothing_is_taken_from_the_other():
    for mode in MODES:
        layer = to_keras(both(mode), VOCAB, trainable=True)
        before = [array(part.embeddings).copy() for part in layer.parts]
        fit(model_of(layer, keras.optimizers.SGD(0.1)))
        moved = [
            np.flatnonzero((array(part.embeddings) != was).any(1)).tolist()
            for part, was in zip(layer.parts, before, strict=True)
        ]
        if mode != "concatenate":
            assert moved == [[1, BOTH, FIRST, NEITHER], [1, BOTH, SECOND, NEITHER]]
        else:  # there each row of each table has places of its own
            assert moved == [[1, 2, 3, 4, 5]] * 2


def test_frozen_tables_are_shared_until_they_train(padded):
    layer = to_keras(stack([padded, padded], "average"))
    assert layer.pad_id == 2
    padded.storage[0] = 7  # as nobody should
    assert (array(layer(np.array([0]))) == 7).all()
    before = padded.vectors.copy()
    layer.trainable = True
    fit(model_of(layer, keras.optimizers.SGD(1.0)))
    assert (array(layer.parts[0].embeddings)[[3, 4, 5]] != before[[3, 4, 5]]).all()
    np.testing.assert_array_equal(padded.vectors, before)


def test_a_saved_model_is_the_same(tmp_path):
    for mode in MODES:
        ids = keras.Input((None,), dtype="int32")
        model = keras.Model(ids, to_keras(both(mode), VOCAB)(ids))
        wanted = array(model(IDS))
        assert len(json.dumps(model.layers[1].get_config())) < 5000
        clone = keras.models.clone_model(model)
        for mine, its in zip(clone.layers[1].weights, model.layers[1].weights, strict=True):
            np.testing.assert_array_equal(array(mine), array(its), err_msg=mine.path)
        file = tmp_path / f"{mode}.keras"
        model.save(file)
        again = keras.saving.load_model(file)
        np.testing.assert_array_equal(array(again(IDS)), wanted)
        assert len(again.trainable_variables) == len(model.trainable_variables)
        model.save_weights(tmp_path / f"{mode}.weights.h5")
        other = keras.models.clone_model(model)
        other.set_weights([np.zeros_like(array(weight)) for weight in other.weights])
        other.load_weights(tmp_path / f"{mode}.weights.h5")
        np.testing.assert_array_equal(array(other(IDS)), wanted)


def test_in_mixed_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        layers = [to_keras(both(mode), VOCAB) for mode in MODES]
    finally:
        keras.config.set_dtype_policy("float32")
    for layer in layers:
        found = layer(IDS)
        assert keras.backend.standardize_dtype(found.dtype) == "bfloat16"
        assert {str(v.dtype) for v in layer.variables} <= {"float32", "uint8"}
        wanted = joined(layer.mode, *mixed(layer))[IDS]
        found = array(keras.ops.cast(found, "float32"))
        np.testing.assert_allclose(found, wanted, rtol=0.05, atol=0.05)


def test_wrong_ids_are_named():
    layer = to_keras(both("mix"), VOCAB, name="words")
    with pytest.raises(IdError, match=r"layer 'words', ids.*got 6"):
        layer(np.array([[1, 6]]))
    with pytest.raises(IdError, match="whole-number"):
        both().to_keras(VOCAB, check="always")(np.array([[1.0]]))


def test_without_padding_a_mix_keeps_every_row():
    table = Table(["a", "b"], np.ones((2, 3), "float32"))
    layer = to_keras(stack([table, table], "mix"))
    assert layer.compute_mask(np.array([[0, 1]])) is None
    assert (abs(array(layer(np.array([0, 1])))).sum(1) > 0).all()


@pytest.mark.parametrize("mode", ["average", "scalar_mix"])
def test_what_no_table_has_trains_alone(mode, tmp_path):
    layer = to_keras(both(mode), VOCAB, trainable="rows")
    before = [part.merged(VOCAB).vectors for part in layer.parts]
    model = model_of(layer)
    fit(model)
    for part, start in zip(layer.parts, before, strict=True):
        moved = (part.merged(VOCAB).vectors != start).any(axis=1)
        assert np.flatnonzero(moved).tolist() == [1, NEITHER]
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras").layers[1]
    np.testing.assert_array_equal(array(again(IDS)), array(layer(IDS)))
    some = to_keras(both(mode), VOCAB, trainable="rows", rows=["both", "first"])
    assert [array(part.row_ids).tolist() for part in some.parts] == [[BOTH, FIRST]] * 2


def test_settings_of_keras_are_those_of_each_table():
    unit = keras.constraints.UnitNorm(axis=1)
    given = {"embeddings_regularizer": "l2", "embeddings_constraint": unit, "trainable": True}
    layer = to_keras(both("mix"), VOCAB, dtype="mixed_bfloat16", **given)
    assert keras.backend.standardize_dtype(layer(IDS).dtype) == "bfloat16"
    assert {part.dtype_policy.name for part in layer.parts} == {"mixed_bfloat16"}
    squares = sum(float((array(part.embeddings) ** 2).sum()) for part in layer.parts)
    np.testing.assert_allclose(sum(map(array, layer.losses)), 0.01 * squares, rtol=1e-4)
    twin = type(layer).from_config(layer.get_config())
    assert [part.embeddings_constraint.axis for part in twin.parts] == [1, 1]
    with pytest.raises(ArgumentError, match="embeddings_constraint: expected a constraint"):
        to_keras(both(), VOCAB, embeddings_constraint="unitary")
    with pytest.raises(ArgumentError, match="dtype: expected a policy of floating-point"):
        both().to_keras(VOCAB, dtype="int8_from_float32")
