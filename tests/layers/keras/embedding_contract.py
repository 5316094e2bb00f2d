"""What `to_keras` promises, on the backend that KERAS_BACKEND names; see test_embedding.py."""

import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest

import inlay
from inlay import Table, to_keras
from inlay.errors import ArgumentError, ArgumentTypeError, IdError

BACKEND = keras.backend.backend()
IDS = np.array([[0, 1, 2], [5, 2, 2], [3, 4, 1], [4, 4, 2]], "int32")
TARGETS = np.ones((4, 1), "float32")
# Keras 3.15 has its variables turned into arrays the old way when it saves and trains.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

OPTIMISERS = {  # three others have their turn in tests/conformance
    "rmsprop": lambda: keras.optimizers.RMSprop(0.1, momentum=0.9, centered=True),
    "lion": lambda: keras.optimizers.Lion(0.1, weight_decay=0.1),
    "ftrl": lambda: keras.optimizers.Ftrl(0.1, l2_regularization_strength=0.1),
}


def numbers(layer):
    return layer.get_weights()[0]


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)


def model_of(layer, optimiser="sgd", *, seed=0, graph=False):
    """Ids to one number by a mean, which obeys the mask.

    Without a graph on TensorFlow, unless it is asked for: it takes longer to make than to run.
    """
    keras.utils.set_random_seed(seed)
    ids = keras.Input((None,), dtype="int32")
    mean = keras.layers.GlobalAveragePooling1D()(layer(ids))
    model = keras.Model(ids, keras.layers.Dense(1)(mean))
    eager = BACKEND == "tensorflow" and not graph
    model.compile(optimizer=optimiser, loss="mse", run_eagerly=eager)
    return model


def fit(model, *, epochs=2):
    return model.fit(IDS, TARGETS, epochs=epochs, batch_size=2, verbose=0)


# -- what it is --------------------------------------------------------------------------------


@pytest.mark.parametrize("trainable", [False, True])
def test_is_an_embedding(padded, trainable):
    layer = to_keras(padded, trainable=trainable, name="words")
    assert isinstance(layer, keras.layers.Embedding)
    assert (layer.input_dim, layer.output_dim, layer.name) == (6, 4, "words")
    assert len(layer.trainable_variables) == int(trainable)
    np.testing.assert_array_equal(array(layer(IDS)), padded.vectors[IDS])


def test_frozen_shares_the_tables_memory(padded):
    layer = to_keras(padded)
    padded.storage[0] = 7
    assert (numbers(layer)[0] == 7).all()


def test_a_native_file_is_shared_and_never_written_to(padded, tmp_path):
    path = tmp_path / "table.safetensors"
    padded.save(path)
    before = path.read_bytes()
    table = inlay.load(path)
    layer = to_keras(table)
    table.storage[0] = 7
    assert (numbers(layer)[0] == 7).all()
    layer.trainable = True
    fit(model_of(layer))
    layer.set_weights([np.ones((6, 4))])
    assert path.read_bytes() == before


def test_trainable_has_its_own_memory(padded):
    layer = to_keras(padded, trainable=True)
    padded.storage[0] = 7
    assert (numbers(layer)[0] != 7).all()


@pytest.mark.parametrize("trainable", [False, True])
def test_what_numpy_has_no_type_for_becomes_float32(padded, trainable):
    for dtype in ("bfloat16", "int8"):
        stored = padded.astype(dtype)
        layer = to_keras(stored, trainable=trainable)
        np.testing.assert_array_equal(numbers(layer), stored.vectors)
        np.testing.assert_array_equal(array(layer(IDS)), stored.vectors[IDS])


def test_memory_that_cannot_be_shared_is_copied(padded):
    read_only = padded.storage.view()
    read_only.flags.writeable = False
    raw = np.empty(6 * 4 * 4 + 80, np.uint8)
    start = -raw.ctypes.data % 64 + 16
    misaligned = raw[start : start + 96].view(np.float32).reshape(6, 4)
    misaligned[...] = padded.vectors
    for matrix in (read_only, misaligned):
        layer = to_keras(Table(list(padded.tokens), matrix, pad_id=2))
        np.testing.assert_array_equal(numbers(layer), padded.vectors)


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_other_dtypes_become_the_policys(make, dtype):
    table = make(dtype=dtype)
    layer = to_keras(table)
    assert layer.variable_dtype == "float32"
    np.testing.assert_array_equal(numbers(layer), table.vectors)


