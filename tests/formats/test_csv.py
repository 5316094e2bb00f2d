"""Numbers between commas, semicolons and tabs; the Embedding Projector's pairs of files."""

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inlay import load
from inlay.bytes.content import Content
from inlay.errors import FormatError
from inlay.formats import cells, format_of
from inlay.formats import text as text_files
from inlay.kernels.cells import parse_cells
from inlay.kernels.parse import BLANK, ODD, OK

WORDS = ["the", "a, b", 'said "x"', "1999", "é"]
MATRIX = np.array([[1, 2, 3], [0.1, -2e-3, 7], [0.5, 1, 2], [1, 1, 1], [1 / 3, 2, 9]], np.float32)
ROWS = [
    "the,1,2,3",
    '"a, b",0.1,-2e-3,7',
    '"said ""x""",0.5,1,2',
    "1999,1,1,1",
    "é,0.33333334,2,9",
]


@pytest.fixture(autouse=True, params=["small", "large"])
def size(request, monkeypatch):
    """Small files are left to Python's csv module: each is also read as if it were large."""
    if request.param == "large":
        monkeypatch.setattr(cells, "SMALL", 0)


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


numbers = st.sampled_from(
    [
        "1",
        "-0.25",
        "0.1234567890",
        " 2",
        "3 ",
        "1e5",
        ".5",
        "5.",
        "+1",
        "1_0",
        "-0",
        "0.1e",
        "x",
        "",
    ]
)
words = st.sampled_from(["a", "", "a b", "\u00e9", "1", "x" * 70, "'", "a\rb", '"', '"a;""\nb"'])
rows = st.lists(st.tuples(words, st.lists(numbers, min_size=2, max_size=3)), max_size=6)


@given(
    rows, st.sampled_from(["\n", "\r\n", "\n\n", "\r\r\n"]), st.sampled_from(",;\t"), st.booleans()
)
@settings(max_examples=150, deadline=None)
def test_what_the_kernel_reads_is_what_the_csv_module_reads(more, end, separator, numbered):
    lines = ["\ufeffw,0.5,2", "v,1.5,2", *(",".join([word, *row]) for word, row in more)]
    lines = [f"\u00e9,{line}" for line in lines] if numbered else lines
    content = end.join(lines).replace(",", separator).encode()
    source = Content(Path("x"), "x", "x", content[:99], True, lambda _: io.BytesIO(content))
    read = []
    for small in (1 << 20, 0):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(cells, "SMALL", small)
            patch.setattr(text_files, "BLOCK", 20)
            reader = cells.CellReader(
                "x", cells.Layout(separator, 1 + numbered, 3 + numbered, has_names=False)
            )
            try:
                tokens, matrix = reader.read(source)
                read.append((tokens.tolist(), matrix.tolist()))
            except FormatError as error:
                read.append((str(error), []))
    # Which of two errors comes first is another matter: the csv module's rows come in blocks.
    assert isinstance(read[0][0], str) == isinstance(read[1][0], str)
    assert read[0] == read[1] or isinstance(read[0][0], str)


@pytest.mark.parametrize("first", [0, 1, 2])
@pytest.mark.parametrize("kernel", [parse_cells, parse_cells.py_func], ids=["compiled", "python"])
def test_cells(kernel, first):
    rows = [b"-0.1234567,2\r", b"1e2, .5 ", b"", b"1,2,3", b"1", b"1,nan", b"\r", b"0.25,7"]
    words = [b"", b"w,", b"i,\xc3\xa9,"][first]
    lines = [words + row if row.strip() else row for row in rows]
    buf = np.frombuffer(b"\n".join(lines), np.uint8)
    matrix, bounds, status = (
        np.zeros((8, 2), np.float32),
        np.zeros((8, 2), int),
        np.zeros(8, np.uint8),
    )
    with np.errstate(over="ignore"):
        kernel(buf, 0, buf.size, np.uint8(44), first, 100, matrix, bounds, status)
    assert status.tolist() == [OK, OK, BLANK, ODD, ODD, ODD, BLANK, OK]
    read = [[-0.1234567, 2], [100, 0.5], [0.25, 7]]
    assert np.array_equal(matrix[[0, 1, 7]], np.array(read, np.float32))
    found = [buf[a:b].tobytes() for a, b in bounds.tolist()]
    word = words.split(b",")[-2] if first else b""
    assert [found[i] for i in (0, 1, 7)] == [word] * 3
    assert [found[i] for i in (3, 4, 5)] == [lines[i] for i in (3, 4, 5)]
    with np.errstate(over="ignore"):
        kernel(buf, 0, buf.size, np.uint8(44), first, 3, matrix, bounds, status)
    assert status[0] == ODD


def test_windows_and_quotes_behind_many_rows(write, monkeypatch):
    windows = Content.windows
    monkeypatch.setattr(Content, "windows", lambda self: windows(self, 150))
    names = '"the\nword",x,"y ""z"""\n'
    plain = "".join(f"w{i},{i}.5,2\n" for i in range(100))
    path = write("\n\n" + names + plain + '"q\n,",0.5,3\n' + plain.replace("w", "v"))
    table = load(path)
    assert table.tokens.tolist() == [f"w{i}" for i in range(100)] + ["q\n,"] + [
        f"v{i}" for i in range(100)
    ]
    assert table.matrix[:, 0].tolist() == [i + 0.5 for i in range(100)] + [0.5] + [
        i + 0.5 for i in range(100)
    ]


def test_words_that_are_not_utf8(tmp_path):
    good = "".join(f"w{i},{i}.5,2,3\n" for i in range(100))
    (tmp_path / "x.csv").write_bytes(good.encode() + b"\xe9,1,2,3\n")
    with pytest.raises(FormatError, match="expected text in UTF-8"):
        load(tmp_path / "x.csv")


def test_the_encoding_of_excel_is_told(tmp_path):
    path = tmp_path / "x.csv"
    lines = ["단어,가,나", *(f"{word},0.5,1" for word in ("영화", "감독", "음악", "배우"))]
    path.write_bytes("\n".join(lines).encode("cp949"))
    with pytest.raises(
        FormatError, match=r"text in UTF-8, got the byte 0xb4.*valid in cp949: '단어"
    ) as error:
        load(path)
    assert error.value.hint == "convert it first: iconv -f cp949 -t utf-8"
