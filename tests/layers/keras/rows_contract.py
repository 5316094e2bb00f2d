"""What `train_rows` and the lazy optimisers promise, on the backend that KERAS_BACKEND names."""

import keras
import numpy as np
import pytest

from inlay import to_keras
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.layers.keras.optimizers import LazyAdagrad, LazyAdam, LazyAdamW
from inlay.layers.keras.rows import train_rows

BACKEND = keras.backend.backend()
# Two batches of two texts; row 2 is padding, and no text has row 5.
SOME = np.array([[0, 1, 2], [1, 1, 4], [3, 2, 2], [-3, 3, 3]], "int32")
ALL = np.array([[0, 1, 3, 4], [5, 5, 0, 2]] * 3, "int32")
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
RATE = 0.1
KINDS = {
    "adam": (lambda **kw: LazyAdam(RATE, **kw), lambda **kw: keras.optimizers.Adam(RATE, **kw)),
    "adamw": (
        lambda **kw: LazyAdamW(RATE, 0.2, **kw),
        lambda **kw: keras.optimizers.AdamW(RATE, 0.2, **kw),
    ),
    "adagrad": (
        lambda **kw: LazyAdagrad(RATE, **kw),
        lambda **kw: keras.optimizers.Adagrad(RATE, **kw),
    ),
}


def model_of(layer, optimizer, *, rows=True, graph=False):
    """Ids to one number: the mean of the vectors, times a vector."""
    keras.utils.set_random_seed(0)
    ids = keras.Input((None,), dtype="int32")
    mean = keras.layers.GlobalAveragePooling1D()(layer(ids))
    model = keras.Model(ids, keras.layers.Dense(1, use_bias=False)(mean))
    if rows:
        assert train_rows(model) is model
    model.compile(optimizer, loss="mse", run_eagerly=not graph)
    return model


def dense(optimizer):
    """Keras' own; on TensorFlow it would square the gradients of an id that repeats one by one."""
    if BACKEND == "tensorflow":
        apply, to_numpy = optimizer.apply, keras.ops.convert_to_numpy
        optimizer.apply = lambda grads, variables: apply(
            [keras.ops.convert_to_tensor(to_numpy(gradient)) for gradient in grads], variables
        )
    return optimizer


def fit(model, ids):
    targets = np.arange(len(ids), dtype="float32")[:, None]
    model.fit(ids, targets, batch_size=2, shuffle=False, verbose=0)


def trained(layer, optimizer, ids, **kwargs):
    """The table, and the weights above it."""
    model = model_of(layer, optimizer, **kwargs)
    fit(model, ids)
    return layer.get_weights()[0], model.layers[-1].get_weights()[0]


def gradient(table, weights, ids, targets, pad_id):
    """By numpy: of the mean of squares, with respect to the table."""
    found = np.zeros_like(table)
    for text, target in zip(ids, targets, strict=True):
        words = text[text != pad_id]
        error = table[words].mean(0) @ weights[:, 0] - target
        np.add.at(found, words, 2 * error * weights[:, 0] / len(words) / len(ids))
    return found


def lazily(kind, table, slots, rows, g, step):
    """The papers' formulas, of the rows that the batch looks up."""
    if kind == "adagrad":
        slots[0][rows] += g[rows] ** 2
        table[rows] -= RATE * g[rows] / np.sqrt(slots[0][rows] + 1e-7)
        return
    if kind == "adamw":
        table[rows] -= RATE * 0.2 * table[rows]
    slots[0][rows] += 0.1 * (g[rows] - slots[0][rows])
    slots[1][rows] += 0.001 * (g[rows] ** 2 - slots[1][rows])
    rate = RATE * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
    table[rows] -= rate * slots[0][rows] / (np.sqrt(slots[1][rows]) + 1e-7)


