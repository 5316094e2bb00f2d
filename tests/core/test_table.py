import copy
import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from inlay import Table, Vocabulary
from inlay.core import Tokens
from inlay.errors import (
    ArgumentError,
    ArgumentTypeError,
    IdError,
    ImmutableError,
    InlayError,
    UnknownTokenError,
)


def test_answers_by_every_library_s_names(table):
    assert len(table) == 5
    assert "good" in table
    assert "bad" not in table
    assert table["film"].tolist() == [0, 1, 0]
    assert table[["film", "good"]].tolist() == [[0, 1, 0], [1, 0, 0]]
    assert table.dim == table.vector_size == 3
    assert table.key_to_index == table.stoi == {t: i for i, t in enumerate(table)}
    assert list(table.index_to_key) == list(table.itos) == list(table.tokens) == list(table)
    assert table.shape == (5, 3)
    assert table.vocab_size == 5
    assert repr(table) == "Table(5 x 3 float32)"


class Index:
    """What pandas calls an Index or a Series, as far as we look."""

    shape = (2,)

    def __iter__(self):
        return iter(["a", "b"])

    def tolist(self):
        return ["a", "b"]


@pytest.mark.parametrize(
    "tokens",
    [
        ["a", "b"],
        ("a", "b"),
        np.array(["a", "b"]),
        np.array(["a", "b"], object),
        Tokens.from_list(["a", "b"]),
        Vocabulary(["a", "b"], pad=None, unk=None),
        Index(),
        {"a": 0, "b": 1}.keys(),
        (token for token in "ab"),
    ],
    ids=lambda tokens: type(tokens).__name__,
)
def test_tokens_in_whatever_holds_them_in_order(tokens):
    table = Table(tokens, np.eye(2))
    assert table.tokens.tolist() == ["a", "b"]
    assert {type(token) for token in table} == {str}
    assert table["b"].tolist() == [0, 1]


def test_tokens_that_are_packed_already_are_shared():
    tokens = Tokens.from_list(["a", "b"])
    assert Table(tokens, np.eye(2)).tokens is tokens


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        ({"a", "b"}, r"a set, which has another order in each process.*sorted\(tokens\)"),
        (["a", None], "tokens, item 1: expected a string, got None"),
        ([b"a", b"b"], "tokens, item 0: expected a string, got bytes"),
        (np.eye(2), "tokens, item 0: expected a string, got list"),
        (np.array("a"), "tokens: expected a list of tokens, got ndarray"),
        (7, "tokens: expected a list of tokens, got int 7"),
    ],
)
def test_what_has_no_order_or_holds_no_strings_is_no_list_of_tokens(tokens, message):
    with pytest.raises(ArgumentTypeError, match=message):
        Table(tokens, np.eye(2))


@pytest.mark.parametrize("matrix", [np.eye(2), np.eye(2).tolist()])
@pytest.mark.parametrize("tokens", [["a", "b"], np.array(["a", "b"]), Tokens.from_list(["a", "b"])])
def test_the_arguments_the_other_way_round_are_told_apart(matrix, tokens):
    with pytest.raises(ArgumentTypeError, match=r"Try: Table\(tokens, matrix\)"):
        Table(matrix, tokens)


def test_a_matrix_that_numpy_cannot_make_an_array_of():
    with pytest.raises(ArgumentTypeError, match=r"shape \(2, dim\), got list.*rows of one length"):
        Table(["a", "b"], [[1.0, 2.0], [1.0]])

    class Tensor:
        __module__ = "torch"

        def __array__(self, *args, **kwargs):
            raise RuntimeError("Can't call numpy() on Tensor that requires grad.")

    with pytest.raises(ArgumentTypeError, match=r"got Tensor.*matrix\.detach\(\)\.cpu\(\)"):
        Table(["a", "b"], Tensor())


@pytest.mark.parametrize("stored", ["float16", "float32", "float64"])
def test_is_an_array_to_numpy(stored):
    matrix = np.array([[1, 0.1], [1, 1]], stored)
    table = Table(["a", "b"], matrix)
    assert np.asarray(table).dtype == np.float32
    assert np.array_equal(np.asarray(table), matrix.astype(np.float32))
    assert np.shares_memory(np.asarray(table), matrix) == (stored == "float32")
    exact = np.asarray(table, dtype=np.float64)
    assert np.array_equal(exact, matrix.astype(np.float64))
    assert np.shares_memory(exact, matrix) == (stored == "float64")
    assert (np.ones((3, 2)) @ np.asarray(table).T).shape == (3, 2)


