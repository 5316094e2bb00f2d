"""How `ElmoLayer` trains, is saved and keeps states, and what it refuses; see test_keras.py."""

import json
from dataclasses import replace

import keras
import numpy as np
import pytest
from keras import ops

from inlay.encode.elmo.keras import ElmoLayer
from inlay.encode.elmo.weights import Weights
from inlay.errors import ArgumentError, ArgumentTypeError, IdError
from tests.encode.elmo.golden import ids_of
from tests.encode.elmo.keras_contract import (
    BACKEND,
    PLAIN,
    TEXTS,
    TINY,
    check_close,
    expected_layers,
    layer_of,
    made,
    model_of,
    run,
    set_mixes,
    small,
)
from tests.encode.elmo.reference import reference_layers

# Keras 3.15 has its variables turned into arrays the old way when it saves and trains.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

MIX = ([0.3, -0.2, 0.1], 1.2)


# -- training ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "n"),
    [
        ({}, 4),  # as the hub's module has
        ({"num_output_representations": 2}, 8),
        ({"scalar_mix_parameters": [0, 1, 2]}, 1),
        ({"trainable": False}, 0),
        ({"trainable": "all", "scalar_mix_parameters": [0, 1, 2]}, 1 + 1865),
        ({"requires_grad": True}, 4 + 1865),
        ({"stateful": True}, 4),
    ],
)
def test_what_trains(settings, n):
    layer = layer_of(PLAIN, **settings)
    layer.build((2, 3, 50))
    sizes = sum(array.size for array in small(PLAIN).named().values())
    assert sizes == 1865

    def count():
        return sum(int(np.prod(variable.shape)) for variable in layer.trainable_variables)

    assert count() == n
    assert layer.trainable is (n > 0)
    layer.trainable = False
    assert count() == 0
    layer.trainable = True
    assert count() == n


@pytest.mark.parametrize("trainable", ["mix", "all"])
def test_fit_changes_only_what_it_should(trainable):
    layer = layer_of(trainable=trainable, dropout=0.5)
    before = small().named()
    start = {name: array.copy() for name, array in before.items()}
    model = model_of(layer)
    model.fit(ids_of(TEXTS), np.ones((4, 1)), epochs=2, batch_size=4, verbose=0)
    after = layer.to_weights().named()
    changed = {name for name in after if not np.array_equal(after[name], start[name])}
    assert changed == (set(start) if trainable == "all" else set())
    assert all(np.array_equal(before[name], start[name]) for name in start)
    scalars, gamma = layer.get_weights()[:2]
    assert scalars.all()
    assert gamma != 1
    assert all(np.isfinite(array).all() for array in layer.get_weights())


def gradients(layer, inputs, factors):
    """Of the sum of all outputs times `factors`, for each variable that trains, by its name."""
    variables = layer.trainable_variables
    if BACKEND == "jax":
        import jax

        def loss(values):
            others = [variable.value for variable in layer.non_trainable_variables]
            outputs, _ = layer.stateless_call(values, others, inputs)
            return ops.sum(outputs * factors)

        found = jax.jit(jax.grad(loss))([variable.value for variable in variables])
    elif BACKEND == "torch":
        ops.sum(layer(inputs) * ops.convert_to_tensor(factors)).backward()
        found = [variable.value.grad for variable in variables]
    else:
        import tensorflow as tf

        with tf.GradientTape() as tape:
            loss = ops.sum(layer(inputs) * factors)
        found = tape.gradient(loss, [variable.value for variable in variables])
        found = [tf.convert_to_tensor(gradient) for gradient in found]
    arrays = map(ops.convert_to_numpy, found)
    return dict(zip((variable.name for variable in variables), arrays, strict=True))


def test_gradients():
    options = replace(PLAIN, cell_clip=0.2, proj_clip=None)
    rng = np.random.default_rng(0)
    factors = rng.normal(size=(4, 9, 8)).astype("float32")
    layer = layer_of(options, output_key="elmo", trainable="all")
    set_mixes(layer, *MIX)
    ids = ids_of(TEXTS, left=3)
    found = gradients(layer, ids, factors)
    arrays = small(options).named()

    def loss(scalars=MIX[0], gamma=MIX[1], **changed):
        weights = Weights.take(arrays | changed, options, "test")
        shares = np.exp(scalars) / np.exp(scalars).sum()
        texts = reference_layers(options, weights, TEXTS)
        mixed = [gamma * np.tensordot(shares, layers[:, 1:-1], 1) for layers in texts]
        return sum(np.sum(m * f[3 : 3 + len(m)]) for m, f in zip(mixed, factors, strict=True))

    def slope(name, array, at, step=2**-10):
        low, high = np.array(array, "float32"), np.array(array, "float32")
        low[at] -= step
        high[at] += step
        return (loss(**{name: high}) - loss(**{name: low})) / (2 * step)

    for k in range(3):
        assert found["scalars"][k] == pytest.approx(slope("scalars", MIX[0], k), rel=1e-3)
    assert found["gamma"] == pytest.approx(slope("gamma", MIX[1], ()), rel=1e-3)
    for name, array in arrays.items():
        gradient = found[name.replace("/", "_")]
        at = np.unravel_index(np.abs(gradient).argmax(), gradient.shape)  # a number that matters
        assert abs(gradient[at]) > 1e-4, name
        assert gradient[at] == pytest.approx(slope(name, array, at), rel=5e-3), name


