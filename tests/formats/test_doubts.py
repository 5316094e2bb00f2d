"""What can be read as a table and is none is refused, unless it is said where tokens end."""

import numpy as np
import pytest

from inlay import Table, load, save
from inlay.errors import FormatError
from inlay.formats import Glove
from tests.data import shared

WORDS = [f"w{i}" for i in range(40)]
ROWS = np.random.default_rng(0).standard_normal((40, 6)).round(3).tolist()


def lines(tokens, rows, separator=" "):
    return "".join(
        separator.join([str(token), *map(str, row)]) + "\n"
        for token, row in zip(tokens, rows, strict=True)
    )


def test_a_table_is_not_doubted(make):
    assert len(load(make(lines(WORDS, ROWS)))) == 40


def test_a_matrix_without_tokens(make):
    path = make(lines([row[0] for row in ROWS], [row[1:] for row in ROWS]), "vecs.tsv")
    with pytest.raises(
        FormatError,
        match=r"vecs.tsv: expected .*, got numbers .*, as '0.126', .* Try: format=Glove.dim=5. if",
    ):
        load(path)
    assert load(path, format=Glove(dim=5)).tokens[0] == "0.126"


def test_similarities_of_tokens_do_not_shrink_to_two_rows(make):
    square = np.eye(20, dtype=int).tolist()
    with pytest.raises(FormatError, match="got numbers there in most lines"):
        load(make(lines([row[0] for row in square], [row[1:] for row in square])))


def test_an_export_of_pandas_with_a_row_of_column_numbers(make):
    head = "\t" + "\t".join(map(str, range(6))) + "\n"
    assert load(make(head + lines(WORDS, ROWS, "\t"))).tokens.tolist() == WORDS
    with pytest.raises(FormatError, match=r"that numbers the columns|numbers there in most"):
        load(make(head + lines(range(40), ROWS, "\t")))


def test_the_first_row_alone_is_no_doubt(make):
    assert load(make("\t1\t0\t2\na\t3\t4\t5\nb\t3\t4\t5\n")).tokens[0] == ""
    assert load(make("x 0 1\na 3 4\n")).tokens.tolist() == ["x", "a"]
    path = make("\t0\t1\t2\na\t3\t4\t5\nb\t3\t4\t5\n")
    with pytest.raises(FormatError, match=r"got a first line that numbers .* Try: remove the"):
        load(path)
    assert load(path, format=Glove(dim=3)).tokens.tolist() == ["", "a", "b"]


def test_numbers_among_other_tokens_are_tokens(make):
    tokens = [str(i) for i in range(20)] + WORDS[:20]
    assert len(load(make(lines(tokens, ROWS)))) == 40
    tokens[39] = "99"
    with pytest.raises(FormatError, match="got numbers there in most lines, as '0'"):
        load(make(lines(tokens, ROWS)))


def test_what_begins_like_a_number_is_none(make):
    tokens = ["-", "+", ".", "...", "1-2", "3rd", "1.2.3", "-x", "0x"] + ["+" * i for i in range(9)]
    assert len(load(make(lines(dict.fromkeys(tokens), ROWS[: len(set(tokens))])))) == 17


def test_keep_does_not_make_a_few_numbers_a_matrix(make):
    path = make(lines([*range(10), *WORDS[10:]], ROWS))
    assert load(path, keep={"3", "7"}).tokens.tolist() == ["3", "7"]


def test_a_header_says_where_tokens_end(make):
    ids = make(f"40 6\n{lines(range(40), ROWS)}", "nodes.emb")
    assert load(ids).tokens[39] == "39"
    twice = make("30 2\n" + "a 1 2\n" * 30)
    assert load(twice).provenance["duplicates"] == 29


@pytest.mark.parametrize("content", ["the\t5\nof\t4\n", "love sex 6.77\ntiger cat 7.35\n"])
def test_one_number_in_a_line(make, content):
    path = make(content)
    with pytest.raises(FormatError, match=r"got a single number .* Try: format=Glove.dim=1. if"):
        load(path)
    assert load(path, format=Glove(dim=1)).dim == 1


