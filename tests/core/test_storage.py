import copy
import pickle

import numpy as np
import pytest

from inlay import Table, Vocabulary, load, save
from inlay.core.storage import BFloat16Rows, Int8Rows, rounded
from inlay.errors import ArgumentError, ArgumentTypeError, InlayWarning

torch = pytest.importorskip("torch")

N, DIM = 500, 13
WORDS = [f"w{i}" for i in range(N)]


@pytest.fixture(scope="module")
def table():
    matrix = np.random.default_rng(0).standard_normal((N, DIM)).astype(np.float32)
    matrix[0] = 0
    matrix[7] *= 1e-30
    return Table(WORDS, matrix, pad_id=0, counts=np.arange(N), provenance={"source": "x"})


@pytest.fixture(params=["bfloat16", "int8"])
def stored(request, table):
    return table.astype(request.param)


def expected(table, name):
    """The same by other means: PyTorch's bfloat16, and the formula in float64."""
    if name == "bfloat16":
        return torch.from_numpy(table.vectors.copy()).bfloat16().float().numpy()
    scales = np.abs(table.vectors).max(axis=1, keepdims=True).astype(np.float64) / 127
    codes = np.rint(np.divide(table.vectors, scales, out=np.zeros((N, DIM)), where=scales > 0))
    return (codes * scales).astype(np.float32)


def test_vectors_are_what_others_make_of_them(table, stored):
    np.testing.assert_allclose(
        stored.vectors, expected(table, stored.stored_dtype), rtol=1e-6, atol=0
    )
    assert stored.vectors.dtype == stored.dtype == np.float32
    assert (stored.shape, stored.pad_id, stored.counts.tolist()) == (
        (N, DIM),
        0,
        list(range(N)),
    )
    assert stored.provenance == {"source": "x", "stored_dtype": "float32"}


def test_every_bit_pattern_of_bfloat16_is_rounded_as_pytorch_does():
    upper = np.arange(1 << 16, dtype=np.uint32) << 16
    for lower in (0x0000, 0x0001, 0x7FFF, 0x8000, 0x8001, 0xFFFF):
        numbers = (upper | np.uint32(lower)).view(np.float32)
        with np.errstate(over="ignore"):
            bits = rounded(numbers)
        other = torch.from_numpy(numbers.copy()).bfloat16().view(torch.int16).numpy()
        is_number = ~np.isnan(numbers)
        assert np.array_equal(bits[is_number], other.view(np.uint16)[is_number])
        assert np.isnan(BFloat16Rows(bits[~is_number].reshape(1, -1))[0]).all()


def test_int8_is_symmetric_and_zeros_have_no_scale(table):
    rows = table.astype("int8")._rows
    assert isinstance(rows, Int8Rows)
    assert (rows.codes.min(), rows.codes.max()) == (-127, 127)
    assert (rows.scales[0], rows[0].any()) == (0, False)
    worst = np.abs(rows[...] - table.vectors) / np.maximum(rows.scales[:, None], 1e-45)
    assert worst.max() <= 0.5001


@pytest.mark.parametrize(
    "index", [3, -1, slice(2, 9), slice(None, None, 7), [5, 5, 0], np.array([], int), ...]
)
def test_rows_are_indexed_as_a_matrix_is(stored, index):
    assert np.array_equal(stored._rows[index], stored.vectors[index])


def test_everything_that_a_table_answers(table, stored):
    whole = Table(WORDS, stored.vectors, pad_id=0)
    assert np.array_equal(stored["w3"], whole["w3"])
    assert np.array_equal(stored[["w3", "w9"]], whole[["w3", "w9"]])
    assert stored.mean(["w1", "w2", "?"])[0].tolist() == whole.mean(["w1", "w2"])[0].tolist()
    assert stored.similarity("w1", "w2") == whole.similarity("w1", "w2")
    assert stored.most_similar("w5", topn=5) == whole.most_similar("w5", topn=5)
    vocab = Vocabulary(["w4", "new"])
    assert np.array_equal(stored.align(vocab).vectors, whole.align(vocab).vectors)
    assert np.array_equal(np.asarray(stored), whole.vectors)
    assert np.array(stored, np.float64).dtype == np.float64
    assert np.array_equal(stored.storage, whole.vectors)
    with pytest.raises(ArgumentError, match="to make float32 of"):
        np.asarray(stored, copy=False) if np.__version__ >= "2" else stored.__array__(copy=False)
    assert (
        stored.stored_bytes == {"bfloat16": 2 * N * DIM, "int8": N * (DIM + 4)}[stored.stored_dtype]
    )
    assert repr(stored).startswith(f"Table(500 x 13 {stored.stored_dtype}")


