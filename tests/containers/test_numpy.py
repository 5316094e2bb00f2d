import io
import math
import pickle
import struct
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inlay import containers
from inlay.containers.numpy import NumpyArchive, NumpyArray
from inlay.errors import FormatError, InlayError
from tests.processes import soon

ROWS = np.arange(12, dtype=np.float32).reshape(4, 3)
ARRAYS = {"rows": ROWS, "words": np.array(["a", "é"]), "one": np.float64(7)}


def npy(array, **settings):
    file = io.BytesIO()
    np.save(file, array, **settings)
    return file.getvalue()


def npz(save=np.savez, **arrays):
    file = io.BytesIO()
    save(file, **arrays)
    return file.getvalue()


def header(text, version=1, body=b""):
    """An `.npy` that claims what `text` says."""
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text.encode() + body


def claim(shape, descr="<f4"):
    return header(f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape!r}}}\n")


def as_bytes(data):
    return np.frombuffer(data, np.uint8)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_an_npz_is_a_mapping_in_the_files_order(make, save):
    with containers.open(make(npz(save, **ARRAYS), "x.npz")) as file:
        assert (file.kind, list(file), len(file)) == ("npz", ["rows", "words", "one"], 3)
        assert (file["rows"].shape, file["rows"].dtype) == ((4, 3), np.float32)
        for name, array in ARRAYS.items():
            assert np.array_equal(np.asarray(file[name]), array)
        assert np.array_equal(file["rows"][1:3], ROWS[1:3])
        assert np.array_equal(file["rows"][[3, 0]], ROWS[[3, 0]])
        assert np.asarray(file["rows"], np.float64).dtype == np.float64
        held = NumpyArchive(as_bytes(npz(save, **ARRAYS)), "x.npz")["rows"]
        assert np.array_equal(held[...], ROWS)
        with pytest.raises(KeyError, match=r"expected an array 'x', got only rows, words, one"):
            _ = file["x"]


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["<f4", ">f8", "<i2", "?", "S3", "<U2", "f4,i8"])
def test_an_npy_is_mapped(make, order, dtype):
    array = np.asarray(np.ones((5, 3)).astype(dtype), order=order)
    path = make(npy(array), "x.bin")
    file = containers.open(path)
    assert (file.kind, list(file), file[""].dtype) == ("npy", [""], array.dtype)
    found = file[""][...]
    assert np.array_equal(found, array)
    assert found.flags.owndata is False
    found[...] = 0
    assert path.read_bytes() == npy(array)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_every_version_of_the_header(version):
    file = io.BytesIO()
    np.lib.format.write_array(file, ROWS, version=(version, 0))
    assert np.array_equal(NumpyArray(as_bytes(file.getvalue()), "x")[""][...], ROWS)


def test_a_header_that_python_2_wrote():
    text = "{'descr': '<f4', 'fortran_order': False, 'shape': (4L, 3L), }\n"
    found = NumpyArray(as_bytes(header(text, body=ROWS.tobytes())), "x")[""]
    assert np.array_equal(found[...], ROWS)


@pytest.mark.parametrize("array", [np.zeros((0, 3)), np.zeros(()), np.zeros((2, 0))])
def test_arrays_of_nothing_and_of_one(array):
    assert np.asarray(NumpyArray(as_bytes(npy(array)), "x")[""]).shape == array.shape


def nested(depth):
    return "(" * depth + ")" * depth


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x93NUMPY",
        header("{", 4),
        header("{'descr': '<f4'"),  # TokenError in numpy's own reader
        header("[1, 2]"),
        header("{}"),
        header("3"),
        header(nested(5000)),
        header("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}"),
        header("{'descr': '<f4', 'fortran_order': False, 'shape': (True,)}"),
        header("{'descr': '<f4', 'fortran_order': False, 'shape': 3}"),
        header("{'descr': '<f4', 'fortran_order': 1, 'shape': ()}", body=b"1234"),
        header("{'descr': '<f4', 'fortran_order': False, 'shape': (), 'x': 1}", body=b"1234"),
        claim((2**63,)),
        claim((2**62, 2**62)),
        claim((2**40,)),
        claim((3,)),
        claim((1,), "<f9"),
        claim((1,), 3),
        claim((1,), []),
        claim((1,), [("a", "<f4"), ("a", "<f4")]),
        claim((1,), [("a", ["b"])]),
        header("{'descr': ('<f4', (2,)), 'fortran_order': False, 'shape': (1,)}", body=b"8" * 8),
        claim((2,), "|u1") + b" " * (1 << 17) + b"ab",
        claim((1,), "<U999999999999"),
        claim((2**40,), "|V0"),
        claim((2**40,), "S0"),
        claim((0, 2**62, 2**62)),
        claim((0,) * 100),
        npy(ROWS) + b"x",
        npy(ROWS)[:-1],
    ],
)
def test_hostile_headers(data):
    with soon():
        with pytest.raises(FormatError):
            NumpyArray(as_bytes(data), "x.npy")[""][...]
        with pytest.raises(FormatError):
            file = io.BytesIO()
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("a.npy", data)
            NumpyArchive(as_bytes(file.getvalue()), "x.npz")["a"][...]


