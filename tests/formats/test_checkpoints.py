"""Embeddings out of models as their frameworks saved them, by name and without."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from inlay import load
from inlay.errors import FormatError, InlayError, UnknownArrayError
from inlay.formats import list_arrays
from tests.data import shared

safetensors = pytest.importorskip("safetensors.numpy")
MATRIX = np.arange(1, 13, dtype=np.float32).reshape(6, 2)
WORDS = ["[PAD]", "[UNK]", "a", "good", "film", "plot"]
KERAS = """
import sys, keras, numpy as np
a, b = keras.Input((4,)), keras.Input((4,))
pool = keras.layers.GlobalAveragePooling1D()
inner = keras.Sequential([keras.layers.Embedding(9, 3, name="inside"), pool], name="inner")
words, tags = keras.layers.Embedding(7, 3, name="words"), keras.layers.Embedding(5, 3, name="tags")
flat = keras.layers.Flatten
joined = keras.layers.Concatenate()([flat()(words(a)), flat()(tags(b)), inner(a)])
model = keras.Model([a, b], keras.layers.Dense(2)(joined))
model.save(f"{sys.argv[1]}/model.keras")
model.save_weights(f"{sys.argv[1]}/model.weights.h5")
model.save(f"{sys.argv[1]}/model.h5")
layers = [keras.Input((4,)), keras.layers.Embedding(7, 3), flat(), keras.layers.Dense(9)]
one = keras.Sequential(layers)
one.save(f"{sys.argv[1]}/one.keras")
for layer in (words, tags, inner.get_layer("inside")):
    np.save(f"{sys.argv[1]}/{layer.name}.npy", layer.get_weights()[0])
np.save(f"{sys.argv[1]}/one.npy", one.layers[0].get_weights()[0])
"""


def numbered(path):
    return [str(i) for i in range(len(np.load(path)))]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Models that Keras itself saved, and what it says is in them."""
    pytest.importorskip("h5py")
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


@pytest.mark.parametrize(
    ("file", "name", "layer"),
    [
        ("model.keras", "words", "words"),
        ("model.keras", "tags", "tags"),
        ("model.keras", "inside", "inside"),
        ("model.keras", "words/embeddings", "words"),
        ("model.keras", "layers/embedding_1", "tags"),
        ("model.keras", "layers/embedding/vars/0", "words"),
        ("model.weights.h5", "layers/embedding_1/vars/0", "tags"),
        ("model.weights.h5", "layers/embedding", "words"),
        ("model.h5", "words/embeddings", "words"),
        ("model.h5", "inside/embeddings", "inside"),
        ("one.keras", None, "one"),
    ],
)
def test_models_of_keras(saved, file, name, layer):
    right = np.load(saved / f"{layer}.npy")
    table = load(saved / file, name=name, tokens=numbered(saved / f"{layer}.npy"))
    assert np.array_equal(table.matrix, right)
    assert table.provenance["format"] == ("keras" if file.endswith(".keras") else "hdf5")


def test_of_several_layers_the_error_lists_those_of_embeddings(saved):
    for file in ("model.keras", "model.weights.h5", "model.h5"):
        with pytest.raises(FormatError, match=r"\(7, 3\)") as error:
            load(saved / file)
        assert error.value.got.count("float32") == 3
        assert "dense" not in error.value.got
    with pytest.raises(UnknownArrayError, match="expected an array 'letters'"):
        load(saved / "model.keras", name="letters")


def test_layers_are_listed_by_their_own_names(saved):
    found = [array.name for array in list_arrays(saved / "model.keras") if array.may_be]
    assert found[0] in ("dense/vars/0", "dense_1/vars/0")
    assert found[1:] == ["inside/vars/0", "words/vars/0", "tags/vars/0"]
    with pytest.raises(FormatError, match="name='inside/vars/0' or name='words/vars/0'"):
        load(saved / "model.keras")
    table = load(saved / "model.keras", name="words", tokens=numbered(saved / "words.npy"))
    assert table.provenance["name"] == "words/vars/0"


def test_names_that_say_too_little_stay_keras(saved, tmp_path):
    import zipfile

    inside = {"class_name": "Embedding", "config": {"name": "inside"}}
    layers = [
        {"class_name": "Embedding", "config": {"name": "same"}},
        {"class_name": "Embedding", "config": {"name": "same"}},
        {"class_name": "Dense", "config": {"name": "adam"}},
        {"class_name": "Sequential", "config": {"name": "inner", "layers": [inside]}},
    ]
    with zipfile.ZipFile(tmp_path / "x.keras", "w") as new:
        new.writestr("config.json", json.dumps({"config": {"layers": layers}}))
        with zipfile.ZipFile(saved / "model.keras") as old:
            new.writestr("model.weights.h5", old.read("model.weights.h5"))
    found = [array.name for array in list_arrays(tmp_path / "x.keras") if array.may_be]
    assert "layers/embedding/vars/0" in found
    assert "layers/dense/vars/0" in found
    assert "inside/vars/0" in found


