from dataclasses import replace

import numpy as np
import pytest

from inlay.encode.elmo.characters import BOS, EOS, character_ids
from inlay.encode.elmo.network import Network, Plan, States
from inlay.encode.elmo.options import Options
from inlay.encode.elmo.weights import Weights
from inlay.encode.engines import packer
from tests.encode.elmo.golden import ATOL
from tests.encode.elmo.reference import reference_layers

TINY = Options(
    dim=12,
    projection_dim=5,
    n_layers=2,
    cell_clip=0.4,
    proj_clip=0.3,
    use_skip_connections=True,
    char_dim=3,
    filters=((1, 4), (3, 5)),
    n_highway=1,
    activation="tanh",
)
SENTENCES = [["a", "film", "with", "no", "end"], ["Good"], [], ["é" * 40, "<S>", "", "😀"]]


def run(network, sentences, states=None):
    """For each text `(n_layers, tokens with marks, 2P)`."""
    words = list(dict.fromkeys([BOS, EOS, *(word for text in sentences for word in text)]))
    vectors = network.words(character_ids(words))
    rows = [np.array([words.index(w) for w in [BOS, *text, EOS]]) for text in sentences]
    joined = network.layers(vectors, rows, states)
    return np.split(joined, np.cumsum([len(row) for row in rows])[:-1], axis=1)


@pytest.mark.parametrize("carried", [True, False])
def test_golden(golden, carried):
    network, states = Network(golden.options, golden.weights, packer()), States()
    for batch in golden.batches:
        found = run(network, batch.sentences, states if carried else None)
        for row, layers in enumerate(found):
            n = layers.shape[1]
            if carried or batch is golden.batches[0]:
                np.testing.assert_allclose(layers, batch.layers[:, row, :n], rtol=0, atol=ATOL)
            else:
                top = golden.stateless_top[row, :n]
                np.testing.assert_allclose(layers[-1], top, rtol=0, atol=ATOL)


def test_official(official):
    network, states = Network(official.options, official.weights, packer()), States()
    for sentences, expected in zip(official.batches, official.top, strict=True):
        for layers, top in zip(run(network, sentences, states), expected, strict=True):
            np.testing.assert_allclose(layers[-1, 1:-1], top, rtol=0, atol=ATOL)


def test_official_words(official):
    network = Network(official.options, official.weights, packer())
    found = network.words(character_ids(official.words))
    np.testing.assert_allclose(found, official.word_vectors, rtol=0, atol=ATOL)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"use_skip_connections": False},
        {"cell_clip": None, "proj_clip": None},
        {"n_highway": 0},
        {"n_highway": 3, "activation": "relu"},
        {"n_layers": 1},
        {"n_layers": 3},
        {"projection_dim": 9},  # as many as the filters make: no projection of words
        {"filters": ((50, 9),)},  # a filter as wide as a word
        {"projection_dim": 12, "projects": False, "proj_clip": 0.01},  # which then has no effect
    ],
    ids=str,
)
def test_other_shapes(change):
    options = replace(TINY, **change)
    weights = Weights.random(options, 1)
    found = run(Network(options, weights, packer()), SENTENCES)
    for ours, expected in zip(found, reference_layers(options, weights, SENTENCES), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=0, atol=ATOL)


def test_states_of_batches_that_grow_and_shrink():
    weights = Weights.random(TINY, 2)
    network, states, expected = Network(TINY, weights, packer()), States(), {}
    for sentences in (SENTENCES[:2], SENTENCES, SENTENCES[3:], SENTENCES):
        reference = reference_layers(TINY, weights, sentences, expected)
        for ours, right in zip(run(network, sentences, states), reference, strict=True):
            np.testing.assert_allclose(ours, right, rtol=0, atol=ATOL)


def test_a_word_does_not_know_the_others():
    network = Network(TINY, Weights.random(TINY), packer())
    words = ["", "a", "ab", "x" * 47, "x" * 48, "x" * 49, "films", *map(str, range(600))]
    together = network.words(character_ids(words))
    for i in range(0, len(words), 7):
        alone = network.words(character_ids([words[i]]))[0]
        np.testing.assert_array_equal(together[i], alone)


def test_gates_far_out():
    weights = Weights.random(TINY)
    highway = replace(weights.highways[0], carry_bias=np.linspace(-2000, 2000, 9, dtype="f4"))
    weights = replace(weights, highways=(highway,))
    (expected,) = reference_layers(TINY, weights, [["film"]])
    (found,) = run(Network(TINY, weights, packer()), [["film"]])
    np.testing.assert_allclose(found, expected, rtol=0, atol=ATOL)


def test_plan():
    plan = Plan(np.array([2, 0, 3, 2]))
    assert plan.order.tolist() == [2, 0, 3, 1]
    assert plan.counts.tolist() == [3, 3, 1]
    # Sentences one after another: 0 1 | | 2 3 4 | 5 6
    assert plan.places[0].tolist() == [2, 0, 5, 3, 1, 6, 4]
    assert plan.places[1].tolist() == [4, 1, 6, 3, 0, 5, 2]
    assert plan.last.tolist() == [6, 4, 5]


def test_nothing():
    network = Network(TINY, Weights.random(TINY), packer())
    assert network.words(character_ids([])).shape == (0, 5)
    assert network.layers(np.zeros((0, 5), np.float32), []).shape == (3, 0, 10)
