"""A layer of PyTorch that trains what is added to a table: the table is never written to."""

import copy
import io
import pickle
from pathlib import Path

import numpy as np
import pytest

from inlay import Table, load, to_torch
from inlay.errors import ArgumentError, IdError
from tests.layers.conftest import make_table

torch = pytest.importorskip("torch")

from inlay.layers.torch.bags import EmbeddingBag  # noqa: E402
from inlay.layers.torch.delta import DeltaEmbedding  # noqa: E402
from inlay.layers.torch.optimizers import LazyAdam  # noqa: E402
from inlay.layers.torch.resize import resize  # noqa: E402

IDS = torch.tensor([[0, 1, 2], [5, 2, 2]])
FORMS = {
    "float32": ["weight"],
    "float16": ["bits"],
    "bfloat16": ["bits"],
    "int8": ["codes", "scales"],
    "float64": ["weight"],
}
TRAINED = {None: ["delta"], 3: ["a", "b"]}
OPTIMISERS = {
    "sgd": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, weight_decay=0.1),
    "adamw": lambda p: torch.optim.AdamW(p, 0.1, weight_decay=0.5),
    "adagrad": lambda p: torch.optim.Adagrad(p, 0.1, weight_decay=0.1),
}
SPARSE = {
    "lazy": lambda p: LazyAdam(p, 0.1),
    "adagrad": lambda p: torch.optim.Adagrad(p, 0.1),
    "sgd": lambda p: torch.optim.SGD(p, 0.1),
}


def frozen(layer):
    return {name: buffer.numpy().tobytes() for name, buffer in layer.named_buffers()}


def train(layer, make_optimiser=OPTIMISERS["sgd"], *, steps=3):
    optimiser = make_optimiser(layer.parameters())
    for _ in range(steps):
        optimiser.zero_grad()
        (layer(IDS) - 1).square().sum().backward()
        optimiser.step()
    return layer


def trained(table=None, **settings):
    table, settings = table or make_table().astype("int8"), {"rank": 3} | settings
    return train(to_torch(table, trainable="delta", **settings), SPARSE["sgd"])


@pytest.mark.parametrize("rank", TRAINED)
@pytest.mark.parametrize("form", FORMS)
def test_it_starts_as_the_table_in_the_form_in_which_that_is_stored(form, rank):
    table = make_table(n=40).astype(form)
    layer = to_torch(table, trainable="delta", rank=rank)
    assert list(layer.state_dict()) == [*TRAINED[rank], *FORMS[form]]
    assert [name for name, _ in layer.named_parameters()] == TRAINED[rank]
    for ids in (IDS, IDS.int(), torch.tensor(39), torch.zeros(0, 3, dtype=torch.long)):
        found = layer(ids)
        assert found.dtype == torch.float32
        np.testing.assert_array_equal(found.detach().numpy(), table.vectors[ids.numpy()])
    np.testing.assert_array_equal(layer.merged(table).vectors, table.vectors)
    assert (layer.num_embeddings, layer.embedding_dim, layer.padding_idx) == (40, 4, 2)


@pytest.mark.parametrize("form", ["float32", "float16", "bfloat16", "int8"])
def test_it_is_the_tables_own_memory(form, tmp_path):
    make_table().astype(form).save(tmp_path / "table.safetensors")
    table = load(tmp_path / "table.safetensors")
    layer = to_torch(table, trainable="delta")
    rows = table._rows
    for own in [rows.codes, rows.scales] if form == "int8" else [getattr(rows, "bits", rows)]:
        shared = [np.shares_memory(own, buffer.numpy()) for buffer in layer.buffers()]
        assert any(shared)


@pytest.mark.parametrize("optimiser", OPTIMISERS)
@pytest.mark.parametrize("rank", TRAINED)
@pytest.mark.parametrize("form", ["float32", "bfloat16", "int8"])
def test_training_writes_to_nothing_of_the_table(form, rank, optimiser):
    table = make_table().astype(form)
    before = table.vectors.copy()
    layer = to_torch(table, trainable="delta", rank=rank)
    start = frozen(layer)
    train(layer, OPTIMISERS[optimiser])
    assert frozen(layer) == start
    np.testing.assert_array_equal(table.vectors, before)
    made = layer.merged(table).vectors
    assert (made != before).any(1).tolist() == [True, True, False, False, False, True]
    assert not made[2].any()
    np.testing.assert_allclose(layer(IDS).detach(), made[IDS], rtol=1e-6, atol=1e-7)


