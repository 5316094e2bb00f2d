"""Data frames in files of Parquet and Arrow, as polars and others write them."""

import numpy as np
import pytest

from inlay import load
from inlay.errors import FormatError, InlayError, UnknownArrayError
from inlay.formats import Parquet

polars = pytest.importorskip("polars")

WORDS = ["the", "é", "film"]
MATRIX = np.array([[1, 2], [3, 4.5], [0.1, -6]])


FLOATS = polars.List(polars.Float32)
EMPTY = {"word": polars.String, "vector": FLOATS}


def frame(kind=FLOATS, **more):
    vectors = polars.Series("vector", MATRIX.tolist(), dtype=kind)
    return polars.DataFrame({"word": WORDS, "n": [3, 2, 1], "vector": vectors} | more)


@pytest.fixture
def write(tmp_path):
    def written(data, kind="parquet"):
        path = tmp_path / f"x.{kind}"
        data.write_parquet(path) if kind == "parquet" else data.write_ipc(path)
        return path

    return written


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
@pytest.mark.parametrize("dtype", [polars.Float32, polars.Float64])
@pytest.mark.parametrize("fixed", [False, True])
def test_a_column_of_vectors(write, kind, dtype, fixed):
    made = polars.Array(dtype, 2) if fixed else polars.List(dtype)
    table = load(write(frame(made), kind))
    right = MATRIX.astype(np.float32 if dtype == polars.Float32 else np.float64)
    assert table.tokens.tolist() == WORDS
    assert np.array_equal(table.matrix, right)
    assert table.dtype == right.dtype
    assert table.provenance["name"] == "vector"
    assert load(write(frame(made), kind), keep=["film"]).matrix.tolist() == [right[2].tolist()]


def test_as_pandas_reads_it(write):
    pytest.importorskip("pandas")
    path = write(frame())
    table = load(path)
    rows = polars.read_parquet(path)
    for word, vector in zip(rows["word"], rows["vector"], strict=True):
        assert table[word].tolist() == vector.to_list()


def test_several_columns(write):
    path = write(frame(other=MATRIX[::-1].tolist(), tag=["a", "b", "c"]))
    with pytest.raises(FormatError, match=r"got vector, other. Try: name='vector' or name='other'"):
        load(path)
    with pytest.raises(FormatError, match=r"got 2: word, tag. Try: format=Parquet\(column='word'"):
        load(path, name="other")
    table = load(path, name="other", format=Parquet(column="tag"))
    assert np.array_equal(table.matrix, MATRIX[::-1].astype(table.dtype))
    for wrong in ({"name": "word"}, {"name": "vector", "format": Parquet(column="n")}):
        with pytest.raises(UnknownArrayError):
            load(path, **wrong)
    assert load(path, name="vector", tokens=["x", "y", "z"])["z"].tolist() == pytest.approx(
        [0.1, -6]
    )


def test_columns_of_numbers(write):
    data = polars.DataFrame({"word": WORDS, "0": MATRIX[:, 0], "1": MATRIX[:, 1], "n": [1, 2, 3]})
    table = load(write(data))
    assert np.array_equal(table.matrix, MATRIX)
    assert "name" not in table.provenance


def test_words_beside_the_frame(write, tmp_path):
    path = write(frame().drop("word"))
    with pytest.raises(FormatError, match="got none"):
        load(path)
    (tmp_path / "words.txt").write_text("\n".join(WORDS), encoding="utf-8")
    assert load(path).tokens.tolist() == WORDS


@pytest.mark.parametrize(
    "data",
    [
        frame().drop("vector"),
        frame().clear(),
        polars.DataFrame({"word": WORDS, "vector": [[1.0], [1.0, 2.0], [1.0]]}),
        polars.DataFrame({"word": WORDS, "vector": [[1.0], None, [1.0]]}),
        polars.DataFrame({"word": WORDS, "vector": [[1.0], [None], [1.0]]}),
        polars.DataFrame({"word": WORDS, "vector": [[1], [2], [3]]}),
        polars.DataFrame({"word": WORDS, "vector": [[], [], []]}, EMPTY),
        polars.DataFrame({"word": ["a", None, "b"], "vector": MATRIX.tolist()}),
        polars.DataFrame({"word": WORDS, "x": [1.0, None, 2.0]}),
    ],
)
def test_frames_of_something_else(write, data):
    with pytest.raises(InlayError):
        load(write(data), format=Parquet(nonfinite="keep"))


def test_words_that_are_missing(write):
    with pytest.raises(FormatError, match="a word in each row, got a row without one"):
        load(write(polars.DataFrame({"word": ["a", None, "b"], "vector": MATRIX.tolist()})))


def test_more_rows_than_memory(write, monkeypatch):
    path = write(frame())
    monkeypatch.setenv("INLAY_MAX_UNPACKED", "40")
    with pytest.raises(FormatError, match=r"3 rows of 2 numbers.*INLAY_MAX_UNPACKED"):
        load(path)


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_damage(write, kind):
    path = write(frame(), kind)
    data = path.read_bytes()
    for size in range(8, len(data), 37):
        path.write_bytes(data[:size])
        with pytest.raises(InlayError):
            load(path)
