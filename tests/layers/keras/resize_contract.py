"""What `inlay.layers.keras.resize.resize` promises, on each backend; see test_embedding.py."""

import keras
import numpy as np
import pytest

from inlay import Table, Vocabulary, to_keras
from inlay.errors import ArgumentError, ArgumentTypeError, IdError
from inlay.layers.keras.resize import resize
from tests.layers.keras.embedding_contract import BACKEND, OPTIMISERS, array, model_of

OLD = Vocabulary(["a", "b", "c"])
NEW = Vocabulary(["new", "c", "a", "b"], pad_id=2, unk_id=0)  # all ids are others
SWAPPED = Vocabulary(["c", "b", "a"])  # as many rows as before
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
AVERAGED = {"use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 1}
MORE = OPTIMISERS | {
    "adamw": lambda: keras.optimizers.AdamW(0.1, weight_decay=0.5, **AVERAGED),
    "adagrad": lambda: keras.optimizers.Adagrad(0.1, initial_accumulator_value=0.5),
}
if BACKEND == "tensorflow":  # the one on which it takes a step by itself, and soon
    MORE["scaled"] = lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.1))


def layer_of(**settings):
    matrix = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    settings = {"name": "words"} | settings
    return to_keras(Table(["a", "b", "c"], matrix), OLD, **settings)


def trained(layer):
    return layer.rows if hasattr(layer, "rows") else layer.embeddings


def holding(layer, optimiser):
    """A model of the layer alone, whose optimiser knows what trains."""
    model = keras.Sequential([layer])
    model.compile(optimiser, "mse")
    model.optimizer.build([trained(layer)])
    return model


def step(model, vocab, tokens="abc"):
    """A step of the optimiser that is due to the rows of some tokens, without a loss."""
    layer = model.layers[0]
    gradient = np.zeros(trained(layer).shape, "float32")
    for i, token in enumerate(tokens, 1):
        row = (
            vocab[token] if trained(layer) is layer.embeddings else array(layer.slots)[vocab[token]]
        )
        if row >= 0:
            gradient[row] = i
    model.optimizer.apply([keras.ops.convert_to_tensor(gradient)], [trained(layer)])


def fit(model, vocab, tokens="abc"):
    ids = np.array([[vocab[token] for token in tokens]] * 2, "int32")
    model.fit(ids, np.ones((2, 1), "float32"), epochs=1, verbose=0)


def rows(layer, vocab, tokens="abc"):
    return array(layer(np.array([vocab[token] for token in tokens], "int32")))


