"""What `to_keras(table, by_reference=True)` promises; see test_embedding.py."""

import json

import keras
import numpy as np
import pytest

import inlay
from inlay import to_keras
from inlay.errors import ArgumentError, FormatError, MissingFileError
from inlay.layers.keras.resize import resize
from tests.layers.conftest import make_table
from tests.layers.keras.embedding_contract import IDS, array, fit, model_of, numbers

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Skipping nested container"),  # before Keras gives up
]
MODES = {"frozen": {}, "rows": {"trainable": "rows", "rows": ["t1", "t5"]}}
WEIGHTS = "model.weights.h5"


@pytest.fixture
def path(tmp_path):
    make_table(n=5000).save(tmp_path / "words.safetensors")
    return tmp_path / "words.safetensors"


def changed(path, row, value=7):
    """Write into a row of a native file in its place."""
    start = 8 + int.from_bytes(path.read_bytes()[:8], "little") + 16 * row
    with path.open("r+b") as file:
        file.seek(start)
        file.write(np.full(4, value, "f4").tobytes())


def is_map(layer, path):
    """Whether the layer's memory is the file itself: what changes there changes here."""
    changed(path, 3)
    return bool((array(layer(np.array([[3]], "int32"))) == 7).all())


def blank(mode="frozen", **given):
    layer = to_keras(make_table(n=5000), **MODES[mode], **given)
    layer.set_weights([np.zeros_like(weights) for weights in layer.get_weights()])
    return layer


@pytest.mark.parametrize("mode", MODES)
def test_a_model_is_saved_without_the_matrix_and_maps_it_again(path, tmp_path, mode):
    layer = to_keras(path, by_reference=True, **MODES[mode])
    model = model_of(layer)
    if mode == "rows":
        fit(model)
    answer = model.predict(IDS, verbose=0)
    model.save(tmp_path / "model.keras")
    model.save_weights(tmp_path / WEIGHTS)
    slots = 0 if mode == "frozen" else 4 * 5000
    for name in ("model.keras", WEIGHTS):
        assert (tmp_path / name).stat().st_size < 40_000 + slots < 4 * 4 * 5000
    loaded = keras.models.load_model(tmp_path / "model.keras")
    filled = model_of(blank(mode), seed=1)
    filled.load_weights(tmp_path / WEIGHTS)
    clone = keras.models.clone_model(model)
    clone.layers[-1].set_weights(model.layers[-1].get_weights())
    twins = [loaded, filled, clone]
    for twin in twins:
        assert twin.layers[1].by_reference
        np.testing.assert_allclose(array(twin(IDS)), answer, rtol=1e-6)
    for twin in twins:  # before JAX copies what a compiled function takes
        assert is_map(twin.layers[1], path)


def test_a_config_names_the_file_and_finds_it(path):
    layer = to_keras(path, by_reference=True)
    config = json.loads(json.dumps(layer.get_config()))
    assert len(json.dumps(config)) < 1500
    assert config["reference"]["path"] == str(path)
    assert "reference" not in to_keras(path).get_config()
    twin = type(layer).from_config(config)
    twin.build()
    assert is_map(twin, path)
    with pytest.raises(FormatError, match="a matrix of 4 x 4, as the layer has"):
        type(layer).from_config(config | {"input_dim": 4}).build()


def test_a_missing_or_changed_file_is_told(path, tmp_path):
    model = model_of(to_keras(path, by_reference=True))
    model.save(tmp_path / "model.keras")
    model.save_weights(tmp_path / WEIGHTS)
    changed(path, 4999)
    with pytest.raises(FormatError, match=r"words.safetensors: expected tensor 'matrix'"):
        keras.models.load_model(tmp_path / "model.keras")
    with pytest.raises(ValueError, match=r"words.safetensors: expected tensor 'matrix'"):
        model_of(blank()).load_weights(tmp_path / WEIGHTS)
    path.unlink()
    with pytest.raises(MissingFileError, match=r"words.safetensors.*tables_in"):
        keras.models.load_model(tmp_path / "model.keras")
    with pytest.raises(MissingFileError, match=r"words\.safetensors"):
        model.save(tmp_path / "model.keras")


def test_whole_weights_fill_a_layer_by_reference_which_is_whole_from_then_on(path, tmp_path):
    layer = to_keras(path, by_reference=True)
    whole = blank()
    model_of(whole).save_weights(tmp_path / WEIGHTS)
    model = model_of(layer)
    model.load_weights(tmp_path / WEIGHTS)
    assert not layer.by_reference
    assert not numbers(layer).any()
    with pytest.raises(ArgumentError, match="a layer whose numbers are in no file"):
        layer.by_reference = True
    assert inlay.load(path).vectors.any()