@pytest.mark.parametrize(
    ("policy", "variable", "compute"),
    [
        ("mixed_float16", "float32", "float16"),
        ("float16", "float16", "float16"),
        ("mixed_bfloat16", "float32", "bfloat16"),
        ("bfloat16", "bfloat16", "bfloat16"),
    ],
)
@pytest.mark.parametrize("trainable", [False, True])
def test_dtype_policies(padded, policy, variable, compute, trainable):
    keras.config.set_dtype_policy(policy)
    try:
        layer = to_keras(padded, trainable=trainable)
    finally:
        keras.config.set_dtype_policy("float32")
    assert keras.backend.standardize_dtype(layer.embeddings.dtype) == variable
    out = layer(IDS)
    assert keras.backend.standardize_dtype(out.dtype) == compute
    found = array(keras.ops.cast(out, "float32"))
    np.testing.assert_allclose(found, padded.vectors[IDS], rtol=2**-8)
    # Keras would cast the whole matrix in each call.
    assert not any(weight._autocast for weight in layer.weights)


# -- padding -----------------------------------------------------------------------------------


@pytest.mark.parametrize("pad_id", [0, 2, 5])
def test_mask_is_of_the_tables_pad_id(make, pad_id):
    layer = to_keras(make(pad_id))
    np.testing.assert_array_equal(array(layer.compute_mask(IDS)), pad_id != IDS)
    assert layer.mask_zero is (pad_id == 0)
    assert layer.supports_masking


def test_no_mask_without_padding_or_when_not_wanted(make):
    for layer in (to_keras(make(None)), to_keras(make(0), mask=False)):
        assert layer.compute_mask(IDS) is None
        assert not layer.mask_zero


@pytest.mark.parametrize("trainable", [False, True])
def test_padding_changes_no_answer(padded, trainable):
    model = model_of(to_keras(padded, trainable=trainable))
    short = model.predict(np.array([[0, 1]], "int32"), verbose=0)
    long = model.predict(np.array([[0, 1, 2, 2, 2]], "int32"), verbose=0)
    np.testing.assert_allclose(short, long, rtol=1e-6)


@pytest.mark.parametrize("name", OPTIMISERS)
def test_pad_row_stays_zero(padded, name):
    # Without a mask, which would hide padding from training. L1's gradient at 0 is 1 on JAX.
    layer = to_keras(padded, trainable=True, mask=False)
    regularised = layer.get_config() | {"embeddings_regularizer": "l1"}
    layer = type(layer).from_config(regularised)
    model = keras.Sequential([layer, keras.layers.Flatten(), keras.layers.Dense(1)])
    eager = BACKEND == "tensorflow" and name != "lion"
    model.compile(OPTIMISERS[name](), "mse", run_eagerly=eager)
    fit(model)
    assert (numbers(layer)[2] == 0).all()
    moved = (numbers(layer) != padded.vectors).any(axis=1)
    np.testing.assert_array_equal(moved, [True, True, False, True, True, True])


# -- training and the table --------------------------------------------------------------------


@pytest.mark.parametrize("at", ["layer", "model"])
def test_unfreezing_copies_first(padded, at):
    before = padded.vectors.copy()
    layer = to_keras(padded)
    model = model_of(layer)
    if at == "model":
        model.trainable = False
    (model if at == "model" else layer).trainable = True
    model.compile("sgd", "mse", run_eagerly=BACKEND == "tensorflow")
    fit(model)
    assert not np.array_equal(numbers(layer), before)
    np.testing.assert_array_equal(padded.vectors, before)


def test_freezing_again_stops_training(padded):
    layer = to_keras(padded, trainable=True)
    layer.trainable = False
    fit(model_of(layer))
    np.testing.assert_array_equal(numbers(layer), padded.vectors)


# -- saving ------------------------------------------------------------------------------------


def test_config_is_small_json_without_numbers(make):
    config = to_keras(make(n=3000), check="always").get_config()
    text = json.dumps(config)
    assert len(text) < 1000
    assert json.loads(text)["pad_id"] == 2
    assert "embeddings_initializer" not in config