def test_an_array_that_is_shared_is_read_only_and_a_copy_is_not():
    table = Table(["a", "b"], np.eye(2, dtype=np.float32))
    with pytest.raises(ValueError, match="read-only"):
        np.asarray(table)[0, 0] = 7
    copied = np.array(table)
    copied[0, 0] = 7
    assert table["a"].tolist() == [1, 0]
    # As numpy 2 asks, whatever numpy is here; numpy 1 asks with the dtype alone.
    assert not np.shares_memory(table.__array__(copy=True), table.storage)
    assert np.shares_memory(table.__array__(copy=False), table.storage)
    assert table.__array__(np.dtype("f8")).dtype == np.float64
    with pytest.raises(ValueError, match=r"copy: .* to make float64 of float32"):
        table.__array__(np.float64, copy=False)


@pytest.mark.parametrize("name", ["tokens", "counts", "pad_id", "provenance", "matrix", "new"])
def test_no_attribute_can_be_set_or_deleted(table, name):
    with pytest.raises(ImmutableError, match=rf"Table\.{name}: .* Try: make a new Table"):
        setattr(table, name, None)
    with pytest.raises(AttributeError):
        delattr(table, name)


def test_provenance_and_counts_are_not_shared():
    given, counts = {"source": "x", "inner": {"n": [1]}}, np.array([2, 1])
    table = Table(["a", "b"], np.eye(2), counts=counts, provenance=given)
    given["inner"]["n"].append(2)
    table.provenance["inner"]["n"].append(3)
    table.provenance["new"] = 1
    assert table.provenance == {"source": "x", "inner": {"n": [1]}}
    assert json.loads(json.dumps(table.provenance)) == table.provenance
    aligned = table.align(["a"])
    aligned.provenance["aligned_from"]["source"] = "y"
    assert aligned.provenance["aligned_from"]["source"] == "x"
    with pytest.raises(ValueError, match="read-only"):
        table.counts[0] = 5
    counts[0] = 5  # the caller's own array stays the caller's to write
    unchecked = Table._unchecked(table.tokens, table.storage, counts=counts)
    with pytest.raises(ValueError, match="read-only"):
        unchecked.counts[0] = 6
    inner = {}
    inner["self"] = inner
    for wrong in ({"n": np.int64(1)}, {"x": object()}, inner):
        with pytest.raises(ArgumentTypeError, match="provenance: expected a dict of JSON values"):
            Table(["a"], np.ones((1, 2)), provenance=wrong)


def test_copies_and_pickles(table):
    table.most_similar("good")  # caches norms and a view of the matrix
    aligned = table.align(["film", "bad"])
    for made in (copy.copy(aligned), copy.deepcopy(aligned), pickle.loads(pickle.dumps(aligned))):
        assert made.tokens == aligned.tokens
        assert np.array_equal(made.matrix, aligned.matrix)
        assert made.coverage == aligned.coverage
        assert made.provenance == aligned.provenance
        assert not made.matrix.flags.writeable
    twice = np.ones((1000, 300), np.float32)
    large = Table([f"w{i}" for i in range(1000)], twice)
    large.most_similar("w1")
    assert large.matrix is large.matrix
    assert len(pickle.dumps(large)) < 1.1 * twice.nbytes


def test_load_is_the_other_way_of_save(table, tmp_path):
    table.save(tmp_path / "t.safetensors")
    again = Table.load(tmp_path / "t.safetensors")
    assert isinstance(again, Table)
    assert again.tokens == table.tokens
    assert Table.load(tmp_path / "t.safetensors", limit=2).tokens.tolist() == ["good", "great"]


def test_shares_the_array_and_is_read_only():
    matrix = np.ones((2, 3), np.float32)
    table = Table(["a", "b"], matrix)
    assert np.shares_memory(table.vectors, matrix)
    assert np.shares_memory(table.storage, matrix)
    for view in (table.vectors, table.matrix):
        with pytest.raises(ValueError, match="read-only"):
            view[0, 0] = 2
    table["a"][0] = 7  # a copy
    assert matrix[0, 0] == 1


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_keeps_its_dtype_and_answers_in_float32(dtype):
    table = Table(["a", "b"], np.array([[1, 0], [1, 1]], dtype))
    assert table.matrix.dtype == dtype
    assert table.vectors.dtype == table["a"].dtype == np.float32
    assert table.similarity("a", "b") == pytest.approx(0.5**0.5)
    assert table.most_similar("a")[0] == ("b", pytest.approx(0.5**0.5))


@pytest.mark.parametrize("other", [["a"], 1, np.ones(2), None])
def test_similarity_is_of_two_tokens(other):
    table = Table(["a", "b"], np.eye(2))
    for pair in (("a", other), (other, "a")):
        with pytest.raises(ArgumentTypeError, match=r"^similarity: expected two tokens"):
            table.similarity(*pair)