def test_a_row_of_column_numbers_behind_the_name_of_the_index(make):
    numbers = " ".join(map(str, range(12)))
    path = make(f"word {numbers}\n" + lines(["good", "film"], np.full((2, 12), 0.5)))
    with pytest.raises(
        FormatError, match=r"a first line that numbers the columns.*remove the first"
    ):
        load(path)
    assert load(path, format=Glove(dim=12)).tokens[0] == "word"


def test_a_row_of_column_names(make):
    path = make("word x y\n" + lines(["good", "film"], np.full((2, 2), 0.5)))
    with pytest.raises(FormatError, match=r"line 1.*got 'x' where.*Try: remove the first line"):
        load(path)


def test_lists_of_pairs_with_several_numbers(make):
    path = make("old new 1.5 2.7\nsmart dumb 3 4\nhard easy 5 6\ntime 1 2\n")
    with pytest.raises(FormatError, match="got several words there in most lines"):
        load(path)
    assert load(path, format=Glove(dim=2)).tokens[0] == "old new"


@pytest.mark.parametrize(("labels", "doubted"), [(2, True), (27, True), (29, False)])
def test_equal_tokens_by_the_dozen(make, labels, doubted):
    path = make(lines([f"label{i % labels}" for i in range(40)], ROWS))
    if doubted:
        with pytest.raises(FormatError, match=f"got equal ones in {40 - labels} of 40 lines"):
            load(path)
    else:
        assert len(load(path)) == labels
    assert load(path, format=Glove(dim=6)).provenance["duplicates"] == 40 - labels


def test_a_dozen_equal_tokens_in_a_large_table_are_an_accident(make):
    tokens = [f"w{i % 500}" for i in range(520)]
    assert len(load(make(lines(tokens, [[0.1, 0.2]] * 520)))) == 500


@pytest.mark.parametrize(
    "name",
    [
        ("eval-wordsim-en", "EN-WS-353-ALL.txt"),
        ("eval-wordsim-en", "EN-SIMLEX-999.txt"),
        ("eval-wordsim-en", "EN-RW-STANFORD.txt"),
        ("gensim-fixtures", "similarities0-1.txt"),
        ("thucnews", "dev.txt"),
    ],
)
def test_real_lists_and_matrices(name):
    with pytest.raises(FormatError, match="expected a table: in each line a token of its own"):
        load(shared(*name))


def test_a_table_of_numbers_that_inlay_wrote_says_what_to_say(tmp_path):
    table = Table([str(i) for i in range(5)], np.eye(5, 3, dtype=np.float32))
    save(table, tmp_path / "x.txt", format="glove")
    with pytest.raises(FormatError, match=r"format=Glove\(dim=3\) if it is one"):
        load(tmp_path / "x.txt")
    assert load(tmp_path / "x.txt", format=Glove(dim=3)).tokens == table.tokens


def test_two_numbers_a_line_of_which_one_is_whole(make):
    counts = lines([f"w{i}" for i in range(20)], [[7 * i, i / 3] for i in range(20)])
    with pytest.raises(FormatError, match=r"two numbers .*format=Glove\(dim=2\)"):
        load(make(counts))
    assert len(load(make(counts), format=Glove(dim=2))) == 20
    assert len(load(make("".join(counts.splitlines(keepends=True)[:11])))) == 11
    points = lines([f"w{i}" for i in range(20)], [[i / 7, i / 3 + 0.1] for i in range(1, 21)])
    assert len(load(make(points))) == 20


@pytest.mark.parametrize("dim", [3, 5])
def test_columns_that_are_numbered_behind_a_name(make, dim):
    header, rows = lines(["word"], [range(dim)]), [[i / 7] * dim for i in range(1, 6)]
    with pytest.raises(FormatError, match="a first line that numbers the columns"):
        load(make(header + lines("abcde", rows)))
    whole = [[i] * dim for i in range(5)]
    assert len(load(make(header + lines("abcde", whole)))) == 6
