"""Words by looking products up: the same as by the convolutions of torch."""

from dataclasses import replace

import pytest
import torch

from inlay.encode.elmo import torch_words
from inlay.encode.elmo.characters import character_ids
from inlay.encode.elmo.options import Options
from inlay.encode.elmo.torch_words import CharCNN
from inlay.encode.elmo.weights import Weights
from inlay.hosts.torch import kernel_serves

OPTIONS = Options(6, 4, 3, 0.5, 0.2, True, 3, ((1, 3), (2, 2), (4, 5)), 2, "relu")
WORDS = ["a", "film", "영화", "", "<S>", "x" * 46, "y" * 47, "z" * 60, "unbelievable"]


def by(monkeypatch, *, kernel):
    monkeypatch.setattr(torch_words, "_kernel_serves", lambda table: kernel)


def results(monkeypatch, options, ids, *, kernel):
    """The words, and the gradient of each parameter."""
    by(monkeypatch, kernel=kernel)
    network = CharCNN.from_weights(options, Weights.random(options, 1))
    found = network(ids)
    torch.manual_seed(0)
    (found * torch.randn(found.shape)).sum().backward()
    return {"": found} | {name: part.grad for name, part in network.named_parameters()}


@pytest.mark.parametrize(
    "changed",
    [{}, {"activation": "tanh", "n_highway": 0}, {"projection_dim": 10}, {"word_length": 5}],
    ids=["projected", "tanh", "as wide as the filters", "short words"],
)
def test_the_kernel_gives_what_the_convolutions_give(monkeypatch, changed):
    options = replace(OPTIONS, **changed)
    ids = torch.from_numpy(character_ids(WORDS, options.word_length))
    ids = torch.cat([ids, torch.zeros_like(ids[:1])])  # no token
    expected = results(monkeypatch, options, ids, kernel=False)
    found = results(monkeypatch, options, ids, kernel=True)
    for name, array in expected.items():
        torch.testing.assert_close(found[name], array, atol=2e-6, rtol=1e-5, msg=name)
    assert not found["char_embed.weight"][0].any()
    assert found["char_embed.weight"][1:].any()


def test_the_kernel_serves_one_thread():
    table = torch.zeros(2, 2)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        assert torch_words._kernel_serves(table)
        assert not torch_words._kernel_serves(table.double())
        torch.set_num_threads(2)
        assert not torch_words._kernel_serves(table)
    finally:
        torch.set_num_threads(before)
    assert kernel_serves(table)
    assert not kernel_serves(table.to("meta"))
    assert not kernel_serves(table.bfloat16())


@pytest.mark.parametrize("kernel", [True, False])
@pytest.mark.parametrize("wrong", [-1, 262, 1 << 16])
def test_characters_out_of_range_are_refused(monkeypatch, kernel, wrong):
    by(monkeypatch, kernel=kernel)
    ids = torch.from_numpy(character_ids(["film"]))
    ids[0, 2] = wrong
    with pytest.raises(IndexError):
        CharCNN.from_weights(OPTIONS, Weights.random(OPTIONS))(ids)


def test_under_autocast_the_products_stay_whole(monkeypatch):
    by(monkeypatch, kernel=True)
    network = CharCNN.from_weights(OPTIONS, Weights.random(OPTIONS, 1))
    ids = torch.from_numpy(character_ids(WORDS))
    expected = network(ids)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = network(ids)
    torch.testing.assert_close(found.float(), expected, atol=0.05, rtol=0.05)
