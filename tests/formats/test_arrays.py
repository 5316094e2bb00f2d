"""One matrix out of a file of many, by its name."""

import gzip
import json

import numpy as np
import pytest

from inlay import load
from inlay.containers.protocol import LazyArray
from inlay.errors import ArgumentError, FormatError, UnknownArrayError
from inlay.formats import list_arrays
from inlay.formats.arrays import candidates, named
from tests.data import shared

safetensors = pytest.importorskip("safetensors.numpy")

WORDS = ["the", "film", "good", "bad"]
MATRIX = np.arange(12, dtype=np.float32).reshape(4, 3)
MODEL = {
    "encoder.embedding.weight": MATRIX,
    "decoder.weight": MATRIX[::-1] + 100,
    "encoder.lstm.bias": np.zeros(4, np.float32),
    "optimizer.exp_avg.encoder.embedding.weight": np.ones((4, 3), np.float32),
    "steps": np.zeros((2, 2), np.int64),
}


@pytest.fixture
def model(tmp_path):
    safetensors.save_file(MODEL, tmp_path / "model.safetensors")
    return tmp_path / "model.safetensors"


def test_the_array_that_is_named(model):
    for name in ("encoder.embedding.weight", "embedding.weight"):
        table = load(model, name=name, tokens=WORDS)
        assert np.array_equal(table.matrix, MATRIX)
        assert table.provenance["name"] == "encoder.embedding.weight"
    assert table.tokens.tolist() == WORDS


def test_without_a_name_the_error_lists_what_may_be_one(model):
    with pytest.raises(FormatError, match="one matrix that may be an embedding") as caught:
        load(model, tokens=WORDS)
    assert "encoder.embedding.weight float32 (4, 3)" in caught.value.got
    assert "exp_avg" not in str(caught.value)
    assert "lstm" not in str(caught.value)
    assert "name='encoder.embedding.weight'" in caught.value.hint


def test_the_only_one_needs_no_name(tmp_path):
    arrays = {key: MODEL[key] for key in MODEL if "decoder" not in key}
    safetensors.save_file(arrays, tmp_path / "one.safetensors")
    (tmp_path / "vocab.txt").write_text("\n".join(WORDS))
    assert load(tmp_path / "one.safetensors")["film"].tolist() == [3, 4, 5]


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("embeding.weight", UnknownArrayError, "Try: name='e"),
        ("weight", ArgumentError, "a name that one array has"),
        ("encoder.lstm.bias", FormatError, r"expected a matrix of float.*got float32 \(4,\)"),
        ("steps", FormatError, r"got int64 \(2, 2\)"),
    ],
)
def test_names_that_mean_no_matrix(model, name, error, message):
    with pytest.raises(error, match=message):
        load(model, name=name, tokens=WORDS)


def test_what_frameworks_add_to_a_name():
    arrays = {
        "a/embedding/W:0": 0,
        "layer/embeddings/.ATTRIBUTES/VARIABLE_VALUE": 1,
        "layers/embedding/vars/0": 2,
    }
    assert named("x", arrays, "embedding/W") == "a/embedding/W:0"
    assert named("x", arrays, "layer/embeddings") == "layer/embeddings/.ATTRIBUTES/VARIABLE_VALUE"
    assert named("x", arrays, "layers/embedding") == "layers/embedding/vars/0"


@pytest.mark.parametrize(
    "slot",
    [
        "embedding/Adam",
        "embedding/Adam_1",
        "x/embeddings/.OPTIMIZER_SLOT/optimizer/m/.ATTRIBUTES/VARIABLE_VALUE",
        "optimizer_weights/Adam/m:0",
        "optimizer/vars/2",
        "optimizer_state.state.0.exp_avg",
        "embedding/Momentum",
        "embedding/ExponentialMovingAverage",
    ],
)
def test_what_an_optimiser_keeps_is_no_embedding(slot):
    class Entry:
        dtype, ndim, shape = np.dtype("f4"), 2, (5, 2)

    assert candidates({slot: Entry, "embedding": Entry}) == ["embedding"]


def test_only_the_rows_that_are_wanted(model):
    name = "embedding.weight"
    table = load(model, name=name, tokens=WORDS, keep=["bad", "film"])
    assert table.tokens.tolist() == ["film", "bad"]
    assert np.array_equal(table.matrix, MATRIX[[1, 3]])
    assert load(model, name=name, tokens=WORDS, limit=2).tokens.tolist() == ["the", "film"]