@pytest.mark.filterwarnings("ignore:Sparse invariant checks:UserWarning")
@pytest.mark.parametrize("optimiser", SPARSE)
@pytest.mark.parametrize("rank", TRAINED)
def test_a_sparse_gradient_has_the_rows_of_the_batch_without_padding(rank, optimiser):
    plain = train(to_torch(make_table(), trainable="delta", rank=rank), SPARSE[optimiser])
    layer = to_torch(make_table(), trainable="delta", rank=rank, sparse=True)
    (layer(IDS) - 1).square().sum().backward()
    first, *others = layer.parameters()
    assert first.grad.is_sparse
    assert first.grad.coalesce().indices().tolist() == [[0, 1, 5]]
    assert [other.grad.is_sparse for other in others] == [False] * len(others)
    train(layer, SPARSE[optimiser])
    for one, other in zip(plain.parameters(), layer.parameters(), strict=True):
        torch.testing.assert_close(one, other)


def test_gradients_of_low_rank_are_those_of_the_product():
    table = make_table(pad_id=None)
    layer = trained(table)
    a, b = (p.detach().clone().requires_grad_() for p in (layer.a, layer.b))
    weights = torch.randn(*IDS.shape, 4)
    layer.zero_grad()
    (layer(IDS) * weights).sum().backward()
    ((torch.from_numpy(table.vectors.copy()) + a @ b)[IDS] * weights).sum().backward()
    torch.testing.assert_close(layer.a.grad, a.grad)
    torch.testing.assert_close(layer.b.grad, b.grad)


@pytest.mark.parametrize("rank", TRAINED)
def test_drift_is_the_squared_size_of_the_difference(rank):
    table = make_table()
    layer = trained(table, rank=rank)
    moved = layer.merged(table).vectors.astype("f8") - table.vectors
    drift = layer.drift()
    assert drift.item() == pytest.approx((moved**2).sum(), rel=1e-5)
    layer.zero_grad()
    drift.backward()
    whole = layer.delta if rank is None else layer.a @ layer.b
    for parameter in layer.parameters():
        (expected,) = torch.autograd.grad(whole.square().sum(), parameter, retain_graph=True)
        torch.testing.assert_close(parameter.grad, expected)
    fresh = to_torch(table, trainable="delta", rank=rank)
    fresh.drift().backward()
    assert all(bool(p.grad.isfinite().all()) for p in fresh.parameters())


def test_decay_pulls_back_to_the_table():
    layer = trained(rank=None)
    far = layer.drift().item()
    optimiser = torch.optim.SGD(layer.parameters(), 0.1, weight_decay=1.0)
    layer.delta.grad = torch.zeros_like(layer.delta)
    optimiser.step()
    assert 0 < layer.drift().item() < 0.9 * far


@pytest.mark.parametrize("rank", TRAINED)
def test_copies_pickles_and_saved_numbers_are_the_same_layer(rank):
    table = make_table().astype("int8")
    layer = trained(table, rank=rank)
    made = layer.merged(table).vectors
    file = io.BytesIO()
    torch.save(layer.state_dict(), file)
    file.seek(0)
    other = to_torch(table, trainable="delta", rank=rank)
    other.load_state_dict(torch.load(file))
    for twin in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer)), other):
        np.testing.assert_array_equal(twin.merged(table).vectors, made)
        assert not np.array_equal(train(twin).merged(table).vectors, made)
    np.testing.assert_array_equal(layer.merged(table).vectors, made)


def test_loading_the_same_numbers_copies_nothing_and_loading_others_leaves_the_table():
    table = make_table().astype("int8")
    start = table.vectors.copy()
    state = trained(table).state_dict()
    layer = to_torch(table, trainable="delta", rank=3)
    assert str(layer.load_state_dict(state)) == "<All keys matched successfully>"
    assert np.shares_memory(layer.codes.numpy(), table._rows.codes)
    others = {name: value + 1 for name, value in state.items()}
    assert str(layer.load_state_dict(others)) == "<All keys matched successfully>"
    torch.testing.assert_close(layer.codes, others["codes"])
    torch.testing.assert_close(layer.scales, others["scales"])
    np.testing.assert_array_equal(table.vectors, start)
    for name in state:
        rest = {key: value for key, value in state.items() if key != name}
        with pytest.raises(RuntimeError, match=f'Missing key.*"{name}"'):
            layer.load_state_dict(rest)


def test_one_that_is_nowhere_yet_takes_the_numbers_that_are_loaded():
    layer, table = trained(), make_table().astype("int8")
    other = copy.deepcopy(layer).to("meta")
    other.load_state_dict(layer.state_dict(), assign=True)
    np.testing.assert_array_equal(other.merged(table).vectors, layer.merged(table).vectors)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