@pytest.mark.parametrize("trainable", [False, True])
def test_saved_model_is_the_same_model(padded, tmp_path, trainable):
    model = model_of(to_keras(padded, trainable=trainable), graph=trainable)
    fit(model)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    layer, twin = model.layers[1], again.layers[1]
    assert type(twin) is type(layer)
    assert twin.trainable is trainable
    np.testing.assert_array_equal(numbers(twin), numbers(layer))
    np.testing.assert_array_equal(array(twin.compute_mask(IDS)), IDS != 2)
    answer = model.predict(IDS, verbose=0)
    np.testing.assert_array_equal(again.predict(IDS, verbose=0), answer)
    fit(again)


ELSEWHERE = """
import sys, numpy as np, inlay, keras
assert not [name for name in sys.modules if name.startswith("inlay.layers")]
folder = sys.argv[1]
ids = np.load(folder + "/ids.npy")
whole = keras.models.load_model(folder + "/model.keras")
assert whole.compiled and whole.optimizer.iterations > 0
with open(folder + "/model.json") as file:
    shape = keras.models.model_from_json(file.read())
assert np.isnan(shape.layers[1].get_weights()[0]).all()
shape.load_weights(folder + "/model.weights.h5")
twin = keras.models.clone_model(whole)
twin.set_weights(whole.get_weights())
delta = keras.models.load_model(folder + "/delta.keras")
found = [model.predict(ids, verbose=0) for model in (whole, shape, twin, delta)]
np.save(folder + "/out.npy", found)
whole.fit(ids, np.ones((4, 1)), verbose=0)
"""


@pytest.mark.skipif(BACKEND != "jax", reason="from one backend to the two others")
def test_another_process_on_another_backend_needs_inlay_imported_and_no_more(padded, tmp_path):
    model = model_of(to_keras(padded, trainable=True))
    fit(model)
    model.save(tmp_path / "model.keras")
    model.save_weights(tmp_path / "model.weights.h5")
    (tmp_path / "model.json").write_text(model.to_json())
    np.save(tmp_path / "ids.npy", IDS)
    delta = model_of(to_keras(padded.astype("bfloat16"), trainable="delta", rank=2))
    fit(delta)
    delta.save(tmp_path / "delta.keras")
    answer = model.predict(IDS, verbose=0)
    expected = [answer, answer, answer, delta.predict(IDS, verbose=0)]
    for backend in ("torch", "tensorflow"):  # on which the model was not saved
        subprocess.run(
            [sys.executable, "-c", ELSEWHERE, str(tmp_path)],
            env=os.environ | {"KERAS_BACKEND": backend},
            check=True,
            timeout=300,
        )
        np.testing.assert_allclose(np.load(tmp_path / "out.npy"), expected, rtol=1e-5)
        (tmp_path / "out.npy").unlink()


def test_weights_file_fills_another_layer_and_no_table(padded, make, tmp_path):
    model = model_of(to_keras(padded))
    model.save_weights(tmp_path / "model.weights.h5")
    blank = make()
    blank.storage[...] = 0
    other = model_of(to_keras(blank), seed=1)
    other.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(numbers(other.layers[1]), padded.vectors)
    assert not blank.vectors.any()


def test_config_from_elsewhere_is_nan_until_filled(padded):
    layer = to_keras(padded, trainable=True)
    config = json.loads(json.dumps(layer.get_config()))
    twin = type(layer).from_config(config)
    twin.build()
    assert np.isnan(numbers(twin)).all()
    twin.set_weights(layer.get_weights())
    np.testing.assert_array_equal(array(twin(IDS)), padded.vectors[IDS])


@pytest.mark.parametrize("trainable", [False, True])
def test_clone_model_keeps_the_numbers(padded, trainable):
    layer = to_keras(padded, trainable=trainable)
    model = model_of(layer)
    fit(model)
    twin = keras.models.clone_model(model).layers[1]
    np.testing.assert_array_equal(numbers(twin), numbers(layer))
    padded.storage[...] = 0
    assert numbers(twin).any()


def test_a_model_made_of_anothers_config_keeps_the_numbers(padded):
    layer = to_keras(padded)
    model = keras.Sequential([layer, keras.layers.Dense(1)])
    twin = keras.Sequential.from_config(model.get_config())  # Keras deep-copies this config
    np.testing.assert_array_equal(array(twin.layers[0](IDS)), padded.vectors[IDS])


