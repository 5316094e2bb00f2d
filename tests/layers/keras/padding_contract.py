"""Keras' own settings of an embedding layer, which leave padding alone; see test_embedding.py.

Every row is one that trains, and the row of padding is number 2.
"""

import keras
import numpy as np
import pytest

from inlay import to_keras
from inlay.errors import ArgumentError
from inlay.layers.keras.rows import train_rows
from tests.layers.keras.embedding_contract import BACKEND, IDS, array, fit, model_of, numbers

PAD = 2
CHOSEN = ["t1", "t5"]
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


class PlusOne(keras.constraints.Constraint):
    """A constraint that makes something of zeros."""

    def __call__(self, matrix):
        return matrix + 1.0


def of_kind(table, rows, **settings):
    return to_keras(table, trainable="rows" if rows else True, rows=rows, **settings)


def vectors(layer, table):
    return layer.merged(table).vectors


@pytest.mark.parametrize("rows", [None, CHOSEN])
@pytest.mark.parametrize("given", ["l2", "object", "config"])
def test_a_regulariser_is_of_the_rows_that_train(padded, rows, given):
    regularizer = keras.regularizers.L2(0.01)
    if given == "config":
        regularizer = keras.regularizers.serialize(regularizer)
    layer = of_kind(padded, rows, embeddings_regularizer="l2" if given == "l2" else regularizer)
    trained = padded.vectors[[1, 5] if rows else slice(None)]
    (loss,) = layer.losses
    np.testing.assert_allclose(array(loss), 0.01 * (trained**2).sum(), rtol=1e-5)


@pytest.mark.parametrize("rows", [None, CHOSEN])
def test_a_constraint_is_of_the_rows_that_train(padded, rows):
    unit = keras.constraints.UnitNorm(axis=1)
    layer = of_kind(padded, rows, embeddings_constraint=unit, mask=False)
    fit(model_of(layer), epochs=1)
    found = vectors(layer, padded)
    expected = [1, 1, 0, 1, 1, 1]
    if rows:
        expected = np.linalg.norm(padded.vectors, axis=1)
        expected[[1, 5]] = 1
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), expected, rtol=1e-5)


def test_padding_is_zero_whatever_the_constraint(padded):
    layer = to_keras(padded, trainable=True, embeddings_constraint=PlusOne(), mask=False)
    fit(model_of(layer), epochs=1)
    assert not numbers(layer)[PAD].any()
    assert (numbers(layer)[3] > padded.vectors[3] + 0.5).all()  # four ids of twelve are padding


def test_a_frozen_layer_has_neither_until_it_trains(padded):
    layer = to_keras(padded, embeddings_regularizer="l2", embeddings_constraint="non_neg")
    padded.storage[0] = 7
    assert (numbers(layer)[0] == 7).all()
    model = model_of(layer)
    fit(model, epochs=1)
    assert (numbers(layer) < 0).any()
    assert layer.losses == []
    layer.trainable = True
    model.compile("sgd", "mse", run_eagerly=BACKEND == "tensorflow")
    fit(model, epochs=1)
    assert (numbers(layer) >= 0).all()
    assert len(layer.losses) == 1


@pytest.mark.parametrize("rows", [None, CHOSEN])
def test_settings_are_saved(padded, rows, tmp_path):
    settings = {"embeddings_regularizer": "l1", "embeddings_constraint": "max_norm"}
    layer = of_kind(padded, rows, dtype="mixed_bfloat16", **settings)
    model = model_of(layer)
    model.save(tmp_path / "model.keras")
    twin = keras.models.load_model(tmp_path / "model.keras").layers[1]
    assert isinstance(twin.embeddings_regularizer, keras.regularizers.L1)
    assert isinstance(twin.embeddings_constraint, keras.constraints.MaxNorm)
    assert (twin.dtype_policy.name, twin.variable_dtype) == ("mixed_bfloat16", "float32")
    assert array(twin.losses[0]) == array(layer.losses[0]) > 0
    np.testing.assert_array_equal(vectors(twin, padded), padded.vectors)


@pytest.mark.parametrize(
    "dtype", ["float16", "mixed_float16", keras.DTypePolicy("bfloat16"), np.float32]
)
def test_a_dtype_is_kerass_own_policy(padded, dtype):
    layer = to_keras(padded, dtype=dtype)
    like = keras.layers.Embedding(6, 4, dtype=dtype)
    ids = keras.ops.convert_to_tensor(IDS)
    assert layer.variable_dtype == like.variable_dtype
    assert layer(ids).dtype == like(ids).dtype


