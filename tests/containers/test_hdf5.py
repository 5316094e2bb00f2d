import struct
import sys

import h5py
import numpy as np
import pytest

from inlay import containers
from inlay.bytes.stretch import Place
from inlay.containers.hdf5 import Hdf5
from inlay.containers.hdf5_texts import Texts
from inlay.errors import (
    ArgumentError,
    FormatError,
    InlayError,
    MissingFileError,
    MissingPackageError,
)
from tests.processes import soon

ROWS = np.arange(12, dtype=np.float32).reshape(4, 3)
HUGE = 1 << 40


@pytest.fixture
def path(tmp_path):
    with h5py.File(tmp_path / "x.bin", "w") as file:
        file["a/rows"] = ROWS
        file["a/b/bytes"] = np.array([b"x", b"yz"])
        file.create_dataset("packed", data=np.zeros((500, 20)), compression="gzip", chunks=(50, 20))
        file["nothing"] = h5py.Empty("f4")
        file["texts"] = ["a", "é"]
        file.attrs["note"] = np.bytes_("é".encode())
        file.attrs["in a heap"] = "not read: a damaged heap is a loop without an end to libhdf5"
        file.attrs["number"] = 3
    return tmp_path / "x.bin"


def change(path, how):
    with h5py.File(path, "r+") as file:
        how(file)


def test_data_sets_by_their_paths(path):
    with containers.open(path) as file:
        assert (file.kind, file.metadata) == ("hdf5", {"note": "é"})
        assert sorted(file) == ["a/b/bytes", "a/rows", "packed", "texts"]
        assert (file["a/rows"].shape, file["a/rows"].dtype) == ((4, 3), np.float32)
        whole = file["a/rows"][...]
        for index in (np.s_[1:3], np.s_[::-1], np.s_[[3, 0]], 2, np.s_[1, :2], ...):
            assert np.array_equal(file["a/rows"][index], ROWS[index])
        assert np.asarray(file["a/b/bytes"]).tolist() == [b"x", b"yz"]
        assert file["packed"][490:].shape == (10, 20)
        with pytest.raises(FormatError, match="got texts or references"):
            file["texts"][...]
        entry = file["packed"]
    assert np.array_equal(whole, ROWS)
    with pytest.raises(ArgumentError, match="got a closed one"):
        entry[...]


def test_a_slice_reads_no_more_than_the_slice(path, monkeypatch):
    asked = []
    real = h5py.Dataset.__getitem__
    monkeypatch.setattr(
        h5py.Dataset, "__getitem__", lambda s, i, **k: asked.append(i) or real(s, i, **k)
    )
    with containers.open(path) as file:
        assert file["packed"][3:5].shape == (2, 20)
    assert asked == [np.s_[3:5]]


LONG = np.arange(6000, dtype=np.float32).reshape(2000, 3)
LAYOUTS = {
    "plain": {},
    "chunks": {"chunks": (7, 2)},
    "packed": {"chunks": (100, 3), "compression": "gzip"},
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    "index",
    [
        [0],
        [1999, 0, 0, -1],
        np.array([5, 6, 7, 1500], np.uint16),
        slice(None, None, -3),
        slice(1990, None, 2),
        slice(5, 2),
        [],
        -1,
        np.int64(1700),
        np.random.default_rng(0).integers(0, 2000, 500),
        np.arange(2000) % 2 == 0,
        np.array([[0, 1], [2, 3]]),
    ],
    ids=range(12),
)
def test_rows_are_those_that_numpy_takes(tmp_path, monkeypatch, layout, index):
    monkeypatch.setattr("inlay.containers.hdf5.GAP", 120)
    monkeypatch.setattr("inlay.containers.hdf5.RUN", 1200)
    with h5py.File(tmp_path / "x", "w") as file:
        file.create_dataset("rows", data=LONG, **LAYOUTS[layout])
    with containers.open(tmp_path / "x") as file:
        found = file["rows"][index]
        assert found.dtype == np.float32
        assert np.array_equal(found, LONG[index])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_few_rows_read_few(tmp_path, monkeypatch, layout):
    monkeypatch.setattr("inlay.containers.hdf5.GAP", 120)
    with h5py.File(tmp_path / "x", "w") as file:
        file.create_dataset("rows", data=LONG, **LAYOUTS[layout])
    asked, real = [], h5py.Dataset.__getitem__
    monkeypatch.setattr(
        h5py.Dataset, "__getitem__", lambda s, i, **k: asked.append(i) or real(s, i, **k)
    )
    with containers.open(tmp_path / "x") as file:
        assert np.array_equal(file["rows"][[1800, 3, 5]], LONG[[1800, 3, 5]])
        with pytest.raises(IndexError):
            file["rows"][[2000]]
    assert asked == [np.s_[3:6], np.s_[1800:1801]]
    asked.clear()
    monkeypatch.setattr("inlay.containers.hdf5.RUN", 12 * 300)
    with containers.open(tmp_path / "x") as file:
        assert np.array_equal(file["rows"][::-1], LONG[::-1])
    assert max(part.stop - part.start for part in asked) <= 300
    assert len({part.start for part in asked}) == len(asked) <= 8


