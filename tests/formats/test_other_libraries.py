"""What the libraries that write a kind of file read in it; CI has them in one environment."""

import numpy as np
import pytest

from inlay import Table, load
from tests.data import shared

WORDS = ["good", "film", "영화", "电影", "🎬", "naïve"]
FLOATS = np.random.default_rng(0).normal(size=(len(WORDS), 5)).astype(np.float32)


def library(name):
    return pytest.importorskip(name, reason=f"{name} itself is not installed")


@pytest.mark.parametrize(
    "parts",
    [
        ("model2vec-minilm",),
        ("model2vec-fixtures", "test-model-float32"),
    ],
    ids=lambda parts: parts[-1],
)
def test_model2vec(parts):
    folder = shared(*parts)
    theirs = library("model2vec").StaticModel.from_pretrained(folder)
    table = load(folder)
    assert table.tokens.tolist() == list(theirs.tokens)
    assert np.array_equal(table.matrix, theirs.embedding)


def test_model2vec_rows_that_tokens_share():
    folder = shared("model2vec-fixtures", "test-model-vocab-quantized")
    theirs = library("model2vec").StaticModel.from_pretrained(folder)
    rows = (
        theirs.embedding if theirs.token_mapping is None else theirs.embedding[theirs.token_mapping]
    )
    assert np.array_equal(load(folder).matrix, rows)


def test_spacy(tmp_path):
    spacy = library("spacy")
    vocab = spacy.vocab.Vocab()
    for word, row in zip(WORDS, FLOATS, strict=True):
        vocab.set_vector(word, row)
    vocab.to_disk(tmp_path / "vocab")
    table = load(tmp_path / "vocab")
    again = spacy.vocab.Vocab().from_disk(tmp_path / "vocab")
    assert sorted(table.tokens.tolist()) == sorted(WORDS)
    for word in WORDS:
        assert np.array_equal(table[word], again.get_vector(word))


def test_spacy_words_that_share_a_row(tmp_path):
    spacy = library("spacy")
    vocab = spacy.vocab.Vocab()
    for word, row in zip(WORDS, FLOATS, strict=True):
        vocab.set_vector(word, row)
    vocab.prune_vectors(4)
    vocab.to_disk(tmp_path / "vocab")
    table = load(tmp_path / "vocab")
    for word in WORDS:
        assert np.array_equal(table[word], vocab.get_vector(word))


def test_what_is_saved_is_read_by_safetensors(tmp_path):
    numpy = library("safetensors.numpy")
    Table(WORDS, FLOATS).save(tmp_path / "x.safetensors")
    assert np.array_equal(numpy.load_file(tmp_path / "x.safetensors")["matrix"], FLOATS)
