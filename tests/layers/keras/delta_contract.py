"""What `to_keras(table, trainable="delta")` promises, and how it trains; see test_embedding.py."""

import json
import warnings

import keras
import numpy as np
import pytest

import inlay
from inlay import to_keras
from inlay.errors import ArgumentError, InlayError
from inlay.layers.keras.bags import EmbeddingBag
from inlay.layers.keras.delta import DeltaEmbedding
from inlay.layers.keras.optimizers import LazyAdagrad, LazyAdam
from inlay.layers.keras.resize import resize
from inlay.layers.keras.rows import train_rows
from inlay.layers.stored import start_of_b, stored_of
from tests.layers.keras.embedding_contract import BACKEND, IDS, TARGETS, array, fit, model_of
from tests.layers.keras.rows_contract import ALL, RATE, SOME, dense, gradient
from tests.layers.keras.rows_contract import fit as fit_rows
from tests.layers.keras.rows_contract import model_of as rows_model

# As long as those of `ALL`; row 2 is padding, and no text has row 3 or 5.
FEW = np.array([[0, 1, 2, 2], [1, 1, 4, 2]], "int32")
FORMS = ["float32", "float16", "bfloat16", "int8"]
SEEN = [0, 1, 3, 4, 5]  # all rows but that of padding
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture
def mapped(padded, tmp_path):
    """The table, in a form, as the map of its file."""

    def made(form):
        table = padded if form == "float32" else padded.astype(form)
        table.save(tmp_path / f"{form}.safetensors")
        return inlay.load(tmp_path / f"{form}.safetensors")

    return made


def names(variables):
    return [variable.name for variable in variables]


def trained(layer):
    """The difference, made whole."""
    rows = array(layer.trained)
    return rows if layer.rank is None else rows @ array(layer.b)


@pytest.mark.parametrize("rank", [None, 2])
@pytest.mark.parametrize("form", FORMS)
def test_a_table_stays_in_its_form_and_in_its_own_memory(mapped, form, rank):
    table = mapped(form)
    layer = to_keras(table, trainable="delta", rank=rank)
    assert isinstance(layer, keras.layers.Embedding)
    assert names(layer.trainable_variables) == (["delta"] if rank is None else ["a", "b"])
    frozen = {v.name: (v.dtype, v.shape) for v in layer.non_trainable_variables}
    whole = {"codes": ("int8", (6, 4)), "scales": ("float32", (6,))}
    assert frozen == (whole if form == "int8" else {"embeddings": (form, (6, 4))})
    out = layer(IDS)
    assert keras.backend.standardize_dtype(out.dtype) == "float32"
    np.testing.assert_array_equal(array(out), table.vectors[IDS])
    np.testing.assert_array_equal(array(layer.embeddings), table.vectors)
    assert layer.merged(table).vectors.tobytes() == table.vectors.tobytes()
    np.testing.assert_array_equal(array(layer.compute_mask(IDS)), IDS != 2)
    stored, was = stored_of(table), table.vectors[0].copy()
    stored.matrix[0] = stored.matrix[1]
    found = array(layer(IDS))[0, 0]
    assert (found != was).any()
    np.testing.assert_array_equal(found, stored.rows[0])


def with_decay():
    average = {"use_ema": True, "ema_overwrite_frequency": 1}
    return keras.optimizers.AdamW(0.1, weight_decay=0.5, **average)