def test_float64_is_the_tables_own_memory(make):
    table = make(dtype="float64")
    if BACKEND == "jax":  # which has no float64 unless it is told so
        pytest.skip("no float64")
    layer = to_keras(table, dtype="float64")
    table.storage[0] = 7
    assert numbers(layer).dtype == np.float64
    assert (numbers(layer)[0] == 7).all()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("dtype", "int8_from_float32", "floating-point numbers, such as 'mixed_bfloat16'"),
        ("dtype", "int32", "got 'int32'"),
        ("dtype", "flaot32", "a dtype, or a policy"),
        ("embeddings_regularizer", "l7", "a regularizer of Keras, or the name of one, got str"),
        ("embeddings_constraint", "unitary", "a constraint of Keras"),
    ],
)
@pytest.mark.parametrize("rows", [None, CHOSEN])
def test_what_keras_does_not_know_is_refused(padded, name, value, words, rows):
    with pytest.raises(ArgumentError, match=f"{name}: expected .*{words}"):
        of_kind(padded, rows, **{name: value})


def test_a_global_policy_that_quantises_is_refused(padded):
    keras.config.set_dtype_policy("int8_from_float32")
    try:
        with pytest.raises(ArgumentError, match=r"got 'int8_from_float32'.*dtype='float32'"):
            to_keras(padded)
        assert numbers(to_keras(padded, dtype="float32")).dtype == np.float32
    finally:
        keras.config.set_dtype_policy("float32")


# -- LoRA --------------------------------------------------------------------------------------


@pytest.mark.parametrize("frozen", [False, True])
def test_lora_trains_beside_a_frozen_matrix_and_padding_is_zero(padded, frozen, tmp_path):
    layer = to_keras(padded, trainable=not frozen, embeddings_regularizer="l1", mask=False)
    layer.enable_lora(2)
    assert not array(layer.lora_embeddings_a)[PAD].any()
    if frozen:
        layer.trainable = True
        padded.storage[0] = 7
        assert (array(layer._embeddings)[0] == 7).all()
    assert [v.name for v in layer.trainable_variables] == ["lora_embeddings_a", "lora_embeddings_b"]
    before = padded.vectors.copy()
    np.testing.assert_array_equal(array(layer(IDS)), before[IDS])
    model = model_of(layer, "adam")
    fit(model)
    np.testing.assert_array_equal(array(layer._embeddings), before)
    np.testing.assert_array_equal(padded.vectors, before)
    found = vectors(layer, padded)
    assert not found[PAD].any()
    assert (found != before).any(axis=1).tolist() == [True, True, False, True, True, True]
    layer.trainable = False  # so that nothing but the numbers makes padding zero
    assert not array(layer(IDS))[IDS == PAD].any()
    layer.trainable = True
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras").layers[1]
    for twin in (again, keras.models.clone_model(model).layers[1]):
        np.testing.assert_allclose(vectors(twin, padded), found, rtol=1e-6)
        assert (twin.lora_rank, twin.lora_enabled) == (2, True)
        assert not array(twin.lora_embeddings_a)[PAD].any()


def test_lora_keeps_its_alpha(padded):
    layer = to_keras(padded, trainable=True)
    layer.enable_lora(2, lora_alpha=8)
    assert type(layer).from_config(layer.get_config()).lora_alpha == 8


def test_where_lora_has_no_place(padded):
    with pytest.raises(ArgumentError, match=r'got one with trainable="rows".*"delta", rank=8'):
        of_kind(padded, CHOSEN).enable_lora(2)
    for settings, words in (
        ({"pull": 0.1}, "pull="),
        ({"embeddings_constraint": "non_neg"}, "a c"),
    ):
        with pytest.raises(ArgumentError, match=f"below LoRA, got one with {words}"):
            to_keras(padded, trainable=True, **settings).enable_lora(2)
    layer = to_keras(padded, trainable=True)
    layer.enable_lora(2)
    with pytest.raises(ArgumentError, match="without LoRA"):
        train_rows(model_of(layer))
    layer = to_keras(padded, trainable=True)
    train_rows(model_of(layer))
    with pytest.raises(ArgumentError, match="train_rows"):
        layer.enable_lora(2)
