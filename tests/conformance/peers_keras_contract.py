"""What Keras' own tests ask of `keras.layers.Embedding`, asked of ours, on each backend.

The behaviours are those of its `layers/core/embedding_test.py`. What differs on purpose:

| Keras | here | because |
|---|---|---|
| sizes, an initialiser, `weights=` | a table | the rows are somebody's vectors |
| a layer made of its config is random | NaN until it is filled | random passes for read |
| ids of floats are cut down to whole ones | refused where they can be seen | 1.9 is no id |
| a row that `mask_zero` masks trains | no row of padding trains | padding must count for nothing |
| a row of padding has any numbers | zeros as a file is read | padding counts for nothing |
| a class below it is not quantised | ours is, and padding stays zero | it is an Embedding |
| ValueError of LoRA beside a constraint | ArgumentError, a ValueError too | it says what to do |
| a policy that quantises starts from nothing | refused | a table's numbers are floats |
"""

import keras
import numpy as np
import pytest

import inlay
from inlay.errors import ArgumentTypeError, IdError
from tests.conformance.check_layer import MODES
from tests.layers.conftest import make_table

BACKEND = keras.backend.backend()
IDS = np.array([[0, 1, 2], [5, 2, 2]], "int32")
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def layer_of(pad_id=2, *, trainable=True, **settings):
    """The layer of a table, with arguments of Keras' own Embedding."""
    table = make_table(pad_id)
    kind = type(inlay.to_keras(table))
    return kind.from_table(table, trainable=trainable, **settings)


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)


def fitted(layer, optimizer="sgd"):
    model = keras.Sequential([layer])
    model.compile(optimizer, "mse", run_eagerly=BACKEND == "tensorflow")
    model.fit(IDS, np.ones((*IDS.shape, layer.output_dim), "f4"), batch_size=2, verbose=0)
    return model


@pytest.mark.parametrize("trainable", [False, True])
@pytest.mark.parametrize("pad_id", [None, 0, 2])
def test_what_a_layer_counts_and_says_of_itself(pad_id, trainable):
    layer = layer_of(pad_id, trainable=trainable)
    counts = len(layer.trainable_weights), len(layer.non_trainable_weights)
    assert counts == ((1, 0) if trainable else (0, 1))
    assert not layer.losses
    assert len(layer.variables) == 1  # and no generator of random numbers
    assert layer.supports_masking is (pad_id is not None)
    for shape in ((), (2,), (2, 3), (2, 3, 4)):
        assert layer.compute_output_shape(shape) == (*shape, 4)
        for dtype in ("int32", "int64"):
            symbol = layer(keras.KerasTensor(shape, dtype))
            assert (tuple(symbol.shape), symbol.dtype) == ((*shape, 4), "float32")
        assert layer(np.zeros(shape, "int32")).shape == (*shape, 4)
    twin = type(layer).from_config(layer.get_config())
    assert twin.get_config().keys() == layer.get_config().keys()
    assert len(twin.weights) == 1


@pytest.mark.parametrize("policy", ["float16", "mixed_bfloat16", "bfloat16"])
def test_a_policy_decides_what_it_computes_in(policy):
    layer = layer_of(dtype=policy)
    computed = {"mixed_bfloat16": "bfloat16"}.get(policy, policy)
    assert keras.backend.standardize_dtype(layer(IDS).dtype) == computed
    assert layer.variable_dtype == {"mixed_bfloat16": "float32"}.get(policy, policy)


def test_numbers_that_are_assigned_are_looked_up():
    layer, numbers = layer_of(None), np.arange(24, dtype="float32").reshape(6, 4)
    layer.embeddings.assign(numbers)
    np.testing.assert_array_equal(array(layer(np.array([2, 1, 0]))), numbers[[2, 1, 0]])


@pytest.mark.skipif(BACKEND == "torch", reason="Keras has no such tensors there")
@pytest.mark.parametrize("check", ["debug", "always"])
@pytest.mark.parametrize("mode", ["frozen", "all", "rows"])
def test_sparse_ids(mode, check):
    places, values = [[0, 0], [1, 2]], [5, 1]
    table, dense = make_table(), np.array([[5, 0, 0], [0, 0, 1]])
    layer = inlay.to_keras(table, check=check, **MODES[mode])
    if BACKEND == "tensorflow":
        import tensorflow as tf

        ids = tf.SparseTensor(places, values, (2, 3))
    else:
        from jax.experimental.sparse import BCOO

        ids = BCOO((np.array(values), np.array(places)), shape=(2, 3))
    np.testing.assert_array_equal(array(layer(ids)), table.vectors[dense])


