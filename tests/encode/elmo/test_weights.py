import dataclasses

import h5py
import numpy as np
import pytest

from inlay.encode.elmo.options import Options
from inlay.encode.elmo.weights import Weights, names_and_shapes
from inlay.errors import FormatError, MissingFileError
from tests.data import shared

OPTIONS = Options(
    dim=5,
    projection_dim=3,
    n_layers=2,
    cell_clip=3.0,
    proj_clip=3.0,
    use_skip_connections=True,
    char_dim=2,
    filters=((1, 2), (3, 4)),
    n_highway=1,
    activation="relu",
)
PLAIN = dataclasses.replace(OPTIONS, projection_dim=6, n_highway=0, n_layers=1)
CELL = "RNN_1/RNN/MultiRNNCell/Cell1/LSTMCell"


@pytest.fixture
def path(tmp_path):
    Weights.random(OPTIONS, seed=1).save(tmp_path / "weights.hdf5")
    return tmp_path / "weights.hdf5"


def replace(path, name, array):
    """Put another array in the place of one, or none."""
    with h5py.File(path, "r+") as file:
        del file[name]
        if array is not None:
            file[name] = array


def numbers(path):
    with h5py.File(path) as file:
        return {name: file[name][()] for name, _ in names_and_shapes(OPTIONS)}


def same(weights, others):
    ours, theirs = weights.named(), others.named()
    return ours.keys() == theirs.keys() and all(
        ours[name].dtype == theirs[name].dtype and np.array_equal(ours[name], theirs[name])
        for name in ours
    )


@pytest.mark.parametrize("options", [OPTIONS, PLAIN], ids=["all parts", "no highway, projection"])
def test_what_is_saved_comes_back(tmp_path, options):
    weights = Weights.random(options, seed=1)
    weights.save(tmp_path / "w.hdf5")
    again = Weights.load(tmp_path / "w.hdf5", options)
    assert same(weights, again)
    assert weights.hash(options) == again.hash(options)
    assert len(weights.highways) == options.n_highway
    assert (weights.projection is not None) == options.has_projection


def test_a_file_has_what_the_options_say(path):
    with h5py.File(path) as file:
        found = {}
        file.visititems(lambda name, item: found.update({name: getattr(item, "shape", None)}))
    assert {name: shape for name, shape in found.items() if shape} == dict(
        names_and_shapes(OPTIONS)
    )


def test_each_array_is_where_the_network_looks_for_it(path):
    """By the names of the file, which say what each is."""
    weights, arrays = Weights.load(path, OPTIONS), numbers(path)
    cell = weights.cells[1][1]
    assert np.array_equal(cell.kernel, arrays[f"{CELL}/W_0"])
    assert np.array_equal(cell.projection, arrays[f"{CELL}/W_P_0"])
    assert np.array_equal(weights.highways[0].carry, arrays["CNN_high_0/W_carry"])
    assert np.array_equal(weights.highways[0].transform, arrays["CNN_high_0/W_transform"])
    assert np.array_equal(weights.filters[1][0], arrays["CNN/W_cnn_1"][0])
    assert np.array_equal(weights.projection[0], arrays["CNN_proj/W_proj"])
    assert np.array_equal(weights.char_embed[1:], arrays["char_embed"])
    assert weights.char_embed.shape == (262, 2)
    assert not weights.char_embed[0].any()


def test_the_forget_gate_is_the_third(path):
    replace(path, f"{CELL}/B", np.arange(20))
    cell = Weights.load(path, OPTIONS).cells[1][1]
    assert (cell.full_bias - cell.bias).tolist() == [0] * 10 + [1] * 5 + [0] * 5
    assert cell.bias.tolist() == list(range(20))


def test_a_file_with_the_row_of_no_token(path):
    weights = Weights.load(path, OPTIONS)
    replace(path, "char_embed", weights.char_embed)
    again = Weights.load(path, OPTIONS)
    assert again.char_embed.shape == (262, 2)
    assert again.hash(OPTIONS) == weights.hash(OPTIONS)


@pytest.mark.parametrize("dtype", ["<f8", ">f4", "<f2"])
def test_other_floats_become_float32(path, dtype):
    expected = numbers(path)["CNN_proj/W_proj"].astype(dtype).astype(np.float32)
    replace(path, "CNN_proj/W_proj", expected.astype(dtype))
    found = Weights.load(path, OPTIONS).projection[0]
    assert found.dtype == np.float32
    assert found.dtype.isnative
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("name", [name for name, _ in names_and_shapes(OPTIONS)])
def test_a_missing_array_is_named(path, name):
    replace(path, name, None)
    with pytest.raises(FormatError, match=f"an array '{name}'"):
        Weights.load(path, OPTIONS)


@pytest.mark.parametrize(("name", "shape"), list(names_and_shapes(OPTIONS)))
def test_an_array_of_another_shape_is_named(path, name, shape):
    replace(path, name, np.zeros((shape[0] + 1, *shape[1:], 1)))
    with pytest.raises(FormatError, match=f"'{name}' of shape"):
        Weights.load(path, OPTIONS)


