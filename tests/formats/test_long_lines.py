"""Fields, lines, dimensions and tokens of sizes that nobody has, and anybody can send."""

import gzip

import numpy as np
import pytest

from inlay import Table, load, save
from inlay.bytes.content import HEAD
from inlay.errors import FormatError
from inlay.formats import FastTextVec, Glove, Word2VecText, format_of, text
from inlay.formats.line_rules import DECIMAL, FIELD, NUMBER, numbers_in
from tests.processes import soon


@pytest.mark.parametrize("end", [b"", b"x", b".x", b" x", b"e", b".5e5x"])
@pytest.mark.parametrize("fill", [b"1", b"1 ", b" ", b"\t", b".", b"-", b"e5", b"0.", b"nan"])
def test_a_sniff_takes_as_long_as_the_head_is(fill, end):
    with soon():
        line = b"a " + (fill * HEAD)[:HEAD] + end
        numbers_in(line)
        for pattern in (NUMBER, DECIMAL, FIELD):
            pattern.fullmatch(line[2:])
    assert NUMBER.fullmatch(b"1.5e-3")


@pytest.mark.parametrize("format", [None, Glove(dim=1), "word2vec", "word2vec-binary"])
@pytest.mark.parametrize(
    "content", [b"a " + b"1" * 250_000 + b"x", b"1" * 600_000, b"1 " * 300_000]
)
def test_a_line_of_digits_is_refused_at_once(make, content, format):
    path = make(content)
    with soon(3), pytest.raises(FormatError):
        load(path, format=format)


@pytest.mark.parametrize("said", ["1 999999999", "5 1000000", "999999999999 40000"])
@pytest.mark.parametrize("rows", ["a 1\nb 2\n", "a 1" + " 1" * HEAD + "\n" + "b 1\n" * 100_000])
def test_a_dimension_that_only_the_header_claims_takes_no_memory(make, said, rows, monkeypatch):
    resize = text.Rows._resize

    def small(self, rows):
        assert rows * self._matrix.shape[1] < 1 << 24, "room for numbers that are not there"
        resize(self, rows)

    monkeypatch.setattr(text.Rows, "_resize", small)
    path = make(f"{said}\n{rows}")
    with pytest.raises(FormatError, match=r"line [12]: expected (a token and|a header)"):
        load(path, format=Word2VecText())


def test_blank_lines_behind_a_wide_row_take_no_time(make):
    path = make(b"1 100000\na" + b" 1" * 100_000 + b"\n" * 3_000_000)
    with soon(5):
        assert load(path).dim == 100_000
    with pytest.raises(FormatError, match=r"line 3: .* got an empty line"):
        load(make(b"2 100000\na" + b" 1" * 100_000 + b"\n" * 300_000 + b"b 1"))


def test_a_few_lines_at_a_time_give_the_same_table(make, monkeypatch):
    monkeypatch.setattr(text, "SLACK", 0)
    lines = [f"w{i} 1 2 3 4 5 {i}" for i in range(1000)]
    assert load(make("\n".join(lines))).vectors[:, 5].tolist() == list(range(1000))
    lines[700] = "w700 1 2"
    with pytest.raises(FormatError, match=r"line 701: .* got 2"):
        load(make("\n".join(lines)))


@pytest.mark.parametrize("format", ["glove", "word2vec", "fasttext-vec", "word2vec-binary", "npz"])
@pytest.mark.parametrize(("rows", "dim"), [(2, 1_000_000), (3, 1), (0, 3)])
def test_extreme_shapes_are_read_back(tmp_path, format, rows, dim):
    matrix = np.arange(rows * dim, dtype=np.float32).reshape(rows, dim) / 8
    table = Table([f"w{i}" for i in range(rows)], matrix)
    if format == "glove" and rows == 0:
        with pytest.raises(FormatError, match="at least one row, which says the dimension"):
            save(table, tmp_path / "x", format=format)
        return
    save(table, tmp_path / "x.vec", format=format)
    say = {"glove": Glove(dim=dim), "fasttext-vec": FastTextVec(dim=dim)}.get(format, format)
    again = load(tmp_path / "x.vec", format=say)
    assert again.tokens.tolist() == table.tokens.tolist()
    assert np.array_equal(again.matrix, table.matrix)