@pytest.mark.parametrize("trainable", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_known_tokens_keep_their_rows(trainable, dtype):
    layer = layer_of(trainable=trainable, dtype=dtype)
    before = rows(layer, OLD)
    assert resize(layer, OLD, NEW) is layer
    np.testing.assert_array_equal(rows(layer, NEW), before)
    assert (layer.input_dim, layer.pad_id, layer.mask_zero) == (6, 2, False)
    assert (layer.trainable, len(layer.trainable_variables)) == (trainable, int(trainable))
    assert layer.variable_dtype == dtype
    assert not array(layer(np.array([2]))).any()
    assert array(layer(np.array([NEW["new"]]))).any()
    np.testing.assert_array_equal(array(layer.compute_mask(np.array([0, 2]))), [True, False])
    with pytest.raises(IdError, match="got 9"):
        layer(np.array([9]))


def test_a_layer_by_reference_is_saved_whole_from_then_on(padded, tmp_path):
    padded.save(tmp_path / "table.safetensors")
    layer = to_keras(Table.load(tmp_path / "table.safetensors"), by_reference=True)
    resize(layer, padded, padded)
    assert not layer.by_reference
    with pytest.raises(ArgumentError, match="numbers are in no file"):
        layer.by_reference = True


def test_a_shared_table_is_left_alone(padded):
    before = padded.vectors.copy()
    layer = resize(to_keras(padded), padded, [*padded.tokens, "new"])
    layer.trainable = True
    layer.set_weights([np.ones((7, 4))])
    np.testing.assert_array_equal(padded.vectors, before)


@pytest.mark.parametrize(("name", "some"), [("adamw", True), *((name, False) for name in MORE)])
def test_an_optimiser_goes_on_as_if_nothing_had_happened(name, some):
    how = {"trainable": "rows", "rows": ["b", "c"]} if some else {"trainable": True}
    one, other = layer_of(**how), layer_of(**how)
    models = [holding(layer, MORE[name]()) for layer in (one, other)]
    for model in models:
        step(model, OLD)
    resize(one, OLD, NEW, model=models[0])
    if some:
        assert array(one.row_ids).tolist() == [NEW[token] for token in ("new", "c", "b")]
        assert one.n_rows == 3
    new = rows(one, NEW, ["new"])
    for model, vocab in zip(models, (NEW, OLD), strict=True):
        step(model, vocab)
    np.testing.assert_allclose(rows(one, NEW), rows(other, OLD), rtol=1e-6)
    assert int(array(models[0].optimizer.iterations)) == 2
    step(models[0], NEW, ["new"])
    assert (rows(one, NEW, ["new"]) != new).all()


def test_a_model_that_was_fitted_is_fitted_further():
    layer = layer_of(trainable=True)
    model = model_of(layer, keras.optimizers.Adam(0.1), graph=True)
    fit(model, OLD)
    model.predict(np.array([[2]], "int32"), verbose=0)
    resize(layer, OLD, NEW, model=model)
    before = rows(layer, NEW, ["new", "a"])
    fit(model, NEW, ["new"])
    assert (rows(layer, NEW, ["new", "a"]) != before).all()
    assert not array(layer(np.array([2]))).any()
    found = model.predict(np.array([[5]], "int32"), verbose=0)
    np.testing.assert_allclose(found, array(model(np.array([[5]], "int32"))), rtol=1e-5)


@pytest.mark.parametrize("name", ["adamw", "adagrad"])
def test_averages_move_with_rows_and_begin_as_in_a_new_optimiser(name):
    layer = layer_of(trainable=True)
    model = holding(layer, MORE[name]())
    step(model, OLD)
    known = {
        kind: array(found[0])
        for kind, found in vars(model.optimizer).items()
        if isinstance(found, list) and found and getattr(found[0], "shape", 0) == (5, 4)
    }
    resize(layer, OLD, SWAPPED, model=model)
    assert len(known) >= (4 if name == "adamw" else 2)
    for kind, before in known.items():
        now = array(vars(model.optimizer)[kind][0])
        for token in "abc":
            np.testing.assert_array_equal(now[SWAPPED[token]], before[OLD[token]])
    resize(layer, SWAPPED, Vocabulary(["c", "b", "a", "new"]), model=model)
    slots = vars(model.optimizer)
    if name == "adagrad":
        assert array(slots["_accumulators"][0])[-1].tolist() == [0.5] * 4
    else:
        average = array(slots["_model_variables_moving_average"][0])
        np.testing.assert_array_equal(average[-1], array(layer.embeddings)[-1])
        assert not array(slots["_momentums"][0])[-1].any()


def test_what_is_not_decayed_stays_so():
    layer = layer_of(trainable=True)
    optimiser = keras.optimizers.AdamW(0.0, weight_decay=0.5)
    optimiser.exclude_from_weight_decay(var_list=[layer.embeddings])
    model = holding(layer, optimiser)
    resize(layer, OLD, NEW, model=model)
    assert not model.optimizer._use_weight_decay(layer.embeddings)
    assert model.optimizer._use_weight_decay(layer_of().embeddings)


def test_a_model_is_saved_and_pulled_back_to_the_moved_start(tmp_path):
    layer = layer_of(trainable=True, pull=0.5, embeddings_regularizer="l2")
    start = array(layer.start).copy()
    model = model_of(layer, "sgd")
    layer.embeddings.assign(start + np.float32([[0], [1], [1], [1], [1]]))
    loss = array(layer.losses[0])
    resize(layer, OLD, SWAPPED, model=model)
    np.testing.assert_allclose(array(layer.losses[0]), loss, rtol=1e-5)
    for token in "abc":
        np.testing.assert_array_equal(array(layer.start)[SWAPPED[token]], start[OLD[token]])
    model.save(tmp_path / "model.keras")
    twin = keras.models.load_model(tmp_path / "model.keras").layers[1]
    np.testing.assert_array_equal(rows(twin, SWAPPED), rows(layer, SWAPPED))
    np.testing.assert_allclose(array(twin.losses[0]), loss, rtol=1e-5)


def test_a_plain_layer_in_a_model_in_a_model():
    plain = keras.layers.Embedding(5, 4, mask_zero=True, embeddings_constraint="max_norm")
    inner = model_of(plain, "adam")
    ids = keras.Input((None,), dtype="int32")
    outer = keras.Model(ids, inner(ids))
    outer.compile("adam", "mse", run_eagerly=BACKEND == "tensorflow")
    outer.optimizer.build(outer.trainable_variables)
    before = rows(plain, OLD)
    more = Vocabulary(["b", "c", "d", "a"])
    resize(plain, OLD, more, model=outer, unknown={"d": [1, 2, 3, 4]})
    np.testing.assert_array_equal(rows(plain, more), before)
    assert rows(plain, more, "d").tolist() == [[1, 2, 3, 4]]
    assert not array(plain.embeddings)[0].any()
    assert plain.embeddings.constraint is not None
    fit(outer, more, "d")
    assert (rows(plain, more, "d") != [[1, 2, 3, 4]]).all()
    with pytest.raises(ArgumentError, match=r"new: expected padding at id 0.*got pad_id=2"):
        resize(plain, more, NEW)


def test_what_cannot_be_resized():
    layer = layer_of(trainable=True)
    for what, words in (
        ((keras.layers.Dense(2), OLD, NEW), r"inlay\.to_keras makes, got Dense"),
        ((layer, OLD, NEW, "model"), "model: expected a Keras model, or None, got str"),
    ):
        with pytest.raises(ArgumentTypeError, match=words):
            resize(*what[:3], model=what[3] if what[3:] else None)
    other = model_of(layer_of(name="others"))
    low = layer_of(trainable=True)
    low.enable_lora(1)
    for what, words in (
        ((layer, OLD, NEW, other), "one that holds the layer 'words', got the model"),
        ((keras.layers.Embedding(5, 4), OLD, NEW, None), "one before its first call"),
        ((low, OLD, NEW, None), "one with LoRA"),
        ((layer, ["a", "b", "c"], NEW, None), "5"),
        ((layer_of(trainable="rows", rows=["a"]), OLD, ["b", "c"], None), "new tokens, or some"),
    ):
        with pytest.raises(ArgumentError, match=words):
            resize(*what[:3], model=what[3])
