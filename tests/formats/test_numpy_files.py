import gzip
import io
import json
import zipfile

import numpy as np
import pytest

from inlay import Table, load, save
from inlay.errors import FormatError
from inlay.formats import Npz

MATRIX = np.array([[1, 2], [3, 4], [5, 6]], np.float64)
NAMES = ["a", "é", "\n"]


def npz(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def npy(array, **kwargs):
    file = io.BytesIO()
    np.save(file, array, **kwargs)
    return file.getvalue()


def check_table(table, dtype=np.float64):
    assert table.tokens.tolist() == NAMES
    assert table.matrix.dtype == dtype
    assert np.array_equal(table.matrix, MATRIX)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_ours(tmp_path, dtype):
    save(Table(NAMES, MATRIX.astype(dtype)), tmp_path / "x.npz")
    check_table(load(tmp_path / "x.npz"), dtype)
    with np.load(tmp_path / "x.npz") as arrays:
        assert sorted(arrays.files) == ["matrix", "offsets", "tokens"]
        assert arrays["tokens"].tobytes() == "aé\n".encode()


def test_counts_come_back(tmp_path):
    save(Table(NAMES, MATRIX, counts=[5, 4, 3]), tmp_path / "x.npz")
    assert load(tmp_path / "x.npz").counts.tolist() == [5, 4, 3]
    assert load(tmp_path / "x.npz", keep=["\n"]).counts.tolist() == [3]
    other = {"m": MATRIX, "words": np.array(["a", "b", "a"]), "counts": np.arange(3)}
    np.savez(tmp_path / "y.npz", **other)
    assert load(tmp_path / "y.npz").counts is None  # others may count anything
    ours = {"tokens": np.frombuffer(b"aba", np.uint8), "offsets": np.arange(4)}
    np.savez(tmp_path / "z.npz", m=MATRIX, counts=np.arange(3), **ours)
    assert load(tmp_path / "z.npz").counts.tolist() == [0, 1]


@pytest.mark.parametrize("strings", [np.array(NAMES), np.array([n.encode() for n in NAMES])])
def test_arrays_of_strings_in_others_files(make, strings):
    check_table(load(make(npz(embeddings=MATRIX, words=strings, other=np.arange(3)))))
    check_table(load(make(gzip.compress(npz(embeddings=MATRIX, words=strings)))))


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_matrix_and_a_list_beside_it(make, order):
    path = make(npy(np.asarray(MATRIX, order=order)), "x.npy")
    make(json.dumps(NAMES), "vocab.json")
    check_table(load(path))
    check_table(load(make(npz(m=MATRIX), "y.npz")))


def test_a_plain_npy_is_mapped_copy_on_write(make):
    path = make(npy(MATRIX), "x.npy")
    before = path.read_bytes()
    table = load(path, tokens=NAMES)
    table.storage[:] = 0
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("w.txt", "a\né\nz\n"),
        ("w.txt", "\ufeffa\r\né\r\nz"),
        ("w.txt.gz", gzip.compress("a\né\nz\n".encode(), mtime=0)),
        ("w.json", '["a", "é", "z"]'),
        ("w.json", '{"z": 2, "a": 0, "é": 1}'),
        ("w.json", '{"2": "z", "0": "a", "1": "é"}'),
    ],
)
def test_vocabulary_files(make, name, content):
    table = load(make(npy(MATRIX), "x.npy"), tokens=make(content, name))
    assert table.tokens.tolist() == ["a", "é", "z"]


def test_vocabulary_objects(make):
    path = make(npy(MATRIX), "x.npy")
    check_table(load(path, tokens=NAMES))
    check_table(load(path, tokens={token: i for i, token in enumerate(NAMES)}))
    with pytest.raises(TypeError, match="tokens: expected a file, a list"):
        load(path, tokens=3)
    for wrong in ([1, 2], {"a": 0.0}, {"a": True}):
        with pytest.raises(TypeError, match="tokens: expected a file, a list"):
            load(path, tokens=wrong)


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        ("a\nb\n", "w.txt", "w.txt: expected 3 tokens, for x.npy has 3 rows, got 2"),
        ('{"a": 0, "b": 2, "c": 3}', "w.json", "ids from 0 to 2, for x.npy has 3 rows, got 0 to 3"),
        ('{"a": 0, "b": 0, "c": 1}', "w.json", "each row once, got row 0 twice"),
        ("[1, 2, 3]", "w.json", "a JSON list of something else"),
        ("[", "w.json", "expected tokens as JSON"),
        ("[" * 100_000, "w.json", "expected tokens as JSON"),
        (b"\xff\n\n\n", "w.txt", "expected text in UTF-8"),
        (b"\x80\x04\x95", "w.pkl", "a Python pickle, which may run any program"),
    ],
)
def test_bad_vocabulary_files(make, content, name, message):
    path = make(npy(MATRIX), "x.npy")
    with pytest.raises(FormatError, match=message):
        load(path, tokens=make(content, name))


