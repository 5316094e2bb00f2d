"""What `UseLayer` promises, on the backend that KERAS_BACKEND names; see test_keras.py."""

import functools
import json
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import ops

import inlay
from inlay.encode.use import Use
from inlay.encode.use.keras import UseLayer
from inlay.errors import ArgumentError, ArgumentTypeError, IdError, NotFittedError
from tests.encode.use.tiny import SHAPE, TEXTS, expected, tiny, tiny_weights

BACKEND = keras.backend.backend()
# Keras 3.15 has its variables turned into arrays the old way when it saves and trains.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

AGAIN = """
import sys
import inlay, keras, numpy
ids, found = (numpy.load(path) for path in sys.argv[2:])
model = keras.models.load_model(sys.argv[1])
numpy.testing.assert_allclose(model.predict(ids, verbose=0), found, atol=1e-6)
layer = model.get_layer("use")
if keras.backend.backend() == "jax":  # which compiles each operation of an eager call
    sys.exit(layer._pieces is None)
vectors = [keras.ops.convert_to_numpy(layer(x)) for x in (["a good film"], ids[:1])]
numpy.testing.assert_allclose(*vectors, atol=1e-6)
"""


def layer_of(**settings):
    return tiny().to_keras(**settings)


def ids_of(texts=TEXTS, left=0, right=0):
    return np.pad(tiny().piece_ids(texts), ((0, 0), (left, right)))


def run(layer, inputs):
    """The vectors. Compiled on JAX, which takes seconds to run things one by one."""
    if BACKEND != "jax":
        return ops.convert_to_numpy(layer(inputs))
    groups = layer.trainable_variables, layer.non_trainable_variables
    values = ([variable.value for variable in group] for group in groups)
    return ops.convert_to_numpy(compiled(layer)(*values, inputs)[0])


@functools.cache
def compiled(layer):
    import jax

    return jax.jit(layer.stateless_call)


def check_close(found, wanted, atol=2e-6):
    np.testing.assert_allclose(found, wanted, rtol=0, atol=atol)


def model_of(layer, loss="mse", shape=(None,)):
    """A functional model in which the layer is one of two ways to a number."""
    keras.utils.set_random_seed(0)
    ids = keras.Input(shape, dtype="int32")
    other = keras.Input((2,))
    both = keras.layers.Concatenate()([layer(ids), keras.layers.Dense(3)(other)])
    model = keras.Model([ids, other], keras.layers.Dense(1)(both))
    model.compile(keras.optimizers.Adam(0.05), loss, run_eagerly=BACKEND == "tensorflow")
    return model


# -- the numbers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("trainable", [False, "all"])
def test_vectors_are_the_encoders_own(trainable):
    layer = layer_of(trainable=trainable)
    check_close(run(layer, ids_of()), expected(tiny(), TEXTS))
    check_close(run(layer, ids_of(left=2, right=1)), expected(tiny(), TEXTS))
    nothing = run(layer, np.zeros(ids_of().shape, "int32"))
    assert nothing.tolist() == [[0] * SHAPE.dim] * len(TEXTS)


def test_texts_are_split_in_python():
    encoder = tiny(max_length=3)
    layer = encoder.to_keras()
    texts = TEXTS[:4]
    forms = [texts, np.array(texts), np.array([[text] for text in texts], object)]
    if BACKEND == "jax":  # which compiles each operation of an eager call by itself
        import jax

        found = jax.jit(lambda: [layer(form) for form in forms[:2]])()
    else:
        found = [layer(form) for form in forms]
    for vectors in found:
        check_close(ops.convert_to_numpy(vectors), encoder.encode(texts))
    with pytest.raises(ArgumentTypeError, match="text 1: expected a string"):
        layer(["a", 3])
    with pytest.raises(NotFittedError, match="piece_ids"):
        UseLayer.from_weights(tiny_weights(), None)(["a"])


def test_what_is_registered():
    names = {name for name, _ in SHAPE.arrays()}
    layer = layer_of(trainable=True)
    assert {variable.name for variable in layer.trainable_variables} == names
    rest = {variable.name: str(variable.dtype) for variable in layer.non_trainable_variables}
    assert rest == {"table": "uint8", "low": "float32", "scale": "float32"}
    layer.trainable = False
    assert not layer.trainable_variables
    assert not layer_of().trainable_variables
    whole = layer_of(trainable="all")
    assert {variable.name for variable in whole.trainable_variables} == names | {"table"}
    assert not whole.non_trainable_variables
    if BACKEND == "torch":
        import torch

        assert isinstance(layer, torch.nn.Module)
        assert len(list(layer.parameters())) == len(names) + 3


# -- training ------------------------------------------------------------------------------------


def gradients(layer, ids, factors):
    """Of the sum of all numbers times `factors`, for each variable that trains, by its name."""
    variables = layer.trainable_variables
    values = [variable.value for variable in variables]
    if BACKEND == "jax":
        import jax

        def loss(values):
            others = [variable.value for variable in layer.non_trainable_variables]
            return ops.sum(layer.stateless_call(values, others, ids)[0] * factors)

        found = jax.jit(jax.grad(loss))(values)
    elif BACKEND == "torch":
        ops.sum(layer(ids) * ops.convert_to_tensor(factors)).backward()
        found = [value.grad for value in values]
    else:
        import tensorflow as tf

        with tf.GradientTape() as tape:
            loss = ops.sum(layer(ids) * factors)
        found = [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, values)]
    arrays = map(ops.convert_to_numpy, found)
    return dict(zip((variable.name for variable in variables), arrays, strict=True))


