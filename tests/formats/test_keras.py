"""Embeddings out of Keras' files, by the names that layers were given and by Keras' own."""

import json
import os
import subprocess
import sys
import tempfile
import zipfile

import numpy as np
import pytest

from inlay import load
from inlay.errors import ArgumentError, FormatError, InlayError, UnknownArrayError
from inlay.formats import list_arrays
from tests.data import shared

h5py = pytest.importorskip("h5py")
KERAS = """
import sys, keras, numpy as np
a, b = keras.Input((4,)), keras.Input((4,))
pool = keras.layers.GlobalAveragePooling1D()
inner = keras.Sequential([keras.layers.Embedding(9, 3, name="inside"), pool], name="inner")
words, tags = keras.layers.Embedding(7, 3, name="words"), keras.layers.Embedding(5, 3, name="tags")
brain = keras.layers.Embedding(6, 3, name="brain", dtype="bfloat16")
flat, wide = keras.layers.Flatten, keras.layers.Activation("linear", dtype="float32")
joined = [flat()(words(a)), flat()(tags(b)), inner(a), flat()(wide(brain(a)))]
model = keras.Model([a, b], keras.layers.Dense(2)(keras.layers.Concatenate()(joined)))
model.compile("adam", "mse")
model.optimizer.build(model.trainable_variables)
model.save(f"{sys.argv[1]}/model.keras")
model.save_weights(f"{sys.argv[1]}/model.weights.h5")
model.save(f"{sys.argv[1]}/model.h5")
layers = [keras.Input((4,)), keras.layers.Embedding(7, 3), flat(), keras.layers.Dense(9)]
one = keras.Sequential(layers)
one.save(f"{sys.argv[1]}/one.keras")
one.save_weights(f"{sys.argv[1]}/one.weights.h5")
for layer in (words, tags, brain, inner.get_layer("inside")):
    np.save(f"{sys.argv[1]}/{layer.name}.npy", np.float32(layer.get_weights()[0]))
np.save(f"{sys.argv[1]}/one.npy", one.layers[0].get_weights()[0])
"""
WEIGHTS = "model.weights.h5"
FILES = ("model.keras", WEIGHTS, "model.h5")