def test_gradients_of_empty_texts_are_numbers():
    layer = layer_of(trainable="all", do_layer_norm=True)
    ids = np.zeros((4, 9, 50), "int32")
    ids[0, :6] = ids_of(TEXTS)[2]
    found = gradients(layer, ids, np.ones((4, 8), "float32"))
    assert all(np.isfinite(gradient).all() for gradient in found.values())


def test_dropout_is_for_training_alone():
    layer = layer_of(output_key="elmo", dropout=0.5)
    ids = ids_of(TEXTS)
    check_close(run(layer, ids), expected_layers(TINY, TEXTS).mean(0))
    dropped = run(layer, ids, training=True)[ids.any(-1)]
    assert 0.3 < (dropped == 0).mean() < 0.7


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision(policy):
    layer = layer_of(dtype=policy, trainable="all", do_layer_norm=True, output_key="elmo")
    ids = ids_of(TEXTS)
    out = run(layer, ids)
    assert str(out.dtype) == policy.removeprefix("mixed_")
    exact = run(layer_of(do_layer_norm=True, output_key="elmo"), ids)
    check_close(out.astype("float32"), exact, 0.05)
    assert {variable.dtype for variable in layer.trainable_variables} == {"float32"}


# -- saving ------------------------------------------------------------------------------------


def test_config_is_small_json_without_numbers():
    layer = layer_of(pad_token="--PAD--", trainable="all")
    text = json.dumps(layer.get_config())
    assert len(text) < 1000
    twin = ElmoLayer.from_config(json.loads(text))
    assert (twin.settings, twin.options) == (layer.settings, layer.options)
    assert twin.pad_token == "--PAD--"
    twin.build((None, None, 50))
    arrays = twin.get_weights()[2:]
    assert all(np.isnan(array).all() for array in arrays)
    twin.set_weights(layer.get_weights())
    check_close(run(twin, ids_of(TEXTS)), run(layer, ids_of(TEXTS)), 0)


def saved_model(folder):
    layer = layer_of(output_key="elmo", pad_token="--PAD--", do_layer_norm=True)
    set_mixes(layer, [0.3, -0.2], 1.2)
    model = model_of(layer, keras.layers.GlobalAveragePooling1D())
    model.save(folder / "model.keras")
    return model, model.predict(ids_of(TEXTS[2:]), verbose=0)


def test_saved_model_is_the_same_model(tmp_path):
    model, expected = saved_model(tmp_path)
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.layers[1] is not model.layers[1]
    check_close(again.predict(ids_of(TEXTS[2:]), verbose=0), expected, 1e-6)
    assert len(again.trainable_variables) == 4