@pytest.mark.skipif(BACKEND != "tensorflow", reason="Keras has no such tensors there")
@pytest.mark.parametrize("check", ["debug", "always"])
@pytest.mark.parametrize("mode", ["frozen", "all", "rows"])
def test_ragged_ids(mode, check):
    import tensorflow as tf

    table, texts = make_table(), [[0, 1, 5], [], [2, 3]]
    layer = inlay.to_keras(table, check=check, **MODES[mode])
    found = layer(tf.ragged.constant(texts, dtype=tf.int32))
    assert found.shape.as_list() == [3, None, 4]
    for text, row in zip(texts, found, strict=True):
        np.testing.assert_array_equal(row, table.vectors[text])
    assert layer(keras.KerasTensor((2, 3), "int32", ragged=True)).ragged
    with pytest.raises(IdError, match="got 9"):
        layer(tf.ragged.constant([[1], [2, 9]], dtype=tf.int32))


def test_the_mask_is_of_one_id():
    assert array(layer_of(0).compute_mask(np.array([2, 1, 0]))).tolist() == [True, True, False]
    assert layer_of(None).compute_mask(np.array([2, 1, 0])) is None
    assert layer_of(0).mask_zero
    assert not layer_of(2).mask_zero


def test_a_constraint_and_a_regulariser_are_kept():
    settings = {"embeddings_constraint": "non_neg", "embeddings_regularizer": "l2"}
    layer = layer_of(None, **settings)
    assert isinstance(layer.embeddings.constraint, keras.constraints.NonNeg)
    squares = np.square(array(layer.embeddings)).sum()
    np.testing.assert_allclose(array(layer.losses[0]), 0.01 * squares, rtol=1e-5)
    for each in (layer, layer_of(2, **settings)):
        fitted(each)
        assert (array(each.embeddings) >= 0).all()


def test_numbers_and_sizes_come_from_the_table():
    for name in ("weights", "embeddings_initializer", "input_dim", "output_dim"):
        with pytest.raises(ArgumentTypeError, match=name):
            inlay.to_keras(make_table(), **{name: 3})


@pytest.mark.skipif(keras.__version__ < "3.13", reason="Keras did not look then")
def test_sizes_of_a_config_are_looked_at():
    config = layer_of().get_config()
    for name in ("input_dim", "output_dim"):
        for wrong in (3.7, "3", None, True, -1, 0):
            with pytest.raises((TypeError, ValueError), match=f"`{name}` must be a positive"):
                type(layer_of()).from_config(config | {name: wrong})


# -- low-rank adaptation -----------------------------------------------------------------------


def test_lora_adds_a_product_and_trains_nothing_else(tmp_path):
    layer = layer_of()
    layer.enable_lora(2, lora_alpha=3.0)
    assert (len(layer.trainable_weights), len(layer.non_trainable_weights)) == (2, 1)
    assert (layer.lora_rank, layer.lora_alpha, layer.lora_enabled) == (2, 3.0, True)
    before = [array(weight) for weight in layer.weights]
    model = fitted(layer)
    after = {weight.name: array(weight) for weight in layer.weights}
    base = after["embeddings"]
    np.testing.assert_array_equal(base, make_table().vectors)
    moved = [not np.array_equal(a, array(b)) for a, b in zip(before, layer.weights, strict=True)]
    assert sum(moved) >= 1
    product = after["lora_embeddings_a"] @ after["lora_embeddings_b"]
    np.testing.assert_allclose(array(layer.embeddings), base + 1.5 * product, atol=1e-6)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.layers[0].lora_enabled
    np.testing.assert_allclose(array(again(IDS)), array(model(IDS)), atol=1e-6)
    with pytest.raises(ValueError, match="already enabled"):
        layer.enable_lora(2)


def test_lora_by_an_argument_and_not_with_a_constraint():
    layer = layer_of(lora_rank=2)
    assert (len(layer.trainable_weights), len(layer.non_trainable_weights)) == (2, 1)
    with pytest.raises(ValueError, match="constraint"):
        layer_of(embeddings_constraint="max_norm").enable_lora(2)


# -- files and quantising ----------------------------------------------------------------------


def test_the_store_of_older_versions_is_read():
    layer, numbers = layer_of(), np.ones((6, 4), "float32")
    numbers[2] = 0
    layer.load_own_variables({"0": numbers})
    np.testing.assert_array_equal(array(layer.embeddings), numbers)


@pytest.mark.parametrize(("mode", "n_weights"), [("int8", 2), ("int4", 2)])
def test_a_layer_is_quantised_once_and_saved_so(mode, n_weights, tmp_path):
    with pytest.raises(ValueError, match="isn't yet built"):
        type(layer_of())(6, 4).quantize(mode)
    layer = layer_of()
    before = array(layer(IDS))
    with pytest.raises(ValueError, match="Invalid quantization mode"):
        layer.quantize("int7")
    assert layer.dtype_policy.name == "float32"
    layer.quantize(mode)
    assert len(layer.variables) >= n_weights
    assert keras.backend.standardize_dtype(layer._embeddings.dtype) == "int8"
    found = array(layer(IDS))
    assert np.square(found - before).mean() < (1e-4 if mode == "int8" else 1e-2)
    assert not found[IDS == 2].any()
    for other in ("int8", "int4"):
        with pytest.raises(ValueError, match="already quantized"):
            layer.quantize(other)
    model = keras.Sequential([keras.Input((3,), dtype="int32"), layer])
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(array(again(IDS)), found)
