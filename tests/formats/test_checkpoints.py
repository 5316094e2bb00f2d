"""Embeddings out of models as their frameworks saved them, by name and without."""

import json

import numpy as np
import pytest

from inlay import load
from inlay.errors import FormatError
from inlay.formats import list_arrays
from tests.data import shared

safetensors = pytest.importorskip("safetensors.numpy")
MATRIX = np.arange(1, 13, dtype=np.float32).reshape(6, 2)
WORDS = ["[PAD]", "[UNK]", "a", "good", "film", "plot"]


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
