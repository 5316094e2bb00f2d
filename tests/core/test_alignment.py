import numpy as np
import pytest

from inlay import HashingVocabulary, Table, Vocabulary
from inlay.errors import ArgumentError, ArgumentTypeError, UnknownTokenError


@pytest.fixture
def vocab():
    return Vocabulary.from_texts(["Film film good good good GREAT zebra zebra", "okapi"])


def test_rows_are_in_vocabulary_order(table, vocab):
    aligned = table.align(vocab, "zeros")
    assert aligned.tokens == vocab.tokens
    assert (aligned.pad_id, aligned.unk_id) == (0, 1)
    assert aligned.vectors.dtype == np.float32
    assert not aligned.vectors[0].any()
    assert not aligned.vectors[1].any()
    for token in ("good", "film"):
        assert aligned[token].tolist() == table[token].tolist()
    assert aligned["Film"].tolist() == table["film"].tolist()
    assert aligned["GREAT"].tolist() == table["great"].tolist()
    assert not aligned["zebra"].any()


def test_coverage(table, vocab):
    coverage = table.align(vocab).coverage
    assert coverage.n_types == 6
    assert coverage.found_by == {"exact": 2, "lower": 2}
    assert coverage.n_found == 4
    assert (coverage.n_tokens, coverage.n_tokens_found) == (9, 6)
    assert coverage.misses == (("zebra", 2), ("okapi", 1))
    assert str(coverage).splitlines() == [
        "types found: 4 of 6, 66.7% (2 exact, 2 lower)",
        "tokens found: 6 of 9, 66.7%",
        "most frequent misses: zebra (2), okapi (1)",
    ]


def test_fallbacks_in_order(vocab):
    table = Table(["FILM", "Film", "ﬁx", "é"], np.eye(4, dtype="f4"))
    asked = Vocabulary(["film", "e\u0301"])
    aligned = table.align(asked, "zeros", fallback=("upper", "capitalize", "nfc"))
    assert aligned.coverage.found_by == {"exact": 0, "upper": 1, "capitalize": 0, "nfc": 1}
    assert aligned["film"].argmax() == 0
    assert table.align(asked, "zeros", fallback=()).coverage.n_found == 0
    with pytest.raises(ArgumentError, match="fallback"):
        table.align(asked, fallback=("lowercase",))
    with pytest.raises(ArgumentError, match=r"fallback: .* got list \['lower'\]"):
        table.align(asked, fallback=[["lower"]])
    for wrong in (None, 5):
        with pytest.raises(
            ArgumentTypeError, match=r"fallback: expected a list of names.*Try: \(\)"
        ):
            table.align(asked, fallback=wrong)


@pytest.mark.parametrize("policy", ["normal", "uniform"])
def test_random_rows_have_the_variance_of_the_found_and_a_seed(policy):
    rng = np.random.default_rng(1)
    words = [f"w{i}" for i in range(500)]
    table = Table(words, rng.normal(0, 0.3, (500, 40)).astype("f4"))
    vocab = Vocabulary([*words, *(f"new{i}" for i in range(500))])
    drawn = table.align(vocab, policy, seed=5).vectors[-500:]
    assert drawn.std() == pytest.approx(0.3, rel=0.02)
    assert abs(drawn.mean()) < 0.01
    assert np.array_equal(drawn, table.align(vocab, policy, seed=5).vectors[-500:])
    assert not np.array_equal(drawn, table.align(vocab, policy, seed=6).vectors[-500:])
    if policy == "uniform":
        assert np.abs(drawn).max() <= 0.3 * 3**0.5 * 1.02


def test_mean_callable_and_error(table):
    vocab = Vocabulary(["good", "film", "zebra"])
    assert table.align(vocab, "mean")["zebra"].tolist() == [0.5, 0.5, 0]
    ones = table.align(vocab, lambda token: np.full(3, len(token)))
    assert ones["zebra"].tolist() == [5, 5, 5]
    assert not ones.vectors[vocab.pad_id].any()
    with pytest.raises(ArgumentError, match=r"a vector \(3,\) for '<unk>'"):
        table.align(vocab, lambda token: [1.0])
    for answer in ("film", [[1.0], [1.0, 2.0]], object()):
        with pytest.raises(ArgumentTypeError, match=r"a vector \(3,\) for '<unk>', got"):
            table.align(vocab, lambda token, answer=answer: answer)
    with pytest.raises(UnknownTokenError, match="got 1 that are not: 'zebra'"):
        table.align(vocab, "error")
    known = table.align(Vocabulary(["good", "film"]), "error")
    assert known.matrix[vocab.unk_id].any()  # drawn: the unk token itself is no miss
    with pytest.raises(ArgumentError, match="unknown"):
        table.align(vocab, "gaussian")


