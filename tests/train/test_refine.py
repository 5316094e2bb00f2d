"""Tables made better after training."""

import numpy as np
import pytest

import inlay
from inlay import Table
from inlay.core.subwords import Ngrams, Subwords
from inlay.errors import ArgumentError, ArgumentTypeError, UnknownTokenError
from inlay.train import refine
from inlay.train.refine import rows

DRAW = np.random.default_rng(3)
WORDS = ["<pad>", *(f"w{i}" for i in range(60))]
MATRIX = (DRAW.standard_normal((61, 6)) * [5, 3, 1, 1, 1, 0.5] + 2).astype("float32")
MATRIX[0] = 0
TABLE = Table(WORDS, MATRIX, counts=np.arange(61)[::-1], pad_id=0)
REAL = MATRIX[1:].astype("float64")
TURN = np.linalg.qr(DRAW.standard_normal((6, 6)))[0]


def near(a, b):
    np.testing.assert_allclose(np.asarray(a, "float64"), b, atol=2e-5)


@pytest.fixture(params=[False, True], ids=["in memory", "in a file"])
def large(request, monkeypatch):
    """Results in memory, or where those of more than 1 GB lie; and blocks of a few rows."""
    monkeypatch.setattr(rows, "LARGE", 1 if request.param else 1 << 30)
    monkeypatch.setattr(rows, "BLOCK", 7)


@pytest.mark.usefixtures("large")
def test_padding_is_neither_counted_nor_moved():
    table = refine.center(TABLE)
    near(table.matrix[1:], REAL - REAL.mean(axis=0))
    assert not table["<pad>"].any()
    assert table.pad_id == 0
    assert table.counts.tolist() == TABLE.counts.tolist()
    assert table.provenance["refined"] == [{"name": "center"}]


@pytest.mark.usefixtures("large")
def test_what_the_first_components_say_is_taken_off():
    centred = REAL - REAL.mean(axis=0)
    axes = np.linalg.svd(centred, full_matrices=False)[2][:2]
    table = refine.all_but_the_top(TABLE, 2)
    near(table.matrix[1:], centred - centred @ axes.T @ axes)
    assert refine.all_but_the_top(TABLE).provenance["refined"][0]["n"] == 1


@pytest.mark.usefixtures("large")
def test_components_and_white_ones_are_those_of_numpy():
    centred = REAL - REAL.mean(axis=0)
    _, sizes, axes = np.linalg.svd(centred, full_matrices=False)
    table = refine.pca(TABLE, 3)
    near(abs(table.matrix[1:]), abs(centred @ axes[:3].T))
    assert table.provenance["refined"][0]["variance"] == pytest.approx(
        (sizes[:3] ** 2).sum() / (sizes**2).sum(), abs=1e-5
    )
    white = refine.whiten(TABLE).matrix[1:].astype("float64")
    near(white.mean(axis=0), np.zeros(6))
    near(white.T @ white / 60, np.eye(6))
    assert refine.whiten(TABLE, 2).dim == 2


def test_a_direction_without_variance_is_not_blown_up():
    flat = MATRIX.copy()
    flat[:, 2] = 0
    white = refine.whiten(Table(WORDS, flat, pad_id=0)).matrix
    assert abs(white[:, -1]).max() == 0
    assert np.isfinite(white).all()


def test_lengths_are_1_and_zeros_stay():
    table = refine.normalize(TABLE)
    assert np.linalg.norm(table.matrix, axis=1).round(5).tolist() == [0] + [1] * 60


def test_words_are_drawn_towards_their_neighbours(tmp_path):
    lexicon = {"w1": ["w2", "w3", "none"], "w2": ["w1"], "none": ["w1"], "w4": ["w4"]}
    now = {word: TABLE[word].astype("float64") for word in ("w1", "w2", "w3")}
    first = dict(now)
    for _ in range(4):
        now["w1"] = (0.5 * first["w1"] + (now["w2"] + now["w3"]) / 2) / 1.5
        now["w2"] = (0.5 * first["w2"] + now["w1"]) / 1.5
    table = refine.retrofit(TABLE, lexicon, iterations=4, alpha=0.5)
    for word, vector in now.items():
        near(table[word], vector)
    near(table["w4"], TABLE["w4"])
    assert table.provenance["refined"][0]["words"] == 2
    path = tmp_path / "lexicon.txt"
    path.write_text("w1 w2 w3 none\nw2 w1\n\nnone w1\n", encoding="utf-8")
    again = refine.retrofit(TABLE, path, iterations=4, alpha=0.5)
    np.testing.assert_array_equal(again.matrix, table.matrix)