def numbered(path):
    return [str(i) for i in range(len(np.load(path)))]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Models that Keras itself saved, and what it says is in them."""
    pytest.importorskip("keras")
    pytest.importorskip("jax")
    folder = tmp_path_factory.mktemp("keras")
    run = subprocess.run(
        [sys.executable, "-c", KERAS, folder],
        env=os.environ | {"KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return folder


def zipped(path, config, weights, method=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", method) as new:
        new.writestr("config.json", config if isinstance(config, str) else json.dumps(config))
        new.writestr(WEIGHTS, weights)
    return path


@pytest.fixture
def made(tmp_path):
    """A function that writes arrays as Keras 3 does, each layer with its name beside it."""

    def make(arrays, names=(), file=WEIGHTS):
        with h5py.File(tmp_path / file, "w") as out:
            for place, array in arrays.items():
                out[f"{place}/vars/0"] = array
            for place, name in dict(names).items():
                out.require_group(f"{place}/vars").attrs["name"] = name
        return tmp_path / file

    return make


@pytest.mark.parametrize("layer", ["words", "tags", "inside", "brain"])
@pytest.mark.parametrize("file", FILES)
def test_a_layer_by_its_own_name(saved, file, layer):
    right, tokens = np.load(saved / f"{layer}.npy"), numbered(saved / f"{layer}.npy")
    inner = "inner/" if layer == "inside" else ""
    for name in (layer, f"{inner}{layer}", f"{layer}/embeddings", f"{inner}{layer}/embeddings"):
        table = load(saved / file, name=name, tokens=tokens)
        assert table.matrix.dtype == np.float32
        assert np.array_equal(table.matrix, right)
        assert table.provenance["format"] == ("keras" if file.endswith(".keras") else "hdf5")
    chosen = load(saved / file, name=layer, tokens=tokens, keep=["3", "1"])
    assert np.array_equal(chosen.matrix, right[[1, 3]])


@pytest.mark.parametrize("file", ["model.keras", WEIGHTS])
@pytest.mark.parametrize(
    ("place", "layer"),
    [
        ("layers/embedding", "brain"),
        ("layers/embedding_1/vars/0", "words"),
        ("embedding_2", "tags"),
        ("layers/sequential/layers/embedding", "inside"),
    ],
)
def test_a_layer_by_its_place(saved, file, place, layer):
    tokens = numbered(saved / f"{layer}.npy")
    table = load(saved / file, name=place, tokens=tokens)
    assert np.array_equal(table.matrix, np.load(saved / f"{layer}.npy"))
    assert table.provenance["name"].endswith(f"{layer}/vars/0")


@pytest.mark.parametrize("file", ["one.keras", "one.weights.h5"])
def test_the_only_embedding_needs_no_name(saved, file):
    table = load(saved / file, tokens=numbered(saved / "one.npy"))
    assert np.array_equal(table.matrix, np.load(saved / "one.npy"))


def test_of_several_layers_the_error_lists_those_of_embeddings(saved):
    for file in FILES:
        with pytest.raises(FormatError, match=r"\(7, 3\)") as error:
            load(saved / file)
        assert error.value.got.count("float32") == 4
        assert "dense" not in error.value.got
        with pytest.raises(UnknownArrayError, match="expected an array 'letters'"):
            load(saved / file, name="letters")


@pytest.mark.parametrize("file", ["model.keras", WEIGHTS])
def test_layers_are_listed_by_their_own_names(saved, file):
    found = [array.name for array in list_arrays(saved / file) if array.may_be]
    assert found[0] in ("dense/vars/0", "dense_1/vars/0")
    assert sorted(found[1:]) == [
        "brain/vars/0",
        "inner/inside/vars/0",
        "tags/vars/0",
        "words/vars/0",
    ]
    with pytest.raises(FormatError, match="name='inner/inside/vars/0' or name='words/vars/0'"):
        load(saved / file)


def test_a_layer_of_anything_is_no_embedding_for_its_name(made):
    places = {"layers/dense": "embedding", "layers/dense_1": "no lookup"}
    arrays = {place: np.ones((4, 2)) for place in places} | {"layers/embedding": np.eye(2)}
    path = made(arrays, places | {"layers/embedding": "lookup"})
    assert load(path, tokens=["a", "b"]).provenance["name"] == "lookup/vars/0"
    assert load(path, name="embedding", tokens=list("abcd")).shape == (4, 2)


def test_layers_of_one_name_are_told_apart_by_what_they_are_in(made):
    places = {"layers/functional": "encoder", "layers/functional_1": "decoder"}
    arrays = {
        f"{place}/layers/embedding": np.full((2, 2), float(i)) for i, place in enumerate(places)
    }
    path = made(arrays, places | dict.fromkeys(arrays, "words"))
    assert [array.name for array in list_arrays(path)] == [
        "encoder/words/vars/0",
        "decoder/words/vars/0",
    ]
    assert load(path, name="decoder/words", tokens=["a", "b"]).matrix.tolist() == [[1, 1], [1, 1]]
    with pytest.raises(ArgumentError, match=r"'words', of encoder/words/vars/0, decoder/words"):
        load(path, name="words", tokens=["a", "b"])


def test_names_that_say_too_little_stay_keras(made):
    places = [f"layers/embedding_{i}" for i in range(4)]
    arrays = {place: np.eye(2) for place in [*places, "optimizer"]}
    names = dict(zip(places, ["same", "same", "adam", ""], strict=True)) | {"optimizer": "mine"}
    found = {array.name: array.may_be for array in list_arrays(made(arrays, names))}
    assert found == {f"{place}/vars/0": place in places for place in arrays}


def test_files_of_older_versions_have_the_names_in_the_settings_alone(made, tmp_path):
    inside = {"class_name": "Embedding", "config": {"name": "inside"}}
    layers = [
        {"class_name": "Embedding", "config": {"name": "words"}},
        {"class_name": "Embedding", "config": {"name": "tags"}},
        {"class_name": "MyModel", "config": {"name": "inner", "layers": [inside]}},
    ]
    places = ["layers/embedding", "layers/embedding_1", "layers/my_model/layers/embedding"]
    weights = made(
        {place: np.full((2, 2), float(i)) for i, place in enumerate(places)}
    ).read_bytes()
    path = zipped(tmp_path / "x.keras", {"config": {"layers": layers}}, weights)
    for i, name in enumerate(["words", "tags", "inner/inside"]):
        table = load(path, name=name, tokens=["a", "b"])
        assert (table.matrix.tolist(), table.provenance["name"]) == ([[i, i]] * 2, f"{name}/vars/0")


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_weights_are_unpacked_only_where_they_are_packed(made, tmp_path, method, monkeypatch):
    weights = made({"layers/embedding": np.eye(2)}).read_bytes()
    path, folders = zipped(tmp_path / "x.keras", {}, weights, method), []
    real = tempfile.TemporaryDirectory
    monkeypatch.setattr(
        tempfile, "TemporaryDirectory", lambda **given: folders.append(given) or real(**given)
    )
    assert np.array_equal(load(path, tokens=["a", "b"]).matrix, np.eye(2))
    assert len(folders) == (method == zipfile.ZIP_DEFLATED)
    path.write_bytes(path.read_bytes()[:-40].replace(WEIGHTS.encode(), b"models.weight.h5"))
    with pytest.raises(InlayError, match=r"x\.keras: expected"):
        load(path, format="keras", name="tags", tokens=["a", "b"])


@pytest.mark.parametrize("how", ["cut", "longer than the file", "no HDF5"])
def test_damaged_weights_are_named_by_the_users_file(made, tmp_path, how):
    weights = made({"layers/embedding": np.ones((50, 50))}).read_bytes()
    content = {"cut": weights[:-9000], "no HDF5": b"<html>" * 999}.get(how, weights)
    path = zipped(tmp_path / "x.keras", {}, content)
    if how == "longer than the file":
        size, huge = (n.to_bytes(4, "little") for n in (len(weights), 1 << 30))
        path.write_bytes(path.read_bytes().replace(size, huge))
    with pytest.raises(FormatError, match=r"^x\.keras: expected an? (HDF5 file|whole file)"):
        load(path, tokens=["a", "b"])


def test_keras_is_not_imported(saved):
    program = (
        f"import inlay, sys; inlay.load({str(saved / 'model.keras')!r}, name='tags', "
        "tokens=list('abcde')); sys.exit('keras' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize("config", ["", "{", "\xff"])
def test_settings_that_are_damaged(made, tmp_path, config):
    weights = made({"layers/embedding": np.eye(2)}).read_bytes()
    with pytest.raises(FormatError, match=r"x\.keras: expected a Keras model, got a damaged one"):
        load(zipped(tmp_path / "x.keras", config, weights), tokens=["a", "b"])


@pytest.mark.parametrize(
    "config", ["[1]", '{"config": {"layers": [3, {"class_name": 1}]}}', "null"]
)
def test_settings_that_say_nothing(made, tmp_path, config):
    weights = made({"layers/embedding": np.eye(2)}).read_bytes()
    table = load(zipped(tmp_path / "x.keras", config, weights), tokens=["a", "b"])
    assert table.provenance["name"] == "layers/embedding/vars/0"


@pytest.mark.parametrize("depth", [3, 200, 300, 100_000])
def test_models_within_models_have_an_end(made, tmp_path, depth):
    layer = '{"class_name": "A", "config": {"name": "x", "layers": ['
    weights = made({"layers/embedding": np.eye(2)}).read_bytes()
    path = zipped(tmp_path / "x.keras", f"{layer * depth}{']}}' * depth}", weights)
    with pytest.raises(InlayError):
        load(path, name="tags", tokens=["a", "b"])


REAL = {
    "keras-h5-imdb-lyhue1991/imdb_model.h5": (10_000, 8),
    "keras-h5-dl4j-embedding/embedding_lstm_theano_1.h5": (4, 5),
    "keras-h5-dl4j-embedding/embedding_lstm_theano_2.h5": (4, 5),
    "keras-h5-dl4j-embedding/embedding_lstm_tensorflow_1.h5": (4, 5),
    "keras-h5-dl4j-embedding/embedding_conv1d_tensorflow_1.h5": (4, 5),
    "keras-h5-dl4j-embedding/embedding_conv1d_extended_theano_2.h5": (200, 50),
    "keras-h5-dl4j-embedding/embedding_conv1d_flatten_tensorflow_2.h5": (200, 50),
    "keras-h5-textgenrnn/textgenrnn_weights.hdf5": (465, 100),
    "keras-h5-reactionrnn/reactionrnn_weights.hdf5": (401, 100),
}


@pytest.mark.parametrize("path", REAL)
def test_real_models_of_keras_1_and_2(path):
    file = shared(path)
    (n, dim) = next(a.shape for a in list_arrays(file) if "embed" in a.name)
    table = load(file, tokens=[str(i) for i in range(n)])
    assert table.shape == (n, dim)
    with h5py.File(file) as stored:
        assert np.array_equal(table.matrix, stored[table.provenance["name"]][...])


def test_real_models_without_one_embedding():
    with pytest.raises(FormatError, match="dense/kernel") as error:
        load(shared("keras-h5-imdb-alxshev", "imdb_model.h5"))
    assert "name='model_weights/dense/dense/kernel:0'" in error.value.hint
    with pytest.raises(FormatError, match="cat_embed_2d_uid") as error:
        load(shared("keras-h5-dl4j-embedding", "deepfm/deepfm.h5"))
    assert error.value.got.count("/embeddings:0 float32") == 5


def test_an_embedding_of_keras_1_and_2_by_its_layer():
    for path, name in (
        ("embedding_lstm_theano_1.h5", "embedding_1"),
        ("embedding_lstm_tensorflow_1.h5", "embedding_1"),
    ):
        file = shared("keras-h5-dl4j-embedding", path)
        tokens = ["a", "b", "c", "d"]
        right = load(file, tokens=tokens)
        found = load(file, name=name, tokens=tokens)
        assert found.provenance["name"] == right.provenance["name"]