def test_keras_is_not_imported(saved):
    program = (
        f"import inlay, sys; inlay.load({str(saved / 'model.keras')!r}, name='tags', "
        "tokens=list('abcde')); sys.exit('keras' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize(
    "config", ["", "{", "[1]", '{"config": {"layers": [3, {"class_name": 1}]}}']
)
def test_settings_that_are_damaged(saved, tmp_path, config):
    import zipfile

    with (
        zipfile.ZipFile(saved / "model.keras") as old,
        zipfile.ZipFile(tmp_path / "x.keras", "w") as new,
    ):
        new.writestr("config.json", config)
        new.writestr("model.weights.h5", old.read("model.weights.h5"))
    with pytest.raises(InlayError):
        load(tmp_path / "x.keras", name="tags", tokens=list("abcde"))


@pytest.mark.parametrize("depth", [3, 200, 300, 100_000])
def test_models_within_models_have_an_end(saved, tmp_path, depth):
    import zipfile

    layer = '{"class_name": "A", "config": {"name": "x", "layers": ['
    with zipfile.ZipFile(tmp_path / "x.keras", "w") as new:
        new.writestr("config.json", f"{layer * depth}{']}}' * depth}")
        new.writestr("model.weights.h5", (saved / "model.weights.h5").read_bytes())
    with pytest.raises(InlayError):
        load(tmp_path / "x.keras", name="tags", tokens=list("abcde"))


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
    h5py = pytest.importorskip("h5py")
    file = shared(path)
    (n, dim) = next(a.shape for a in list_arrays(file) if "embed" in a.name)
    table = load(file, tokens=[str(i) for i in range(n)])
    assert table.shape == (n, dim)
    with h5py.File(file) as stored:
        assert np.array_equal(table.matrix, stored[table.provenance["name"]][...])


def test_real_models_without_one_embedding():
    pytest.importorskip("h5py")
    with pytest.raises(FormatError, match="dense/kernel") as error:
        load(shared("keras-h5-imdb-alxshev", "imdb_model.h5"))
    assert "name='model_weights/dense/dense/kernel:0'" in error.value.hint
    with pytest.raises(FormatError, match="cat_embed_2d_uid") as error:
        load(shared("keras-h5-dl4j-embedding", "deepfm/deepfm.h5"))
    assert error.value.got.count("/embeddings:0 float32") == 5


def test_real_savedmodels():
    for folder, n in (
        ("savedmodel-keras-imdb-lstm", 10_000),
        ("savedmodel-keras-sarcasm-s09z", 10_000),
    ):
        table = load(shared(folder), tokens=[str(i) for i in range(n)])
        assert table.shape == (n, 16)
        assert "embeddings" in table.provenance["name"]


MODELS = {
    "bert": ["embeddings.word_embeddings.weight", "embeddings.position_embeddings.weight"],
    "llama": ["model.embed_tokens.weight", "lm_head.weight"],
    "gpt2": ["transformer.wte.weight", "transformer.wpe.weight"],
    "t5": ["shared.weight", "encoder.embed_tokens.weight", "decoder.embed_tokens.weight"],
    "mistral": ["tok_embeddings.weight", "output.weight"],
}


def a_model(folder, names, rows=8, settings=None):
    """A folder as Hugging Face keeps it; the tokenizer has fewer tokens than the matrix rows."""
    matrix = np.zeros((rows, 2), np.float32)
    matrix[:6] = MATRIX * (np.arange(6) > 0)[:, None]
    arrays = {name: matrix + np.float32(100 * i) for i, name in enumerate(names)}
    safetensors.save_file(arrays, folder / "model.safetensors")
    vocab = {"model": {"type": "WordPiece", "vocab": {w: i for i, w in enumerate(WORDS)}}}
    (folder / "tokenizer.json").write_text(json.dumps(vocab))
    special = {"pad_token": "[PAD]", "unk_token": "[UNK]"}
    (folder / "tokenizer_config.json").write_text(json.dumps(special))
    (folder / "config.json").write_text(json.dumps(settings or {"model_type": "x"}))
    return matrix


@pytest.mark.parametrize("kind", MODELS)
def test_a_folder_of_hugging_face(tmp_path, kind):
    matrix = a_model(tmp_path, MODELS[kind])
    table = load(tmp_path)
    assert table.tokens.tolist() == WORDS
    assert np.array_equal(table.matrix, matrix[:6])
    assert table.provenance["name"] == MODELS[kind][0]
    assert table.provenance["rows_without_token"] == 2
    assert (table.pad_id, table.unk_id) == (0, 1)