@pytest.mark.parametrize(
    ("kind", "graph"), [("adam", True), ("adam", False), ("adamw", False), ("adagrad", False)]
)
def test_rows_follow_the_definition(padded, kind, graph):
    layer = to_keras(padded, trainable=True, check="off")
    model = model_of(layer, KINDS[kind][0](), graph=graph)
    model.layers[-1].trainable = False
    weights = model.layers[-1].get_weights()[0].astype("float64")
    fit(model, SOME)
    table = padded.vectors.astype("float64")
    slots = [np.full_like(table, 0.1 if kind == "adagrad" else 0.0), np.zeros_like(table)]
    for step, ids in enumerate((SOME[:2], SOME[2:] % 6), 1):
        g = gradient(table, weights, ids, np.arange(2) + 2 * (step - 1), 2)
        lazily(kind, table, slots, np.unique(ids), g, step)
    np.testing.assert_allclose(layer.get_weights()[0], table, atol=2e-6)
    assert (layer.get_weights()[0][2] == 0).all()
    np.testing.assert_array_equal(layer.get_weights()[0][5], padded.vectors[5])


@pytest.mark.parametrize(
    ("kind", "clip"),
    [("adam", {}), ("adamw", {"clipnorm": 0.3}), ("adamw", {"global_clipnorm": 0.3})],
)
def test_rows_of_every_step_are_as_with_the_dense_optimizer(padded, kind, clip):
    lazy, own = (make(**clip) for make in KINDS[kind])
    ours = trained(to_keras(padded, trainable=True, check="off"), lazy, ALL)
    theirs = trained(to_keras(padded, trainable=True, check="off"), dense(own), ALL, rows=False)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, atol=2e-6)


def test_adagrad_is_always_as_the_dense_one(padded):
    lazy, own = (make(clipvalue=0.05) for make in KINDS["adagrad"])
    ours = trained(to_keras(padded, trainable=True, check="off"), lazy, SOME)
    theirs = trained(to_keras(padded, trainable=True, check="off"), dense(own), SOME, rows=False)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, atol=2e-6)


def test_only_rows_of_the_batch_reach_the_optimizer(padded, monkeypatch):
    reached = []
    update = LazyAdam._update
    monkeypatch.setattr(
        LazyAdam,
        "_update",
        lambda self, rows, ids, g, v: (reached.append(g.shape), update(self, rows, ids, g, v)),
    )
    trained(to_keras(padded, trainable=True, check="off"), LazyAdam(RATE), SOME)
    assert [shape[0] <= 6 and shape[1] == 4 for shape in reached] == [True, True]


def test_a_layer_of_keras_that_is_used_twice():
    """Whose gradient is the sum of both."""

    def build(optimizer, rows):
        keras.utils.set_random_seed(0)
        layer = keras.layers.Embedding(6, 4)
        ids = keras.Input((4,), dtype="int32")
        means = [layer(ids), layer(ids[:, :3])]
        pooled = [keras.layers.GlobalAveragePooling1D()(mean) for mean in means]
        model = keras.Model(ids, keras.layers.Dense(1)(keras.layers.Concatenate()(pooled)))
        if rows:
            train_rows(model, [layer])
        model.compile(optimizer, loss="mse", run_eagerly=True)
        fit(model, ALL)
        return model.predict(ALL, verbose=0), layer.get_weights()[0]

    lazy, own = (make() for make in KINDS["adam"])
    for a, b in zip(build(lazy, True), build(dense(own), False), strict=True):
        np.testing.assert_allclose(a, b, atol=2e-6)


def test_a_frozen_layer_stays(padded):
    layer = to_keras(padded, check="off")
    model = model_of(layer, LazyAdam(RATE))
    fit(model, SOME)
    np.testing.assert_array_equal(layer.get_weights()[0], padded.vectors)


