import json
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save

from inlay import containers
from inlay.containers.safetensors import DTYPES, Safetensors, write
from inlay.errors import ArgumentTypeError, FormatError, InlayError
from tests.processes import soon

ARRAYS = {
    "half": np.arange(3, dtype=np.float16),
    "rows": np.arange(12, dtype=np.float32).reshape(4, 3),
    "one": np.array(7, np.int64),
    "none": np.zeros((0, 5)),
}


def as_bytes(data):
    return np.frombuffer(data, np.uint8)


def raw(entries, body=b""):
    text = entries if isinstance(entries, bytes) else json.dumps(entries).encode()
    return len(text).to_bytes(8, "little") + text + body


def tensor(dtype="F32", shape=(1,), offsets=(0, 4)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


def test_what_is_written_comes_back_here_and_elsewhere(tmp_path):
    path = tmp_path / "x.safetensors"
    write(path, ARRAYS, {"why": "é"})
    with containers.open(path) as file:
        assert (file.kind, file.metadata) == ("safetensors", {"why": "é"})
        assert sorted(file) == sorted(ARRAYS)
        for name, array in ARRAYS.items():
            assert (file[name].shape, file[name].dtype) == (array.shape, array.dtype)
            assert np.array_equal(file[name][...], array)
        assert np.array_equal(file["rows"][1:3], ARRAYS["rows"][1:3])
    for name, array in load_file(path).items():
        assert np.array_equal(array, ARRAYS[name])


def test_large_elements_come_first_so_that_all_are_aligned(tmp_path):
    torch = pytest.importorskip("torch")
    from safetensors.torch import load_file as load_torch

    arrays = {"a": np.ones(3, np.uint8), "b": np.arange(4.0), "c": np.ones(3, np.float16)}
    write(tmp_path / "x", arrays)
    assert list(containers.open(tmp_path / "x")) == ["b", "c", "a"]
    assert torch.equal(load_torch(tmp_path / "x")["b"], torch.arange(4.0, dtype=torch.float64))


@pytest.mark.parametrize("dtype", list(DTYPES.values()), ids=str)
def test_each_type_agrees_with_the_reference(dtype, make):
    array = np.array([[0, 1], [1, 0]]).astype(dtype)
    path = make(save({"x": array}), "x")
    found = containers.open(path)["x"]
    assert found.dtype == dtype
    assert np.array_equal(found[...], array)
    write(path, {"x": array})
    assert np.array_equal(load_file(path)["x"], array)


@pytest.mark.parametrize("dtype", ["<f4", ">f4"])
def test_other_orders_of_bytes_and_strides_are_written_plain(tmp_path, dtype):
    array = np.arange(6, dtype=dtype)
    for part in (array.reshape(2, 3).T, array[::2], array[::-1]):
        write(tmp_path / "x", {"x": part})
        assert np.array_equal(load_file(tmp_path / "x")["x"], part)


def test_what_has_no_type_there_is_refused_before_writing(tmp_path):
    with pytest.raises(ArgumentTypeError, match="words: expected an array of float16"):
        write(tmp_path / "x", {"rows": np.ones(3), "words": np.array(["a"])})
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_a_new_file_has_the_mode_that_the_umask_says(tmp_path):
    before = os.umask(0o022)
    try:
        write(tmp_path / "x", ARRAYS)
    finally:
        os.umask(before)
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o644


def test_reading_maps_the_file_and_never_writes_to_it(tmp_path):
    write(tmp_path / "x", ARRAYS)
    before = (tmp_path / "x").read_bytes()
    found = containers.open(tmp_path / "x")["rows"][...]
    assert found.flags.owndata is False
    found[...] = 9
    assert (tmp_path / "x").read_bytes() == before


def test_a_type_that_numpy_has_not(make):
    data = raw(
        {"x": tensor("F8_E4M3", (2, 3), (0, 6)), "y": tensor("F32", (1,), (6, 10))}, b"1" * 10
    )
    file = containers.open(make(data, "x"))
    assert file["x"].shape == (2, 3)
    assert file["y"][...].size == 1
    with pytest.raises(FormatError, match=r"'x' as one of .*F32.* got F8_E4M3"):
        file["x"][...]


def test_bfloat16_is_read_as_float32(make):
    bits = np.random.default_rng(0).integers(0, 2**16, (40, 3), dtype=np.uint16)
    data = raw({"x": tensor("BF16", bits.shape, (0, 240))}, bits.tobytes())
    path = make(data, "x")
    found = containers.open(path)["x"]
    assert (found.shape, found.dtype) == ((40, 3), np.float32)
    assert np.array_equal(found[...].view(np.uint32), bits.astype(np.uint32) << 16)
    for index in (3, slice(5, 9), [7, 0, 7]):
        assert np.array_equal(found[index].view(np.uint32), bits[index].astype(np.uint32) << 16)
    torch = pytest.importorskip("torch")
    from safetensors.torch import load_file as load_torch

    assert found[...].tobytes() == load_torch(path)["x"].to(torch.float32).numpy().tobytes()


def test_rows_are_read_alone(make):
    """From a map: the others need not even be there in memory."""
    file = containers.open(make(save({"x": np.arange(3000.0).reshape(1000, 3)}), "x"))
    for index in ([999, 0, -1], slice(10, 12), np.array([5])):
        found = file["x"][index]
        assert np.array_equal(found, np.arange(3000.0).reshape(1000, 3)[index])
        assert found.nbytes < 100


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x10\0\0\0\0\0\0\0{",
        raw(b"{"),
        raw(b"[]"),
        raw(b"[" * 100_000),
        raw({"x": 3}),
        raw({"x": tensor(shape=(2**62,))}, b"1234"),
        raw({"x": tensor(shape=(2**63, 0), offsets=(0, 0))}),
        raw({"x": tensor(shape=(-1,))}, b"1234"),
        raw({"x": tensor(shape=(True,))}, b"1234"),
        raw({"x": tensor(offsets=(0, 2**60))}, b"1234"),
        raw({"x": tensor(offsets=(0, 3))}, b"123"),
        raw({"x": tensor(), "y": tensor()}, b"1234"),
        raw({"x": tensor()}, b"12345"),
        raw({"x": tensor("F8", (2**40,))}, b"1234"),
        raw({"x": tensor("BF16", (2**40,))}, b"1234"),
        raw({"x": tensor("BF16", (0, 2**62, 2**62), (0, 0))}),
        raw({"__metadata__": {"a": 3}}),
        raw({"__metadata__": []}),
        (2**63).to_bytes(8, "little") + b"{}",
    ],
)
def test_hostile_headers(data):
    with soon(), pytest.raises(FormatError):
        Safetensors(as_bytes(data), "x")


WHOLE = save(ARRAYS, {"why": "x"})


@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_damage_is_an_error_of_ours_or_none(data):
    broken = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(broken)))
        change = data.draw(st.sampled_from([b"", b"9" * 20, b"-", b"[", b"e5", b'"', b"\xff\0"]))
        broken[at : at + data.draw(st.integers(0, 8))] = change
    try:
        file = Safetensors(as_bytes(bytes(broken)), "x")
        read = [entry[...] for entry in file.values()]
    except InlayError:
        return
    assert sum(array.nbytes for array in read) <= 2 * len(broken)