def test_the_numbers_can_be_put_back_in(path, tmp_path):
    model = model_of(to_keras(path, by_reference=True))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    again.layers[1].by_reference = False
    again.save(tmp_path / "whole.keras")
    expected = numbers(again.layers[1]).copy()
    path.unlink()
    whole = keras.models.load_model(tmp_path / "whole.keras")
    np.testing.assert_array_equal(numbers(whole.layers[1]), expected)
    assert not whole.layers[1].by_reference


def test_a_layer_that_trains_takes_the_numbers_and_is_saved_whole(path, tmp_path):
    layer = to_keras(path, by_reference=True)
    before = numbers(layer).copy()
    model_of(layer).save_weights(tmp_path / WEIGHTS)
    other = to_keras(make_table(n=5000), trainable=True)
    model = model_of(other)
    fit(model)
    model.load_weights(tmp_path / WEIGHTS)
    np.testing.assert_array_equal(numbers(other), before)
    layer.trainable = True
    for one in (layer, other):
        assert not one.by_reference
        assert "reference" not in one.get_config()
        assert not is_map(one, path)


def test_numbers_that_are_not_the_files_are_not_lost(path, tmp_path):
    layer = to_keras(path, by_reference=True)
    model = model_of(layer)
    weights = model.get_weights()
    model.set_weights(weights)  # as EarlyStopping does to restore the best
    model.save_weights(tmp_path / WEIGHTS)
    weights[0][4999] = 3
    model.set_weights(weights)
    with pytest.raises(ArgumentError, match=r"others, in rows 0 to 4999.*by_reference = False"):
        model.save_weights(tmp_path / WEIGHTS)
    layer.enable_lora(2)
    model.save_weights(tmp_path / WEIGHTS)
    assert not layer.by_reference


def test_rows_that_were_trained_are_never_lost_in_another_mode(path, tmp_path):
    frozen, rows = (to_keras(path, by_reference=True, **mode) for mode in MODES.values())
    model_of(frozen).save_weights(tmp_path / WEIGHTS)
    other = to_keras(make_table(n=5000), **MODES["rows"])
    other.rows.assign(other.rows * 0)
    model_of(other).load_weights(tmp_path / WEIGHTS)
    assert other.by_reference
    np.testing.assert_array_equal(array(other(IDS)), array(frozen(IDS)))
    model_of(rows).save_weights(tmp_path / WEIGHTS)
    with pytest.raises(ValueError, match=r"rows are all in the file .*, got some .* trained apart"):
        model_of(blank()).load_weights(tmp_path / WEIGHTS)
    with pytest.raises(ValueError, match="could not be loaded"):
        model_of(keras.layers.Embedding(5000, 4)).load_weights(tmp_path / WEIGHTS)


def test_weights_of_other_names_are_refused(path):
    store = {}
    layer = to_keras(path, by_reference=True)
    layer.save_own_variables(store)
    with pytest.raises(FormatError, match="the name reference alone, got 0, ref"):
        blank().load_own_variables(store | {"0": store["reference"]})


def test_a_layer_for_another_vocabulary_is_whole(path):
    table = inlay.load(path, limit=6)
    layer = to_keras(table, by_reference=True)
    assert len(resize(layer, table, [*table.tokens, "new"]).get_weights()[0]) == 7
    assert "reference" not in layer.get_config()


def test_checkpoints_of_a_fit_are_small_until_all_trains(path, tmp_path):
    layer = to_keras(path, by_reference=True)
    model = model_of(layer)
    saved = keras.callbacks.ModelCheckpoint(str(tmp_path / "{epoch}.keras"))
    model.fit(IDS, np.ones((4, 1)), epochs=2, verbose=0, callbacks=[layer.unfreeze_at(1), saved])
    small, large = ((tmp_path / f"{epoch}.keras").stat().st_size for epoch in (1, 2))
    assert small < 40_000 < 4 * 4 * 5000 < large
    twin = keras.models.load_model(tmp_path / "2.keras").layers[1]
    np.testing.assert_array_equal(numbers(twin), numbers(layer))


def test_another_dtype_is_made_of_the_file_again(path, tmp_path):
    keras.config.set_dtype_policy("bfloat16")
    try:
        layer = to_keras(path, by_reference=True)
        model_of(layer).save(tmp_path / "model.keras")
        twin = keras.models.load_model(tmp_path / "model.keras").layers[1]
    finally:
        keras.config.set_dtype_policy("float32")
    assert keras.backend.standardize_dtype(twin.embeddings.dtype) == "bfloat16"
    same = [array(keras.ops.cast(one(IDS), "float32")) for one in (layer, twin)]
    np.testing.assert_array_equal(*same)