def test_bad_arrays():
    with pytest.raises(ArgumentTypeError, match="got int64"):
        Table(["a"], np.array([[1, 2]]))
    with pytest.raises(ArgumentError, match=r"expected shape \(2, dim\)"):
        Table(["a", "b"], np.zeros((3, 2)))
    with pytest.raises(ArgumentError, match="dim"):
        Table(["a"], np.zeros((1, 0)))
    with pytest.raises(ArgumentError, match="'a' at 0 and 1"):
        Table(["a", "a"], np.zeros((2, 2)))
    with pytest.raises(IdError, match="pad_id"):
        Table(["a"], np.zeros((1, 2)), pad_id=1)
    for wrong in (0.5, True, "0", -1):
        with pytest.raises(IdError, match=r"unk_id: expected a whole number from 0 to 0, got"):
            Table(["a"], np.zeros((1, 2)), unk_id=wrong)
    with pytest.raises(ArgumentError, match="row 0 all zeros"):
        Table(["a"], np.ones((1, 2)), pad_id=0)
    with pytest.raises(ArgumentError, match="counts"):
        Table(["a"], np.ones((1, 2)), counts=[1, 2])
    for counts in ([1.5], [-1], [np.nan], [2.0**63]):
        with pytest.raises(ArgumentError, match="counts: expected whole numbers, 0 or more"):
            Table(["a"], np.ones((1, 2)), counts=counts)
    with pytest.raises(ArgumentTypeError, match="counts: expected whole numbers, got <U1"):
        Table(["a"], np.ones((1, 2)), counts=["1"])
    with pytest.raises(ArgumentTypeError, match=r"^provenance: expected a dict, .* got str 'x'"):
        Table(["a"], np.ones((1, 2)), provenance="x")


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("glove.txt",), r"got str 'glove.txt'\. Try: inlay\.load\('glove.txt'\) for a file"),
        ((Path("glove.txt"), 300), r"inlay\.load\('glove.txt'\) for a file"),
        (({"a": np.ones(3)},), r"np\.array\(list\(d\.values\(\)\), 'float32'\)\)"),
        (({"a": 1, "b": 0}, np.eye(2)), r"got dict .* for a dict of vectors"),
        ((["a", "b"],), r"got nothing for the matrix\. Try: Table\(tokens, matrix\)"),
        ((np.eye(2), ["a", "b"]), r"got the matrix, then the tokens"),
    ],
)
def test_what_is_no_pair_of_tokens_and_matrix_is_told_what_makes_a_table_of_it(arguments, hint):
    with pytest.raises(ArgumentTypeError, match=rf"^Table: expected the tokens, .*{hint}"):
        Table(*arguments)


def test_a_text_is_no_list_of_tokens(table):
    with pytest.raises(
        ArgumentTypeError, match=r"^mean: .*table\.mean\(inlay\.tokenizers\.words\(text\)\)"
    ):
        table.mean("good film")
    assert table.mean("nowhere")[1] == 0
    phrases = Table(["New York"], np.ones((1, 2)))
    assert phrases.mean("New York")[1] == 1
    with pytest.raises(ArgumentTypeError, match=r"expected a token, or a list of tokens, got int"):
        table[0]


def test_a_token_of_any_length_makes_a_short_message():
    long = "x" * 10_000_000
    table = Table([long], np.ones((1, 2)), provenance={"source": long})
    for shown in (repr(table), repr(table.tokens), str(table.align([long + "y"]).coverage)):
        assert len(shown) < 200
    for wrong in (
        lambda: table["y" * 10_000_000],
        lambda: Vocabulary(["a"], unk=None)[long],
        lambda: Vocabulary([long, long]),
        lambda: table.align([long + "y"], "error"),
        lambda: Vocabulary.from_mapping({long: 3}),
        lambda: Vocabulary.from_mapping({"a": 0}, unk=long),
    ):
        with pytest.raises(InlayError) as raised:
            wrong()
        assert len(str(raised.value)) < 400


def test_counts_that_are_whole_are_kept_as_int64():
    table = Table(["a", "b"], np.ones((2, 2)), counts=np.array([3.0, 0.0]))
    assert table.counts.dtype == np.int64
    assert table.counts.tolist() == [3, 0]


def test_an_array_in_another_order_is_copied_right():
    matrix = np.arange(6, dtype=np.float32).reshape(3, 2).T
    table = Table(["a", "b"], matrix)
    assert table["b"].tolist() == [1, 3, 5]
    assert table.matrix.flags.c_contiguous


def test_a_token_that_only_looks_the_same_is_told():
    with pytest.raises(UnknownTokenError, match=r"Try: unicodedata\.normalize\('NFC', token\)"):
        Table(["한"], np.ones((1, 2), np.float32))["\u1112\u1161\u11ab"]


