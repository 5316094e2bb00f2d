import json

import numpy as np
import pytest
from fuzz.others import SPACY_KEYS, VECTORS, WORDS, npy, spacy_files, spacy_keys

from inlay import load
from inlay.errors import FormatError
from inlay.formats import format_of
from tests.formats.readers import base, check_reader


@pytest.fixture
def folder(make):
    """Write the files of a folder; gives the one that stands for it."""

    def write(files=None, **changed):
        for name, content in ((files or spacy_files()) | changed).items():
            path = make(content, name)
        return path.with_name("vectors")

    return write


def test_the_contract(folder):
    check_reader(folder(), WORDS, VECTORS, "spacy", mapped=True, packed=False)


def test_folders(folder, tmp_path):
    folder()
    assert load(tmp_path).tokens.tolist() == WORDS
    (tmp_path / "model").mkdir()
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    (tmp_path / "model" / "vocab").mkdir()
    for name, content in files.items():
        (tmp_path / "model" / "vocab" / name).write_bytes(content)
    assert load(tmp_path / "model").tokens.tolist() == WORDS


def test_a_matrix_without_keys_beside_it_is_numpy_s(make):
    path = make(npy(VECTORS), "vectors")
    assert format_of(path).name == "npy"
    with pytest.raises(FormatError, match="got one of the format 'npy'"):
        load(path, format="spacy")


def test_strings_that_share_a_row(folder):
    path = folder(spacy_files(VECTORS[:3], (2, 0, 0, 1, 2)))
    table = load(path)
    assert table.tokens.tolist() == ["é", "film", "1", "the", "x.y"]
    assert np.array_equal(table.matrix, VECTORS[[0, 0, 1, 2, 2]])
    assert np.array_equal(load(path, keep=["the", "é"]).matrix, VECTORS[[0, 2]])
    assert load(path, limit=2).tokens.tolist() == ["é", "film"]


def test_rows_without_a_string_are_left_out_and_counted(folder):
    more = np.concatenate([VECTORS, np.zeros((3, 3), np.float32)])
    table = load(folder(spacy_files(more, strings=["film", "the", "other"])))
    assert table.tokens.tolist() == ["the", "film"]
    assert np.array_equal(table.matrix, VECTORS[[0, 2]])
    assert table.provenance["keys_without_a_string"] == 3
    assert table.provenance["rows_without_a_key"] == 6
    table = load(folder(spacy_files(more)))
    assert (len(table), table.provenance["rows_without_a_key"]) == (5, 3)
    assert base(table.storage) is not None


def test_strings_in_the_folder_of_the_model(make, tmp_path):
    (tmp_path / "vectors").mkdir()
    files = spacy_files()
    make(files.pop("strings.json"), "strings.json")
    for name, content in files.items():
        make(content, f"vectors/{name}")
    assert load(tmp_path / "vectors" / "vectors").tokens.tolist() == WORDS


@pytest.mark.parametrize("dtype", ["<f2", ">f4", "<f8"])
def test_other_numbers(folder, dtype):
    table = load(folder(vectors=npy(VECTORS.astype(dtype))))
    assert np.array_equal(table.matrix, VECTORS.astype(dtype))
    assert table.matrix.dtype == np.dtype(dtype).newbyteorder("=")


BROKEN = [
    ({"key2row": b"\xc0"}, "a map of hashes to rows, in msgpack, got a first byte 0xc0"),
    ({"key2row": b""}, "a map of hashes to rows, in msgpack"),
    ({"key2row": b"\xdf\xff\xff\xff\xff"}, "4294967295 hashes and rows, got 5 bytes"),
    ({"key2row": b"\x82\1\1\1\xa1a"}, "2 hashes and rows, and no more, got 3 numbers"),
    ({"key2row": b"\x81\1\1\1"}, "1 hashes and rows, and no more"),
    ({"key2row": spacy_keys(SPACY_KEYS, [0, 1, 2, 3, 5])}, "rows below 5, got 5"),
    ({"key2row": b"\x81\x01\xff"}, "rows below 5, got 18446744073709551615"),
    ({"strings.json": b"{"}, "JSON"),
    ({"strings.json": b"[1]"}, "a list of strings"),
    ({"strings.json": rb'["\ud800"]'}, "text that UTF-8 can hold"),
    ({"vectors": npy(VECTORS[0])}, "a matrix of floating-point numbers, got float32 of shape"),
    ({"vectors": npy(VECTORS.astype(int))}, "a matrix of floating-point numbers"),
    ({"vectors": npy(VECTORS * np.nan)}, "finite numbers"),
    ({"vectors.cfg": b'{"mode": "floret"}'}, "vectors of words, got the mode 'floret'"),
    ({"vectors.cfg": b"[]"}, "vectors of words, got the mode None"),
]


@pytest.mark.parametrize(("changed", "message"), BROKEN, ids=[message for _, message in BROKEN])
def test_what_cannot_be_read(folder, changed, message):
    path = folder(**changed)
    with pytest.raises(FormatError, match=message):
        load(path)


def test_without_strings(folder):
    path = folder()
    path.with_name("strings.json").unlink()
    with pytest.raises(FormatError, match=r"strings\.json beside it: hashes alone are no words"):
        load(path)
    path.with_name("vectors.cfg").unlink()
    path.with_name("strings.json").write_text(json.dumps([]))
    table = load(path)
    assert (len(table), table.provenance["keys_without_a_string"]) == (0, 5)
