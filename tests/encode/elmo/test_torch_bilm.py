from dataclasses import replace

import numpy as np
import pytest

from inlay.encode.elmo.characters import batch_to_ids
from inlay.encode.elmo.options import Options
from inlay.encode.elmo.weights import Weights
from inlay.errors import ArgumentError
from tests.encode.elmo.golden import ATOL, ids_of
from tests.encode.elmo.reference import reference_layers, word_vector

torch = pytest.importorskip("torch")
from inlay.encode.elmo.torch_bilm import BiLM, to_weights  # noqa: E402
from inlay.encode.elmo.torch_words import CharCNN  # noqa: E402

TINY = Options(
    dim=5,
    projection_dim=3,
    n_layers=2,
    cell_clip=0.3,
    proj_clip=0.2,
    use_skip_connections=True,
    char_dim=2,
    filters=((1, 2), (3, 3)),
    n_highway=1,
    activation="relu",
)
VARIANTS = {
    "as is": TINY,
    "no skip connections": replace(TINY, use_skip_connections=False),
    "no clips": replace(TINY, cell_clip=None, proj_clip=None),
    "cell clip alone": replace(TINY, proj_clip=None),
    "two highways": replace(TINY, n_highway=2),
    "no highway": replace(TINY, n_highway=0),
    "tanh": replace(TINY, activation="tanh"),
    "no projection": replace(TINY, projection_dim=5),
    "states not projected": replace(TINY, projection_dim=5, projects=False),
    "one layer": replace(TINY, n_layers=1),
    "three layers": replace(TINY, n_layers=3),
    "short words": replace(TINY, word_length=7),
}
TEXTS = [
    ["a", "good", "film", "<S>"],
    [],
    ["naïve", "😀", "", "x" * 80, "영화", "</S>", "a"],
    ["a"],
]


def lively(options, seed=1):
    """Random weights, with biases that are not 0, that reach the clips."""
    weights = Weights.random(options, seed)
    rng = np.random.default_rng(seed)
    return Weights.build(
        options,
        lambda name, shape: (
            rng.normal(size=shape).astype(np.float32)
            if len(shape) == 1
            else weights.named()[name] * np.float32(1.5)
        ),
    )


def run(options, weights, texts=TEXTS, states=None):
    """Layers `(n_layers + 1, B, T + 2, 2P)` as numpy, and the states."""
    marked = [["<S>", *text, "</S>"] for text in texts]
    ids = torch.from_numpy(batch_to_ids(marked, word_length=options.word_length))
    lengths = torch.tensor([len(text) for text in marked])
    words = CharCNN.from_weights(options, weights)(ids)
    layers, states = BiLM.from_weights(options, weights)(words, lengths, states)
    everything = [torch.cat([words, words], -1), *layers]
    return torch.stack(everything).detach().numpy(), states


@pytest.mark.parametrize("options", VARIANTS.values(), ids=VARIANTS)
def test_agrees_with_the_plain_reference(options):
    weights = lively(options)
    found, states = run(options, weights)
    kept = {}
    wanted = reference_layers(options, weights, TEXTS, kept)
    for i, layers in enumerate(wanted):
        n = layers.shape[1]
        np.testing.assert_allclose(found[:, i, :n], layers, atol=ATOL)
        assert not found[1:, i, n:].any()
    for (row, d, k), (c, h) in kept.items():
        np.testing.assert_allclose(states[0][k, d, row], c, atol=ATOL)
        np.testing.assert_allclose(states[1][k, d, row], h, atol=ATOL)


def test_the_clips_of_the_test_bite():
    weights = lively(TINY)
    plain, _ = run(replace(TINY, proj_clip=None), weights)
    assert np.abs(plain - run(TINY, weights)[0]).max() > 0.05
    plain, _ = run(replace(TINY, cell_clip=None), weights)
    assert np.abs(plain - run(TINY, weights)[0]).max() > 0.01


def test_states_go_on():
    weights, kept = lively(TINY), {}
    reference_layers(TINY, weights, TEXTS, kept)
    wanted = reference_layers(TINY, weights, TEXTS[::-1], kept)
    _, states = run(TINY, weights)
    assert not any(state.requires_grad for state in states)
    found, _ = run(TINY, weights, TEXTS[::-1], states)
    for i, layers in enumerate(wanted):
        np.testing.assert_allclose(found[:, i, : layers.shape[1]], layers, atol=ATOL)


