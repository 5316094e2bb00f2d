import numpy as np
import pytest

from inlay import Table, Vocabulary
from inlay.classify.embeddings import opened
from inlay.classify.vectors import check_dim, start, tokenizer_for, with_rest
from inlay.core.subwords import Ngrams, Subwords
from inlay.errors import ArgumentError, ArgumentTypeError

VOCAB = Vocabulary.from_texts(["film film good rare"])


def test_random_start_is_seeded_and_the_special_rows_are_zero():
    table = start(None, VOCAB, 8, seed=3)
    assert table.vectors.shape == (len(VOCAB), 8)
    assert not table.vectors[:2].any()
    assert table.vectors[2:].any(axis=1).all()
    np.testing.assert_array_equal(table.vectors, start(None, VOCAB, 8, seed=3).vectors)
    assert (table.vectors != start(None, VOCAB, 8, seed=4).vectors)[2:].all()


def test_given_start_keeps_vectors_and_draws_the_missing(vectors):
    table = start(vectors, VOCAB, None, seed=0)
    np.testing.assert_array_equal(table["film"], vectors["film"])
    assert table["rare"].any()
    assert not table["<unk>"].any()
    assert table.coverage.n_found == 2


def test_the_rest_of_the_table_follows_the_words_of_the_texts(vectors):
    trained = np.full((len(VOCAB), 16), 7, np.float32)
    trained[0] = 0
    vocab, table = with_rest(VOCAB, trained, vectors, max_size=None, times=2)
    assert vocab.tokens.tolist()[: len(VOCAB)] == VOCAB.tokens.tolist()
    assert set(vocab.tokens) == set(VOCAB.tokens) | set(vectors.tokens)
    np.testing.assert_array_equal(table["film"], np.full(16, 7))
    np.testing.assert_array_equal(table["superb"], 2 * vectors["superb"])
    assert vocab.counts[vocab["film"]] == 2
    assert vocab.counts[vocab["superb"]] == 0


def test_a_table_that_composes_does_so_for_the_texts_of_fit_alone():
    """Others are known if the table has been given rows for them."""
    rows = np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32)
    given = Table(["film"], rows[:1])
    given._set(_subwords=Subwords(Ngrams(3, 6, 20), rows))
    begun = start(given, VOCAB, None, seed=0)
    np.testing.assert_array_equal(begun["rare"], given["rare"])
    vocab, _ = with_rest(VOCAB, begun.vectors, given, max_size=None, times=1)
    assert "later" not in vocab
    wider = given.align(Vocabulary.from_texts(["film good rare", "later"]))
    vocab, table = with_rest(VOCAB, begun.vectors, wider, max_size=None, times=1)
    assert vocab.tokens.tolist() == [*VOCAB.tokens, "later"]
    np.testing.assert_array_equal(table["later"], given["later"])


def test_max_size_bounds_the_rest(vectors):
    trained = np.zeros((len(VOCAB), 16), np.float32)
    vocab, _ = with_rest(VOCAB, trained, vectors, max_size=len(VOCAB) + 1, times=1)
    assert len(vocab) == len(VOCAB) + 1
    same, _ = with_rest(VOCAB, trained, vectors, max_size=3, times=1)
    assert len(same) == len(VOCAB)


def test_a_table_a_file_or_nothing(vectors, tmp_path):
    assert opened(None) == (None, None)
    assert opened(vectors).value is vectors
    path = str(tmp_path / "v.safetensors")
    vectors.save(path)
    found, origin = opened(path)
    assert origin == path
    np.testing.assert_array_equal(found.vectors, vectors.vectors)
    with pytest.raises(ArgumentTypeError, match="a Table, an encoder, the path or name of one"):
        opened(np.zeros((2, 2)))


def test_a_stored_float16_table_is_not_changed():
    half = Table(["good"], np.ones((1, 4), np.float16))
    start(half, VOCAB, None, seed=0)
    assert half.matrix.dtype == np.float16
    np.testing.assert_array_equal(half.matrix, np.ones((1, 4)))


def test_another_dim_than_the_embeddings_is_refused(vectors):
    vocab = Vocabulary.from_texts(["good film"])
    assert start(vectors, vocab, vectors.dim, 0).dim == start(vectors, vocab, None, 0).dim == 16
    assert start(None, vocab, None, 0).dim == 300
    check_dim(16, vectors)
    check_dim(17, None)
    with pytest.raises(ArgumentError, match="dim: expected 16, as the embedding has, or None, got"):
        check_dim(17, vectors)


def test_the_tokenizer_is_that_of_the_vectors_unless_another_is_asked_for(vectors):
    lowered = Table(vectors.tokens, vectors.matrix, provenance={"tokenizer": "lower"})
    assert tokenizer_for(None, lowered) == "lower"
    assert tokenizer_for("split", lowered) == "split"
    assert tokenizer_for(None, vectors) == tokenizer_for(None, None) == "words"
    strange = Table(vectors.tokens, vectors.matrix, provenance={"tokenizer": "some.body:splits"})
    assert tokenizer_for("split", strange) == "split"
    with pytest.raises(ArgumentError, match=r"'some.body:splits' .*not imported.* Try: TextClass"):
        tokenizer_for(None, strange)