def test_no_list_or_several_beside_the_matrix(make):
    path = make(npy(MATRIX), "x.npy")
    make("{}", "dictionary.json")
    with pytest.raises(FormatError, match=r"beside it, got none. Try: tokens='dictionary.json'"):
        load(path)
    make("a\nb\nc\n", "words.txt")
    make("a\nb\nc\n", "x.txt")
    with pytest.raises(FormatError, match=r"got 2 lists: x.txt, words.txt"):
        load(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (npy(np.array(["a", 1], object), allow_pickle=True), "array of Python objects"),
        (npz(m=MATRIX, words=np.array(NAMES, object)), "array of Python objects"),
        (npy(np.arange(6)), r"expected a matrix of floating-point numbers, got int64 \(6,\)"),
        (npy(np.arange(6).reshape(3, 2)), r"got int64 \(3, 2\)"),
        (npz(a=MATRIX, b=MATRIX), r"got a float64 \(3, 2\), b float64 \(3, 2\)"),
        (npy(MATRIX)[:-1], "x.np: expected 48 bytes for float64 of shape"),
        (npz(m=MATRIX)[:-30], "x.np: expected a whole"),
        (
            npz(m=MATRIX, words=np.full(3, 0x110000, np.uint32).view("U1")),
            "x.np: expected tokens of Unicode",
        ),
        (npz(m=MATRIX, words=np.array(["a", "b", "\ud800"])), "x.np: expected tokens of Unicode"),
        (b"\x93NUMPY\x01\x00\xff\xff", "x.np: expected a header within 10 bytes"),
        (
            npz(matrix=MATRIX, tokens=np.zeros(3, np.uint8), offsets=np.arange(3)),
            "expected 4 offsets",
        ),
        (
            npz(matrix=MATRIX, tokens=np.zeros(3, np.uint8), offsets=np.array(list("abcd"))),
            "expected offsets as whole numbers, got <U1",
        ),
        (
            npz(
                matrix=MATRIX,
                tokens=np.frombuffer(b"abc", np.uint8),
                offsets=np.arange(4),
                counts=np.arange(2),
            ),
            r"expected counts as 3 whole numbers, got int64 \(2,\)",
        ),
        (
            npz(matrix=MATRIX, tokens=np.zeros(3, np.uint8), offsets=np.array([0, 9, 1, 3])),
            r"x\.np: expected offsets",
        ),
        (
            npz(matrix=MATRIX, tokens=np.full(3, 255, np.uint8), offsets=np.arange(4)),
            "tokens in UTF-8",
        ),
    ],
)
def test_bad_files(make, content, message):
    with pytest.raises(FormatError, match=message):
        load(make(content, "x.np"))


def test_a_flipped_byte_in_an_npz(make):
    data = bytearray(npz(m=np.zeros((100, 100))))
    data[5000] ^= 1
    with pytest.raises(FormatError, match="Bad CRC"):
        load(make(bytes(data)), tokens=[str(i) for i in range(100)])


def test_duplicates_numbers_that_are_not_finite_limit_and_keep(make):
    matrix = np.array([[1, 2], [3, np.nan], [5, 6], [7, 8]], np.float32)
    path = make(npz(m=matrix, words=np.array(["a", "b", "a", "c"])))
    with pytest.raises(
        FormatError, match=r"vectors.txt, row 1: .* NaN or infinity in the vector of 'b'"
    ):
        load(path)
    table = load(path, format=Npz(nonfinite="keep"))
    assert table.tokens.tolist() == ["a", "b", "c"]
    assert table["c"].tolist() == [7, 8]
    assert table.provenance["duplicates"] == 1
    assert load(path, format=Npz(nonfinite="keep"), limit=2).tokens.tolist() == ["a", "b"]
    assert load(path, format=Npz(nonfinite="keep"), keep=["c", "a"])["c"].tolist() == [7, 8]


def test_an_npz_beside_other_files_is_an_archive(make):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.npy", npy(MATRIX))
        archive.writestr("y.txt", "a 1 2\n")
    with pytest.raises(FormatError, match=r"got 2 files: x.npy, y.txt"):
        load(make(file.getvalue()))
    assert load(make(file.getvalue()), member="y.txt")["a"].tolist() == [1, 2]


def test_npy_cannot_be_written(tmp_path, table):
    with pytest.raises(FormatError, match="npy, which holds one array"):
        save(table, tmp_path / "x.npy")
    assert not list(tmp_path.iterdir())


def test_tokens_that_are_given_come_before_those_in_the_file(make):
    path = make(npz(m=MATRIX, words=np.array(["x", "y", "z"])))
    check_table(load(path, tokens=NAMES))
    with pytest.raises(FormatError, match="expected 3 tokens"):
        load(path, tokens=NAMES[:2])


def test_the_provenance_goes_along(tmp_path):
    path, said = tmp_path / "x.npz", {"source": "g.txt", "licence": "PDDL", "영화": [1, None]}
    save(Table(NAMES, MATRIX, provenance=said), path)
    found = load(path).provenance
    assert (found["source"], found["format"], found["converted_from"]) == ("x.npz", "npz", said)
    with np.load(path) as arrays:
        assert json.loads(arrays["provenance"].tobytes()) == said
    assert load(path, name="matrix", keep=["a"]).provenance["converted_from"] == said
    arrays = {"matrix": MATRIX, "tokens": np.frombuffer(b"ab\n", np.uint8), "offsets": np.arange(4)}
    path.write_bytes(npz(**arrays, provenance=np.frombuffer(b"[1", np.uint8)))
    with pytest.raises(FormatError, match="expected JSON in 'provenance', got a damaged one"):
        load(path)
