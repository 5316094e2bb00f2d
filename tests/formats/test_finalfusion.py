import random
import struct
import zlib

import numpy as np
import pytest
from fuzz.fasttext import hashed
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


NGRAMS = ["<th", "the", "xy", "<xy>", "y>"]


def hashed_64(gram):
    """finalfusion's hash, by its description."""
    h = 0xCBF29CE484222325
    for byte in struct.pack("<Q", len(gram)) + gram.encode("utf-32-le"):
        h = (h ^ byte) * 0x100000001B3 % 2**64
    return h


def sums(word, kind, rows):
    """The sum of the rows of all n-grams of 3 to 6 characters, and how many there are."""
    bracketed = f"<{word}>"
    grams = [bracketed[i : i + n] for i in range(len(word) + 2) for n in range(3, 7)]
    grams = [gram for i, gram in enumerate(grams) if i // 4 + i % 4 + 3 <= len(bracketed)]
    at = {
        3: lambda gram: hashed_64(gram) % 4,
        7: lambda gram: hashed(gram.encode()) % 2,
        8: lambda gram: NGRAMS.index(gram) if gram in NGRAMS else None,
    }
    found = [row for row in map(at[kind], grams) if row is not None]
    return rows[found].sum(axis=0), len(found)


UNSEEN = ["xy", "영화", "film😀é", "the", "</s>", "x", "", "x" * 60]


@pytest.mark.parametrize("kind", [3, 7, 8])
@pytest.mark.parametrize("storage", ["plain", "quantised"])
def test_n_grams_make_vectors_of_other_words(make, tmp_path, kind, storage):
    """With length 1 as in that library, or of one kind with vectors that have their length."""
    rng, norms = np.random.default_rng(2), np.arange(1, 6, dtype=np.float32)
    words = ["the", *WORDS[1:]]
    ngrams = NGRAMS if kind == 8 else ()
    file = Fifu(kind, 2 if storage == "plain" else 4, 6)
    file.add(kind, fifu_words(kind, words, ngrams=ngrams))
    if storage == "plain":
        rows = rng.normal(size=(10, 3)).astype(np.float32)
        file.add(2, fifu_plain(file.at, rows))
    else:
        codes, of_row = rng.integers(0, 3, (10, 2)).astype(np.uint8), rng.uniform(1, 2, 10)
        projection = rng.normal(size=(4, 4)).astype(np.float32)
        centroids = np.concatenate([CENTROIDS[0][codes[:, 0]], CENTROIDS[1][codes[:, 1]]], axis=1)
        rows = centroids @ projection.T * of_row[:, None]
        arrays = (codes, CENTROIDS, projection, of_row)
        file.add(4, fifu_quantised(file.at, *arrays))
    path = make(file.add(6, fifu_norms(file.at, norms)).content)
    table, long = load(path), load(path, format=Finalfusion(norms="multiply"))
    table.save(tmp_path / "native.safetensors")
    again = load(tmp_path / "native.safetensors", verify=True)
    for word in UNSEEN:
        total, n = sums(word, kind, rows[5:])
        if word == "the":
            total, n = rows[0], 1
        length = max(float(np.linalg.norm(total)), 1e-9)
        expected = total if word == "the" else total / length
        assert np.allclose(table[word], expected, atol=1e-5), word
        if word not in ("the", "</s>"):  # which has no n-grams by fastText's own rules
            assert np.allclose(long[word], total / max(n, 1), atol=1e-5), word
        assert again[word].tobytes() == table[word].tobytes()
    assert ("xy" not in table, table.can_compose) == (True, True)
    _, known = table._known_or_composed(UNSEEN)
    assert known.tolist() == [sums(w, kind, rows[5:])[1] > 0 or w == "the" for w in UNSEEN]


def test_a_list_of_n_grams_whose_bytes_are_not_all_counted(make):
    """As finalfusion for Python counts them: without the numbers behind the n-grams."""
    rows = np.concatenate([VECTORS, VECTORS + 1])
    whole = plain(8, rows=rows, ngrams=NGRAMS)
    at, size = 12 + 8 + 4, len(fifu_words(8, ngrams=NGRAMS))
    assert struct.unpack_from("<Q", whole, at) == (size,)
    short = whole[:at] + struct.pack("<Q", size - 8 * len(NGRAMS)) + whole[at + 8 :]
    assert np.array_equal(load(make(short))["xy"], load(make(whole, "whole"))["xy"])


def test_n_grams_that_cannot_be(make):
    rows = np.concatenate([VECTORS, VECTORS])
    for kind in (3, 7, 8):
        content = plain(kind, rows=rows[:6], ngrams=NGRAMS if kind == 8 else ())
        with pytest.raises(FormatError, match=r"rows of \d n-grams"):
            load(make(content))
    listed = fifu_words(8, ngrams=NGRAMS)
    for wrong, message in (
        (listed.replace(struct.pack("<Q", 4), struct.pack("<Q", 2**40)), "rows of n-grams up to"),
        (listed.replace(b"<xy>", b"<\xffy>"), "n-grams in UTF-8"),
        (listed[:-8], "5 n-grams in"),
        (listed[:8] + struct.pack("<Q", 2**60) + listed[16:], "1152921504606846976 n-grams"),
    ):
        file = Fifu(8, 2).add(8, wrong)
        with pytest.raises(FormatError, match=message):
            load(make(file.add(2, fifu_plain(file.at, rows)).content))
    codes = np.concatenate([CODES, CODES + 1])
    file = Fifu(7, 4).add(7, fifu_words(7))
    with pytest.raises(FormatError, match="codes below 3"):
        load(make(file.add(4, fifu_quantised(file.at, codes, CENTROIDS)).content))
    no_ngrams = fifu_words(7).replace(struct.pack("<II", 3, 6), struct.pack("<II", 0, 0))
    file = Fifu(7, 2).add(7, no_ngrams)
    assert not load(make(file.add(2, fifu_plain(file.at)).content)).can_compose


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


def test_cuts_are_refused(make):
    for i, content in enumerate(fifu_seeds()):
        for end in range(4 + i % 3, len(content), 3):
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


def test_a_thousand_words_as_finalfusion_composes_them():
    """Of finalfusion 0.7.1 for Python: the sum of its vectors, and one of them."""
    table = load(shared("finalfusion-fixtures", "ff_buckets.fifu"))
    rng, letters = random.Random(0), "abcdefghij가나다라마바사영화电影好的é😀\u0301<>"
    words = ["", "</s>", "<", "a", "x" * 300]
    words += ["".join(rng.choices(letters, k=rng.randint(1, 12))) for _ in range(1000)]
    vectors, known = table._known_or_composed(words)
    assert known.tolist() == [False] + [True] * 1004
    expected = [-9.349325, -72.153740, -26.156801, 1.173698, 69.709808]
    assert np.allclose(vectors.sum(axis=0, dtype=float), expected, atol=1e-3)
    one = [-0.12612458, -0.39541334, -0.32676932, 0.84683007, 0.06197926]
    assert np.allclose(table["영화"], one, atol=1e-6)
