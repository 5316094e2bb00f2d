"""Word vectors by themselves: pairs that people judged, and analogies."""

import math
import os

import numpy as np
import pytest

import inlay
from inlay import Table
from inlay.errors import ArgumentError, ArgumentTypeError, FormatError
from inlay.evaluate import analogies, word_pairs

DRAW = np.random.default_rng(1)
WORDS = [f"w{i}" for i in range(12)]
TABLE = Table(WORDS, DRAW.standard_normal((12, 5)).astype("float32"))
PAIRS = [(f"w{i}", f"w{(i * 5 + 1) % 12}", float(i // 2)) for i in range(12)]


def test_correlations_are_those_of_scipy_ties_among_them():
    stats = pytest.importorskip("scipy.stats")
    near = [TABLE.similarity(a, b) for a, b, _ in PAIRS]
    judged = [score for *_, score in PAIRS]
    found = word_pairs(TABLE, PAIRS)
    assert found.spearman == pytest.approx(stats.spearmanr(judged, near)[0], abs=1e-6)
    assert found.pearson == pytest.approx(stats.pearsonr(judged, near)[0], abs=1e-6)
    assert (found.n_pairs, found.n_missing) == (12, 0)


@pytest.mark.parametrize(
    ("between", "heading"), [("\t", ""), (",", "word 1,word 2,kor_score\n"), (" ", "# said\n")]
)
def test_files_of_pairs_come_in_several_forms(tmp_path, between, heading):
    path = tmp_path / "pairs.txt"
    lines = [between.join([a.upper(), b, str(score)]) for a, b, score in PAIRS]
    path.write_text("\ufeff" + heading + "\r\n".join([*lines, "", "w1 none 3"]), encoding="utf-8")
    found = word_pairs(TABLE, path)
    assert found.spearman == word_pairs(TABLE, PAIRS).spearman
    assert (found.n_pairs, found.n_missing) == (12, 1)


def test_the_class_of_the_words_may_stand_before_the_number(tmp_path):
    path = tmp_path / "SimLex-999.txt"
    lines = [f"{a}\t{b}\tN\t{score}\t2.72" for a, b, score in PAIRS]
    path.write_text("word1\tword2\tPOS\tSimLex999\tconc(w1)\n" + "\n".join(lines), "utf-8")
    assert word_pairs(TABLE, path) == word_pairs(TABLE, PAIRS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("w1\tw2\t1,5\nw3\tw4\t2\n", r"line 1: .* Try: a point in place of the comma\."),
        ("w1 w2 nan\nw3 w4 1\n", "line 1: expected two words and a number"),
        ("w1 w2 1\nw3 w4 inf\n", "line 2: expected two words and a number"),
        ("word1 word2 score\n", "expected pairs of words with numbers, got none"),
        ("", "expected pairs of words with numbers, got none"),
    ],
)
def test_numbers_that_would_be_misread_are_refused(tmp_path, text, message):
    path = tmp_path / "pairs.txt"
    path.write_text(text, "utf-8")
    with pytest.raises(FormatError, match=message):
        word_pairs(TABLE, path)


def test_too_few_pairs_and_words_without_a_difference_have_no_correlation():
    assert math.isnan(word_pairs(TABLE, [("w1", "w2", 3.0), ("w1", "none", 1.0)]).spearman)
    assert math.isnan(word_pairs(TABLE, [("w1", "w2", 3.0), ("w1", "w3", 3.0)]).spearman)


def test_a_table_that_composes_words_has_more_pairs():
    texts = ["the cat sat on the mat", "the dog sat on the rug"] * 20
    table = inlay.train.fasttext(texts, vector_size=8, min_count=1, bucket=50, workers=1)
    found = word_pairs(table, [("cats", "dogs", 3.0), ("cat", "dog", 4.0)])
    assert (found.n_pairs, found.n_missing) == (2, 0)


def test_an_analogy_is_the_word_nearest_to_the_offset(tmp_path):
    matrix = np.float32([[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 1, 1], [0, 0.9, 0.1]])
    table = Table(["man", "king", "woman", "queen", "crown"], matrix)
    path = tmp_path / "questions.txt"
    path.write_text(
        ": royal\nMan King Woman Queen\nking man queen woman\n: other\nman king woman crown\n"
        "man king woman prince\n: none\n\n",
        encoding="utf-8",
    )
    found = analogies(table, path)
    assert found.sections == {"royal": (2, 2), "other": (0, 1)}
    assert (found.n_right, found.n_asked, found.n_missing) == (2, 3, 1)
    assert found.accuracy == pytest.approx(2 / 3)
    few = analogies(table, [("man", "king", "woman", "queen")], max_size=3)
    assert (few.n_asked, few.n_missing) == (0, 1)
    assert math.isnan(few.accuracy)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda _: word_pairs("x.vec", PAIRS), ArgumentTypeError, "table: expected a table"),
        (lambda _: word_pairs(TABLE, 3), ArgumentTypeError, "pairs: expected the path of a file"),
        (lambda _: word_pairs(TABLE, [("a", "b")]), ArgumentError, "two words and a number each"),
        (lambda path: word_pairs(TABLE, path), FormatError, "line 2: expected two words and a num"),
        (lambda path: analogies(TABLE, path), FormatError, "line 1: expected four words"),
        (lambda _: analogies(TABLE, ["a b c d"]), ArgumentError, "four words each"),
        (lambda _: analogies(TABLE, [("a", "b", "c", None)]), ArgumentError, "four words each"),
        (lambda _: analogies(TABLE, [3]), ArgumentError, "four words each"),
        (lambda _: analogies(TABLE, os.devnull), FormatError, "lines of four words, got none"),
        (lambda _: word_pairs(TABLE, [("a", None, 1.0)]), ArgumentError, "two words and a number"),
        (lambda _: word_pairs(TABLE, [("a", "b", math.nan)]), ArgumentError, "two words and a num"),
        (lambda _: analogies(TABLE, [], restrict_vocab=9), ArgumentTypeError, "max_size="),
    ],
)
def test_what_cannot_be_is_said(call, error, message, tmp_path):
    path = tmp_path / "odd.txt"
    path.write_text("a b c\nd e f\n", encoding="utf-8")
    with pytest.raises(error, match=message):
        call(path)