@pytest.mark.parametrize(
    ("form", "rank", "make"),
    [
        ("int8", 2, with_decay),
        ("bfloat16", None, lambda: keras.optimizers.SGD(0.1, momentum=0.9, weight_decay=0.1)),
    ],
)
def test_no_optimizer_moves_the_table_or_padding(mapped, tmp_path, form, rank, make):
    """And what has been trained is saved, cloned, loaded, and frozen."""
    table = mapped(form)
    file = (tmp_path / f"{form}.safetensors").read_bytes()
    before, ids = table.vectors.copy(), list(table.tokens)
    layer = to_keras(table, trainable="delta", rank=rank)
    model = model_of(layer, make(), graph=form == "int8")
    fit(model)
    made = layer.merged(table).vectors
    assert np.flatnonzero((made != before).any(axis=1)).tolist() == SEEN
    assert not array(layer.trained)[2].any()
    np.testing.assert_allclose(made, before + trained(layer), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(array(layer(IDS)), made[IDS], rtol=1e-5, atol=1e-6)

    config = json.dumps(layer.get_config())
    assert len(config) < 1000
    model.save(tmp_path / "model.keras")
    model.save_weights(tmp_path / "model.weights.h5")
    read = inlay.load(tmp_path / "model.weights.h5", tokens=ids).vectors
    np.testing.assert_allclose(read, made, rtol=1e-5, atol=1e-6)
    blank = mapped(form)
    stored_of(blank).matrix[...] = 0
    other = model_of(to_keras(blank, trainable="delta", rank=rank), make(), seed=1)
    other.optimizer.build(other.trainable_variables)
    other.load_weights(tmp_path / "model.weights.h5")
    assert not stored_of(blank).matrix.any()
    again = keras.models.load_model(tmp_path / "model.keras")
    clone = keras.models.clone_model(model)
    for twin in (again.layers[1], other.layers[1], clone.layers[1]):
        assert type(twin) is DeltaEmbedding
        assert twin.merged(ids).vectors.tobytes() == made.tobytes()
    again.layers[1].trainable = False
    again.compile("sgd", "mse", run_eagerly=BACKEND == "tensorflow")
    fit(again)
    assert again.layers[1].merged(ids).vectors.tobytes() == made.tobytes()
    shape = DeltaEmbedding.from_config(json.loads(config))
    shape.build()
    assert np.isnan(array(shape.embeddings)).all()
    assert stored_of(table).matrix.tobytes() == stored_of(mapped(form)).matrix.tobytes()
    assert (tmp_path / f"{form}.safetensors").read_bytes() == file


def test_weights_of_a_table_in_another_form_are_refused(padded):
    saved = {}
    to_keras(padded, trainable="delta").save_own_variables(saved)
    other = to_keras(padded.astype("int8"), trainable="delta", rank=2)
    with pytest.raises(ValueError, match=r"weights a, b, codes, scales, .* got delta, embeddings"):
        other.load_own_variables(saved)


@pytest.mark.parametrize("rank", [None, 2])
def test_a_step_is_that_of_the_definition(padded, rank):
    """Of `base[id] + a[id] @ b`, the gradient of a is that of the vector times b transposed."""
    layer = to_keras(padded.astype("int8"), trainable="delta", rank=rank, check="off")
    model = rows_model(layer, keras.optimizers.SGD(0.5), rows=False)
    model.layers[-1].trainable = False
    model.compile(keras.optimizers.SGD(0.5), "mse", run_eagerly=BACKEND == "tensorflow")
    weights = model.layers[-1].get_weights()[0].astype("float64")
    fit_rows(model, SOME[:2])
    table = padded.astype("int8").vectors.astype("float64")
    g = gradient(table, weights, SOME[:2], np.arange(2), 2)
    expected = -0.5 * (g if rank is None else g @ start_of_b(rank, 4).T.astype("float64"))
    np.testing.assert_allclose(array(layer.trained), expected, atol=1e-6)
    if rank is not None:
        np.testing.assert_array_equal(array(layer.b), start_of_b(rank, 4))


@pytest.mark.parametrize(("rank", "lazy"), [(None, LazyAdam), (2, LazyAdam), (2, LazyAdagrad)])
def test_rows_of_a_difference_train_alone(padded, rank, lazy, monkeypatch):
    """As with the dense optimiser, if each is in every batch; a row that is in none rests."""
    reached = []
    update = lazy._update
    monkeypatch.setattr(
        lazy,
        "_update",
        lambda self, rows, ids, g, v: (reached.append(g.shape), update(self, rows, ids, g, v)),
    )
    own = getattr(keras.optimizers, lazy.__name__.removeprefix("Lazy"))
    found = []
    for optimizer, rows in ((lazy(RATE), True), (dense(own(RATE)), False)):
        layer = to_keras(padded.astype("int8"), trainable="delta", rank=rank, check="off")
        in_graph = BACKEND == "jax" or (rows and rank is None)
        model = rows_model(layer, optimizer, rows=rows, graph=in_graph)
        fit_rows(model, ALL)
        found.append(layer.merged(padded).vectors)
        if rows:
            assert reached
            assert {shape[1] for shape in reached} == {rank or 4}
            fit_rows(model, FEW)
            assert (reached[-1][0] or 0) <= FEW.size  # None in a graph
            after = layer.merged(padded).vectors
            if rank is None:
                np.testing.assert_array_equal(after[[3, 5]], found[0][[3, 5]])
            assert (after[[0, 1, 4]] != found[0][[0, 1, 4]]).all()
            assert not after[2].any()
    np.testing.assert_allclose(*found, atol=2e-6)


@pytest.mark.parametrize("rank", [None, 2])
def test_a_difference_is_pulled_back_to_zero(padded, rank):
    """By the gradient of its squared size alone, for the loss of the data is zero here."""
    layer = to_keras(padded.astype("int8"), trainable="delta", rank=rank, pull=0.5)
    drawn = np.random.default_rng(1).normal(size=layer.trained.shape).astype("float32")
    drawn[2] = 0
    layer.trained.assign(drawn)
    np.testing.assert_allclose(array(layer.losses[0]), 0.5 * (trained(layer) ** 2).sum(), rtol=1e-5)
    model = model_of(layer)
    eager = BACKEND == "tensorflow"
    model.compile(keras.optimizers.SGD(0.1), lambda y, out: 0 * out, run_eagerly=eager)
    model.fit(IDS, TARGETS, verbose=0)
    if rank is None:
        np.testing.assert_allclose(array(layer.delta), 0.9 * drawn, rtol=1e-5)
    else:
        b = start_of_b(2, 4)
        np.testing.assert_allclose(array(layer.a), drawn - 0.1 * drawn @ b @ b.T, atol=1e-5)
        np.testing.assert_allclose(array(layer.b), b - 0.1 * drawn.T @ drawn @ b, atol=1e-5)
    with pytest.raises(ArgumentError, match="no regularizer"):
        train_rows(model)


def test_a_layer_trains_a_difference_from_an_epoch_on(padded):
    layer = to_keras(padded.astype("int8"), trainable="delta", rank=2)
    layer.trainable = False
    model = model_of(layer, keras.optimizers.Adam(0.1))
    seen = []

    class Look(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(bool(array(layer.a).any()))

    given = {"epochs": 2, "batch_size": 2, "verbose": 0}
    model.fit(IDS, np.ones((4, 1)), callbacks=[layer.unfreeze_at(1), Look()], **given)
    assert seen == [False, True]


class Clipped(keras.constraints.Constraint):
    def __call__(self, w):
        return keras.ops.clip(w, 0.001, 0.01)


@pytest.mark.parametrize(
    ("rules", "rank"),
    [
        ({"embeddings_regularizer": "l1"}, None),
        ({"embeddings_regularizer": "l1"}, 2),
        ({"embeddings_constraint": Clipped()}, None),
    ],
)
def test_a_regularizer_and_a_constraint_are_of_the_difference(padded, rules, rank):
    """And of no padding, which the model takes for words here."""
    layer = to_keras(padded, trainable="delta", rank=rank, mask=False, **rules)
    model = model_of(layer, keras.optimizers.SGD(0.5))
    # Of an even number of steps, each of two would undo the other where |x| has a slope at 0.
    model.fit(IDS[:3], TARGETS[:3], batch_size=1, verbose=0)
    made = array(layer.trained)
    assert made[SEEN].any(axis=1).all()
    assert not made[2].any()
    if "embeddings_constraint" in rules:
        assert ((made[SEEN] >= 0.00099) & (made[SEEN] <= 0.0101)).all()
        with pytest.raises(ArgumentError, match=r"embeddings_constraint: .* low rank"):
            to_keras(padded, trainable="delta", rank=2, **rules)
    else:
        penalty = sum(float(array(loss)) for loss in layer.losses)
        parts = [made] if rank is None else [made, array(layer.b)]
        np.testing.assert_allclose(penalty, 0.01 * sum(abs(p).sum() for p in parts), rtol=1e-5)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "bfloat16", "mixed_float16", "float16"])