@pytest.mark.parametrize("name", ["three layers", "no skip connections"])
def test_one_direction_by_itself_also_in_pieces(name):
    """As the trainer runs it: rows side by side, states carried on, only what is read."""
    options = VARIANTS[name]
    bilm, x = BiLM.from_weights(options, lively(options)), torch.randn(5, 7, 3)
    layers, _ = bilm(x)
    for side, (model, given) in enumerate(
        [(bilm.forward_cells, x), (bilm.backward_cells, x.flip(1))]
    ):
        states = [(torch.zeros(5, 5), torch.zeros(5, 3))] * options.n_layers
        parts = []
        for some in (slice(0, 3), slice(3, 7)):
            steps = given[:, some].transpose(0, 1)
            found = list(model.layers(steps.flatten(0, 1), states, (5,) * len(steps)))
            states = [(c[-5:], h[-5:]) for _, c, h in found]
            parts.append(torch.stack([out.view(steps.shape) for out, _, _ in found]))
        out = torch.cat(parts, 1).transpose(1, 2)
        out = out.flip(2) if side else out
        wanted = torch.stack([layer.chunk(2, 2)[side] for layer in layers])
        torch.testing.assert_close(out, wanted, atol=2e-6, rtol=1e-5)


def test_dropout_is_given_the_input_of_every_layer():
    options = VARIANTS["three layers"]
    bilm, x, given = BiLM.from_weights(options, lively(options)), torch.randn(4, 3), []
    states = [(torch.zeros(2, 5), torch.zeros(2, 3))] * 3
    found = [
        out
        for out, _, _ in bilm.forward_cells.layers(
            x, states, (2, 2), drop=lambda part: given.append(part) or part
        )
    ]
    assert len(given) == 3
    for one, other in zip(given, [x, *found[:2]], strict=True):
        assert one is other


def test_a_text_of_no_words_keeps_its_state():
    bilm = BiLM.from_weights(TINY, lively(TINY))
    _, states = bilm(torch.randn(2, 4, 3), None)
    layers, after = bilm(torch.randn(2, 4, 3), torch.tensor([0, 3]), states)
    for old, new in zip(states, after, strict=True):
        assert torch.equal(new[:, :, 0], old[:, :, 0])
        assert not torch.equal(new[:, :, 1], old[:, :, 1])
    assert not any(layer[0].any() for layer in layers)


@pytest.mark.parametrize(("batch", "width"), [(0, 3), (2, 0), (0, 0)])
def test_nothing_to_run(batch, width):
    bilm = BiLM.from_weights(TINY, lively(TINY))
    layers, states = bilm(torch.ones(batch, width, 3), torch.zeros(batch, dtype=torch.int64))
    assert [layer.shape for layer in layers] == [(batch, width, 6)] * 2
    assert [state.shape for state in states] == [(2, 2, batch, 5), (2, 2, batch, 3)]
    char_cnn = CharCNN.from_weights(TINY, lively(TINY))
    assert char_cnn(torch.zeros(batch, 0, 50, dtype=torch.int64)).shape == (batch, 0, 3)


def test_wrong_lengths():
    bilm = BiLM.from_weights(TINY, lively(TINY))
    with pytest.raises(ArgumentError, match=r"lengths: expected 0 to 4.*got 5"):
        bilm(torch.randn(2, 4, 3), torch.tensor([5, 1]))
    with pytest.raises(ArgumentError, match="got -1"):
        bilm(torch.randn(2, 4, 3), torch.tensor([3, -1]))


@pytest.mark.parametrize("name", ["as is", "no skip connections", "no clips"])
def test_gradients_of_the_language_model(name):
    options = replace(VARIANTS[name], dim=3, projection_dim=2)
    bilm = BiLM.from_weights(options, lively(options)).double()
    names = [name for name, _ in bilm.named_parameters()]
    lengths = torch.tensor([2, 4, 0])
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(3, 4, 2, dtype=torch.float64, generator=generator, requires_grad=True)
    _, states = bilm(x, lengths)
    states = [state.clone().requires_grad_() for state in states]

    def outputs(x, *parameters):
        values = dict(zip(names, parameters, strict=True))
        return tuple(torch.func.functional_call(bilm, values, (x, lengths, states))[0])

    assert torch.autograd.gradcheck(outputs, (x, *bilm.parameters()))


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_gradients_of_the_character_network(activation):
    options = replace(TINY, activation=activation, word_length=8)
    char_cnn = CharCNN.from_weights(options, lively(options)).double()
    names = [name for name, _ in char_cnn.named_parameters()]
    ids = torch.tensor([[259, 98, 99, 260, 261, 261, 261, 261], [259, 98, 260, *[261] * 5]])
    ids = ids[[0, 1, 0]]
    rows = ids.unique()  # of the table; the others have no part in it
    table = char_cnn.char_embed.weight.detach()

    def outputs(some, *parameters):
        values = dict(zip(names[1:], parameters, strict=True))
        values["char_embed.weight"] = table.index_copy(0, rows, some)
        return torch.func.functional_call(char_cnn, values, (ids,))

    some = table[rows].clone().requires_grad_()
    assert torch.autograd.gradcheck(outputs, (some, *list(char_cnn.parameters())[1:]))


