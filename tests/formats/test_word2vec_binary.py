import gzip

import numpy as np
import pytest

from inlay import Table, load, save
from inlay.bytes.content import Content
from inlay.errors import FormatError
from inlay.formats import Word2VecBinary

MATRIX = np.random.default_rng(0).standard_normal((300, 5)).astype(np.float32)
TOKENS = [f"w{i}" for i in range(299)] + ["é"]


def content(header="300 5\n", gap=b"\n"):
    words = [f"{t} ".encode() + row.tobytes() + gap for t, row in zip(TOKENS, MATRIX, strict=True)]
    return header.encode() + b"".join(words)


@pytest.mark.parametrize("gap", [b"", b"\n"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("window", [1 << 24, 100])
def test_words_with_and_without_line_feeds(make, gap, pack, window, monkeypatch):
    windows = Content.windows
    monkeypatch.setattr(Content, "windows", lambda self, size: windows(self, window))
    table = load(make(pack(content(gap=gap))))
    assert np.array_equal(table.matrix, MATRIX)
    assert table.tokens.tolist() == TOKENS
    assert table.provenance["format"] == "word2vec-binary"
    assert np.array_equal(load(table_path(make, gap), limit=7).matrix, MATRIX[:7])
    kept = load(table_path(make, gap), keep={"w3", "é"})
    assert np.array_equal(kept.matrix, MATRIX[[3, 299]])


def table_path(make, gap):
    return make(content(gap=gap), "vectors.bin")


@pytest.mark.parametrize("said", ["301 5\n", "299 5\n", "0 5\n"])
def test_a_header_with_another_count(make, said):
    path = make(content(said))
    with pytest.raises(
        FormatError, match=f"expected {said.split()[0]} words, as line 1 says, got 300"
    ):
        load(path)
    assert len(load(path, format=Word2VecBinary(header="ignore"))) == 300


def test_a_header_with_another_dimension(make):
    for dim in (1, 4, 6, 50, 100_000):
        for format in (None, Word2VecBinary(errors="replace", header="ignore")):
            with pytest.raises(
                FormatError, match=f"line 1: expected a header that says dimension 5, .* got {dim}"
            ):
                load(make(content(f"300 {dim}\n")), format=format, limit=1)


@pytest.mark.parametrize("dim", [1, 4, 6, 50])
def test_a_header_with_another_dimension_is_no_matter_of_encodings(make, dim):
    with pytest.raises(FormatError, match=r"line 1: expected a header that says dimension 5"):
        load(make(content(f"300 {dim}\n")))


def test_a_file_cut_in_the_middle_of_a_vector(make):
    whole = content()
    with pytest.raises(
        FormatError, match=r"word 300: expected a token, a space and 20 bytes .* got 19 bytes"
    ):
        load(make(whole[:-5]))
    with pytest.raises(FormatError, match=r"word 300: .* Try: download it again; a cut-off file"):
        load(make(whole[:-5]), format=Word2VecBinary(header="ignore"))
    assert len(load(make(whole[:-5]), limit=299)) == 299


def test_a_file_without_spaces_is_given_up(make):
    with pytest.raises(FormatError, match=r"word 1: .* got no space in 1048576 bytes"):
        load(make(b"1 2\n" + bytes(1 << 25)))


@pytest.mark.parametrize("x", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite(make, x):
    data = (
        b"2 2\na " + np.array([1, 2], "<f4").tobytes() + b"b " + np.array([3, x], "<f4").tobytes()
    )
    with pytest.raises(FormatError, match=f"word 2: .* got {x} as number 2 of 'b'"):
        load(make(data))
    assert np.array_equal(
        load(make(data), format=Word2VecBinary(nonfinite="keep"))["b"], [3, x], equal_nan=True
    )


def test_duplicates_and_invalid_utf8(make):
    row = np.array([1], "<f4").tobytes()
    path = make(b"3 1\na " + row + b"\na " + row + b"\n\xff " + row + b"\n")
    with pytest.raises(FormatError, match=r"word 3: expected text in UTF-8, .* in b'\\xff'"):
        load(path)
    table = load(path, format=Word2VecBinary(errors="replace"))
    assert table.tokens.tolist() == ["a", "\ufffd"]
    assert (table.provenance["duplicates"], table.provenance["replaced"]) == (1, 1)


def test_headers_that_are_none(make):
    with pytest.raises(FormatError, match="line 1: expected two whole numbers"):
        load(make(b"word\0\0"), format="word2vec-binary")
    with pytest.raises(FormatError, match="got an empty file"):
        load(make(b""), format="word2vec-binary")
    with pytest.raises(FormatError, match="line 1: expected dimension 1 or more, got 0"):
        load(make(b"1 0\na \0"), format="word2vec-binary")


def test_the_bytes_that_are_written(tmp_path):
    table = Table(["a", "é"], np.array([[1, 2], [3, 4]], np.float64))
    save(table, tmp_path / "x.bin")
    one, two = np.array([1, 2], "<f4").tobytes(), np.array([3, 4], "<f4").tobytes()
    assert (tmp_path / "x.bin").read_bytes() == b"2 2\na " + one + "\né ".encode() + two + b"\n"