@pytest.mark.parametrize("size", [512, 1024, 2048])
def test_a_block_of_the_users_own_may_come_first(tmp_path, size):
    with h5py.File(tmp_path / "x", "w", userblock_size=size) as file:
        file["rows"] = ROWS
    assert np.array_equal(containers.open(tmp_path / "x")["rows"], ROWS)


def external_storage(file):
    secret = file.filename.replace("x.bin", "secret")
    with open(secret, "wb") as out:
        out.write(b"root:x:0:0:..." * 10)
    file.create_dataset("s", (8,), "f4", external=[(secret, 0, 32)])


def virtual(file):
    layout = h5py.VirtualLayout((4, 3), "f4")
    layout[...] = h5py.VirtualSource("other.h5", "rows", (4, 3))
    file.create_virtual_dataset("s", layout)


def external_link(file):
    file["a/b/s"] = h5py.ExternalLink("other.h5", "/rows")


@pytest.mark.parametrize("how", [external_storage, virtual, external_link])
def test_what_lies_in_other_files_is_refused(path, how):
    with h5py.File(path.with_name("other.h5"), "w") as other:
        other["rows"] = ROWS
    change(path, how)
    with pytest.raises(
        FormatError, match=r"arrays in the file itself, got '(a/b/)?s', which"
    ) as caught:
        containers.open(path)
    change(path, lambda file: file.attrs.clear())  # nobody holds it any more
    assert caught.value.where == str(path)


