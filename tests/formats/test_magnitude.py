import numpy as np
import pytest
from fuzz.others import VECTORS, WORDS, magnitude

from inlay import load
from inlay.errors import ArgumentError, FormatError
from inlay.formats import Magnitude
from tests.formats.readers import check_reader
from tests.processes import soon

LENGTHS = np.linalg.norm(VECTORS.astype(float), axis=1)[:, None]
UNIT = np.round(VECTORS / LENGTHS * 1e7) / 1e7
LONG = Magnitude(norms="multiply")


@pytest.mark.parametrize("lengths", [True, False])
def test_the_contract(make, lengths):
    path = make(magnitude(lengths=lengths), "x.magnitude")
    check_reader(path, WORDS, UNIT.astype(np.float32), "magnitude")
    assert load(path).provenance["norms"] == ("beside" if lengths else "none")
    assert load(path).provenance["precision"] == 7


def test_lengths_stand_beside_the_vectors_unless_they_are_asked_for(make):
    path = make(magnitude())
    assert np.allclose(load(path, format=LONG).matrix, VECTORS, atol=1e-6)
    assert np.array_equal(
        load(path, format=LONG, keep=["1", "é"]).matrix, load(path, format=LONG).matrix[[1, 3]]
    )
    with pytest.raises(FormatError, match="lengths of vectors, got none"):
        load(make(magnitude(lengths=False)), format=LONG)
    with pytest.raises(ArgumentError):
        Magnitude(norms="all")


def test_another_precision(make):
    assert np.array_equal(load(make(magnitude(precision=9))).matrix, (UNIT / 100).astype("f4"))


def test_many_rows(make):
    matrix = np.random.default_rng(0).normal(size=(3000, 4))
    words = [f"w{i}" for i in range(3000)]
    path = make(magnitude(matrix, words))
    unit = matrix / np.linalg.norm(matrix, axis=1)[:, None]
    table = load(path)
    assert np.abs(table.matrix - unit).max() < 1e-7
    assert table.tokens.tolist() == words
    kept = load(path, keep=["w2999", "w5"])
    assert np.array_equal(kept.matrix, table.matrix[[5, 2999]])
    assert kept.provenance["rows"] == 3000


def test_words_that_differ_in_case_alone_are_two(make):
    table = load(make(magnitude(words=["a", "A", "b", "B", "c"])))
    assert table.tokens.tolist() == ["a", "A", "b", "B", "c"]
    assert load(make(magnitude(words=["a", "a", "b", "c", "d"]))).provenance["duplicates"] == 1


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
BROKEN = [
    (magnitude(precision=-1), "a precision of 0 to 30, got -1"),
    (magnitude(precision="x"), "a precision of 0 to 30, got 'x'"),
    (magnitude(VECTORS, WORDS, 7, "DELETE FROM magnitude_format"), "a precision of 0 to 30"),
    (magnitude(VECTORS, WORDS, 7, "DROP TABLE magnitude_format"), "a table 'magnitude_format'"),
    (magnitude(VECTORS, WORDS, 7, "ALTER TABLE magnitude RENAME dim_1 TO dim_7"), "columns key, "),
    (magnitude(words=[None, "b", "c", "d", "e"]), "words that are strings"),
    (magnitude(words=[b"a", "b", "c", "d", "e"]), "words that are strings"),
    (magnitude(words=["x" * (2 << 20), "b", "c", "d", "e"]), "a damaged one .*too big"),
    (magnitude(VECTORS, WORDS, 7, "UPDATE magnitude SET dim_0 = 'x'"), "a damaged one"),
    (magnitude(VECTORS, WORDS, 7, "UPDATE magnitude SET dim_0 = 9e999"), "finite numbers"),
    (magnitude(VECTORS, WORDS, 7, "UPDATE magnitude SET dim_0 = NULL"), "finite numbers"),
    (
        magnitude(
            VECTORS, WORDS, 7, "DROP TABLE magnitude",
            f"CREATE VIEW magnitude AS {ENDLESS} SELECT i AS key, i AS dim_0 FROM n",
        ),
        "a table 'magnitude', got none",
    ),
    (
        magnitude(
            VECTORS, WORDS, 7, "ALTER TABLE magnitude RENAME COLUMN dim_2 TO other",
            "ALTER TABLE magnitude ADD COLUMN dim_2 AS (zeroblob(1000000000))",
        ),
        "2 dimensions, as there are columns, got another number",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("content", "message"), BROKEN, ids=[message for _, message in BROKEN])
def test_what_cannot_be_read(make, content, message):
    path = make(content)
    with soon(5), pytest.raises(FormatError, match=message):
        load(path)


def test_the_database_is_neither_changed_nor_locked(make):
    content = bytearray(magnitude())
    content[18:20] = b"\2\2"  # with a journal that is opened with it (write-ahead logging)
    path = make(bytes(content), "a file &mode=rwc#x%41.magnitude")
    journal = make(b"somebody's", f"{path.name}-wal")
    assert load(path).tokens.tolist() == WORDS
    assert (path.read_bytes(), journal.read_bytes()) == (content, b"somebody's")
    assert {file.name for file in path.parent.iterdir()} == {path.name, journal.name}


def test_other_databases(make):
    other = magnitude().replace(b"magnitude", b"otherwise")
    with pytest.raises(FormatError, match="an SQLite database"):
        load(make(other))


def test_cuts_are_refused(make):
    content = magnitude()
    for end in range(16, len(content), 97):
        with pytest.raises(FormatError):
            load(make(content[:end]), format="magnitude")