def test_only_characters_may_have_one_row_more(path):
    replace(path, "CNN_proj/W_proj", np.zeros((262, 3)))
    with pytest.raises(FormatError, match="CNN_proj/W_proj"):
        Weights.load(path, OPTIONS)
    replace(path, "char_embed", np.zeros((263, 2)))
    with pytest.raises(FormatError, match=r"'char_embed' of shape \(261, 2\)"):
        Weights.load(path, OPTIONS)


@pytest.mark.parametrize("number", [np.nan, np.inf, -1e300])
def test_numbers_that_are_not_finite(path, number):
    array = numbers(path)[f"{CELL}/W_0"].astype(np.float64)
    array[0, 0] = number
    replace(path, f"{CELL}/W_0", array)
    with pytest.raises(FormatError, match="finite numbers"):
        Weights.load(path, OPTIONS)


@pytest.mark.parametrize(
    "array",
    [np.full(20, b"1"), np.zeros(20, np.complex64), np.zeros(20, "f4,f4"), h5py.Empty("f4")],
    ids=["texts", "complex", "pairs", "empty"],
)
def test_arrays_of_something_else(path, array):
    replace(path, f"{CELL}/B", array)
    with pytest.raises(FormatError, match="LSTMCell/B"):
        Weights.load(path, OPTIONS)


def test_an_array_in_the_place_of_a_group(path):
    replace(path, "CNN_proj", np.zeros(3))
    with pytest.raises(FormatError, match="CNN_proj"):
        Weights.load(path, OPTIONS)


@pytest.mark.parametrize(
    ("name", "value"),
    [("n_layers", 1), ("n_layers", 3), ("n_highway", 0), ("n_highway", 2), ("dim", 4)],
)
def test_options_of_another_model(path, name, value):
    with pytest.raises(FormatError, match="options"):
        Weights.load(path, dataclasses.replace(OPTIONS, **{name: value}))


def test_a_filter_too_many_and_the_softmax_of_training(path):
    with h5py.File(path, "r+") as file:
        file["softmax/W"] = np.zeros(3)
    assert Weights.load(path, OPTIONS)
    with h5py.File(path, "r+") as file:
        file["CNN/W_cnn_2"] = np.zeros((1, 5, 2, 1))
    with pytest.raises(FormatError, match="also CNN/W_cnn_2"):
        Weights.load(path, OPTIONS)


@pytest.mark.parametrize("share", [0, 0.001, 0.3, 0.9, 0.999])
def test_a_cut_off_file(path, share):
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(FormatError, match=r"weights\.hdf5.*download"):
        Weights.load(path, OPTIONS)


def test_broken_bytes_are_an_error_or_do_not_matter(path):
    data, rng = path.read_bytes(), np.random.default_rng(0)
    failures = 0
    for _ in range(60):
        broken = bytearray(data)
        for at in rng.integers(0, 4000, 8):
            broken[at] ^= 255
        path.write_bytes(broken)
        try:
            Weights.load(path, OPTIONS)
        except FormatError:
            failures += 1
    assert failures > 10


@pytest.mark.parametrize("data", [b"<!DOCTYPE html><html>404</html>", b"\x89HDF\r\n\x1a\n", b""])
def test_files_of_something_else(tmp_path, data):
    (tmp_path / "weights.hdf5").write_bytes(data)
    with pytest.raises(FormatError, match="HDF5"):
        Weights.load(tmp_path / "weights.hdf5", OPTIONS)


def test_no_file(tmp_path):
    with pytest.raises(MissingFileError, match=r"no\.hdf5"):
        Weights.load(tmp_path / "no.hdf5", OPTIONS)


def test_the_hash_tells_models_apart(path):
    first = Weights.load(path, OPTIONS)
    assert first.hash(OPTIONS) == Weights.random(OPTIONS, seed=1).hash(OPTIONS)
    assert first.hash(OPTIONS) != Weights.random(OPTIONS, seed=2).hash(OPTIONS)
    array = numbers(path)["char_embed"]
    array[-1, -1] = np.nextafter(array[-1, -1], np.float32(2))
    replace(path, "char_embed", array)
    assert Weights.load(path, OPTIONS).hash(OPTIONS) != first.hash(OPTIONS)
    assert first.hash(dataclasses.replace(OPTIONS, proj_clip=None)) != first.hash(OPTIONS)


def test_a_broken_write_leaves_the_old_file(path, monkeypatch):
    before = path.read_bytes()
    weights = Weights.random(OPTIONS, seed=2)
    monkeypatch.setattr(Weights, "named", lambda self: {"a": np.zeros(1), "b": object()})
    with pytest.raises(TypeError):
        weights.save(path)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["weights.hdf5"]


@pytest.mark.parametrize(
    ("folder", "options", "weights"),
    [
        ("elmo-allennlp", "options.json", "lm_weights.hdf5"),
        ("elmo-golden", "a_options.json", "a_weights.hdf5"),
    ],
)
def test_real_files(tmp_path, folder, options, weights):
    options = Options.load(shared(folder, options))
    first = Weights.load(shared(folder, weights), options)
    first.save(tmp_path / "again.hdf5")
    assert same(first, Weights.load(tmp_path / "again.hdf5", options))
    with h5py.File(shared(folder, weights)) as file:
        assert all(np.array_equal(file[name][()], array) for name, array in first.named().items())
