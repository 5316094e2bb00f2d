"""Vectors of words from those of their pieces, for lists of words and for strings."""

import numpy as np
import pytest

from inlay.encode.mix import Mix
from inlay.encode.transformer import Transformer
from inlay.errors import ArgumentError, ArgumentTypeError, InlayWarning, UnsupportedError
from tests.encode.transformer.making import make_bert, make_sentences


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_bert(tmp_path_factory.mktemp("bert"))


def pieces_of(encoder, text, keep):
    ids = [encoder._pieces.before, *encoder._pieces.ids([text]), encoder._pieces.after]
    return encoder._network([np.concatenate(ids)], keep)


WAYS = {
    "mean": lambda rows: rows.mean(0),
    "first": lambda rows: rows[0],
    "last": lambda rows: rows[-1],
    "max": lambda rows: rows.max(0),
}


@pytest.mark.parametrize("words", WAYS)
def test_the_users_own_words(folder, words):
    encoder = Transformer.load(folder, words=words)
    text = ["unbelievable", "a good", "", "\u200d", "films!"]  # pieces 5, 2, 0, 0, 3
    assert encoder.tokenize(text) == text
    vectors, mask = encoder.tokens([text, ["a"]])
    rows = pieces_of(encoder, " ".join(text), [4])[0][1:-1]
    assert len(rows) == 10
    parts = [rows[:5], rows[5:7], None, None, rows[7:]]
    for vector, part in zip(vectors[0], parts, strict=True):
        expected = np.zeros(32) if part is None else WAYS[words](part)
        np.testing.assert_allclose(vector, expected, atol=1e-6)
    assert mask.sum(1).tolist() == [5, 1]
    np.testing.assert_array_equal(encoder.encode([text]), encoder.encode([" ".join(text)]))


def test_the_tokenizers_words_of_a_string(folder):
    encoder = Transformer.load(folder)
    text = "  Unbelievable FILMS,  was it?"
    assert encoder.tokenize(text) == ["Unbelievable", "FILMS", ",", "was", "it", "?"]
    rows = pieces_of(encoder, text, [4])[0][1:-1]
    vectors, _ = encoder.tokens([text])
    np.testing.assert_allclose(vectors[0, 0], rows[:5].mean(0), atol=1e-6)
    np.testing.assert_allclose(vectors[0, 1], rows[5:7].mean(0), atol=1e-6)


def test_layers_and_what_is_made_of_them(folder):
    text = "a good film"
    encoder = Transformer.load(folder)
    every = pieces_of(encoder, text, [0, 1, 2, 3, 4])
    assert encoder.n_layers == 5
    np.testing.assert_allclose(next(encoder.layers([text])), every[:, 1:-1], atol=1e-6)
    mix = Mix((0.1, 0.5, -1.0, 0.3, 2.0), 1.5)
    for layer, expected in (
        (0, every[0]),
        (-2, every[3]),
        (mix, np.tensordot(mix.shares, every, 1)),
        ("last4", np.concatenate(list(every[1:]), -1)),
    ):
        one = Transformer.load(folder, layer=layer)
        assert one.dim == expected.shape[1]
        np.testing.assert_allclose(one.tokens([text])[0][0], expected[1:-1], atol=1e-6)
        np.testing.assert_allclose(one.encode([text])[0], expected[1:-1].mean(0), atol=1e-6)
        pooled = one.pooled([text])
        assert pooled.shape == (1, one.n_layers, one.dim)
        np.testing.assert_allclose(one.mix(pooled[0]), expected[1:-1].mean(0), atol=1e-6)
    both = Transformer.load(folder, layer="last4", pool="cls+max").encode([text])[0]
    last = np.concatenate(list(every[1:]), -1)
    np.testing.assert_allclose(both, [*last[0], *last[1:-1].max(0)], atol=1e-6)


def test_a_layer_that_is_none(folder, tmp_path):
    with pytest.raises(ArgumentError, match="layer: expected a whole number from -5 to 4, got 5"):
        Transformer.load(folder, layer=5)
    with pytest.raises(ArgumentError, match="layer: expected a mix of 5 layers"):
        Transformer.load(folder, layer=Mix((1.0, 2.0)))
    with pytest.raises(ArgumentTypeError, match="layer: expected a number, 'last4', or a Mix"):
        Transformer.load(folder, layer="last")
    make_bert(tmp_path, num_hidden_layers=3)
    with pytest.raises(ArgumentError, match="layer: expected a model of 4 layers or more, got 3"):
        Transformer.load(tmp_path, layer="last4")


def test_words_of_a_model_whose_texts_have_other_vectors(tmp_path):
    make_sentences(tmp_path, ("Pooling", {"pooling_mode": ["cls", "mean"]}, {}))
    encoder = Transformer.load(tmp_path)
    assert (encoder.dim, encoder.has_tokens) == (64, False)
    for ask in (encoder.tokens, encoder.layers, lambda texts: encoder.tokenize(texts[0])):
        with pytest.raises(UnsupportedError, match=r"a vector for each token.*pool='mean'"):
            ask(["a"])
    assert encoder.pooled(["a", "good"]).shape == (2, 1, 64)
    assert Transformer.load(tmp_path, pool="mean").tokens(["a"])[0].shape == (1, 1, 32)


def test_words_that_the_model_does_not_know_are_told_of_once(folder):
    encoder = Transformer.load(folder)
    encoder.encode(["a good film 🎬 !", ""])  # no warning: what has no letters is no word
    with pytest.warns(InlayWarning, match="1 of 2 texts have words .* such as '꽃'"):
        encoder.encode(["a film", "good 꽃"])
    encoder.encode(["꽃"])