@pytest.fixture(params=[("int8", 2), ("bfloat16", None), ("float32", None)], ids=str)
def differing(request, tmp_path):
    """A layer of a table in a form, by reference, that has trained a difference; and its file."""
    form, rank = request.param
    path, table = tmp_path / "stored.safetensors", make_table(n=5000)
    (table if form == "float32" else table.astype(form)).save(path)
    layer = to_keras(path, trainable="delta", rank=rank, by_reference=True)
    for variable in layer.trainable_variables:
        variable.assign(variable + 0.5)
    return layer, path


def in_form(layer, **given):
    """A layer of the same shape, of a table of zeros that is in no file."""
    table = make_table(n=5000)
    table.storage[...] = 0
    table = table if layer.form == "float32" else table.astype(layer.form)
    return to_keras(table, trainable="delta", rank=layer.rank, **given)


def same_numbers(layer, other):
    return layer._matrix().tobytes() == other._matrix().tobytes()


def test_a_difference_is_saved_without_what_it_is_added_to(differing, tmp_path):
    layer, path = differing
    model = model_of(layer)
    config = layer.get_config()
    assert config["reference"]["path"] == str(path)
    model.save(tmp_path / "model.keras")
    model.save_weights(tmp_path / WEIGHTS)
    store = {}
    layer.save_own_variables(store)
    added = [variable.name for variable in layer.trainable_variables]
    assert sorted(store) == sorted([*added, "reference"])
    trained = sum(4 * int(np.prod(variable.shape)) for variable in layer.trainable_variables)
    assert (tmp_path / "model.keras").stat().st_size < trained + 40_000
    loaded = keras.models.load_model(tmp_path / "model.keras")
    filled = model_of(in_form(layer), seed=1)
    filled.load_weights(tmp_path / WEIGHTS)
    twins = [twin.layers[1] for twin in (loaded, filled, keras.models.clone_model(model))]
    for twin in twins:
        assert twin.by_reference
        assert same_numbers(twin, layer)
        assert twin._tokens is not None
        assert twin.get_config()["reference"] == config["reference"]
    content = path.read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    with path.open("r+b") as file:  # what changes there changes in each, which is its map
        file.seek(start)
        file.write(bytes(len(content) - start))
    expected = (
        array(layer.trained)[3] if layer.b is None else array(layer.trained)[3] @ array(layer.b)
    )
    for twin in twins:
        np.testing.assert_array_equal(array(twin(np.array([3], "int32")))[0], expected)


def test_the_numbers_below_a_difference_can_be_put_back_in(differing, tmp_path):
    layer, path = differing
    layer.by_reference = False
    model = model_of(layer)
    model.save(tmp_path / "whole.keras")
    model.save_weights(tmp_path / WEIGHTS)
    other = to_keras(path, trainable="delta", rank=layer.rank, by_reference=True)
    model_of(other).load_weights(tmp_path / WEIGHTS)
    assert not other.by_reference
    path.unlink()
    whole = keras.models.load_model(tmp_path / "whole.keras").layers[1]
    assert not whole.by_reference
    assert same_numbers(whole, layer)
    assert same_numbers(other, layer)


def test_below_a_difference_what_is_not_the_files_is_neither_saved_nor_loaded(differing, tmp_path):
    layer, path = differing
    model = model_of(layer)
    model.save(tmp_path / "model.keras")
    store = {}
    layer.save_own_variables(store)
    other_form = make_table(n=5000).astype("float16")
    with pytest.raises(FormatError, match=f"stored as float16, .* stored as {layer.form}"):
        to_keras(other_form, trainable="delta", rank=layer.rank).load_own_variables(store)
    with pytest.raises(FormatError, match="the name reference alone, got"):
        blank().load_own_variables(store)
    with pytest.raises(ArgumentError, match="got reference"):
        in_form(layer).load_own_variables({"reference": store["reference"]})
    weights = np.array(array(layer.base))
    weights[4999] = 3
    layer.base.assign(weights)
    with pytest.raises(ArgumentError, match=r"others, in rows 0 to 4999.*by_reference = False"):
        model.save(tmp_path / "other.keras")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    fresh = in_form(layer)
    for load in (
        lambda: keras.models.load_model(tmp_path / "model.keras"),
        lambda: fresh.load_own_variables(store),
    ):
        with pytest.raises(FormatError, match=r"stored.safetensors: expected tensor"):
            load()
    path.unlink()
    with pytest.raises(MissingFileError, match=r"stored.safetensors.*tables_in"):
        keras.models.load_model(tmp_path / "model.keras")
    assert not fresh.by_reference