def test_no_token_never_learns_a_vector():
    char_cnn = CharCNN.from_weights(TINY, lively(TINY))
    char_cnn(torch.zeros(1, 50, dtype=torch.int64)).sum().backward()
    assert not char_cnn.char_embed.weight.grad[0].any()
    assert not char_cnn.char_embed.weight[0].any()


def test_words_do_not_depend_on_their_neighbours():
    weights = lively(TINY)
    char_cnn = CharCNN.from_weights(TINY, weights)
    words = ["a", "x" * 48, "x" * 49, "film", "", "<S>", "naïve", "b" * 45, "영화"]
    together = char_cnn(torch.from_numpy(ids_of([words])))[0].detach().numpy()
    for word, vector in zip(words, together, strict=True):
        alone = char_cnn(torch.from_numpy(ids_of([[word]])))[0, 0].detach().numpy()
        np.testing.assert_allclose(alone, vector, atol=1e-6)
        np.testing.assert_allclose(alone, word_vector(TINY, weights, word), atol=ATOL)
    np.testing.assert_array_equal(together[1], together[2])  # the same first 48 bytes


def test_equal_words_are_computed_once(monkeypatch):
    seen = []
    plain = CharCNN.each
    monkeypatch.setattr(
        CharCNN, "each", lambda self, words, n: seen.append(words.shape) or plain(self, words, n)
    )
    char_cnn = CharCNN.from_weights(TINY, lively(TINY))
    char_cnn(torch.from_numpy(ids_of([["good", "film", "good"], ["film", "good", "good"]])))
    # Two words; of four letters, two marks, and filling for the widest filter.
    assert seen == [(2, 6 + 3)]


def test_many_words_come_back_in_order():
    weights = lively(TINY)
    rng = np.random.default_rng(0)
    words = ["".join(chr(97 + c) for c in rng.integers(0, 26, n)) for n in rng.integers(0, 9, 1200)]
    found = CharCNN.from_weights(TINY, weights)(torch.from_numpy(ids_of([words])))[0]
    for at in rng.integers(0, len(words), 20):
        wanted = word_vector(TINY, weights, words[at])
        np.testing.assert_allclose(found[at].detach().numpy(), wanted, atol=ATOL)


@pytest.mark.parametrize("options", VARIANTS.values(), ids=VARIANTS)
def test_weights_come_back(options):
    weights = lively(options)
    networks = [network.from_weights(options, weights) for network in (CharCNN, BiLM)]
    back = to_weights(*networks)
    for (name, array), (other, copy) in zip(
        weights.named().items(), back.named().items(), strict=True
    ):
        assert name == other
        np.testing.assert_array_equal(array, copy)
        assert not np.shares_memory(array, copy)
    np.testing.assert_array_equal(back.char_embed, weights.char_embed)
    assert all(p.requires_grad and p.is_leaf for n in networks for p in n.parameters())


def test_training_does_not_touch_the_weights_it_came_from():
    weights = lively(TINY)
    before = {name: array.copy() for name, array in weights.named().items()}
    networks = [network.from_weights(TINY, weights) for network in (CharCNN, BiLM)]
    with torch.no_grad():
        for network in networks:
            for parameter in network.parameters():
                parameter.add_(1)
    for name, array in weights.named().items():
        np.testing.assert_array_equal(array, before[name])
    assert (to_weights(*networks).cells[0][0].bias == weights.cells[0][0].bias + 1).all()


def test_parameters_have_readable_names():
    assert list(CharCNN.from_weights(TINY, lively(TINY)).state_dict()) == [
        "char_embed.weight",
        "convolutions.0.weight",
        "convolutions.0.bias",
        "convolutions.1.weight",
        "convolutions.1.bias",
        "highways.0.carry.weight",
        "highways.0.carry.bias",
        "highways.0.transform.weight",
        "highways.0.transform.bias",
        "projection.weight",
        "projection.bias",
    ]
    assert list(BiLM.from_weights(replace(TINY, n_layers=1), lively(TINY)).state_dict()) == [
        f"{side}_cells.0.{part}"
        for side in ("forward", "backward")
        for part in ("kernel", "bias", "projection")
    ]


def test_the_graph_may_be_used_twice():
    bilm = BiLM.from_weights(TINY, lively(TINY))
    x = torch.randn(2, 3, 3, requires_grad=True)
    top = bilm(x)[0][-1].sum()
    top.backward(retain_graph=True)
    once = x.grad.clone()
    top.backward()
    torch.testing.assert_close(x.grad, 2 * once)


def test_autocast_leaves_the_recurrence_in_its_own_precision():
    weights = lively(TINY)
    bilm = BiLM.from_weights(TINY, weights)
    x = torch.randn(2, 3, 3)
    plain = bilm(x)[0][-1]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(bilm(x)[0][-1], plain)