def test_a_matrix_that_numpy_cannot_have_names_vectors(stored):
    with pytest.raises(ArgumentTypeError, match=r"table.vectors, which are float32"):
        _ = stored.matrix


def test_copies_and_pickles_keep_the_form(stored):
    for again in (copy.deepcopy(stored), pickle.loads(pickle.dumps(stored))):
        assert again.stored_dtype == stored.stored_dtype
        assert np.array_equal(again.vectors, stored.vectors)
    assert len(pickle.dumps(stored)) < len(pickle.dumps(Table(WORDS, stored.vectors)))


def test_the_native_file_holds_it_mapped(stored, tmp_path):
    path = tmp_path / "t.safetensors"
    save(stored, path)
    again = load(path, verify=True)
    assert again.stored_dtype == stored.stored_dtype
    assert np.array_equal(again.vectors, stored.vectors)
    assert again.provenance == stored.provenance
    assert (again.pad_id, again.counts.tolist()) == (0, list(range(N)))
    inside = again._rows.bits if stored.stored_dtype == "bfloat16" else again._rows.codes
    assert inside.base is not None  # of the map
    assert load(path, limit=3).stored_dtype == stored.stored_dtype
    kept = load(path, keep=["w9", "w3"])
    assert kept.stored_dtype == stored.stored_dtype
    assert np.array_equal(kept.vectors, stored.vectors[[3, 9]])
    assert len(pickle.dumps(again)) < 1000
    assert np.array_equal(pickle.loads(pickle.dumps(again)).vectors, stored.vectors)


def test_pytorch_reads_the_file(stored, tmp_path):
    from safetensors.torch import load_file

    save(stored, tmp_path / "t.safetensors")
    tensors = load_file(tmp_path / "t.safetensors")
    numbers = tensors["matrix"].float()
    if stored.stored_dtype == "int8":
        numbers = numbers * tensors["scales"][:, None]
    else:
        assert tensors["matrix"].dtype == torch.bfloat16
    assert np.array_equal(numbers.numpy(), stored.vectors)


@pytest.mark.parametrize("name", ["x.npz", "x.bin", "x.vec"])
def test_other_formats_get_float32(stored, tmp_path, name):
    with pytest.warns(
        InlayWarning, match=f"cannot hold {stored.stored_dtype}: .* as float32. Try: a path in"
    ):
        save(stored, tmp_path / name)
    assert np.array_equal(load(tmp_path / name).vectors, stored.vectors)


def test_layers_get_float32(stored):
    from inlay import to_torch

    layer = to_torch(stored)
    assert np.array_equal(layer.weight.numpy(), stored.vectors)


def test_types_by_their_names(table):
    assert table.astype("float32") is table
    assert table.astype(torch.bfloat16).stored_dtype == "bfloat16"
    assert table.astype(np.int8).stored_dtype == "int8"
    half = table.astype("bfloat16").astype("float16")
    assert half.matrix.dtype == np.float16
    assert half.provenance["stored_dtype"] == "bfloat16"
    for wrong in ("int16", "bf16", 3, None):
        with pytest.raises(ArgumentError, match=r"dtype: expected one of 'float16', .*'int8'"):
            table.astype(wrong)


@pytest.mark.parametrize(
    ("number", "dtype"),
    [(1e300, "float32"), (1e5, "float16"), (3.4e38, "bfloat16"), (1e300, "int8")],
)
def test_what_a_type_cannot_hold_is_told(number, dtype):
    matrix = np.array([[1, 2], [number, 1]], np.float64 if number > 1e39 else np.float32)
    with pytest.raises(ArgumentError, match=r"a type that holds .*, as in the vector of 'b'"):
        Table(["a", "b"], matrix).astype(dtype)


def test_load_converts(tmp_path):
    path = tmp_path / "g.txt"
    path.write_text("a 1 0.5\nb 127 1\n")
    assert load(path, dtype="int8")["b"].tolist() == [127, 1]
    assert load(path, dtype="bfloat16").stored_dtype == "bfloat16"
