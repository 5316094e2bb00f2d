import numpy as np
import pytest

from inlay import Table
from inlay.errors import ArgumentError, ArgumentTypeError, IdError, UnknownTokenError


def test_answers_by_every_library_s_names(table):
    assert len(table) == 5
    assert "good" in table
    assert "bad" not in table
    assert table["film"].tolist() == [0, 1, 0]
    assert table[["film", "good"]].tolist() == [[0, 1, 0], [1, 0, 0]]
    assert table.dim == table.vector_size == 3
    assert table.key_to_index == table.stoi == {t: i for i, t in enumerate(table)}
    assert list(table.index_to_key) == list(table.itos) == list(table.tokens) == list(table)
    assert repr(table) == "Table(5 x 3 float32)"


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
    with pytest.raises(IdError, match=r"unk_id: expected a whole number from 0 to 0, got 0\.5"):
        Table(["a"], np.zeros((1, 2)), unk_id=0.5)
    with pytest.raises(ArgumentError, match="row 0 all zeros"):
        Table(["a"], np.ones((1, 2)), pad_id=0)
    with pytest.raises(ArgumentError, match="counts"):
        Table(["a"], np.ones((1, 2)), counts=[1, 2])
    for counts in ([1.5], [-1], [np.nan], [2.0**63]):
        with pytest.raises(ArgumentError, match="counts: expected whole numbers, 0 or more"):
            Table(["a"], np.ones((1, 2)), counts=counts)
    with pytest.raises(ArgumentTypeError, match="counts: expected whole numbers, got <U1"):
        Table(["a"], np.ones((1, 2)), counts=["1"])
    with pytest.raises(ArgumentTypeError, match="tokens: expected a list of tokens, got str"):
        Table("ab", np.ones((2, 2)))


def test_counts_that_are_whole_are_kept_as_int64():
    table = Table(["a", "b"], np.ones((2, 2)), counts=np.array([3.0, 0.0]))
    assert table.counts.dtype == np.int64
    assert table.counts.tolist() == [3, 0]


def test_an_array_in_another_order_is_copied_right():
    matrix = np.arange(6, dtype=np.float32).reshape(3, 2).T
    table = Table(["a", "b"], matrix)
    assert table["b"].tolist() == [1, 3, 5]
    assert table.matrix.flags.c_contiguous


def test_unknown_tokens_are_named(table):
    with pytest.raises(UnknownTokenError, match="'xyzzy'"):
        table["xyzzy"]
    with pytest.raises(KeyError):
        table.most_similar("xyzzy")
    with pytest.raises(ArgumentTypeError, match=r"table\.vectors\[row\]"):
        table[0]


def test_most_similar_is_by_cosine(table):
    expected = 0.9 / np.hypot(0.9, 0.1)
    assert table.most_similar("good", topn=1) == [("great", pytest.approx(expected))]
    assert len(table.most_similar("good", topn=99)) == 4
    assert table.most_similar("good", topn=0) == []


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
    with pytest.raises(UnknownTokenError):
        table.mean(["xyzzy"], unknown="error")
