import numpy as np
import pytest

from inlay import Table
from inlay.core.queries import weighted
from inlay.errors import ArgumentError, ArgumentTypeError

X, Y = np.array([1, 0], np.float32), [0.0, 1.0]


@pytest.mark.parametrize(
    ("queries", "expected"),
    [
        ("war", [("war", -1)]),
        (None, []),
        ((), []),
        (("war", "peace"), [("war", -1), ("peace", -1)]),
        ([("war", 2.0), "peace"], [("war", 2), ("peace", -1)]),
        ([["war", np.float32(0.5)]], [("war", 0.5)]),
        (np.array(["war", "peace"]), [("war", -1), ("peace", -1)]),
        (X, [(X, -1)]),
        ([X, "war"], [(X, -1), ("war", -1)]),
        ([(X, 3)], [(X, 3)]),
        ([(Y, 3)], [(Y, 3)]),
        ([Y], [(Y, -1)]),
        (np.stack([X, X]), [(X, -1), (X, -1)]),
    ],
)
def test_every_query_has_a_weight(queries, expected):
    found = weighted("negative", queries, -1)
    assert [(np.asarray(q).tolist(), w) for q, w in found] == [
        (np.asarray(q).tolist(), w) for q, w in expected
    ]


@pytest.mark.parametrize(
    "queries", [3, ["war", 2.0], ("war", 2.0), [None], np.array(3.0), [{}], {"war": 2.0}]
)
def test_what_is_neither_a_token_nor_a_vector(queries):
    with pytest.raises(ArgumentTypeError, match=r"positive: .*\('woman', 0\.5\)"):
        weighted("positive", queries, 1)


@pytest.mark.parametrize("weight", ["2", None, True])
def test_a_weight_is_a_number(weight):
    with pytest.raises(ArgumentTypeError, match="the weight in positive: expected a number"):
        weighted("positive", [("war", weight)], 1)
    with pytest.raises(ArgumentError, match="the weight in positive: expected a number, got nan"):
        weighted("positive", [("war", float("nan"))], 1)


@pytest.mark.parametrize(
    ("positive", "negative"),
    [
        ([("w1", 2.0)], []),
        ([("w1", 2.0), "w2"], [("w3", 2.0)]),
        (["w1", ("w2", 0.25)], [("w3", -0.5), "w4"]),
        ([(np.array([0, 1, 0, 0], np.float32), 0.5), "w2"], None),
    ],
)
def test_weights_are_gensim_s(positive, negative):
    """gensim, which also takes a weight in `negative` as it is, answers the same."""
    gensim = pytest.importorskip("gensim.models.keyedvectors")
    matrix = np.random.default_rng(3).normal(size=(30, 4)).astype(np.float32)
    tokens = [f"w{i}" for i in range(30)]
    theirs = gensim.KeyedVectors(4)
    theirs.add_vectors(tokens, matrix)
    table = Table(tokens, matrix)
    expected = theirs.most_similar(positive, negative, topn=5)
    found = table.most_similar(positive, negative, topn=5)
    assert [token for token, _ in found] == [token for token, _ in expected]
    assert [c for _, c in found] == pytest.approx([c for _, c in expected], abs=1e-6)
    every = theirs.most_similar(positive, negative, topn=None)
    assert table.most_similar(positive, negative, topn=None) == pytest.approx(every, abs=1e-6)


def test_a_weight_in_negative_replaces_the_minus_one():
    """The same without gensim at hand."""
    table = Table(["a", "b", "c"], np.array([[1, 0], [0, 1], [0.6, 0.8]], np.float32))
    toward, away = (
        table.most_similar("a", negative=[("b", weight)], topn=None) for weight in (0.75, -0.75)
    )
    assert toward == pytest.approx([0.8, 0.6, 0.96])
    assert away == pytest.approx([0.8, -0.6, 0])
