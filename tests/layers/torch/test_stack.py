import copy
import io
import pickle

import numpy as np
import pytest

from inlay import Table, to_jax, to_torch
from inlay.errors import ArgumentError, ArgumentTypeError, IdError
from inlay.layers import stack
from tests.layers.stacks import BOTH, FIRST, IDS, MODES, NEITHER, SECOND, VOCAB, both, joined

torch = pytest.importorskip("torch")


def mixed(layer):
    """The numbers of a mix, for `joined`."""
    if layer.mode not in ("mix", "scalar_mix"):
        return ()
    if layer.mode == "scalar_mix":
        with torch.no_grad():
            layer.score += torch.tensor([0.0, 1.0])
    pairs = [(p.weight.detach().numpy().T, p.bias.detach().numpy()) for p in layer.projections]
    score = layer.score.detach() if layer.mode == "scalar_mix" else layer.score.weight.detach()[0]
    return pairs, score.numpy()


def trained(layer):
    return [name for name, p in layer.named_parameters() if p.requires_grad]


def train(layer, make=lambda p: torch.optim.AdamW(p, 0.1, weight_decay=0.5)):
    optimiser = make([p for p in layer.parameters() if p.requires_grad])
    for _ in range(2):
        optimiser.zero_grad()
        (layer(torch.tensor(IDS)) - 1).square().sum().backward()
        optimiser.step()


@pytest.mark.parametrize("mode", MODES)
def test_vectors_are_those_of_numpy(mode):
    torch.manual_seed(0)
    layer = to_torch(both(mode), VOCAB)
    numbers = mixed(layer)
    for dtype in (torch.int32, torch.int64):
        found = layer(torch.tensor(IDS, dtype=dtype)).detach().numpy()
        np.testing.assert_allclose(found, joined(mode, *numbers)[IDS], rtol=1e-5, atol=1e-6)
    assert not found[1, 2].any()  # padding
    assert found.dtype == np.float32
    merged = layer.merged(VOCAB)
    np.testing.assert_array_equal(merged.vectors[IDS], found)
    assert (merged.pad_id, merged.unk_id) == (0, 1)


def test_a_mix_of_a_width_of_its_own():
    layer = to_torch(both("mix", dim=9), VOCAB)
    assert layer(torch.tensor(IDS)).shape == (2, 3, 9)
    assert layer.embedding_dim == 9


def test_frozen_tables_are_shared(padded):
    other = Table(padded.tokens, np.hstack([padded.vectors] * 2), pad_id=padded.pad_id)
    for mode in MODES:
        layer = to_torch(stack([padded, other], mode))
        for part, table in zip(layer.parts, (padded, other), strict=True):
            assert np.shares_memory(part.weight.detach().numpy(), table.storage)
        before = padded.vectors.copy()
        layer.requires_grad_(True)
        train(layer)
        np.testing.assert_array_equal(padded.vectors, before)
        assert not layer(torch.tensor([2])).any()  # padding


def test_what_trains():
    own = ["projections.0.weight", "projections.0.bias", "projections.1.weight"]
    own += ["projections.1.bias", "score.weight"]
    vectors = ["parts.0.weight", "parts.1.weight"]
    scalar = ["score", *own[:-1]]
    for mode, always in zip(MODES, ([], [], own, scalar), strict=True):
        assert trained(to_torch(both(mode), VOCAB)) == always
        found = trained(to_torch(both(mode), VOCAB, trainable=True))
        assert sorted(found) == sorted(vectors + always)


@pytest.mark.parametrize("mode", MODES)
def test_gradients_reach_whom_they_should(mode):
    layer = to_torch(both(mode), VOCAB, trainable=True)
    layer(torch.tensor(IDS)).square().sum().backward()
    rows = [part.weight.grad.abs().sum(1) > 0 for part in layer.parts]
    # Of what only one table has, a mean and a mix take nothing from the other.
    assert rows[0].nonzero().ravel().tolist() == [1, BOTH, FIRST, NEITHER]
    assert rows[1].nonzero().ravel().tolist() == [1, BOTH, SECOND, NEITHER]
    if mode == "mix":
        assert all(p.weight.grad.abs().sum() > 0 for p in (*layer.projections, layer.score))


@pytest.mark.parametrize("mode", MODES)
def test_training_moves_what_may_move_and_padding_stays_zero(mode):
    for trainable in (False, True):
        layer = to_torch(both(mode), VOCAB, trainable=trainable)
        before = copy.deepcopy(layer.state_dict())
        if trained(layer):
            train(layer)
        moved = {k for k, v in layer.state_dict().items() if not torch.equal(v, before[k])}
        assert moved == set(trained(layer))
        assert not layer(torch.tensor([[0]])).any()
        assert not any(part.weight[0].any() for part in layer.parts)