def test_the_pad_row_is_zero_wherever_it_is_and_whatever_the_table_says():
    table = Table(["<pad>", "a"], np.ones((2, 2), "f4"))
    vocab = Vocabulary(["a"], pad_id=2, unk_id=0)
    aligned = table.align(vocab)
    assert aligned.pad_id == 2
    assert not aligned.vectors[2].any()
    assert aligned.coverage.found_by["exact"] == 1


def test_nothing_found_still_gives_vectors_of_the_table_s_size():
    table = Table(["a", "b"], np.array([[3, 3], [-3, -3]], "f4"))
    aligned = table.align(Vocabulary([f"x{i}" for i in range(2000)]))
    assert aligned.vectors.std() == pytest.approx(3, rel=0.05)
    assert aligned.coverage.n_found == 0


def test_without_special_tokens_and_without_words():
    table = Table(["a", "b"], np.eye(2, dtype="f4"))
    bare = table.align(Vocabulary(["b", "a"], pad=None, unk=None))
    assert bare.vectors.tolist() == [[0, 1], [1, 0]]
    assert (bare.pad_id, bare.unk_id) == (None, None)
    empty = table.align(Vocabulary([]))
    assert len(empty) == 2
    assert str(empty.coverage) == "types found: none asked for (0 exact, 0 lower)"


@pytest.mark.parametrize("policy", ["normal", "uniform", "mean"])
def test_an_empty_table_has_no_mean_and_no_variance(policy):
    table = Table([], np.zeros((0, 2), "f4"))
    vocab = Vocabulary(["a"])
    with pytest.raises(ArgumentError, match=r"got an empty table\. Try: unknown='zeros'"):
        table.align(vocab, policy)
    assert not table.align(vocab, "zeros").matrix.any()


@pytest.mark.parametrize("tokens", [["film", "xyz", "good"], np.array(["film", "xyz", "good"])])
def test_a_list_of_tokens_stands_for_these_rows_in_this_order(table, tokens):
    aligned = table.align(tokens, "zeros")
    assert aligned.tokens.tolist() == ["film", "xyz", "good"]
    assert aligned.vectors.tolist() == [[0, 1, 0], [0, 0, 0], [1, 0, 0]]
    assert (aligned.pad_id, aligned.unk_id) == (None, None)
    with pytest.raises(ArgumentError, match="'a' at 0 and 1"):
        table.align(["a", "a"])


def test_a_map_keeps_its_ids(table):
    aligned = table.align({"good": 1, "film": 0})
    assert aligned.tokens.tolist() == ["film", "good"]
    assert aligned.vectors.tolist() == [[0, 1, 0], [1, 0, 0]]
    with pytest.raises(ArgumentError, match="each id from 0 to 1 once"):
        table.align({"good": 1, "film": 2})


def test_another_table_gives_its_rows_and_special_ids(table, vocab):
    first = table.align(vocab, "zeros")
    second = Table(["film", "good"], np.eye(2)).align(first, "zeros")
    assert second.tokens == first.tokens
    assert (second.pad_id, second.unk_id) == (first.pad_id, first.unk_id)
    assert second.counts.tolist() == first.counts.tolist()
    assert second.coverage.n_types == 6
    assert second["good"].tolist() == [0, 1]


def test_hashed_ids_cannot_be_turned_back_into_tokens(table):
    with pytest.raises(ArgumentTypeError, match=r"cannot be turned back.*from_texts\(texts\)"):
        table.align(HashingVocabulary(10))


@pytest.mark.parametrize("vocab", ["good", None, 3, {"good", "film"}])
def test_what_has_no_tokens_in_order_is_no_vocabulary(table, vocab):
    with pytest.raises(ArgumentTypeError, match=r"^vocab: expected a list of tokens"):
        table.align(vocab)


@pytest.mark.parametrize("seed", ["1", 1.5, True, None])
def test_the_seed_is_a_whole_number(table, vocab, seed):
    with pytest.raises(ArgumentTypeError, match="seed: expected a whole number, 0 or more"):
        table.align(vocab, seed=seed)
    with pytest.raises(ArgumentError, match="seed"):
        table.align(vocab, seed=-1)
    assert table.align(vocab, seed=np.int64(3)).provenance["seed"] == 3