def test_equal_tokens_are_counted(model):
    table = load(model, name="embedding.weight", tokens=["a", "b", "a", "c"])
    assert table.tokens.tolist() == ["a", "b", "c"]
    assert np.array_equal(table.matrix, MATRIX[[0, 1, 3]])
    assert (table.provenance["duplicates"], table.provenance["duplicate_examples"]) == (1, ["a"])


def test_a_packed_file(model, tmp_path):
    packed = tmp_path / "model.safetensors.gz"
    packed.write_bytes(gzip.compress(model.read_bytes()))
    table = load(packed, name="embedding.weight", tokens=WORDS)
    assert np.array_equal(table.matrix, MATRIX)
    with pytest.raises(FormatError, match=r"^model.safetensors.gz, steps: "):
        load(packed, name="steps", tokens=WORDS)


def test_another_type_of_numbers(model):
    half = load(model, name="embedding.weight", tokens=WORDS, dtype="float16")
    assert half.matrix.dtype == np.float16
    assert half.provenance["stored_dtype"] == "float32"
    assert np.array_equal(half.matrix, MATRIX)
    for wrong in ("int16", "xyzzy", 3):
        with pytest.raises(ArgumentError, match="dtype: expected one of 'float16', 'float32'"):
            load(model, name="embedding.weight", tokens=WORDS, dtype=wrong)


def test_a_number_that_the_type_cannot_hold(tmp_path):
    (tmp_path / "x.txt").write_text("a 1.5 2.5\nb 1.5 70000\n")
    with pytest.raises(ArgumentError, match=r"holds 70000.0, as in the vector of 'b'"):
        load(tmp_path / "x.txt", dtype="float16")


def test_what_has_no_effect_is_refused(tmp_path):
    (tmp_path / "x.txt").write_text("a 1.5 2.5\nb 1.5 7.5\n")
    for wrong in ({"name": "x"}, {"tokens": ["a", "b"]}, {"verify": True}):
        with pytest.raises(ArgumentError, match="one of the format 'glove', which"):
            load(tmp_path / "x.txt", **wrong)


def test_what_is_in_a_file(model, tmp_path):
    found = list_arrays(model)
    assert [array.name for array in found if array.may_be] == [
        "decoder.weight",
        "encoder.embedding.weight",
    ]
    assert {array.name for array in found} == set(MODEL)
    (tmp_path / "x.txt").write_text("a 1 2\nb 3 4\n")
    assert list_arrays(tmp_path / "x.txt") == []


def test_a_checkpoint_of_tensorflow_by_any_of_its_names():
    folder = shared("ckpt-tf1-zh-sentiment-cnn")
    tokens = folder / "data" / "vocab.txt"
    place = folder / "checkpoints" / "textcnn"
    for end in ("", ".index", ".data-00000-of-00001"):
        table = load(place / f"best_validation{end}", name="embedding", tokens=tokens)
        assert (len(table), table.dim) == (3135, 64)
    assert len(load(place, name="embedding", tokens=tokens)) == 3135


def test_weights_of_keras():
    pytest.importorskip("h5py")
    folder = shared("keras-h5-textgenrnn")
    vocabulary = json.loads((folder / "textgenrnn_vocab.json").read_text(encoding="utf-8"))
    (embedding,) = (a for a in list_arrays(folder / "textgenrnn_weights.hdf5") if "embed" in a.name)
    tokens = {"": 0, **vocabulary}
    table = load(folder / "textgenrnn_weights.hdf5", name=embedding.name, tokens=tokens)
    assert table.shape == embedding.shape


@pytest.mark.parametrize("slot", ["square_avg", "sum", "acc_delta", "exp_inf", "max_exp_avg_sq"])
def test_what_an_optimiser_of_pytorch_keeps_is_no_embedding_whatever_it_is_called(slot):
    names = ("net.0.weight", f"trainer.state.0.{slot}", f"state.1.{slot}", "state.0.weight")
    arrays = {name: LazyArray((4, 3), MATRIX.dtype, MATRIX.__getitem__) for name in names}
    assert candidates(arrays) == ["net.0.weight", "state.0.weight"]
