import pytest

from inlay import containers
from inlay.errors import ArgumentError, ArgumentTypeError, FormatError, MissingFileError


@pytest.mark.parametrize("data", [b"", b"the 0.1 0.2\n", b"\x1f\x8b\x08", b"{}"])
def test_files_of_no_kind(make, data):
    with pytest.raises(FormatError, match="a file of arrays: safetensors, hdf5, npz, npy, tens"):
        containers.open(make(data, "x.safetensors"))


def test_kinds_by_name(make, tmp_path):
    with pytest.raises(ArgumentError, match=r"kind: expected .*'hdf5'.* got str 'h5'"):
        containers.open(make(b"", "x"), kind="h5")
    with pytest.raises(FormatError, match="a header within 0 bytes"):
        containers.open(make(b"", "x"), kind="safetensors")
    with pytest.raises(MissingFileError, match="got a folder"):
        containers.open(tmp_path)
    with pytest.raises(MissingFileError, match="got a folder"):
        containers.open(tmp_path, kind="npy")


def test_what_is_no_path(tmp_path):
    for path in (b"x", 3, None):
        with pytest.raises(ArgumentTypeError, match="path: expected a path, as a string"):
            containers.open(path)
    with pytest.raises(MissingFileError, match="got a folder"):
        containers.open(tmp_path.anchor)
