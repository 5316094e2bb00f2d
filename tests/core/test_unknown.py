import numpy as np
import pytest

from inlay import Table, Vocabulary
from inlay.core import unknown as policies
from inlay.errors import ArgumentError, ArgumentTypeError

WORDS = Table(["small", "dog", "cat"], np.float32([[1, 1], [3, 5], [0, 9]]))


@pytest.mark.parametrize("block", [7, policies.BLOCK])
def test_covariance_draws_where_the_known_vectors_lie(monkeypatch, block):
    monkeypatch.setattr(policies, "BLOCK", block)
    rng = np.random.default_rng(0)
    lie = np.array([[2.0, 1.0, 0.0], [0.0, 0.5, 0.5], [0.0, 0.0, 0.1]])
    known = (np.array([5.0, -3.0, 0.0]) + rng.normal(size=(500, 3)) @ lie).astype("f4")
    tokens = [f"t{i}" for i in range(500)]
    new = [f"new{i}" for i in range(20_000)]
    aligned = Table(tokens, known).align([*tokens, *new], "covariance")
    np.testing.assert_array_equal(aligned.vectors[:500], known)  # to the bit
    drawn = aligned.vectors[500:]
    np.testing.assert_allclose(drawn.mean(0), known.mean(0), atol=0.06)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(known.T, bias=True), atol=0.15)
    assert len(np.unique(drawn, axis=0)) == len(new)


def test_covariance_is_repeated_by_its_seed():
    first, again, other = (
        WORDS.align([*WORDS.tokens, "new"], "covariance", seed=seed)["new"] for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    one = Table(["a"], np.float32([[1, 2]])).align(["a", "b"], "covariance")
    np.testing.assert_allclose(one["b"], [1, 2])  # of one vector there is no other


def test_a_dict_gives_vectors_and_glosses():
    given = {
        "puppy": "small dog",
        "kitten": ["small", "cat", "xyzzy"],
        "bird": [7.0, 8.0],
        "fish": np.float32([1, 2]),
        "dog": [0.0, 0.0],  # the table has it
        "unheard": [0.0, 0.0],  # nobody asked for it
    }
    vocab = Vocabulary(["puppy", "kitten", "bird", "fish", "dog", "other", "<b>"])
    aligned = WORDS.align(vocab, given, seed=3)
    wanted = {"puppy": [2, 3], "kitten": [0.5, 5], "bird": [7, 8], "fish": [1, 2], "dog": [3, 5]}
    for token, vector in wanted.items():
        np.testing.assert_array_equal(aligned[token], vector)
    # All others as without the dict: at random, of the variance of what was found.
    assert aligned["other"].any()
    assert aligned[vocab.tokens[vocab.unk_id]].any()
    assert not aligned.vectors[vocab.pad_id].any()
    assert not np.array_equal(aligned["other"], aligned["<b>"])
    assert aligned.coverage.n_found == 1
    assert aligned.provenance["unknown"] == "dict"


def test_a_gloss_is_split_as_the_table_s_texts_were():
    lower = Table(WORDS.tokens, WORDS.vectors, provenance={"tokenizer": "lower"})
    np.testing.assert_array_equal(lower.align(["puppy"], {"puppy": "Small DOG"})["puppy"], [2, 3])
    with pytest.raises(ArgumentError, match=r"a gloss of 'puppy' with words.*got 'Small DOG'"):
        WORDS.align(["puppy"], {"puppy": "Small DOG"})


def test_a_dict_of_every_missing_token_needs_no_other_vectors():
    empty = Table([], np.zeros((0, 2), "f4"))
    assert empty.align(["a"], {"a": [1, 2]})["a"].tolist() == [1, 2]
    with pytest.raises(ArgumentError, match="an empty table"):
        empty.align(["a", "b"], {"a": [1, 2]})


def test_what_is_wrong_is_said():
    with pytest.raises(ArgumentError, match=r"a vector \(2,\) for 'a', got shape \(3,\)"):
        WORDS.align(["a"], {"a": [1, 2, 3]})
    for wrong in (object(), [[1], [1, 2]]):
        with pytest.raises(ArgumentTypeError, match=r"a vector \(2,\) for 'a'"):
            WORDS.align(["a"], {"a": wrong})
    with pytest.raises(ArgumentError, match=r"'covariance'.*a dict or a callable, got int 3"):
        WORDS.align(["a"], 3)


def test_fewer_vectors_than_numbers_in_one():
    known = np.random.default_rng(0).normal(size=(3, 50)).astype("f4")
    drawn = Table(["a", "b", "c"], known).align([f"x{i}" for i in range(9)], "covariance").vectors
    # In the plane of the three, and not NaN where rounding makes a variance negative.
    apart = np.linalg.lstsq((known - known.mean(0)).T, (drawn - known.mean(0)).T, rcond=None)
    rebuilt = apart[0].T @ (known - known.mean(0)) + known.mean(0)
    np.testing.assert_allclose(rebuilt, drawn, atol=1e-4)