def test_weights_of_one_trainable_fit_another(tmp_path):
    model = model_of(layer_of(output_key="default"))
    set_mixes(model.layers[1], [0.3, -0.2], 1.2)
    model.save_weights(tmp_path / "model.weights.h5")
    other = made(TINY, Weights.random(TINY, 7), trainable="all", dropout=0)
    twin = model_of(other)
    twin.load_weights(tmp_path / "model.weights.h5")
    for found, expected in zip(other.get_weights(), model.layers[1].get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("settings", [{}, {"vocab_to_cache": ["", "a"]}, {"stateful": True}])
def test_clone_model_keeps_the_numbers(settings):
    layer = layer_of(num_output_representations=2, **settings)
    shape = (3,) if "vocab_to_cache" in settings else (3, 50)
    inputs = keras.Input(shape, 2, dtype="int32")
    model = keras.Model(inputs, layer(inputs))
    twin = keras.models.clone_model(model).layers[1]
    assert twin is not layer
    for found, expected in zip(twin.get_weights(), layer.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_what_was_trained_goes_back_to_the_official_names():
    found = layer_of(trainable="all").to_weights()
    assert found.hash(TINY) == small().hash(TINY)
    rounded = layer_of(trainable="all", dtype="bfloat16").to_weights().named()
    for name, array in small().named().items():
        assert rounded[name].dtype == np.float32
        np.testing.assert_allclose(rounded[name], array, rtol=0.01, atol=1e-6)


def test_the_layer_of_an_encoder():
    from inlay.encode.elmo.encoder import Elmo
    from inlay.encode.mix import Mix

    encoder = Elmo(TINY, small(), mix=Mix((0.5, -0.5), 1.5), pad_token="--PAD--")
    layer = encoder.to_keras(dropout=0, output_key="all")
    found = run(layer, ids_of(TEXTS))
    check_close(found["default"], encoder.encode(TEXTS))
    assert found["mask"].sum() == 11


# -- states ------------------------------------------------------------------------------------


def test_states_keep_rows_that_a_batch_leaves_out_and_grow_no_more():
    layer = layer_of(PLAIN, stateful=True, output_key="elmo")
    ids, fresh = ids_of(TEXTS), expected_layers(PLAIN, TEXTS).mean(0)
    states = {}
    for texts in (TEXTS, TEXTS[:2], TEXTS):
        reference = reference_layers(PLAIN, small(PLAIN), texts, states)
        found = run(layer, ids[: len(texts)])
        for row, layers in zip(found, reference, strict=True):
            check_close(row[: layers.shape[1] - 2], layers.mean(0)[1:-1])
    with pytest.raises(ArgumentError, match="at most 4 texts, for so many states were made, got 5"):
        layer(np.concatenate([ids, ids[:1]]))
    layer.reset_states()
    check_close(run(layer, ids), fresh)


def test_states_go_on_in_compiled_models():
    layer = layer_of(stateful=True, output_key="elmo", trainable="all")
    ids = ids_of(TEXTS)
    inputs = keras.Input((6, 50), 4, dtype="int32")
    model = keras.Model(inputs, layer(inputs))
    states = {}
    for _ in range(2):
        reference = reference_layers(TINY, small(), TEXTS, states)
        found = model.predict(ids, batch_size=4, verbose=0)
        check_close(found[2], reference[2].mean(0)[1:-1])
    # Training goes on from the states, and does not go through them.
    model.compile("sgd", "mse")
    model.fit(ids, np.zeros((4, 6, 8)), batch_size=4, epochs=2, verbose=0)
    assert not np.array_equal(layer.get_weights()[2], small().named()["char_embed"])


def test_states_need_a_known_batch():
    with pytest.raises(ArgumentError, match=r"keras.Input\(shape, batch_size=n\)"):
        layer_of(stateful=True)(keras.Input((6, 50), dtype="int32"))


# -- bad input ---------------------------------------------------------------------------------


def test_ids_out_of_range_are_named():
    layer = layer_of()
    for wrong in (262, -1):
        ids = ids_of(TEXTS).astype("int64")
        ids[2, 1, 4] = wrong
        with pytest.raises(
            IdError, match=rf"ids\[2, 1, 4\]: expected an id from 0 to 261, got {wrong}"
        ):
            layer(ids)
        with pytest.raises(IdError, match=f"got {wrong}"):
            model_of(layer)(ops.convert_to_tensor(ids.astype("int32")))


def test_ids_out_of_range_in_compiled_models():
    model = model_of(layer_of(), graph=True)
    ids = ids_of(TEXTS)
    ids[2, 1, 4] = 300
    if BACKEND == "jax":
        assert np.isnan(model.predict(ids, verbose=0)).any()
        return
    with pytest.raises(IdError if BACKEND == "torch" else Exception, match="300"):
        model.predict(ids, verbose=0)


@pytest.mark.parametrize(
    ("inputs", "error", "words"),
    [
        (np.zeros((1, 2, 50)), IdError, ["whole-number", "float64", 'dtype="int32"']),
        (np.zeros((1, 2, 49), int), ArgumentError, ["(batch, tokens, 50)", "(1, 2, 49)"]),
        (np.zeros((2, 50), int), ArgumentError, ["(batch, tokens, 50)", "batch_to_ids"]),
        ([[1.5]], IdError, ["whole-number"]),
    ],
)
def test_wrong_inputs_are_named(inputs, error, words):
    with pytest.raises(error) as caught:
        layer_of(name="my_elmo")(inputs)
    assert [word for word in [*words, "my_elmo"] if word not in str(caught.value)] == []


def test_texts_of_different_lengths_are_no_array():
    with pytest.raises(ArgumentTypeError, match="as many tokens in each text"):
        layer_of()([["a", "b"], ["c"]])


@pytest.mark.skipif(BACKEND == "tensorflow", reason="TensorFlow has strings")
def test_strings_need_tensorflow():
    for texts in (["a film"], np.array([["a film"]]), np.array([["a film"]], object)):
        with pytest.raises(ArgumentTypeError, match=f"strings, on {BACKEND}.*batch_to_ids"):
            layer_of()(texts)


def test_wrong_settings_are_named():
    with pytest.raises(ArgumentError, match="default or elmo or word_emb or lstm_outputs1 or all"):
        layer_of(output_key="lstm_outputs3")
    with pytest.raises(ArgumentError, match="trainable"):
        layer_of(trainable="some")
    with pytest.raises(TypeError, match="chars"):
        layer_of(chars=2)
