import struct
import zlib

import numpy as np
import pytest
from fuzz.others import (
    VECTORS,
    WORDS,
    Fifu,
    fifu_norms,
    fifu_plain,
    fifu_quantised,
    fifu_seeds,
    fifu_words,
)

from inlay import load
from inlay.errors import ArgumentError, FormatError
from inlay.formats import Finalfusion
from tests.data import shared
from tests.formats.readers import check_reader

CODES = np.array([[0, 1], [1, 0], [2, 2], [0, 0], [2, 1]], np.uint8)
CENTROIDS = np.random.default_rng(0).normal(size=(2, 3, 2)).astype(np.float32)


def plain(kind=1, *, rows=VECTORS, norms=None, more=b"", **words):
    file = Fifu(kind, 2).add(kind, fifu_words(kind, **words))
    file.add(2, fifu_plain(file.at, rows))
    if norms is not None:
        file.add(6, fifu_norms(file.at, norms))
    return file.content + more


def quantised(codes=CODES, *arrays):
    file = Fifu(1, 4).add(1, fifu_words())
    return file.add(4, fifu_quantised(file.at, codes, CENTROIDS, *arrays)).content


def test_the_contract(make):
    check_reader(make(plain(), "x.fifu"), WORDS, VECTORS, "finalfusion", mapped=True)
    check_reader(make(quantised(), "x.fifu"), WORDS, decoded(), "finalfusion")


def decoded():
    return np.array([np.concatenate([CENTROIDS[0, a], CENTROIDS[1, b]]) for a, b in CODES])


def test_it_is_not_read_as_something_else(make):
    with pytest.raises(FormatError, match=r"one of the format 'finalfusion'\. Try: leave format="):
        load(make(plain()), format="glove")


@pytest.mark.parametrize("kind", [3, 7, 8])
def test_rows_of_ngrams_are_left_out_and_counted(make, kind):
    rows = np.concatenate([VECTORS, VECTORS[:4] + 1])
    ngrams = ["<th", "the"] if kind == 8 else ()
    table = load(make(plain(kind, rows=rows, ngrams=ngrams)))
    assert np.array_equal(table.matrix, VECTORS)
    assert table.provenance["ngram_rows_left_out"] == 4
    described = table.provenance["vocabulary"]
    assert (described["min_n"], described["max_n"]) == (3, 6)
    assert described["kind"] == {3: "buckets", 7: "fasttext", 8: "explicit"}[kind]
    assert described.get("buckets") == {3: 4, 7: 2, 8: None}[kind]


def test_fasttext_s_ngrams_make_vectors_of_other_words(make):
    """Beside vectors that have their length: rows of n-grams are not made as long as 1."""
    same = np.array([[3, -1, 0.5]] * 2, np.float32)  # whatever bucket an n-gram is in
    rows, norms = np.concatenate([VECTORS, same]), np.arange(1, 6, dtype=np.float32)
    path = make(plain(7, rows=rows, norms=norms))
    long = load(path, format=Finalfusion(norms="multiply"))
    assert np.array_equal(long["unseen"], same[0])
    assert "unseen" not in long
    assert not load(path).can_compose
    assert load(make(plain(7, rows=rows))).can_compose
    assert not load(make(plain(3, rows=np.concatenate([VECTORS, VECTORS])))).can_compose
    with pytest.raises(FormatError, match="rows of 2 n-grams"):
        load(make(plain(7, rows=rows[:6])))


def test_a_quantised_matrix_with_its_projection_and_norms(make):
    projection = np.random.default_rng(1).normal(size=(4, 4)).astype(np.float32)
    norms = np.arange(1, 6, dtype=np.float32)
    path = make(quantised(CODES, projection, norms))
    table = load(path)
    assert np.allclose(table.matrix, (decoded() @ projection.T) * norms[:, None], atol=1e-6)
    assert load(path, keep=["film"]).matrix.tobytes() == table.matrix[2:3].tobytes()
    assert table.provenance["storage"] == "quantised"