def test_unknown_tokens_are_named(table):
    with pytest.raises(UnknownTokenError, match="'xyzzy'"):
        table["xyzzy"]
    with pytest.raises(KeyError):
        table.most_similar("xyzzy")
    for wrong in (0, slice(2), [0, 1], np.array([0, 1]), None):
        with pytest.raises(ArgumentTypeError, match=r"table\.vectors\[row\]"):
            table[wrong]
    with pytest.raises(ArgumentTypeError, match="find: expected a token, got int 3"):
        table.find(3)


def test_an_array_of_tokens_is_a_list_of_tokens(table):
    tokens = np.array(["film", "good"])
    assert table[tokens].tolist() == table[["film", "good"]].tolist()
    assert table[tokens[0]].tolist() == [0, 1, 0]
    assert table.mean(tokens)[0].tolist() == [0.5, 0.5, 0]
    assert table.most_similar(tokens) == table.most_similar(["film", "good"])
    assert table.align(tokens).tokens.tolist() == ["film", "good"]
    assert table[[]].shape == (0, 3)


def test_most_similar_is_by_cosine(table):
    expected = 0.9 / np.hypot(0.9, 0.1)
    assert table.most_similar("good", topn=1) == [("great", pytest.approx(expected))]
    assert len(table.most_similar("good", topn=99)) == 4
    assert table.most_similar("good", topn=0) == []
    assert len(table.most_similar("good", topn=np.int64(2))) == 2


def test_most_similar_of_all_is_an_array_in_row_order(table):
    cosines = table.most_similar("good", ["film"], topn=None)
    assert cosines.dtype == np.float32
    unit = table.matrix / np.linalg.norm(table.matrix, axis=1, keepdims=True)
    assert cosines == pytest.approx(unit @ (unit[0] - unit[2]) / 2**0.5, abs=1e-6)
    assert cosines[0] == pytest.approx(0.5**0.5)  # the tokens asked about are there


@pytest.mark.parametrize("topn", ["5", 2.0, True])
def test_topn_is_a_whole_number(table, topn):
    with pytest.raises(ArgumentTypeError, match="topn: expected a whole number, 0 or more"):
        table.most_similar("good", topn=topn)
    with pytest.raises(ArgumentError, match="topn: expected a whole number, 0 or more, got -1"):
        table.most_similar("good", topn=-1)


def test_most_similar_agrees_with_plain_numpy():
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(200, 16)).astype(np.float32)
    table = Table([f"w{i}" for i in range(200)], matrix)
    unit = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    cosines = unit @ (unit[3] + unit[5] - unit[7])
    cosines /= np.linalg.norm(unit[3] + unit[5] - unit[7])
    cosines[[3, 5, 7]] = -2
    order = np.argsort(-cosines)[:8]
    answer = table.most_similar(["w3", "w5"], ["w7"], topn=8)
    assert [token for token, _ in answer] == [f"w{i}" for i in order]
    assert [cosine for _, cosine in answer] == pytest.approx(cosines[order].tolist(), abs=1e-6)


def test_most_similar_takes_vectors_and_leaves_zero_rows_alone():
    table = Table(
        ["<pad>", "a", "b", "zero"], np.array([[0, 0], [1, 0], [1, 1], [0, 0]], "f4"), pad_id=0
    )
    answer = table.most_similar(np.array([2, 0], "f4"))
    assert [token for token, _ in answer] == ["a", "b", "zero"]
    assert answer[-1][1] == 0
    assert table.similarity("a", "zero") == 0
    with pytest.raises(ArgumentError, match="vector"):
        table.most_similar(np.zeros(5, "f4"))
    with pytest.raises(ArgumentError, match="nothing"):
        table.most_similar()


def test_mean(table):
    vector, known = table.mean(["good", "film", "xyzzy"])
    assert vector.tolist() == [0.5, 0.5, 0]
    assert (vector.dtype, known) == (np.float32, 2)
    assert table.mean([])[1] == 0
    assert table.mean("good")[1] == 1
    with pytest.raises(ArgumentTypeError, match="tokens, item 1: expected a string, got nan"):
        table.mean(["good", float("nan")])
    with pytest.raises(ArgumentError, match="unknown: expected 'skip' or 'error'"):
        table.mean(["good"], unknown="raise")
    with pytest.raises(UnknownTokenError):
        table.mean(["xyzzy"], unknown="error")


def test_a_table_of_a_vocabulary_has_its_special_ids():
    vocab = Vocabulary.from_texts(["a good film", "a film"])
    matrix = np.ones((len(vocab), 2), np.float32)
    with pytest.raises(ArgumentError, match="pad_id: expected row 0 all zeros"):
        Table(vocab, matrix)
    matrix[0] = 0
    table = Table(vocab, matrix)
    assert (table.pad_id, table.unk_id) == (0, 1)
    assert table.counts.tolist() == vocab.counts.tolist()
    assert Table(table, matrix, unk_id=2).unk_id == 2