# -- ids ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["int8", "float16"])
def test_a_type_that_does_not_hold_every_id_is_refused(dtype):
    """Keras casts to it without a word, and other ids come out."""
    layer = to_keras(Table([f"w{i}" for i in range(3_000)], np.ones((3_000, 2), "f4")))
    narrow = np.array([[0, 1]], dtype)
    for ids in (keras.Input((2,), dtype=dtype), narrow, keras.ops.convert_to_tensor(narrow)):
        with pytest.raises(IdError, match=f"holds every id up to 2999, got {dtype}, .* int32"):
            layer(ids)
    assert array(layer(keras.ops.convert_to_tensor(narrow.astype("int16")))).shape == (1, 2, 2)


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        ([[0, 1], [6, 2]], ["ids[1, 0]", "from 0 to 5", "got 6"]),
        ([[0, -1]], ["ids[0, 1]", "got -1"]),
        ([[2**32 + 1]], ["ids[0, 0]", str(2**32 + 1)]),
        ([[1.9]], ["whole-number", "float64", 'dtype="int32"']),
        ([[True, False]], ["whole-number", "bool"]),
    ],
)
def test_checks_name_what_is_wrong(padded, ids, words):
    layer = to_keras(padded, check="always")
    np.testing.assert_array_equal(array(layer(IDS)), padded.vectors[IDS])
    for wrong in (ids, np.array(ids)):
        with pytest.raises(IdError) as caught:
            layer(wrong)
        assert [word for word in words if word not in str(caught.value)] == []


@pytest.mark.parametrize("mode", [{}, {"trainable": "rows", "rows": [1]}, {"trainable": "delta"}])
def test_what_is_set_later_is_checked_like_an_argument(padded, mode):
    layer = to_keras(padded, **mode)
    with pytest.raises(ArgumentError, match=r'got True.*check="always"'):
        layer.check = True
    for kind in ("rows", "delta"):
        with pytest.raises(ArgumentTypeError, match=rf"trainable: expected .*trainable='{kind}'"):
            layer.trainable = kind
    with pytest.raises(ArgumentError, match="by_reference=True: expected a frozen table"):
        layer.by_reference = True
    with pytest.raises(IdError, match=r"whole-number.*bool"):
        layer(IDS == 2)  # a mask
    assert layer.trainable is bool(mode)


def test_a_layer_that_always_looks_from_now_on_is_not_compiled_by_xla(padded):
    layer = to_keras(padded)
    layer.check = "always"
    assert layer.supports_jit is (BACKEND != "tensorflow")


def test_a_table_without_rows_is_refused():
    with pytest.raises(ArgumentError, match=r"a table with a row, .* got an empty one"):
        to_keras(Table([], np.zeros((0, 4), "float32")))


@pytest.mark.parametrize("texts", ["a film", ["a film"], [["a", "b"]], np.array([["a"]])])
def test_texts_are_no_ids(padded, texts):
    with pytest.raises(ArgumentTypeError, match=r"expected ids.*Try: vocab\.encode\(texts\)"):
        to_keras(padded)(texts)


def test_checks_see_tensors_too(padded):
    layer = to_keras(padded, check="always")
    with pytest.raises(IdError, match="got 9"):
        layer(keras.ops.convert_to_tensor(np.array([[9]], "int32")))


def test_the_error_comes_whole_out_of_a_model(padded):
    model = model_of(to_keras(padded, check="always"))
    with pytest.raises(IdError, match=r"ids\[0, 1\]: expected an id from 0 to 5, got 9"):
        model(np.array([[0, 9]], "int32"))


def test_an_input_of_floats_is_refused_when_the_model_is_made(padded):
    with pytest.raises(IdError, match=r'keras.Input\(shape, dtype="int32"\)'):
        to_keras(padded, check="always")(keras.Input((3,)))


@pytest.mark.parametrize("wrong", [-1, 77])
@pytest.mark.parametrize("method", ["fit", "predict"])
def test_checks_work_in_compiled_models(padded, method, wrong):
    model = model_of(to_keras(padded, check="always"), graph=True)
    ids = IDS.copy()
    fit(model)
    ids[3, 1] = wrong
    # TensorFlow and JAX stop with errors of their own that carry our message.
    with pytest.raises(IdError if BACKEND == "torch" else Exception) as caught:
        model.predict(ids, verbose=0) if method == "predict" else model.fit(ids, TARGETS, verbose=0)
    assert "from 0 to 5" in str(caught.value)
    assert str(wrong) in str(caught.value)