class Marks:
    def __reduce__(self):
        return open, ("marker", "w")


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_objects_are_listed_and_never_unpickled(tmp_path, monkeypatch, save):
    monkeypatch.chdir(tmp_path)
    objects = np.array([Marks()], object)
    file = NumpyArchive(as_bytes(npz(save, rows=ROWS, o=objects)), "x.npz")
    assert file["o"].dtype == object
    assert np.array_equal(file["rows"][...], ROWS)
    for entry in (file["o"], NumpyArray(as_bytes(npy(objects, allow_pickle=True)), "x.npy")[""]):
        with pytest.raises(FormatError, match="an array of Python objects"):
            entry[...]
    assert b"marker" in pickle.dumps(Marks())
    assert not (tmp_path / "marker").exists()


def zipped(change, compress=zipfile.ZIP_DEFLATED):
    """An `.npz` of two arrays, whose directory is changed before it is written."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compress) as archive:
        for name in ("a0.npy", "a1.npy"):
            archive.writestr(name, npy(np.zeros(10_000, np.uint8)))
        change(*archive.infolist())
    return as_bytes(file.getvalue())


def claims(size):
    return lambda first, _: setattr(first, "file_size", size)


def test_an_npz_that_claims_more_than_its_bytes_can_hold():
    for claimed in (2 * 10**12, 2**63):
        with pytest.raises(FormatError, match=rf"a0\.npy: expected at most .* got {claimed} bytes"):
            NumpyArchive(zipped(claims(claimed)), "x.npz")
    with pytest.raises(FormatError, match=r"a0\.npy: expected at most"):
        NumpyArchive(zipped(claims(20_000), zipfile.ZIP_STORED), "x.npz")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a, b: setattr(b, "filename", a.filename), "each of another name"),
        (lambda a, b: setattr(b, "header_offset", a.header_offset), "overlap or lie beyond"),
        (lambda a, b: setattr(b, "flag_bits", 1), "password required"),
        (lambda a, b: setattr(b, "header_offset", 2**40), "expected"),
    ],
)
def test_directories_that_lie(change, message):
    data = zipped(change, zipfile.ZIP_STORED)
    if message.startswith("overlap"):
        data = np.delete(data, np.s_[10_158 + 6 : 2 * (10_158 + 6)])
    with pytest.raises(FormatError, match=message):
        NumpyArchive(data, "x.npz")["a1"][...]


def test_a_bomb_is_refused_by_a_limit_that_can_be_raised(monkeypatch):
    data = as_bytes(npz(np.savez_compressed, a=np.zeros(10**6), b=np.zeros(10**6)))
    assert NumpyArchive(data, "x.npz")["b"][...].size == 10**6
    monkeypatch.setenv("INLAY_MAX_UNPACKED", "16000000")
    with pytest.raises(FormatError, match=r"to 16,000,000 bytes, got 16,000,256\. Try: a larger"):
        NumpyArchive(data, "x.npz")
    monkeypatch.setenv("INLAY_MAX_UNPACKED", "1000000")
    # Limits are on what is unpacked: what lies there as it is has the file's own size.
    plain = NumpyArchive(as_bytes(npz(a=np.arange(10**6))), "x.npz")["a"]
    assert np.array_equal(plain[...], np.arange(10**6))


def test_a_flipped_byte_is_found_when_all_is_read(make):
    for save in (np.savez, np.savez_compressed):
        data = bytearray(npz(save, a=np.arange(10_000)))
        data[len(data) // 2] ^= 1
        for file in (
            NumpyArchive(as_bytes(bytes(data)), "x.npz"),
            containers.open(make(bytes(data))),
        ):
            with pytest.raises(FormatError, match=r"a\.npy: .*(Bad CRC-32|Error -3)"):
                file["a"][...]


def test_other_zips_are_no_npz(make):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.npy", npy(ROWS))
        archive.writestr("b.txt", "b")
    with pytest.raises(FormatError, match=r"a zip of \.npy files.* got a\.npy, b\.txt"):
        containers.open(make(file.getvalue(), "x.npz"))


WHOLE = {
    "npy": npy(ROWS),
    "stored": npz(**ARRAYS),
    "deflated": npz(np.savez_compressed, **ARRAYS),
}


@pytest.mark.parametrize("kind", WHOLE)
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_damage_is_an_error_of_ours_or_none(kind, data):
    """Bytes changed, cut off, put in or repeated: read whatever can be, crash at nothing."""
    broken = bytearray(WHOLE[kind])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(broken)))
        what = data.draw(st.sampled_from(["set", "cut", "put", "many"]))
        if what == "set":
            broken[at : at + 1] = data.draw(st.binary(min_size=1, max_size=8))
        elif what == "cut":
            del broken[at : at + data.draw(st.integers(1, 64))]
        elif what == "put":
            broken[at:at] = data.draw(st.sampled_from([b"(", b"'", b"L", b"9" * 20, b"\0", b"["]))
        else:
            broken[at : at + 8] = b"\xff" * 8
    try:
        file = (NumpyArray if kind == "npy" else NumpyArchive)(as_bytes(bytes(broken)), "x")
        read = [entry[...] for entry in file.values()]
    except InlayError:
        return
    assert sum(array.nbytes for array in read) <= 1032 * len(broken)
    assert all(math.prod(array.shape) == array.size for array in read)