def test_a_policy_is_of_what_comes_out(padded, policy):
    table = padded.astype("int8")
    layer = to_keras(table, trainable="delta", dtype=policy)
    kinds = {v.name: v.dtype for v in layer.variables}
    assert kinds == {"delta": "float32", "codes": "int8", "scales": "float32"}
    layer.delta.assign(np.full((6, 4), 2.0**-9))
    out = layer(IDS)
    assert keras.backend.standardize_dtype(out.dtype) == policy.removeprefix("mixed_")
    # The sum is rounded once, and not what is added up.
    kept = np.where(IDS[..., None] == 2, 0, table.vectors[IDS] + np.float32(2.0**-9))
    expected = keras.ops.cast(keras.ops.convert_to_tensor(kept), policy.removeprefix("mixed_"))
    same = keras.ops.all(keras.ops.equal(out, expected))
    assert bool(array(same))


def test_what_a_difference_does_not_do(padded):
    layer = to_keras(padded, trainable="delta")
    with pytest.raises(ArgumentError, match=r'Try: .*trainable="delta", rank=8'):
        layer.enable_lora(2)
    with pytest.raises(InlayError, match=r'Try: .*table.astype\("int8"\)'):
        layer.quantize("int8")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        model_of(layer).quantize("int8")  # of the other layers
    assert any("expected one of Keras itself, to quantise" in str(one.message) for one in told)
    np.testing.assert_array_equal(array(layer(IDS)), padded.vectors[IDS])
    with pytest.raises(ArgumentError, match=r"embedding: .*delta"):
        EmbeddingBag(layer)
    with pytest.raises(ArgumentError, match=r"a layer of one matrix.*Try: .*layer.merged\(old\)"):
        resize(layer, padded, ["t1", "new"])
    with pytest.raises(ArgumentError, match=r"dtype: .*'int8_from_float32'"):
        to_keras(padded, trainable="delta", dtype="int8_from_float32")
    with pytest.raises(ArgumentError, match=r"rank: .*4"):
        to_keras(padded, trainable="delta", rank=5)
