"""`check_layer` on Keras, on its backend of the moment, and on that framework by itself."""

import copy
import pickle

import keras
import numpy as np
import pytest

import inlay
from tests.conformance.check_layer import IDS, MEETINGS, MODES, Adapter, check_layer

BACKEND = keras.backend.backend()
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


# -- Keras -------------------------------------------------------------------------------------


def keras_model(layer):
    ids = keras.Input((None,), dtype="int32")
    return keras.Model(ids, layer(ids))


def keras_train(layer, optimiser):
    ema = {"use_ema": True, "ema_overwrite_frequency": 1}
    made = {
        "sgd": lambda: keras.optimizers.SGD(0.1, momentum=0.9, weight_decay=0.1),
        "adamw": lambda: keras.optimizers.AdamW(0.1, weight_decay=0.5, **ema),
        "adagrad": lambda: keras.optimizers.Adagrad(0.1),
    }[optimiser]()
    keras.utils.set_random_seed(0)
    model = keras.Sequential([layer, keras.layers.Dense(1)])
    model.compile(made, "mse", run_eagerly=BACKEND == "tensorflow")
    layer.supports_masking = False  # else the loss would leave padding out, and it could not move
    model.fit(IDS, np.ones((*IDS.shape, 1), "f4"), batch_size=4, epochs=2, verbose=0)
    layer.supports_masking = True
    return layer


def keras_twins(layer, folder):
    model = keras_model(layer)
    model.save(folder / "model.keras")
    yield keras.models.load_model(folder / "model.keras").layers[1]
    yield keras.models.clone_model(model).layers[1]


def keras_half(layer, ids):
    twin = type(layer).from_config(layer.get_config() | {"dtype": "mixed_bfloat16"})
    out = twin(ids)
    found = keras.ops.convert_to_numpy(keras.ops.cast(out, "float32"))
    return found, keras.backend.standardize_dtype(out.dtype)


KERAS = Adapter(
    make=inlay.to_keras,
    look_up=lambda layer, ids: keras.ops.convert_to_numpy(layer(ids)),
    train=keras_train,
    twins=keras_twins,
    compiled=lambda layer, ids: keras_model(layer).predict(ids, verbose=0),
    half=keras_half,
    config=lambda layer: layer.get_config(),
    mask=lambda layer, ids: keras.ops.convert_to_numpy(layer.compute_mask(ids)),
)


# -- torch -------------------------------------------------------------------------------------


def torch_adapter():
    import torch

    def train(layer, optimiser):
        made = {
            "sgd": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, weight_decay=0.1),
            "adamw": lambda p: torch.optim.AdamW(p, 0.1, weight_decay=0.5),
            "adagrad": lambda p: torch.optim.Adagrad(p, 0.1, weight_decay=0.1),
        }[optimiser](layer.parameters())
        average = torch.optim.swa_utils.AveragedModel(layer)
        for _ in range(2):
            made.zero_grad()
            loss = (layer(torch.from_numpy(IDS)) - 1).square().sum()
            if loss.requires_grad:
                loss.backward()
            made.step()
        average.update_parameters(layer)
        return average.module

    def twins(layer, folder):
        torch.save(layer, folder / "layer.pt")
        yield torch.load(folder / "layer.pt", weights_only=False)
        yield copy.deepcopy(layer)
        other = copy.deepcopy(layer)
        for tensor in other.state_dict().values():
            tensor.zero_()
        torch.save(layer.state_dict(), folder / "state.pt")
        other.load_state_dict(torch.load(folder / "state.pt"))
        yield other

    def look_up(layer, ids):
        return layer(torch.from_numpy(ids)).detach().numpy()

    def half(layer, ids):
        out = copy.deepcopy(layer).bfloat16()(torch.from_numpy(ids))
        return out.detach().float().numpy(), str(out.dtype).removeprefix("torch.")

    def compiled(layer, ids):
        torch.compiler.reset()  # it counts all layers as one
        function = torch.compile(layer, backend="eager", fullgraph=True)
        return function(torch.from_numpy(ids)).detach().numpy()

    return Adapter(inlay.to_torch, look_up, train, twins, compiled, half)


# -- TensorFlow --------------------------------------------------------------------------------


