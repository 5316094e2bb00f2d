import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest

from inlay.core import HashingVocabulary
from inlay.errors import ArgumentError, ArgumentTypeError, ImmutableError


def test_hashing_vocabulary_is_the_same_in_every_process():
    vocab = HashingVocabulary(50)
    ids = vocab.encode(["some words", "more"])
    assert ids.shape == (2, 2)
    assert ids[1, 1] == 0
    assert 1 <= ids[ids > 0].min() <= ids.max() < len(vocab)
    script = (
        "from inlay.core import HashingVocabulary as H; "
        "print(H(50).encode(['some words']).tolist())"
    )
    other = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert other.stdout.strip() == str(ids[:1].tolist())
    with pytest.raises(ArgumentError, match="vocab_size: expected a whole number from 2 to"):
        HashingVocabulary(1)


def test_every_id_fits_an_int32():
    vocab = HashingVocabulary(2**31)
    tokens = [f"w{i}" for i in range(100)]
    assert vocab.encode([tokens]).tolist() == [[vocab[token] for token in tokens]]
    with pytest.raises(ArgumentError, match=r"vocab_size: .* from 2 to 2147483648, got 2147483649"):
        HashingVocabulary(2**31 + 1)


@pytest.mark.parametrize("vocab_size", [2, 3, 5, 8])
def test_every_id_but_padding_is_used_and_none_beyond(vocab_size):
    """A layer has `vocab_size` rows: an id equal to it would read behind the last."""
    vocab = HashingVocabulary(vocab_size)
    tokens = [f"w{i}" for i in range(500)]
    assert {vocab[token] for token in tokens} == set(range(1, vocab_size))
    assert set(vocab.encode([tokens]).reshape(-1).tolist()) == set(range(1, vocab_size))


def test_answers_as_a_vocabulary_does_where_it_can():
    vocab = HashingVocabulary(np.int64(50), tokenizer="lower")
    assert vocab.vocab_size == len(vocab) == 50
    assert type(vocab.vocab_size) is int
    assert (vocab.pad_id, vocab.unk_id) == (0, None)
    assert vocab["Some"] != vocab["some"] == vocab.encode(["Some"])[0, 0]
    assert "anything" in vocab
    assert 3 not in vocab
    assert repr(vocab) == "HashingVocabulary(50)"


@pytest.mark.parametrize("vocab_size", ["50", 50.0, True, None])
def test_the_size_is_a_whole_number(vocab_size):
    with pytest.raises(ArgumentTypeError, match="vocab_size: expected a whole number"):
        HashingVocabulary(vocab_size)


def test_what_is_no_token_has_no_id():
    vocab = HashingVocabulary(50)
    for wrong in (3, None, ["a"]):
        with pytest.raises(ArgumentTypeError, match="an id cannot be turned back"):
            vocab[wrong]
    with pytest.raises(ArgumentTypeError):
        list(vocab)


def test_never_changes_and_can_be_copied():
    vocab = HashingVocabulary(50)
    with pytest.raises(ImmutableError, match="vocab_size"):
        vocab.vocab_size = 60
    for made in (copy.copy(vocab), pickle.loads(pickle.dumps(vocab))):
        assert made["film"] == vocab["film"]