def test_a_saved_model_goes_on(padded, tmp_path):
    whole = to_keras(padded, trainable=True, check="off")
    expected = trained(whole, LazyAdam(RATE, clipnorm=1.0), np.concatenate([ALL, ALL]))
    model = model_of(to_keras(padded, trainable=True, check="off"), LazyAdam(RATE, clipnorm=1.0))
    fit(model, ALL)
    model.save(tmp_path / "model.keras")

    again = train_rows(keras.saving.load_model(tmp_path / "model.keras"))
    assert again.optimizer.clipnorm == 1.0
    again.run_eagerly = True
    targets = np.arange(6, 12, dtype="float32")[:, None]
    again.fit(ALL, targets, batch_size=2, shuffle=False, verbose=0)
    np.testing.assert_allclose(again.layers[1].get_weights()[0], expected[0], atol=2e-6)


def test_a_config_makes_the_same_optimizer():
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
    for optimizer in (
        LazyAdam(schedule, 0.8, 0.9, 1e-5, weight_decay=0.1, global_clipnorm=2.0),
        LazyAdamW(0.1, 0.2, 0.8, 0.9, 1e-5, clipvalue=2.0, name="own"),
        LazyAdagrad(0.1, 0.3, 1e-5, clipnorm=1.0),
    ):
        config = keras.optimizers.serialize(optimizer)
        again = keras.optimizers.deserialize(config)
        assert type(again) is type(optimizer)
        assert again.get_config() == optimizer.get_config()


def test_what_cannot_be_trained_by_rows(padded):
    bounded = keras.layers.Embedding(6, 4, embeddings_constraint=keras.constraints.MaxNorm(1.0))
    for layer, what in ((bounded, "constraint"), (to_keras(padded, pull=0.1), "regularizer")):
        with pytest.raises(ArgumentError, match=f"no {what}"):
            model_of(layer, LazyAdam())
    with pytest.raises(ArgumentError, match="Embedding in it"):
        train_rows(keras.Sequential([keras.layers.Dense(1)]))
    with pytest.raises(ArgumentTypeError, match="a Keras model"):
        train_rows(keras.layers.Dense(1))
    model = model_of(to_keras(padded, trainable=True, check="off"), LazyAdam())
    with pytest.raises(ArgumentTypeError, match="embedding layers of the model"):
        train_rows(model, [model.layers[-1]])
    with pytest.raises(ArgumentTypeError, match=r"layers: expected .*got Embedding.*\[layer\]"):
        train_rows(model, model.layers[1])
    with pytest.raises(ArgumentError, match="at least one layer, or None for all"):
        train_rows(model, [])
    with pytest.raises(ArgumentError, match=r"LazyAdam, LazyAdamW or LazyAdagrad.*got Adam"):
        fit(model_of(to_keras(padded, trainable=True, check="off"), "adam"), SOME)
    with pytest.raises(ArgumentTypeError, match="use_ema"):
        LazyAdam(use_ema=True)


class Tied(keras.Model):
    """Looks up words, and tells by the same table which word a vector is."""

    def __init__(self, words):
        super().__init__()
        self.words = words

    def call(self, ids):
        mean = keras.ops.mean(self.words(ids), 1)
        return keras.ops.matmul(mean, keras.ops.transpose(self.words.embeddings))


def test_a_table_that_is_multiplied_too(padded):
    """On JAX its gradient would be lost; elsewhere it has all rows."""

    def fitted(optimizer, rows):
        layer = to_keras(padded, trainable=True, check="off")
        model = Tied(layer)
        model(ALL)
        if rows:
            train_rows(model)
        model.compile(optimizer, loss="mse", run_eagerly=True)
        model.fit(ALL, np.ones((6, 6), "float32"), batch_size=2, shuffle=False, verbose=0)
        return layer.get_weights()[0]

    if BACKEND == "jax":
        with pytest.raises(ArgumentError, match="only looks up"):
            fitted(LazyAdam(RATE), True)
        return
    expected = fitted(dense(keras.optimizers.Adam(RATE)), False)
    np.testing.assert_allclose(fitted(LazyAdam(RATE), True), expected, atol=2e-6)
