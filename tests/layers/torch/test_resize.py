import numpy as np
import pytest

from inlay import Table, Vocabulary, to_torch
from inlay.errors import ArgumentError, ArgumentTypeError
from tests.layers.torch.test_embedding import OPTIMISERS

torch = pytest.importorskip("torch")
from inlay.layers.torch.resize import resize  # noqa: E402

OLD = Vocabulary(["a", "b", "c"])
NEW = Vocabulary(["new", "c", "a", "b"], pad_id=2, unk_id=0)  # all ids are others


def layer_of(**settings):
    matrix = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    return to_torch(Table(["a", "b", "c"], matrix), OLD, **settings)


def step(layer, optimiser, vocab, tokens):
    ids = torch.tensor([vocab[token] for token in tokens])
    optimiser.zero_grad()
    (layer(ids) - 1).square().sum().backward()
    optimiser.step()


def rows(layer, vocab, tokens="abc"):
    return {token: layer.weight[vocab[token]].tolist() for token in tokens}


@pytest.mark.parametrize("trainable", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
def test_known_tokens_keep_their_rows(trainable, dtype):
    layer = layer_of(trainable=trainable).to(getattr(torch, dtype))
    with torch.no_grad():
        layer.weight[2] /= 3  # no float32, where it is float64
    before = rows(layer, OLD)
    assert resize(layer, OLD, NEW) is layer
    assert rows(layer, NEW) == before
    assert (layer.num_embeddings, layer.padding_idx, len(layer.weight)) == (6, 2, 6)
    assert not layer.weight[2].any()
    assert layer.weight[NEW["new"]].any()
    assert layer.weight.requires_grad is trainable
    assert layer.weight.dtype == getattr(torch, dtype)
    assert not layer(torch.tensor([2])).any()


def test_new_tokens_get_what_is_asked_for():
    layer = layer_of()
    before = rows(layer, OLD)
    resize(layer, OLD, [*"abc", "d", "e"], unknown={"d": [1, 2, 3, 4], "e": "a b"})
    np.testing.assert_allclose(layer.weight[3], [1, 2, 3, 4])
    np.testing.assert_allclose(layer.weight[4], np.mean([before["a"], before["b"]], 0), rtol=1e-6)
    first, again, other = (
        resize(layer_of(), OLD, NEW, seed=seed).weight[NEW["new"]] for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_layer_by_reference_is_saved_whole_from_then_on(padded, tmp_path):
    padded.save(tmp_path / "table.safetensors")
    layer = to_torch(Table.load(tmp_path / "table.safetensors"), by_reference=True)
    resize(layer, padded, padded)
    assert not layer.by_reference
    with pytest.raises(ArgumentError, match="numbers are in no file"):
        layer.by_reference = True


def test_a_shared_table_is_left_alone(padded):
    before = padded.vectors.copy()
    layer = resize(to_torch(padded), padded, [*padded.tokens, "new"])
    layer.weight.requires_grad_(True)
    with torch.no_grad():
        layer.weight += 1
    np.testing.assert_array_equal(padded.vectors, before)
    assert not layer._borrowed
    with pytest.raises(IndexError, match="got 7, after 'new'"):
        layer(torch.tensor([6, 7]))


@pytest.mark.parametrize("name", sorted(set(OPTIMISERS) - {"adafactor"}))
def test_an_optimiser_goes_on_as_if_nothing_had_happened(name):
    one, other = layer_of(trainable=True), layer_of(trainable=True)
    dense = torch.nn.Linear(1, 1)
    optimisers = [OPTIMISERS[name]([*dense.parameters(), x.weight]) for x in (one, other)]
    for layer, optimiser in zip((one, other), optimisers, strict=True):
        for _ in range(3):
            step(layer, optimiser, OLD, "aab")
    resize(one, OLD, NEW, optimiser=optimisers[0])
    new = one.weight[NEW["new"]].detach().clone()
    for layer, optimiser, vocab in zip((one, other), optimisers, (NEW, OLD), strict=True):
        for _ in range(2):
            step(layer, optimiser, vocab, "ab")
    assert rows(one, NEW) == rows(other, OLD)
    step(one, optimisers[0], NEW, ["new"])
    assert (one.weight[NEW["new"]] != new).all()
    assert [len(group["params"]) for group in optimisers[0].param_groups] == [3]
    assert optimisers[0].param_groups[0]["params"][2] is one.weight
    assert len(optimisers[0].state) == len(optimisers[1].state)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rows_that_train_go_on_and_new_ones_join_them(dtype):
    one, other = (
        layer_of(trainable="rows", rows=["c", "b"]).to(getattr(torch, dtype)) for _ in range(2)
    )
    optimisers = [torch.optim.AdamW(x.parameters(), 0.1) for x in (one, other)]
    for layer, optimiser in zip((one, other), optimisers, strict=True):
        step(layer, optimiser, OLD, "abbc")
    frozen = other.weight[OLD["b"]].tolist()
    assert resize(one, OLD, NEW, optimiser=optimisers[0]) is one
    assert one.row_ids.tolist() == [NEW[token] for token in ("new", "c", "b")]
    assert one.weight[NEW["b"]].tolist() == frozen
    assert not one.weight.requires_grad
    assert one.slots.dtype == torch.int32
    start = one.weight[NEW["new"]].tolist()
    for layer, optimiser, vocab in zip((one, other), optimisers, (NEW, OLD), strict=True):
        step(layer, optimiser, vocab, "abc")
        ids = torch.tensor([vocab[token] for token in "abc"])
        found = layer(ids).detach()
        assert found.dtype == getattr(torch, dtype)
        assert layer is one or torch.equal(found, one(torch.tensor([NEW[t] for t in "abc"])))
    step(one, optimisers[0], NEW, ["new"])
    assert (one(torch.tensor([NEW["new"]]))[0] != torch.tensor(start)).all()
    assert not one(torch.tensor([NEW.pad_id])).any()
    assert optimisers[0].state[one.rows]["exp_avg"].shape == (3, 4)
    assert one.drift().item() > 0


def test_one_row_that_trains_is_no_average_of_columns():
    layer = layer_of(trainable="rows", rows=["b"])
    optimiser = OPTIMISERS["adafactor"]([layer.rows])
    step(layer, optimiser, OLD, "abc")
    before = optimiser.state[layer.rows]["col_var"].clone()
    resize(layer, OLD, NEW, optimiser=optimiser)
    assert torch.equal(optimiser.state[layer.rows]["col_var"], before)


def test_averages_of_new_rows_begin_as_in_a_new_optimiser():
    for make, name, first in (
        (lambda p: torch.optim.Adagrad(p, 0.1, initial_accumulator_value=0.5), "sum", 0.5),
        (lambda p: torch.optim.Rprop(p, 0.3), "step_size", 0.3),
        (torch.optim.Adam, "exp_avg", 0.0),
    ):
        layer = layer_of(trainable=True)
        optimiser = make(layer.parameters())
        for _ in range(2):  # Rprop changes its steps at the second
            step(layer, optimiser, OLD, "abc")
        resize(layer, OLD, NEW, optimiser=optimiser)
        state = optimiser.state[layer.weight][name]
        assert state.shape == (6, 4)
        assert state[NEW["new"]].tolist() == pytest.approx([first] * 4)
        assert (state[NEW["a"]] != first).all()


def test_averages_of_a_row_as_a_whole_move_and_those_of_a_column_stay():
    layer = layer_of(trainable=True)
    optimiser = OPTIMISERS["adafactor"](layer.parameters())
    step(layer, optimiser, OLD, "abc")
    before = {name: value.clone() for name, value in optimiser.state[layer.weight].items()}
    resize(layer, OLD, NEW, optimiser=optimiser)
    state = optimiser.state[layer.weight]
    assert state["row_var"].tolist()[NEW["a"]] == before["row_var"].tolist()[OLD["a"]]
    assert state["row_var"].shape == (6, 1)
    assert torch.equal(state["col_var"], before["col_var"])
    step(layer, optimiser, NEW, ["new"])


def test_a_row_that_becomes_padding_is_zero():
    plain = torch.nn.Embedding(2, 4)
    resize(plain, ["<pad>", "a"], Vocabulary(["a"]))
    assert plain.padding_idx == 0
    assert not plain.weight[0].any()


def test_before_the_first_step_there_is_no_state_to_move():
    layer = layer_of(trainable=True)
    optimiser = torch.optim.Adam(layer.parameters())
    resize(layer, OLD, NEW, optimiser=optimiser)
    step(layer, optimiser, NEW, ["new"])
    assert optimiser.state[layer.weight]["exp_avg"].shape == (6, 4)


def test_a_plain_layer_and_what_is_wrong():
    plain = torch.nn.Embedding(3, 4)
    before = plain.weight.detach().clone()
    resize(plain, "a b c".split(), ["a", "b", "c", "d"])
    assert torch.equal(plain.weight[:3], before)
    assert plain(torch.tensor([3])).shape == (1, 4)
    with pytest.raises(ArgumentTypeError, match=r"inlay\.to_torch makes, got Linear"):
        resize(torch.nn.Linear(2, 2), OLD, NEW)
    with pytest.raises(ArgumentTypeError, match="optimiser: expected an optimiser of PyTorch"):
        resize(torch.nn.Embedding(3, 4), "a b c".split(), NEW, optimiser=0.1)
    with pytest.raises(ArgumentTypeError, match=r"got optimizer=0\.1\. Try: optimiser="):
        resize(torch.nn.Embedding(3, 4), "a b c".split(), NEW, optimizer=0.1)
    with pytest.raises(ArgumentError, match="new: expected a vocabulary with new tokens, or some"):
        resize(layer_of(trainable="rows", rows=["a"]), OLD, ["b", "c"])
    with pytest.raises(ArgumentError, match="3"):
        resize(layer_of(), ["a", "b", "c"], NEW)
