"""Numbers between commas, semicolons and tabs; the Embedding Projector's pairs of files."""

import numpy as np
import pytest

from inlay import load
from inlay.errors import FormatError
from inlay.formats import format_of

WORDS = ["the", "a, b", 'said "x"', "1999", "é"]
MATRIX = np.array([[1, 2, 3], [0.1, -2e-3, 7], [0.5, 1, 2], [1, 1, 1], [1 / 3, 2, 9]], np.float32)
ROWS = [
    "the,1,2,3",
    '"a, b",0.1,-2e-3,7',
    '"said ""x""",0.5,1,2',
    "1999,1,1,1",
    "é,0.33333334,2,9",
]


@pytest.fixture
def write(tmp_path):
    def written(text, name="x.csv"):
        path = tmp_path / name
        path.write_bytes(text.encode())
        return path

    return written


@pytest.mark.parametrize("head", ["", "\ufeff", "word,a,b,c\n", "\ufeff,x,y,z\n"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_commas(write, head, end):
    table = load(write((head + "\n".join(ROWS) + "\n").replace("\n", end)))
    assert table.tokens.tolist() == WORDS
    assert np.array_equal(table.matrix, MATRIX)
    assert table.provenance["format"] == "csv"
    assert load(write("\n".join(ROWS)), keep=["é"]).matrix.tolist() == [MATRIX[4].tolist()]


@pytest.mark.parametrize("how", [{}, {"index": False}, {"header": False}, {"sep": ";"}])
def test_as_pandas_writes_it(tmp_path, how):
    pandas = pytest.importorskip("pandas")
    numbers = pandas.DataFrame(MATRIX, columns=["x", "y", "z"])
    numbers.insert(0, "word", WORDS)
    numbers.to_csv(tmp_path / "x.csv", **how)
    table = load(tmp_path / "x.csv")
    assert table.tokens.tolist() == WORDS
    assert np.array_equal(table.matrix, MATRIX)


def test_columns_that_pandas_numbers(tmp_path):
    pandas = pytest.importorskip("pandas")
    pandas.DataFrame(MATRIX, index=WORDS).to_csv(tmp_path / "x.csv")  # ",0,1,2"
    table = load(tmp_path / "x.csv")
    assert table.tokens.tolist() == WORDS
    assert np.array_equal(table.matrix, MATRIX)


def test_tabs_with_names_above(write):
    rows = "word\tx\ty\n" + "".join(f"{w}\t{i}.5\t{i}\n" for i, w in enumerate(["a", '"', "c d"]))
    table = load(write(rows, "x.tsv"))
    assert table.tokens.tolist() == ["a", '"', "c d"]
    assert table['"'].tolist() == [1.5, 1]


@pytest.mark.parametrize("metadata", ["a\nb\nc\n", "word\tn\na\t3\nb\t2\nc\t1\n"])
def test_files_of_the_embedding_projector(write, metadata):
    matrix = MATRIX[[0, 1, 4]]
    path = write(
        "".join("\t".join(map(repr, map(float, row))) + "\n" for row in matrix), "tensors.tsv"
    )
    with pytest.raises(FormatError, match="got none"):
        load(path)
    write(metadata, "metadata.tsv")
    table = load(path)
    assert table.tokens.tolist() == ["a", "b", "c"]
    assert np.array_equal(table.matrix, matrix)
    write("a\nb\nc\nd\n", "metadata.tsv")
    with pytest.raises(FormatError, match=r"expected 3 tokens, for tensors.tsv has 3 rows, got 4"):
        load(path)


def test_text_of_other_formats_stays_theirs(write):
    for text in ("the\t1.5\t2\nfilm\t3\t4\n", ", 1.5 2\n; 3 4\n", "a,b 1.5 2\nc,d 3 4\n"):
        assert format_of(write(text, "x.txt")).name == "glove"


@pytest.mark.parametrize(
    "text",
    [
        "text,label,stars\na good film,1,5\na bad one,0,1\n",
        "a,b\nc,d\n",
        "1,2\n3,4\n",
        "date;price\n2020;1,5\n",
    ],
)
def test_tables_of_something_else(write, text):
    with pytest.raises(FormatError, match="a file of vectors"):
        load(write(text))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("bad,1,2\n", "the row of 'bad': expected 4 columns, as in the first row, got 3"),
        ("bad,1,x,2\n", "the row of 'bad': expected numbers in the columns behind it, got 'x'"),
        ("bad,1,nan,2\n", "row 100: expected finite numbers"),
        ("bad,1,1e39,2\n", "row 100: expected finite numbers"),
        ('"bad,1,2,3\n', "expected"),
    ],
)
def test_rows_that_are_damaged(write, row, message):
    good = "".join(f"w{i},{i}.5,2,3\n" for i in range(100))
    with pytest.raises(FormatError, match=message):
        load(write(good + row))


def test_words_that_are_not_utf8(tmp_path):
    good = "".join(f"w{i},{i}.5,2,3\n" for i in range(100))
    (tmp_path / "x.csv").write_bytes(good.encode() + b"\xe9,1,2,3\n")
    with pytest.raises(FormatError, match="expected text in UTF-8"):
        load(tmp_path / "x.csv")
