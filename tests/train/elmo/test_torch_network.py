import numpy as np
import pytest
import torch

from inlay.encode.elmo.characters import character_ids
from inlay.encode.elmo.options import Options
from inlay.encode.elmo.torch_bilm import BiLM, CharCNN
from inlay.train.elmo.torch_network import Dropout, Network

WORDS = ["a", "film", "영화", "", "<S>", "x" * 46, "y" * 47, "z" * 60, "unbelievable"]


def options(**changed):
    settings = dict(
        dim=6,
        projection_dim=4,
        n_layers=3,
        cell_clip=0.5,
        proj_clip=0.2,
        use_skip_connections=True,
        char_dim=3,
        filters=((1, 3), (2, 2), (4, 5)),
        n_highway=2,
        activation="relu",
    )
    return Options(**settings | changed)


def check_same(found, expected):
    torch.testing.assert_close(found, expected, atol=2e-6, rtol=1e-5)


def gradients_of(peer):
    """The gradients that a layer has come by, as the file would have them."""
    found = {}
    for official, name in peer._names():
        gradient = peer.get_parameter(name).grad
        if official == "char_embed":
            gradient = gradient[1:]
        elif name.endswith(".weight"):
            gradient = gradient.permute(*reversed(range(gradient.dim())))
            gradient = gradient[None] if gradient.dim() == 3 else gradient
        found[official] = gradient
    return found


@pytest.mark.parametrize(
    "changed",
    [{}, {"activation": "tanh", "n_highway": 0}, {"projection_dim": 10}],
    ids=["projected", "tanh", "as wide as the filters"],
)
def test_words_and_their_gradients_are_those_of_the_layer(changed):
    network = Network(options(**changed), seed=1)
    ids = character_ids(WORDS)
    peer = CharCNN.from_weights(network.options, network.weights())
    lengths = (ids != 261).sum(1).astype(np.int16)
    found = network.words((ids - 1).astype(np.int16), lengths)
    expected = peer(torch.from_numpy(ids))
    check_same(found, expected)
    weight = torch.randn(expected.shape)
    names = network.word_names()
    gradients = torch.autograd.grad(found, [network.parameters[n] for n in names], weight)
    (expected * weight).sum().backward()
    theirs = gradients_of(peer)
    assert theirs.keys() == set(names)
    for name, gradient in zip(names, gradients, strict=True):
        check_same(gradient, theirs[name])


@pytest.mark.parametrize("skip", [True, False])
def test_directions_are_those_of_the_layer_also_in_pieces(skip):
    network = Network(options(use_skip_connections=skip), seed=2)
    x = torch.randn(7, 5, 4)
    layers, _ = BiLM.from_weights(network.options, network.weights())(x.transpose(0, 1))
    never = torch.zeros(7, 5, dtype=torch.bool)
    for direction, given in enumerate((x, x.flip(0))):
        state, parts = network.start(5), []
        for some in (slice(0, 3), slice(3, 7)):
            part, state = network.direction(
                direction, given[some], state, never[some], Dropout(0, 0)
            )
            parts.append(part)
        out = torch.cat(parts)
        out = out.flip(0) if direction else out
        check_same(out.transpose(0, 1), layers[-1].chunk(2, 2)[direction])


def test_dropout_keeps_the_mean_and_repeats_itself():
    x = torch.ones(100, 100)
    dropped = Dropout(0.25, 7)(x)
    assert dropped.unique().tolist() == pytest.approx([0, 4 / 3])
    assert dropped.mean() == pytest.approx(1, abs=0.03)
    check_same(Dropout(0.25, 7)(x), dropped)
    assert not torch.equal(Dropout(0.25, 8)(x), dropped)
    drop = Dropout(0.25, 7)
    assert not torch.equal(drop(x), drop(x))
    assert Dropout(0, 7)(x) is x


def test_dropout_is_at_work_in_every_layer():
    network = Network(options(), seed=3)
    x, fresh = torch.randn(3, 2, 4), torch.zeros(3, 2, dtype=torch.bool)
    drops = []

    def count(given):
        drops.append(given)
        return given

    network.direction(0, x, network.start(2), fresh, count)
    assert len(drops) == 4
