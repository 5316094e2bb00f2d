"""`Table.random`: vectors for ids that no table has any for, of a vocabulary or of a hash."""

import numpy as np
import pytest

from inlay import Table, Vocabulary
from inlay.core import HashingVocabulary
from inlay.core import unknown as policies
from inlay.errors import ArgumentError, ArgumentTypeError

VOCAB = Vocabulary([f"t{i}" for i in range(4_000)], pad_id=3, tokenizer="lower")
HASHES = HashingVocabulary(20, tokenizer="lower")


@pytest.mark.parametrize("block", [7, policies.BLOCK])
@pytest.mark.parametrize("distribution", policies.DISTRIBUTIONS)
def test_numbers_are_of_the_distribution(monkeypatch, block, distribution):
    monkeypatch.setattr(policies, "BLOCK", block)
    table = Table.random(VOCAB, 8, distribution=distribution, deviation=0.1, seed=1)
    assert (table.shape, table.dtype) == ((4_002, 8), np.float32)
    assert (table.pad_id, table.unk_id, table.tokens) == (3, VOCAB.unk_id, VOCAB.tokens)
    assert not table.vectors[3].any()
    drawn = np.delete(table.vectors, 3, 0)
    assert abs(drawn.mean()) < 0.003
    np.testing.assert_allclose(drawn.std(), 0.1, rtol=0.02)
    bound = 0.1 * 3**0.5
    assert (abs(drawn).max() <= bound) == (distribution == "uniform")
    assert abs(drawn).max() > 0.99 * bound
    assert table.provenance == {
        "random": distribution,
        "deviation": 0.1,
        "seed": 1,
        "tokenizer": "lower",
    }
    again = Table.random(VOCAB, 8, distribution=distribution, deviation=0.1, seed=1)
    np.testing.assert_array_equal(again.vectors, table.vectors)
    other = Table.random(VOCAB, 8, distribution=distribution, deviation=0.1)
    assert (other.vectors != table.vectors).any(axis=1).sum() == 4_001


def test_whatever_stands_for_a_vocabulary_has_a_table():
    table = Table.random(["a", "b"], 3)
    assert (table.pad_id, table.tokens.tolist()) == (None, ["a", "b"])
    assert Table.random({"b": 1, "a": 0}, 3).tokens == table.tokens
    assert Table.random(table, 5).shape == (2, 5)


def test_rows_of_a_hash_are_its_ids(tmp_path):
    table = Table.random(HASHES, 4)
    assert (len(table), table.pad_id, table.unk_id) == (20, 0, None)
    assert table.tokens[:3] == ["<pad>", "<bucket 1>", "<bucket 2>"]
    assert table.tokenizer == "lower"
    table.save(tmp_path / "hashes.safetensors")
    loaded = Table.load(tmp_path / "hashes.safetensors")
    np.testing.assert_array_equal(loaded.align(HASHES).vectors, table.vectors)
    assert loaded.align(HASHES).coverage.n_found == 19
    held = Table(HASHES, table.vectors)
    assert (held.pad_id, held.tokens) == (0, table.tokens)


@pytest.mark.parametrize("vocab_size", [19, 21, 2**31])
def test_a_hash_of_another_size_gives_other_ids(vocab_size):
    with pytest.raises(ArgumentTypeError, match=r"cannot be turned back.*Table\.random\(vocab"):
        Table.random(HASHES, 4).align(HashingVocabulary(vocab_size))


def test_vectors_of_words_are_not_those_of_a_hash():
    words = Table([f"t{i}" for i in range(20)], np.ones((20, 2), "float32"))
    with pytest.raises(ArgumentTypeError, match="cannot be turned back"):
        words.align(HASHES)


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"dim": 0}, ArgumentError, "dim: expected a whole number, 1 or more"),
        ({"deviation": 0}, ArgumentError, "deviation: expected a number above 0"),
        ({"distribution": "lognormal"}, ArgumentError, "'normal' or 'uniform'"),
        ({"seed": -1}, ArgumentError, "seed"),
        ({"scale": 1}, ArgumentTypeError, "Try: deviation="),
        ({"vocab": 5}, ArgumentTypeError, "vocab"),
    ],
)
def test_what_cannot_be_drawn(settings, error, words):
    with pytest.raises(error, match=words):
        Table.random(**({"vocab": VOCAB, "dim": 3} | settings))