@pytest.mark.usefixtures("large")
def test_a_turn_is_found_again_and_words_translated():
    there = Table([f"t{word}" for word in WORDS], MATRIX @ TURN.astype("float32") * 3, pad_id=0)
    pairs = [(word, f"t{word}") for word in WORDS[1:20]]
    turned = refine.align_to(TABLE, there, pairs)
    near(turned.matrix * 3, there.matrix)
    assert turned.provenance["refined"][0] == {
        "name": "align_to",
        "pairs": 19,
        "cosine": 1.0,
        "iterations": 0,
    }
    for csls in (0, 5):
        found = refine.translate(turned, there, ["w40", "w7"], csls=csls)
        assert [best[0][0] for best in found] == ["tw40", "tw7"]


def test_few_pairs_become_many_by_learning_again():
    there = Table([f"t{word}" for word in WORDS], MATRIX @ TURN.astype("float32"), pad_id=0)
    noisy = [(f"w{i}", f"tw{i}") for i in range(1, 8)]
    more = refine.align_to(TABLE, there, noisy, iterations=3)
    assert more.provenance["refined"][0]["pairs"] > 40
    near(more.matrix, there.matrix)


def test_hubs_are_no_answer_by_csls():
    """A word that is near to everything wins by cosine, and not by CSLS."""
    hub = np.float32([1, 1]) / np.sqrt(2)
    a = Table(["x", "y"], np.float32([[1, 0], [0, 1]]))
    b = Table(
        ["hub", "tx", "ty"], np.stack([hub, np.float32([0.6, -0.8]), np.float32([-0.8, 0.6])])
    )
    assert refine.translate(a, b, ["x"], csls=0)[0][0][0] == "hub"
    assert refine.translate(a, b, ["x"], csls=2)[0][0][0] == "tx"


def test_pairs_come_from_a_file_or_from_what_both_have(tmp_path):
    there = Table(WORDS, MATRIX @ TURN.astype("float32"), pad_id=0)
    near(refine.align_to(TABLE, there).matrix, there.matrix)
    path = tmp_path / "pairs.txt"
    path.write_text("".join(f"w{i}\tw{i}\n" for i in range(1, 30)), encoding="utf-8")
    near(refine.align_to(TABLE, there, path).matrix, there.matrix)
    path.write_text("w1 w2 w3\n", encoding="utf-8")
    with pytest.raises(ArgumentError, match="two words on each line, got 'w1 w2 w3'"):
        refine.align_to(TABLE, there, path)


@pytest.mark.usefixtures("large")
def test_tables_are_merged():
    a = Table(["<pad>", "x", "y"], np.float32([[0, 0], [1, 1], [2, 2]]), pad_id=0)
    b = Table(["y", "z"], np.float32([[4, 4], [5, 5]]))
    first = refine.merge([a, b])
    assert [*first.tokens] == ["<pad>", "x", "y", "z"]
    assert first.matrix[:, 0].tolist() == [0, 1, 2, 5]
    assert first.pad_id == 0
    assert refine.merge([a, b], both="mean").matrix[:, 0].tolist() == [0, 1, 3, 5]


@pytest.mark.parametrize("dtype", ["float32", "int8", "bfloat16"])
def test_rows_are_pruned_as_they_are_stored(dtype):
    table = Table(WORDS, MATRIX, counts=np.arange(61)[::-1], pad_id=0).astype(dtype)
    few = refine.prune(table, max_size=3)
    assert [*few.tokens] == ["<pad>", "w0", "w1"]
    assert few.stored_dtype == dtype
    np.testing.assert_array_equal(few["w1"], table["w1"])
    assert [*refine.prune(table, min_count=58).tokens] == ["<pad>", "w0", "w1"]
    assert len(refine.prune(table, keep=lambda token: token.endswith("1"))) == 7


