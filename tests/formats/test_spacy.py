import json

import numpy as np
import pytest
from fuzz.others import SPACY_KEYS, VECTORS, WORDS, npy, spacy_files, spacy_keys

from inlay import Vocabulary, load, save, to_torch
from inlay.errors import ArgumentError, FormatError
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


def floret(vectors=VECTORS, **changed):
    """The files of vectors that have no words."""
    said = {"minn": 2, "maxn": 3, "hash_count": 2, "hash_seed": 2166136261, "attr": 65}
    said |= {"mode": "floret", "bow": "<", "eow": ">"} | changed
    files = spacy_files(vectors, (), ()) | {"vectors.cfg": json.dumps(said).encode()}
    return {name: files[name] for name in ("vectors", "key2row", "vectors.cfg")}


# What spaCy 3.8 gives for these words, of the rows above.
FLORET = {
    "film": [2.3377, 2.6, 2.425],
    "영화": [3.083834, 4.333333, 5.458333],
    "film😀é": [1.580572, 3.25, 3.339286],
    "a": [1.7815, 3.125, 2.6875],
    "\ud55c\uad6d\uc5b4\ub97c\u0301": [3.875209, 2.75, 3.854166],
    "</s>": [1.9003, 3.4, 3.575],
    "": [0.0, 0.0, 0.0],
}


def test_floret_s_vectors_are_composed(folder, tmp_path):
    path = folder(floret())
    table = load(path)
    assert (len(table), table.dim, table.can_compose) == (0, 3, True)
    for word, vector in FLORET.items():
        assert np.allclose(table[word], vector, atol=1e-6), word
    save(table, tmp_path / "native.safetensors")
    again = load(tmp_path / "native.safetensors", verify=True)
    assert again[list(FLORET)].tobytes() == table[list(FLORET)].tobytes()
    other = load(folder(floret(bow="", eow="")))
    assert not np.allclose(other["film"], table["film"])


def test_a_table_without_tokens_serves_a_vocabulary(folder):
    """Everything asks for words, for there are none to go through."""
    table = load(folder(floret()))
    words = [word for word in FLORET if word]
    aligned = table.align(words)
    assert np.allclose(aligned.vectors, [FLORET[word] for word in words], atol=1e-6)
    vocab = Vocabulary(words)
    found = table.align(vocab)
    assert found.coverage.n_found == len(words)
    known = found.vectors[2:]
    assert 0 < np.abs(found.vectors[vocab.unk_id]).max() < 5 * known.std()
    with pytest.raises(ArgumentError, match=r"Try: table\.align\(words\)\.most_similar"):
        table.most_similar("film")
    with pytest.raises(FormatError, match="by the rules of fastText, got those of floret"):
        save(table, "x.bin", format="fasttext")


def test_a_layer_of_a_table_without_tokens_needs_a_vocabulary(folder):
    pytest.importorskip("torch")
    table, vocab = load(folder(floret())), Vocabulary(["film"])
    with pytest.raises(ArgumentError, match=r"Try: to_torch\(table, vocab\)"):
        to_torch(table)
    assert to_torch(table, vocab).num_embeddings == len(vocab)


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
    ({"vectors.cfg": b'{"mode": "x"}'}, "'default' or 'floret', got the mode 'x'"),
    ({"vectors.cfg": b"[]"}, "'default' or 'floret', got the mode None"),
    (floret(minn=0), "minn from 1 to 100, got 0"),
    (floret(maxn=None), "maxn from 1 to 100, got None"),
    (floret(hash_count=5), "hash_count from 1 to 4, got 5"),
    (floret(hash_seed=-1), "hash_seed from 0 to"),
    (floret(bow=7), "short strings as the marks of a word"),
    (floret(VECTORS[:0]), "a matrix of rows of n-grams, got none"),
    (floret(VECTORS * np.nan), "vectors, row 0: expected finite numbers"),
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