def tensorflow_adapter():
    import tensorflow as tf

    def make(table, **mode):
        return inlay.to_tensorflow(table, kind="module", **mode)

    def train(module, optimiser):
        made = {
            "sgd": lambda: keras.optimizers.SGD(0.1, momentum=0.9, weight_decay=0.1),
            "adamw": lambda: keras.optimizers.AdamW(
                0.1, weight_decay=0.5, use_ema=True, ema_overwrite_frequency=1
            ),
            "adagrad": lambda: keras.optimizers.Adagrad(0.1),
        }[optimiser]()
        variables = module.trainable_variables
        for _ in range(2 if variables else 0):
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(tf.square(module(IDS) - 1))
            gradients = map(tf.convert_to_tensor, tape.gradient(loss, variables))
            made.apply_gradients(zip(gradients, variables, strict=True))
        return module

    def twins(module, folder):
        path = tf.train.Checkpoint(words=module).save(folder / "words")
        other = copy.deepcopy(module)
        for variable in other.variables:
            variable.assign(tf.zeros_like(variable))
        tf.train.Checkpoint(words=other).restore(path).expect_partial()
        yield other

    def look_up(module, ids):
        return module(ids).numpy()

    def compiled(module, ids):
        return tf.function(module, jit_compile=True)(tf.constant(ids)).numpy()

    return Adapter(make, look_up, train, twins, compiled)


# -- JAX ---------------------------------------------------------------------------------------


def jax_adapter():
    import jax
    import jax.numpy as jnp

    @jax.jit
    def gradient(rows, layer):
        return jax.grad(lambda rows: jnp.square(layer.with_rows(rows)(IDS) - 1).sum())(rows)

    def train(layer, optimiser):
        """As optax does it: by the leaves that are floats."""

        def stepped(rows, given, moment, square):
            moment, square = 0.9 * moment + given, square + given**2
            step = {
                "sgd": moment + 0.1 * rows,
                "adamw": moment / (square**0.5 + 1e-7) + 0.5 * rows,
                "adagrad": given / (square**0.5 + 1e-7),
            }[optimiser]
            return rows - 0.1 * step, moment, square

        trains = jax.tree.structure(layer.rows)
        averages = [(jnp.zeros_like(rows),) * 2 for rows in jax.tree.leaves(layer.rows)]
        for _ in range(2 if averages else 0):
            given = jax.tree.leaves(gradient(layer.rows, layer))
            parts = zip(jax.tree.leaves(layer.rows), given, averages, strict=True)
            made = [stepped(rows, gradient, *kept) for rows, gradient, kept in parts]
            averages = [kept for _, *kept in made]
            layer = layer.with_rows(jax.tree.unflatten(trains, [rows for rows, *_ in made]))
        floats = [a for a in jax.tree.leaves(layer) if jnp.issubdtype(a.dtype, jnp.inexact)]
        assert len(floats) == len(averages)
        return layer

    def twins(layer, folder):
        yield copy.deepcopy(layer)
        yield pickle.loads(pickle.dumps(layer))
        leaves, structure = jax.tree.flatten(layer)
        np.savez(folder / "leaves.npz", *leaves)
        with np.load(folder / "leaves.npz") as saved:
            yield jax.tree.unflatten(structure, [jnp.asarray(a) for a in saved.values()])

    def look_up(layer, ids):
        return np.asarray(layer(ids))

    def compiled(layer, ids):
        return np.asarray(jax.jit(lambda layer, ids: layer(ids))(layer, ids))

    return Adapter(inlay.to_jax, look_up, train, twins, compiled)


# -- all of them -------------------------------------------------------------------------------

ALONE = {"torch": torch_adapter, "tensorflow": tensorflow_adapter, "jax": jax_adapter}


@pytest.mark.parametrize(("dtype", "optimiser"), MEETINGS)
@pytest.mark.parametrize("mode", MODES)
def test_a_layer_of_keras(mode, dtype, optimiser, tmp_path):
    check_layer(KERAS, mode, dtype, optimiser, tmp_path)


@pytest.mark.parametrize(("dtype", "optimiser"), MEETINGS)
@pytest.mark.parametrize("mode", MODES)
def test_a_layer_of_the_framework_itself(mode, dtype, optimiser, tmp_path):
    check_layer(ALONE[BACKEND](), mode, dtype, optimiser, tmp_path)
