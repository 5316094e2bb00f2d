"""Whatever is saved is loaded again, by every format, bit for bit."""

import contextlib
import dataclasses
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inlay import Table, load, save
from inlay.errors import FormatError
from inlay.formats import FORMATS, FastTextVec

TEXTUAL = ["glove", "word2vec", "fasttext-vec", "word2vec-binary"]
ANY = ["npz", "native"]
NAMED = {format.name: format for format in FORMATS}

words = st.text(
    st.characters(exclude_characters="\n\r\t \ufeff", exclude_categories=["Cs"]), min_size=1
)
tokens = st.text(st.characters(exclude_categories=["Cs"]))
numbers = st.floats(width=32, allow_nan=False, allow_infinity=False)


@st.composite
def tables(draw, token):
    names = draw(st.lists(token, min_size=1, max_size=8, unique=True))
    dim = draw(st.integers(1, 5) | st.sampled_from([63, 64, 65, 300]))
    some = min(len(names) * dim, 40)
    values = np.array(draw(st.lists(numbers, min_size=some, max_size=some)), np.float32)
    return Table(names, np.resize(values, (len(names), dim)))


def said(format, dim):
    """What has to be said so that any text reads back: where its tokens end."""
    known = NAMED[format]
    return dataclasses.replace(known, dim=dim) if hasattr(known, "dim") else known


def check_round_trip(table, format, suffix=""):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x" + suffix)
        save(table, path, format=format)
        again = load(path, format=said(format, table.dim))
        assert again.tokens.tolist() == table.tokens.tolist()
        assert again.matrix.dtype == table.matrix.dtype
        assert again.matrix.tobytes() == table.matrix.tobytes()


@given(tables(words), st.sampled_from(TEXTUAL + ANY))
@settings(max_examples=300, deadline=None)
def test_words(table, format):
    check_round_trip(table, format)


@pytest.mark.parametrize("tokens", [["0"], ["5"], ["5", "6"], ["1"]])
@pytest.mark.parametrize("x", [0, 1, 2, 3, 0.5])
def test_rows_that_look_like_a_header(tmp_path, tokens, x):
    table = Table(tokens, np.full((len(tokens), 1), x, np.float32))
    for format in TEXTUAL:
        save(table, tmp_path / "x", format=format)
        with contextlib.suppress(FormatError):
            assert load(tmp_path / "x").tokens == table.tokens
        assert load(tmp_path / "x", format=said(format, 1)).tokens == table.tokens


numerals = st.text("0123456789.-+e", min_size=1, max_size=5)