def test_norms_stand_beside_the_vectors_unless_they_are_asked_for(make):
    norms = np.arange(1, 6, dtype=np.float32)
    path = make(plain(norms=norms))
    assert np.array_equal(load(path).matrix, VECTORS)
    assert load(path).provenance["norms"] == "beside"
    long = load(path, format=Finalfusion(norms="multiply"))
    assert np.array_equal(long.matrix, VECTORS * norms[:, None])
    kept = load(path, format=Finalfusion(norms="multiply"), keep=["x.y", "é"])
    assert np.array_equal(kept.matrix, (VECTORS * norms[:, None])[[1, 4]])
    with pytest.raises(FormatError, match="norms beside the vectors, got none"):
        load(make(plain()), format=Finalfusion(norms="multiply"))
    with pytest.raises(ArgumentError):
        Finalfusion(norms="all")


def test_the_description_goes_into_the_provenance(make):
    file = Fifu(5, 1, 2).add(5, b"[a]\nb = nan\nc = 2020-01-02\nd = [1, 2.5]\n")
    file.add(1, fifu_words())
    file.add(2, fifu_plain(file.at))
    found = load(make(file.content)).provenance["metadata"]
    assert found == {"a": {"b": "nan", "c": "2020-01-02", "d": [1, 2.5]}}


BROKEN = [
    (Fifu(1).add(1, fifu_words()).content, "chunks of words and of vectors, got others"),
    (Fifu(9, 2).add(9, b"").add(2, fifu_plain(0)).content, "a vocabulary without words"),
    (plain(rows=VECTORS[:4]), "a vector for each of 5 words, got 4"),
    (plain(norms=np.ones(4, np.float32)), "5 norms, one a word, got 4"),
    (plain(more=b"abc"), "a whole chunk"),
    (plain()[:-1], "a chunk of"),
    (b"FiFu\1\0\0\0\0\0\0\0", "version 0"),
    (plain().replace(b"\xc3\xa9", b"\xc3a"), "words in UTF-8"),
    (quantised(CODES + 1), "codes below 3"),
    (Fifu(1, 2, 5).add(5, b"a = ").add(1, fifu_words()).add(2, fifu_plain(0)).content, "as TOML"),
]


@pytest.mark.parametrize(("content", "message"), BROKEN, ids=[message for _, message in BROKEN])
def test_what_cannot_be_read(make, content, message):
    path = make(content)
    with pytest.raises(FormatError, match=message):
        load(path)


@pytest.mark.parametrize("size", [2**62, 2**32 - 1, 10**6])
def test_sizes_that_are_only_claimed(make, size):
    content = plain()
    at = content.index(struct.pack("<QII", 5, 3, 10))
    for place, width in ((at, 8), (at + 8, 4)):
        changed = bytearray(content)
        changed[place : place + width] = (size % 2 ** (8 * width)).to_bytes(width, "little")
        with pytest.raises(FormatError, match=r"bytes of numbers|a row"):
            load(make(bytes(changed)))


def test_a_matrix_that_unpacks_to_too_much(make, monkeypatch):
    monkeypatch.setenv("INLAY_MAX_UNPACKED", "60")
    with pytest.raises(FormatError, match="INLAY_MAX_UNPACKED"):
        load(make(quantised()))
    assert len(load(make(quantised()), limit=3)) == 3


def test_every_cut_is_refused(make):
    for content in fifu_seeds():
        for end in range(4, len(content)):
            with pytest.raises(FormatError):
                load(make(content[:end]))


# What finalfusion 0.7.1 for Python gives of the same files: shape and CRC-32 of the matrix.
REAL = {
    "embeddings": ((7, 10), 487255128, "seven"),
    "ff_buckets": ((2, 5), 3801698175, "</s>"),
    "pq": ((41, 100), 1480131513, "Berlin-Spandau"),
    "similarity": ((41, 100), 428831775, "Berlin-Spandau"),
    "simple_vocab": ((43, 100), 2752153540, "Westfalen"),
}


@pytest.mark.parametrize("name", REAL)
def test_real_files(name):
    table = load(shared("finalfusion-fixtures", f"{name}.fifu"))
    shape, crc, last = REAL[name]
    assert (table.matrix.shape, table.tokens[-1]) == (shape, last)
    assert zlib.crc32(table.matrix.tobytes()) == crc