def test_gradients_are_those_of_the_torch_module():
    torch = pytest.importorskip("torch")
    ids = ids_of(left=1)
    factors = np.random.default_rng(0).normal(size=(len(TEXTS), SHAPE.dim)).astype("float32")
    found = gradients(layer_of(trainable="all"), ids, factors)
    module = tiny().to_torch(trainable="all")
    (module(torch.from_numpy(ids)) * torch.from_numpy(factors)).sum().backward()
    for name, parameter in module.named_parameters():
        size = float(parameter.grad.abs().max())
        np.testing.assert_allclose(found[name], parameter.grad, atol=2e-5 * max(size, 1))
    assert len(found) == len(list(module.parameters()))


def changed(layer):
    """The arrays of the network that are no longer the encoder's."""
    start, now = tiny_weights().network, layer.to_weights().network
    return {name for name in now if not np.array_equal(now[name], start[name])}


def test_embeddings_train_if_they_are_to():
    before = tiny_weights().rows(np.arange(SHAPE.pieces)).copy()
    layer = layer_of(trainable="all")
    model = model_of(layer)
    inputs = ids_of(), np.ones((len(TEXTS), 2))
    model.fit(inputs, np.ones(len(TEXTS)), batch_size=len(TEXTS), verbose=0)
    after = layer.to_weights()
    assert changed(layer) == set(after.network)
    assert after.table.dtype == np.float32
    assert not np.array_equal(after.table, before)
    np.testing.assert_array_equal(tiny_weights().rows(np.arange(SHAPE.pieces)), before)
    check_close(run(layer, ids_of()), Use(after, tiny().pieces).encode(TEXTS))


# -- saving --------------------------------------------------------------------------------------


def test_a_saved_model_is_read_in_another_process(tmp_path):
    layer = tiny(max_length=9).to_keras(trainable=True, name="use")
    model = keras.Sequential([keras.Input((None,), dtype="int32"), layer, keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.05), "mse", run_eagerly=BACKEND == "tensorflow")
    ids = ids_of()
    model.fit(ids, np.ones(len(TEXTS)), verbose=0)
    assert changed(layer) == {name for name, _ in SHAPE.arrays()}
    np.testing.assert_array_equal(layer.to_weights().table, tiny_weights().table)
    found = model.predict(ids, verbose=0)
    paths = [tmp_path / name for name in ("model.keras", "ids.npy", "found.npy")]
    model.save(paths[0])
    np.save(paths[1], ids)
    np.save(paths[2], found)
    subprocess.run([sys.executable, "-c", AGAIN, *map(str, paths)], check=True, timeout=300)
    copied = keras.models.clone_model(model).layers[0]
    for one, other in zip(copied.get_weights(), layer.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert copied.max_length == 9
    assert copied._pieces is layer._pieces


def test_from_its_config_alone_it_knows_no_numbers():
    config = json.loads(json.dumps(layer_of(trainable="all").get_config()))
    layer = UseLayer.from_config(config)
    layer.build((None, None))
    assert layer.with_table
    assert all(np.isnan(array).all() for array in layer.get_weights())
    frozen = UseLayer.from_config(json.loads(json.dumps(layer_of().get_config())))
    frozen.build((None, None))
    assert np.isnan(run(frozen, ids_of())).all()
    assert frozen.trainable is False


def test_half_precision():
    layer = layer_of(dtype="mixed_bfloat16")
    assert layer(keras.Input((None,), dtype="int32")).dtype == "bfloat16"
    check_close(run(layer, ids_of()).astype("float32"), expected(tiny(), TEXTS), 0.1)


# -- what it refuses -----------------------------------------------------------------------------


def test_what_it_is_given_is_checked():
    layer = layer_of()
    with pytest.raises(IdError, match=r"expected an id from 0 to 50, got 51"):
        layer(np.array([[1, 51, 2]]))
    with pytest.raises(ArgumentError, match=r"\(batch, pieces\), got \(3,\)"):
        layer(np.ones(3, "int32"))
    with pytest.raises(IdError, match="whole"):
        layer(np.ones((1, 3), "float32"))
    with pytest.raises(IdError, match=r"got floats.* keras\.Input\(\(None,\), dtype=.int32.\)"):
        layer(keras.Input((3,)))  # as a Sequential without an Input does
    with pytest.raises(ArgumentTypeError, match="several lengths"):
        layer([[1, 2], [1, 3, 2]])
    with pytest.raises(ArgumentError, match="trainable"):
        layer_of(trainable="some")
    with pytest.raises(ArgumentError, match="vocab: expected None"):
        inlay.to_keras(tiny(), inlay.Vocabulary(["a"]))
    with pytest.raises(ArgumentTypeError, match="piece_ids"):
        tiny().to_keras(vocab_to_cache=["a"])
    assert inlay.to_keras(tiny(), name="use").name == "use"
    if BACKEND != "tensorflow":
        with pytest.raises(
            ArgumentTypeError, match=f"on TensorFlow only, got strings, on {BACKEND}"
        ):
            layer(keras.Input((), dtype="string"))