@given(tables(words | numerals), st.sampled_from(TEXTUAL + ANY))
@settings(max_examples=200, deadline=None)
def test_what_is_saved_is_never_read_back_as_another_table(table, format):
    """Without a word about the format, it is the same table, or an error that says what to say."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x" + NAMED[format].suffixes[0])
        save(table, path, format=format)
        try:
            again = load(path)
        except FormatError as error:
            assert "format=" in error.hint  # noqa: PT017
            again = load(path, format=said(format, table.dim))
        assert again.tokens.tolist() == table.tokens.tolist()
        assert again.matrix.tobytes() == table.matrix.tobytes()


@given(tables(tokens), st.sampled_from(ANY))
@settings(max_examples=100, deadline=None)
def test_any_text_as_a_token(table, format):
    check_round_trip(table, format)


@given(tables(st.text("a1 .\t-é\n\r", max_size=9)))
@settings(max_examples=300, deadline=None)
def test_glove_holds_a_token_with_spaces_or_says_that_it_cannot(table):
    try:
        check_round_trip(table, "glove")
    except FormatError as error:
        assert "a token that the format 'glove' can hold" in str(error)  # noqa: PT017
        assert any(
            t.strip(" \t") != t or {"\n", "\r"} & {*t} or not t or any(c.isdigit() for c in t)
            for t in table.tokens
        )


@pytest.mark.parametrize("packing", ["", ".gz", ".bz2", ".xz", ".zip"])
@pytest.mark.parametrize(
    ("suffix", "format"),
    [
        (".vec", "fasttext-vec"),
        (".bin", "word2vec-binary"),
        (".npz", "npz"),
        (".safetensors", "native"),
    ],
)
def test_the_suffix_says_the_format(tmp_path, suffix, format, packing):
    matrix = np.random.default_rng(0).standard_normal((1000, 7)).astype(np.float32)
    table = Table([f"w{i}" for i in range(1000)], matrix)
    path = tmp_path / f"x{suffix}{packing}"
    save(table, path)
    again = load(path)
    assert np.array_equal(again.matrix, matrix)
    assert again.tokens == table.tokens
    if format != "native":
        assert again.provenance["format"] == format


def test_equal_tables_are_equal_files(tmp_path, table):
    for name in ("x.vec.gz", "x.safetensors.gz", "x.bin.xz", "x.npz"):
        save(table, tmp_path / name)
        save(table, tmp_path / f"y{name}")
        assert (tmp_path / name).read_bytes() == (tmp_path / f"y{name}").read_bytes()


@pytest.mark.parametrize("format", TEXTUAL[:3])
def test_text_of_special_numbers(tmp_path, format):
    tiny = np.finfo(np.float32).smallest_subnormal
    row = np.array([[0, -0.0, tiny, -tiny, np.finfo(np.float32).max, np.nan, -np.inf]], np.float32)
    save(Table(["a"], row), tmp_path / "x", format=format)
    again = load(tmp_path / "x", format=dataclasses.replace(NAMED[format], nonfinite="keep"))
    assert again.matrix.tobytes() == row.tobytes()


def test_the_text_that_is_written(tmp_path):
    table = Table(["a", "é"], np.array([[0.1, -2], [1e-7, 3]], np.float64))
    expected = {
        "glove": "a 0.1 -2\né 1e-07 3\n",
        "word2vec": "2 2\na 0.1 -2\né 1e-07 3\n",
        "fasttext-vec": "2 2\na 0.1 -2 \né 1e-07 3 \n",
    }
    for format, text in expected.items():
        save(table, tmp_path / format, format=format)
        assert (tmp_path / format).read_bytes() == text.encode()


def test_many_blocks_are_written_in_order(tmp_path, monkeypatch):
    from inlay.formats import text_writer

    monkeypatch.setattr(text_writer, "NUMBERS_AT_ONCE", 10)
    matrix = np.random.default_rng(0).standard_normal((500, 3)).astype(np.float32)
    matrix[77, 1] = np.nan
    save(Table([f"w{i}" for i in range(500)], matrix), tmp_path / "x.vec")
    again = load(tmp_path / "x.vec", format=FastTextVec(nonfinite="keep"))
    assert again.matrix.tobytes() == matrix.tobytes()


@pytest.mark.parametrize("format", TEXTUAL)
@pytest.mark.parametrize("token", ["", "a\nb", "\ufeffa", "a b", "a\tb", " a", "a "])
@pytest.mark.parametrize("row", [0, 2])
def test_a_token_that_does_not_fit_is_refused_before_anything_is_written(
    tmp_path, format, token, row
):
    if format == "glove" and token in ("a b", "a\tb"):
        return
    if token == "\ufeffa" and row:
        return
    names = ["x", "y", "z"]
    names[row] = token
    table = Table(names, np.ones((3, 4), np.float32))
    (tmp_path / "old").write_text("old")
    with pytest.raises(
        FormatError, match=f"token {row}: expected a token that the format"
    ) as caught:
        save(table, tmp_path / "old", format=format)
    assert repr(token) in str(caught.value)
    assert [file.name for file in tmp_path.iterdir()] == ["old"]
    assert (tmp_path / "old").read_text() == "old"