def test_what_belongs_to_a_table_is_pruned_with_it():
    context, other = Table(TABLE.tokens, -MATRIX), Table(["x"], np.ones((1, 2), "float32"))
    whole = Table(TABLE.tokens, MATRIX, parts={"context": context, "other": other})
    whole._set(_subwords=Subwords(Ngrams(3, 3, 10), np.ones((10, MATRIX.shape[1]), "float32")))
    few = refine.prune(whole, keep=lambda token: token in ("w1", "w3"))
    assert [*few.parts["context"].tokens] == [*few.tokens] == ["w1", "w3"]
    np.testing.assert_array_equal(few.parts["context"].matrix, -few.matrix)
    assert few.parts["other"] is other
    assert (few["unknown"] == 1).all()
    moved = refine.center(whole)
    assert not moved.parts
    assert not moved.can_compose


def test_a_row_that_must_stay_moves_up():
    table = Table([*WORDS[1:], "<unk>"], MATRIX, unk_id=60)
    few = refine.prune(table, max_size=2)
    assert [*few.tokens] == ["w0", "<unk>"]
    assert few.unk_id == 1


def test_steps_are_remembered_and_a_table_is_saved(tmp_path):
    table = refine.normalize(refine.all_but_the_top(TABLE))
    inlay.save(table, tmp_path / "t.safetensors")
    again = inlay.load(tmp_path / "t.safetensors")
    assert [step["name"] for step in again.provenance["refined"]] == [
        "all_but_the_top",
        "normalize",
    ]
    np.testing.assert_array_equal(again.matrix, table.matrix)


OTHER = Table(["a"], np.ones((1, 3), "float32"))
NAN = Table(["a", "b"], np.float32([[1, 2], [np.nan, 1]]))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: refine.center("x.vec"), ArgumentTypeError, r"table: expected a table, got str"),
        (lambda: refine.center(OTHER), ArgumentError, "two vectors or more, got 1"),
        (lambda: refine.center(NAN), ArgumentError, "vectors of numbers, got NaN at 'b'"),
        (lambda: refine.normalize(NAN), ArgumentError, "got NaN at 'b'"),
        (lambda: refine.all_but_the_top(TABLE, 6), ArgumentError, "fewer than the 6 dimensions"),
        (lambda: refine.all_but_the_top(TABLE, D=2), ArgumentTypeError, "n="),
        (lambda: refine.pca(TABLE, 7), ArgumentError, "dim: expected"),
        (lambda: refine.retrofit(TABLE, {"a": ["b"]}), ArgumentError, "neighbours, got none"),
        (lambda: refine.retrofit(TABLE, {"w1": "w2"}), ArgumentTypeError, "lexicon: expected"),
        (lambda: refine.retrofit(TABLE, 3), ArgumentTypeError, "lexicon: expected a mapping"),
        (lambda: refine.align_to(TABLE, OTHER), ArgumentError, "6 dimensions, as the table has"),
        (lambda: refine.align_to(TABLE, TABLE, [("q", "w1")]), ArgumentError, "none that both"),
        (lambda: refine.align_to(TABLE, TABLE, [("w1", 2)]), ArgumentError, "two words each"),
        (lambda: refine.translate(TABLE, TABLE, ["q"]), UnknownTokenError, "words of the table"),
        (lambda: refine.translate(TABLE, TABLE, "w1"), ArgumentTypeError, "words: expected"),
        (lambda: refine.merge(TABLE), ArgumentTypeError, r"Try: merge\(\[a, b\]\)"),
        (lambda: refine.merge([TABLE]), ArgumentError, "two tables or more, got 1"),
        (lambda: refine.merge([TABLE, OTHER]), ArgumentError, "6 dimensions, as the first has"),
        (lambda: refine.prune(OTHER, min_count=2), ArgumentError, "counts of its tokens, got none"),
        (lambda: refine.prune(OTHER, keep=["w1"]), ArgumentTypeError, "keep: expected a function"),
        (lambda: refine.prune(OTHER, keep=lambda _: False), ArgumentError, "a row that stays"),
    ],
)
def test_what_cannot_be_is_said(call, error, message):
    with pytest.raises(error, match=message):
        call()