def test_what_has_to_be_said_is_said(tmp_path):
    wide = Table(["a"], np.zeros((1, 200_000), np.float32))
    save(wide, tmp_path / "x.txt", format="glove")
    with pytest.raises(
        FormatError, match=r"a first line of at most 262,144 .* format=Glove\(dim=\.\.\.\) with"
    ):
        load(tmp_path / "x.txt")
    save(wide, tmp_path / "x.vec")
    assert load(tmp_path / "x.vec").dim == 200_000


@pytest.mark.parametrize("size", [HEAD - 10, HEAD, 1_000_000])
@pytest.mark.parametrize("format", ["glove", "word2vec", "fasttext-vec", "word2vec-binary", "npz"])
def test_long_tokens_are_read_back(tmp_path, format, size):
    table = Table(["x" * size, "é" * (size // 2), "b"], np.eye(3, dtype=np.float32))
    save(table, tmp_path / "x", format=format)
    say = Glove(dim=3) if format == "glove" else format
    assert load(tmp_path / "x", format=say).tokens == table.tokens


@pytest.mark.parametrize("format", ["glove", "word2vec", "fasttext-vec", "word2vec-binary"])
@pytest.mark.parametrize("size", [300_000, 1_000_000])
def test_a_long_first_token_is_read_to_its_end_to_tell_the_format(tmp_path, format, size):
    table = Table(["x" * size, "b"], np.ones((2, 2), np.float32))
    path = tmp_path / ("x.vec" if format == "fasttext-vec" else "x")
    save(table, path, format=format)
    assert format_of(path).name == format
    assert load(path).tokens == table.tokens


def test_a_longer_one_needs_the_dimension(tmp_path):
    table = Table(["x" * 3_000_000, "b"], np.ones((2, 2), np.float32))
    save(table, tmp_path / "x", format="glove")
    with pytest.raises(FormatError, match=r"a first line that is longer .*format=Glove\(dim="):
        load(tmp_path / "x")
    assert load(tmp_path / "x", format=Glove(dim=2)).tokens == table.tokens


@pytest.mark.parametrize("format", ["word2vec", "fasttext-vec", "word2vec-binary"])
def test_one_dimension_behind_a_header(tmp_path, format):
    table = Table(["a", "b", "3"], np.array([[0.5], [1], [2]], np.float32))
    path = tmp_path / ("x.vec" if format == "fasttext-vec" else "x")
    save(table, path, format=format)
    assert load(path).matrix.tolist() == table.matrix.tolist()


def test_a_row_that_would_be_a_header_is_not_written():
    table = Table(["1", "a"], np.array([[1], [5]], np.float32))
    with pytest.raises(FormatError, match=r"token 0: expected a token that the format 'glove'"):
        save(table, "/dev/null", format="glove")


def test_a_token_too_long_for_the_binary_format_is_refused(tmp_path):
    table = Table(["a", "x" * ((1 << 20) + 1)], np.ones((2, 2), np.float32))
    with pytest.raises(FormatError, match=r"token 1: .* got one of 1,048,577 characters"):
        save(table, tmp_path / "x.bin")


@pytest.mark.parametrize("token", ["<html>", "<!doctype", "BZh91AY", "BZhang", "5", "nan", "-"])
def test_a_first_token_that_looks_like_something_else(tmp_path, token):
    table = Table([token, "b"], np.eye(2, dtype=np.float32))
    save(table, tmp_path / "x", format="glove")
    assert load(tmp_path / "x", format=Glove(dim=2)).tokens == table.tokens


def test_a_damaged_archive_is_damaged_behind_its_first_bytes_too(make):
    packed = bytearray(gzip.compress(b"x" * 300_000 + b" 0.5 0.25 0.125\n"))
    packed[-8] ^= 1  # the checksum
    with pytest.raises(FormatError, match=r"a damaged one.*CRC"):
        load(make(bytes(packed)))