def test_a_folder_of_no_known_model(tmp_path):
    a_model(tmp_path, ["encoder.first.weight", "encoder.second.weight"])
    with pytest.raises(FormatError, match="name='encoder"):
        load(tmp_path)
    a_model(tmp_path, MODELS["bert"], settings={"no": "model"})
    with pytest.raises(FormatError, match="name='embeddings"):
        load(tmp_path)


def test_a_model_in_several_files(tmp_path):
    matrix = a_model(tmp_path, MODELS["llama"])
    (tmp_path / "model.safetensors").unlink()
    places = {name: f"part-{i}.safetensors" for i, name in enumerate(MODELS["llama"])}
    for i, (name, place) in enumerate(places.items()):
        safetensors.save_file({name: matrix + i}, tmp_path / place)
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": places}))
    table = load(tmp_path)
    assert np.array_equal(table.matrix, matrix[:6])
    assert table.provenance["format"] == "shards"
    head = load(tmp_path, name="lm_head.weight")
    assert np.array_equal(head.matrix, matrix[:6] + 1)


def test_a_model_in_the_older_file(tmp_path):
    torch = pytest.importorskip("torch")
    matrix = a_model(tmp_path, MODELS["bert"])
    (tmp_path / "model.safetensors").unlink()
    state = {name: torch.from_numpy(matrix) + i for i, name in enumerate(MODELS["bert"])}
    torch.save(state, tmp_path / "pytorch_model.bin")
    assert np.array_equal(load(tmp_path).matrix, matrix[:6])


def test_a_dict_of_words_and_their_vectors(tmp_path):
    torch = pytest.importorskip("torch")
    vectors = {word: torch.from_numpy(row) for word, row in zip(WORDS, MATRIX, strict=True)}
    torch.save(vectors, tmp_path / "x.pt")
    table = load(tmp_path / "x.pt")
    assert table.tokens.tolist() == WORDS
    assert np.array_equal(table.matrix, MATRIX)
    assert list_arrays(tmp_path / "x.pt") == []
    assert load(tmp_path / "x.pt", keep=["film"]).matrix.tolist() == [MATRIX[4].tolist()]
    vectors["odd"] = torch.zeros(3)
    torch.save(vectors, tmp_path / "x.pt")
    with pytest.raises(FormatError, match="a matrix of floating-point numbers"):
        load(tmp_path / "x.pt")


def test_the_real_dict_of_words():
    torch = pytest.importorskip("torch")
    path = shared("torch-pt-vidhirathore", "cbow.pt")
    table, right = load(path), torch.load(path, weights_only=True)
    assert table.tokens.tolist() == list(right)
    assert np.array_equal(table.matrix, torch.stack(list(right.values())).numpy())


def test_an_onnx_model(tmp_path):
    onnx = pytest.importorskip("onnx")
    tensors = [
        onnx.numpy_helper.from_array(MATRIX, "embed.weight"),
        onnx.numpy_helper.from_array(MATRIX.T, "dense.weight"),
    ]
    gather = onnx.helper.make_node("Gather", ["embed.weight", "ids"], ["out"])
    ids = onnx.helper.make_tensor_value_info("ids", onnx.TensorProto.INT64, [None])
    out = onnx.helper.make_tensor_value_info("out", onnx.TensorProto.FLOAT, [None, 2])
    graph = onnx.helper.make_graph([gather], "g", [ids], [out], tensors)
    onnx.save(onnx.helper.make_model(graph), tmp_path / "x.onnx")
    table = load(tmp_path / "x.onnx", name="embed.weight", tokens=WORDS)
    assert np.array_equal(table.matrix, MATRIX)
    assert table.provenance["format"] == "onnx"
    with pytest.raises(FormatError, match=r"name='embed.weight' or name='dense.weight'"):
        load(tmp_path / "x.onnx")


def test_the_real_onnx_model():
    onnx = pytest.importorskip("onnx")
    path = shared("onnx-embedding-dl4j", "embedding_only.onnx")
    found = next(array for array in list_arrays(path) if array.may_be)
    table = load(path, name=found.name, tokens=[str(i) for i in range(found.shape[0])])
    stored = {t.name: onnx.numpy_helper.to_array(t) for t in onnx.load(path).graph.initializer}
    assert np.array_equal(table.matrix, stored[found.name])


def test_an_npz_of_several_arrays(tmp_path):
    np.savez(tmp_path / "x.npz", words=MATRIX, tags=MATRIX[::-1], n=np.arange(3))
    table = load(tmp_path / "x.npz", name="tags", tokens=WORDS)
    assert np.array_equal(table.matrix, MATRIX[::-1])
    with pytest.raises(FormatError, match="name='words' or name='tags'"):
        load(tmp_path / "x.npz", tokens=WORDS)