@pytest.mark.parametrize("mode", MODES)
def test_saved_copied_and_pickled(mode):
    layer = to_torch(both(mode), VOCAB, trainable=True)
    train(layer)
    ids = torch.tensor(IDS)
    wanted = layer(ids)
    file = io.BytesIO()
    torch.save(layer.state_dict(), file)
    file.seek(0)
    other = to_torch(both(mode), VOCAB)
    other.load_state_dict(torch.load(file))
    for again in (other, copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        torch.testing.assert_close(again(ids), wanted, rtol=0, atol=0)


def test_who_has_what_is_loaded_too():
    layer = to_torch(both("average").align([f"t{i}" for i in range(6)]))
    layer.load_state_dict(to_torch(both("average"), VOCAB).state_dict())
    np.testing.assert_allclose(layer(torch.tensor(IDS)).numpy(), joined("average")[IDS], rtol=1e-6)


@pytest.mark.parametrize("mode", MODES)
def test_compiled_and_in_mixed_precision(mode):
    layer = to_torch(both(mode), VOCAB, trainable=True)
    ids = torch.tensor(IDS)
    compiled = torch.compile(layer, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(ids), layer(ids))
    with torch.autocast("cpu", torch.bfloat16):
        found = layer(ids)
    torch.testing.assert_close(found.float(), layer(ids), rtol=0.05, atol=0.05)
    assert layer.double()(ids).dtype == torch.float64
    assert layer.half()(ids).dtype == torch.float16


def test_wrong_ids_are_named():
    layer = to_torch(both("mix"), VOCAB)
    with pytest.raises(IdError, match="got 6"):
        layer(torch.tensor([[1, 6]]))
    with pytest.raises(IdError, match="int32 or int64"):
        both("average").to_torch(VOCAB, check="always")(torch.tensor([1.0]))
    with pytest.raises(ArgumentError, match="check"):
        both().to_torch(VOCAB, check="never")


def test_without_padding_a_mix_keeps_every_row():
    first = Table(["a", "b"], np.ones((2, 3), "float32"))
    layer = to_torch(stack([first, first], "mix"))
    assert layer.padding_idx is None
    assert layer(torch.tensor([0, 1])).abs().sum(1).min() > 0


def test_what_a_stack_is_asked_beyond_what_its_layer_does():
    two = both()
    with pytest.raises(IdError, match="got 99"):
        to_torch(two, list("abc"), check="always")(torch.tensor([99]))
    for given in ({"trainable": "delta"}, {"by_reference": True}):
        with pytest.raises(ArgumentError, match=r"one table, got a stack.*stack\.merged\(vocab\)"):
            to_torch(two, VOCAB, **given)
    with pytest.raises(ArgumentError, match="trainable: expected True, False or"):
        two.to_torch(VOCAB, trainable="delta")
    with pytest.raises(ArgumentError, match="max_norm: expected None for a frozen layer"):
        to_torch(two, VOCAB, max_norm=1.0)
    with pytest.raises(ArgumentTypeError, match=r"to_jax\(stack\.merged\(vocab\)\)"):
        to_jax(two)


@pytest.mark.parametrize("mode", MODES)
def test_what_no_table_has_trains_alone(mode):
    layer = to_torch(both(mode), VOCAB, trainable="rows")
    assert [part.row_ids.tolist() for part in layer.parts] == [[1, NEITHER]] * 2
    before = [part.merged(VOCAB).vectors for part in layer.parts]
    wanted = layer(torch.tensor(IDS)).detach()
    plain = to_torch(both(mode), VOCAB)
    plain.load_state_dict(layer.state_dict(), strict=False)
    torch.testing.assert_close(wanted, plain(torch.tensor(IDS)).detach())
    train(layer)
    for part, start in zip(layer.parts, before, strict=True):
        moved = (part.merged(VOCAB).vectors != start).any(axis=1)
        assert moved.nonzero()[0].tolist() == [1, NEITHER]
    some = to_torch(both(mode), VOCAB, trainable="rows", rows=["both", "first"])
    assert [part.row_ids.tolist() for part in some.parts] == [[BOTH, FIRST]] * 2


def test_rows_are_short_and_gradients_sparse_in_each_table():
    layer = to_torch(both(), VOCAB, trainable=True, sparse=True, max_norm=0.5)
    layer(torch.tensor(IDS)).sum().backward()
    for part in layer.parts:
        assert part.weight.grad.is_sparse
        assert (part.weight[1:].norm(dim=1) <= 0.5001).all()