@pytest.mark.parametrize("form", ["int8", "bfloat16", "float32"])
def test_another_dtype_is_of_what_trains_and_comes_out(form, dtype):
    table = make_table().astype(form)
    layer = trained(table)
    start, made = frozen(layer), layer.merged(table).vectors
    layer = layer.to(dtype)
    assert frozen(layer) == start
    assert {p.dtype for p in layer.parameters()} == {dtype}
    found = layer(IDS)
    assert found.dtype == dtype
    np.testing.assert_allclose(found.detach().double(), made[IDS], rtol=0.02, atol=0.02)
    with torch.autocast("cpu", torch.bfloat16):
        assert bool(layer.float()(IDS).isfinite().all())


@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")
@pytest.mark.parametrize("form", ["int8", "bfloat16"])
def test_it_is_compiled_in_one_graph_and_exported_and_scripted(form):
    layer = trained(make_table().astype(form), sparse=True)
    expected = layer(IDS)
    layer.zero_grad()
    torch.compiler.reset()
    compiled = torch.compile(layer, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(IDS), expected)
    (compiled(IDS) - 1).square().sum().backward()
    assert layer.a.grad.is_sparse
    exported = torch.export.export(layer, (IDS,)).module()
    torch.testing.assert_close(exported(IDS), expected)
    plain = torch.jit.script(layer)
    torch.testing.assert_close(plain(IDS), expected.detach())


def test_wrong_ids_are_named():
    layer = to_torch(make_table(), trainable="delta")
    for check in ("debug", "always"):
        layer.check = check
        with pytest.raises(IdError, match=r"DeltaEmbedding, ids\[0, 1\]: .*5, got 6, after 't1'"):
            layer(torch.tensor([[1, 6]]))


def test_it_may_wait_and_train_later():
    layer = to_torch(make_table(), trainable="delta", rank=3).requires_grad_(False)
    head = torch.nn.Linear(4, 1)
    optimiser = torch.optim.Adam(head.parameters())
    assert not layer(IDS).requires_grad
    layer.unfreeze(optimiser, lr=0.5)
    layer.unfreeze(optimiser)
    assert layer(IDS).requires_grad
    assert [[len(g["params"]), g["lr"]] for g in optimiser.param_groups] == [[2, 1e-3], [2, 0.5]]


def test_what_needs_one_matrix_is_refused():
    layer, old = trained(), make_table()
    with pytest.raises(ArgumentError, match=r'one with trainable="delta".*merged'):
        resize(layer, old, ["t1"])
    with pytest.raises(ArgumentError, match=r'one with trainable="rows" or "delta".*layer'):
        EmbeddingBag(layer)
    with pytest.raises(ArgumentError, match="max_norm: expected None for a layer that trains a d"):
        to_torch(old, trainable="delta", max_norm=1.0)
    with pytest.raises(ArgumentError, match="rank: expected a whole number from 1 to 4, got 5"):
        to_torch(old, trainable="delta", rank=5)


def test_it_goes_back_to_its_start():
    layer = trained()
    assert layer.drift() > 0
    layer.reset_parameters()
    assert layer.drift() == 0
    assert isinstance(layer, DeltaEmbedding)
    train(layer, SPARSE["sgd"])
    torch.testing.assert_close(layer.b, trained().b)


def mapped():
    """What /proc says of each stretch of memory: its first line, and kilobytes by name."""
    found = []
    for line in Path("/proc/self/smaps").read_text().splitlines():
        name, _, rest = line.partition(" ")
        if "-" in name:
            found.append((line, {}))
        elif rest.endswith("kB"):
            found[-1][1][name] = int(rest.split()[0])
    return found


def resident(tensors):
    """Kilobytes in memory of the stretches that tensors stand in."""
    total = 0
    for line, figures in mapped():
        first, last = (int(place, 16) for place in line.split()[0].split("-"))
        if any(first <= tensor.data_ptr() < last for tensor in tensors):
            total += figures["Rss:"]
    return total


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="Linux tells")
def test_memory_is_that_of_the_rows_that_were_trained(tmp_path):
    n, dim, path = 5_000, 300, tmp_path / "table.safetensors"
    Table([str(i) for i in range(n)], np.ones((n, dim), "f4")).astype("int8").save(path)
    table = load(path)
    layer = to_torch(table, trainable="delta", sparse=True)
    optimiser = LazyAdam(layer.parameters(), 0.1)
    for _ in range(2):
        layer(torch.arange(0, n, n // 10)).sum().backward()
        optimiser.step()
    assert (layer.delta[:: n // 10] != 0).all()
    averages = [a for a in optimiser.state[layer.delta].values() if a.shape == layer.delta.shape]
    assert len(averages) == 2
    assert 0 < resident([layer.delta.detach(), *averages]) < 1000  # of 5859 for each
    of_file = [figures for line, figures in mapped() if line.endswith(str(path))]
    assert of_file
    assert sum(figures["Private_Dirty:"] for figures in of_file) == 0