def test_what_is_missing_is_named_by_the_extra_that_brings_it(path, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(MissingPackageError, match=r"'h5py', got .* pip install \"inlay\[h5\]\""):
        containers.open(path)


def test_links_in_a_circle_end(path):
    change(path, lambda file: file["a/b"].__setitem__("up", file["a"]))
    assert sorted(containers.open(path)) == ["a/b/bytes", "a/rows", "packed", "texts"]


@pytest.mark.parametrize(
    "claim",
    [
        lambda file: file.create_dataset("s", (HUGE,), "f4"),
        lambda file: file.create_dataset("s", (HUGE,), "f4", chunks=(1024,)),
        lambda file: file.create_dataset("s", (HUGE,), "f4", chunks=(99,), compression="gzip"),
        lambda file: file.create_dataset("s", (HUGE,), "f4", chunks=(99,)).__setitem__(0, 1),
    ],
)
def test_sizes_that_the_file_does_not_hold(path, claim):
    change(path, claim)
    refused = rf"{4 * HUGE} bytes for 's' of shape \({HUGE},\)"
    with soon(), pytest.raises(FormatError, match=refused):
        containers.open(path)


@pytest.mark.parametrize("data", [b"", b"\x89HDF\r\n\x1a\n", b"<html>404</html>"])
def test_other_bytes(tmp_path, data):
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(FormatError, match="expected an HDF5 file"):
        Hdf5.open(tmp_path / "x")


def test_nothing_there(tmp_path):
    with pytest.raises(MissingFileError, match="expected a file of arrays, got nothing there"):
        containers.open(tmp_path / "x")
    with pytest.raises(MissingFileError, match="got nothing there"):
        containers.open(tmp_path / "x", kind="hdf5")


def test_damage_is_an_error_of_ours_or_none(path):
    """Not hypothesis: it would shrink towards what crashes the C library, not us."""
    data, rng, failures = path.read_bytes(), np.random.default_rng(0), 0
    for _ in range(100):
        broken = bytearray(data)
        for at in rng.integers(0, len(data), 6):
            broken[at] = rng.integers(256)
        path.write_bytes(broken[: rng.integers(len(data) // 2, len(data) * 2)])
        try:
            with containers.open(path) as file:
                read = [entry[...] for name, entry in file.items() if name != "texts"]
        except InlayError:
            failures += 1
        else:
            assert sum(array.nbytes for array in read) <= 1032 * len(data)
    assert failures > 10


@pytest.mark.parametrize("index", [..., slice(1, 3), [3, 0], 2, np.s_[1, :2]], ids=str)
def test_bfloat16_is_read_as_float32(tmp_path, index):
    bits = (ROWS.view(np.uint32) >> 16).astype(np.uint16)
    with h5py.File(tmp_path / "x", "w") as file:
        file["rows"] = bits.view("V2")
    with containers.open(tmp_path / "x") as file:
        assert file["rows"].dtype == np.float32
        found = file["rows"][index]
    assert found.dtype == np.float32
    assert np.array_equal(found, ROWS[index])


NOTE = "x" * 5000


@pytest.mark.parametrize("userblock", [0, 1024])
@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_texts_of_variable_length(tmp_path, libver, userblock):
    names = {f"layers/é{i}": f"näme {i}" for i in range(200)} | {"one": NOTE}
    with h5py.File(tmp_path / "x", "w", libver=libver, userblock_size=userblock) as file:
        for place, name in names.items():
            attributes = file.create_group(place).attrs
            attributes.update(first=b"name", number=3, fixed=np.bytes_(b"x"), list=["a", "b"])
            attributes.update({f"note {i}": NOTE for i in range(3)} | {"name": name})
        file.create_group("empty")
    with containers.open(tmp_path / "x") as file:
        assert file.texts("name") == names
        assert file.texts("note 2") == dict.fromkeys(names, NOTE)
        for other in ("number", "fixed", "list", "nam", "first "):
            assert file.texts(other) == {}


def test_a_damaged_heap_is_no_loop_without_an_end(tmp_path):
    with h5py.File(tmp_path / "x", "w") as file:
        for i in range(20):
            file.create_group(f"g{i}").attrs["name"] = f"name {i}"
    data, rng, failures = (tmp_path / "x").read_bytes(), np.random.default_rng(0), 0
    heap = data.index(b"GCOL")
    (tmp_path / "y").write_bytes(
        data.replace(struct.pack("<IQ", 6, heap), b"\xff\0\0\0" + heap.to_bytes(8, "little"))
    )
    with containers.open(tmp_path / "y") as file:
        assert set(file.texts("name").values()) == {f"name {i}" for i in range(10, 20)}
    for at in (*range(heap, heap + 64), *rng.integers(0, len(data), 60)):
        broken = bytearray(data)
        broken[at : at + 4] = rng.integers(0, 256, 4, np.uint8).tobytes() if at % 2 else bytes(4)
        (tmp_path / "y").write_bytes(broken)
        try:
            with soon(), containers.open(tmp_path / "y", "hdf5") as file:
                assert len(file.texts("name")) <= 20
        except InlayError:
            failures += 1
    assert failures


def test_a_header_of_many_messages_is_looked_at_for_a_while_only():
    head = b"\x89HDF\r\n\x1a\n\0\0\0\0\0\x08\x08\0"
    size = 40_000_000
    header = b"\1\0\0\0\0\0\0\0" + size.to_bytes(4, "little") + bytes(4)
    texts = Texts(memoryview(head + header + bytes(size)))
    with soon():
        assert [texts.of(len(head), "name") for _ in range(50)] == [None] * 50


def test_a_part_of_another_file(path, tmp_path):
    content = path.read_bytes()
    (tmp_path / "y").write_bytes(b"x" * 77 + content + b"y" * 99)
    with Hdf5(tmp_path / "y", Place(77, len(content))) as file:
        assert np.array_equal(file["a/rows"][[3, 1]], ROWS[[3, 1]])
        assert file["packed"][...].shape == (500, 20)
    with pytest.raises(FormatError, match="expected an HDF5 file"):
        Hdf5(tmp_path / "y", Place(77, len(content) // 2))
    with pytest.raises(FormatError, match="expected an HDF5 file"):
        Hdf5(tmp_path / "y", Place(0, len(content)))
