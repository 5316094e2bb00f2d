"""Which rows train: by tokens, ids or a mask, or by what an alignment has filled."""

import numpy as np
import pytest

from inlay import Table, Vocabulary
from inlay.errors import ArgumentError, ArgumentTypeError, IdError, UnknownTokenError
from inlay.layers.rows import checked_trainable, chosen, merged, rows_at, slots_of


@pytest.mark.parametrize(
    "rows",
    [
        ["t5", "t1", "t5"],
        np.array(["t1", "t5"]),
        ("t1", "t2", "t5"),
        [5, 1],
        np.array([1, 5, 2]),
        iter([1, 5]),
        [False, True, False, False, False, True],
        np.array([False, True, True, False, False, True]),
    ],
)
def test_rows_are_named_in_three_ways_and_never_that_of_padding(padded, rows):
    ids = chosen(padded, rows)
    assert ids.dtype == np.int64
    assert ids.tolist() == [1, 5]
    slots = slots_of(ids, len(padded))
    assert slots.tolist() == [-1, 0, -1, -1, -1, 1]
    np.testing.assert_array_equal(rows_at(padded, ids), padded[["t1", "t5"]])


def test_by_default_what_the_table_lacked_and_unk(padded):
    aligned = padded.align(Vocabulary(["t5", "new", "t0", "newer"]))
    assert [aligned.tokens[i] for i in chosen(aligned, None)] == ["<unk>", "new", "newer"]
    assert aligned.coverage.filled.tolist() == [1, 3, 5]
    known = Table([*padded.tokens, "<unk>"], np.vstack([padded.vectors, np.ones((1, 4), "f4")]))
    aligned = known.align(Vocabulary(["t5", "new"]))
    assert aligned.coverage.filled.tolist() == [3]
    assert [aligned.tokens[i] for i in chosen(aligned, None)] == ["<unk>", "new"]


def test_more_than_a_report_lists_are_chosen(padded):
    aligned = padded.align(Vocabulary([f"new{i}" for i in range(50)]))
    assert len(aligned.coverage.misses) < 50
    assert chosen(aligned, None).size == 51


@pytest.mark.parametrize(
    ("rows", "error", "words"),
    [
        (["t5", "nowhere"], UnknownTokenError, "'nowhere'.*Try: Vocabulary"),
        ([6], IdError, "ids from 0 to 5, got 6"),
        ([-1], IdError, "ids from 0 to 5, got -1"),
        ([True, False], ArgumentError, r"a mask of shape \(6,\), got one of \(2,\)"),
        ([], ArgumentError, "at least one row"),
        (["t2"], ArgumentError, "only the row of padding"),
        ([1.0], ArgumentTypeError, "tokens, ids or a mask"),
        ("t5", ArgumentTypeError, "a list of tokens or ids"),
        ([("t5", None)], ArgumentTypeError, "a string.*for token, count in rows"),
        (None, ArgumentError, "was not aligned.*give the layer a vocabulary"),
    ],
)
def test_other_rows_are_refused(padded, rows, error, words):
    with pytest.raises(error, match=words):
        chosen(padded, rows)


def test_where_nothing_was_filled_there_is_nothing_to_train(padded):
    with pytest.raises(ArgumentError, match=r"every token of the vocabulary has a vector.*Try"):
        chosen(padded.align(["t1", "t0"]), None)


def test_a_merged_table_has_the_special_ids_of_its_tokens(padded):
    matrix = padded.vectors + 0
    assert merged(padded, matrix, 2).pad_id == merged(list(padded.tokens), matrix, 2).pad_id == 2
    with pytest.raises(ArgumentError, match="6"):
        merged(["a"], matrix, None)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ((False, None), False),
        ((np.True_, None), True),
        (("rows", ["a"]), "rows"),
        (("rows", None), "rows"),
        (("delta", None), "delta"),
        (("delta", None, 8), "delta"),
        (("delta", None, np.int64(8)), "delta"),
    ],
)
def test_what_trains(given, found):
    assert checked_trainable(*given) is found


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        (("all", None), ArgumentTypeError, 'expected True, False, "rows" or "delta", got str'),
        ((True, ["a"]), ArgumentError, "rows: .*trains every row, .*Try: trainable=.rows"),
        (("delta", ["a"]), ArgumentError, "rows: .*a difference in every row, .*trainable=.rows"),
        ((False, None, 8), ArgumentError, "rank: .*trains no row, got int 8.*trainable=.delta"),
        (("rows", None, 8), ArgumentError, "rank: .*trains some rows, .*trainable=.delta"),
        (("delta", None, 0), ArgumentError, "rank: expected a whole number, 1 or more, got 0"),
        (("delta", None, 8.0), ArgumentTypeError, "rank: expected a whole number"),
    ],
)
def test_what_cannot_train(given, error, words):
    with pytest.raises(error, match=words):
        checked_trainable(*given)
