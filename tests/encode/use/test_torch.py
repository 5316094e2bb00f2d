"""Universal Sentence Encoder as a PyTorch module."""

import copy

import numpy as np
import pytest

import inlay
from inlay.encode.use import Use
from inlay.errors import ArgumentError, ArgumentTypeError, IdError
from tests.encode.use.tiny import SHAPE, TEXTS, expected, tiny

torch = pytest.importorskip("torch")


def ids_of(texts=TEXTS, left=0, right=0):
    ids = tiny().piece_ids(texts)
    return torch.from_numpy(np.pad(ids, ((0, 0), (left, right))))


def check_close(found, wanted, atol=2e-6):
    np.testing.assert_allclose(found.detach().numpy(), wanted, rtol=0, atol=atol)


@pytest.mark.parametrize("trainable", [False, True, "all"])
def test_vectors_are_the_encoders_own(trainable):
    module = tiny().to_torch(trainable=trainable)
    check_close(module(ids_of()), expected(tiny(), TEXTS))
    learns = {name for name, parameter in module.named_parameters() if parameter.requires_grad}
    network = {name for name, _ in SHAPE.arrays()}
    assert learns == {False: set(), True: network, "all": network | {"table"}}[trainable]
    assert module.table.dtype == (torch.float32 if trainable == "all" else torch.uint8)


def test_padding_and_neighbours_change_nothing():
    module = tiny().to_torch()
    plain = module(ids_of()).numpy()
    check_close(module(ids_of(left=3, right=2)), plain, 1e-6)
    check_close(module(ids_of(TEXTS[4:5], left=1)), plain[4:5], 1e-6)
    assert tiny().pieces.ids(TEXTS[4:5])[0].min() == 0  # an unknown piece between the marks
    assert not module(torch.zeros(2, 3, dtype=torch.int32)).any()
    assert module(torch.zeros(2, 0, dtype=torch.int64)).tolist() == [[0] * SHAPE.dim] * 2


def test_gradients_are_those_of_small_steps():
    module = tiny().to_torch(trainable="all").double()
    towards = torch.linspace(-1, 1, SHAPE.dim).double()

    def loss():
        return (module(ids_of(TEXTS[:3], right=1)) * towards).sum()

    loss().backward()
    for name, parameter in module.named_parameters():
        flat, step = parameter.data.view(-1), 1e-6
        at = int(parameter.grad.abs().view(-1).argmax())
        start = float(flat[at])
        ends = []
        for sign in (1, -1):
            flat[at] = start + sign * step
            ends.append(loss().item())
        flat[at] = start
        grad = float(parameter.grad.view(-1)[at])
        assert grad == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-4, abs=1e-8), name


def test_it_learns_and_its_numbers_encode():
    encoder = tiny()
    module = inlay.to_torch(encoder, trainable=True)
    goal = torch.nn.functional.normalize(torch.arange(1.0, SHAPE.dim + 1), dim=0)
    optimiser = torch.optim.Adam(module.parameters(), 0.1)
    table = module.table.clone()
    losses = []
    for _ in range(30):
        optimiser.zero_grad()
        loss = (module(ids_of()) - goal).square().sum()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.3 * losses[0]
    assert torch.equal(module.table, table)
    learned = Use(module.to_weights(), encoder.pieces)
    check_close(module(ids_of()), learned.encode(TEXTS))
    assert learned.weights.table.dtype == np.uint8
    np.testing.assert_array_equal(tiny().encode(TEXTS), encoder.encode(TEXTS))  # as it was


def test_its_state_goes_to_another_module():
    module, other = tiny().to_torch(trainable=True), tiny().to_torch()
    with torch.no_grad():
        module.d0 += 1
    assert not torch.equal(other(ids_of()), module(ids_of()))
    other.load_state_dict(module.state_dict())
    assert torch.equal(other(ids_of()), module(ids_of()))
    assert torch.equal(copy.deepcopy(module)(ids_of()), module(ids_of()))


def test_embeddings_that_learned_are_floats():
    module = tiny().to_torch(trainable="all")
    with torch.no_grad():
        module.table += 0.5
    learned = Use(module.to_weights(), tiny().pieces)
    assert learned.weights.table.dtype == np.float32
    check_close(module(ids_of()), learned.encode(TEXTS))


def test_half_precision():
    found = tiny().to_torch().bfloat16()(ids_of())
    assert found.dtype == torch.bfloat16
    check_close(found.float(), expected(tiny(), TEXTS), 0.1)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_it_is_exported():
    export = pytest.importorskip("torch.export")
    module = tiny().to_torch().eval()
    sizes = {"ids": {0: export.Dim("batch", min=2), 1: export.Dim("pieces", min=3)}}
    program = export.export(module, (ids_of(right=4),), dynamic_shapes=sizes)
    check_close(program.module()(ids_of(TEXTS[:3])), expected(tiny(), TEXTS[:3]))


def test_what_it_is_given_is_checked():
    module = tiny().to_torch()
    with pytest.raises(ArgumentTypeError, match="piece_ids"):
        module(TEXTS)
    with pytest.raises(ArgumentTypeError, match=r"\(batch, pieces\), got shape \(3,\)"):
        module(torch.ones(3, dtype=torch.int64))
    with pytest.raises(IdError, match=r"ids\[0, 1\]: expected an id from 0 to 50, got 51"):
        module(torch.tensor([[1, 51, 2]]))
    with pytest.raises(IdError, match="whole"):
        module(torch.ones(1, 3))
    with pytest.raises(ArgumentError, match="trainable"):
        tiny().to_torch(trainable="some")
    with pytest.raises(ArgumentError, match="vocab: expected None"):
        inlay.to_torch(tiny(), inlay.Vocabulary(["a"]))
    with pytest.raises(ArgumentTypeError, match="piece_ids"):
        tiny().to_torch(vocab_to_cache=["a"])
