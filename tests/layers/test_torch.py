import copy
import io
import sys

import numpy as np
import pytest

import inlay
from inlay import Table, to_torch
from inlay.errors import ArgumentError, ArgumentTypeError, IdError, MissingPackageError
from tests.processes import ended, started

torch = pytest.importorskip("torch")
nn = torch.nn
EXPORTS = pytest.mark.skipif(
    not hasattr(torch.compiler, "is_exporting"), reason="not known in this PyTorch"
)
DEPRECATED = pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")
IDS = torch.tensor([[0, 1, 2], [5, 2, 2]])

OPTIMISERS = {
    "sgd": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, weight_decay=0.1, nesterov=True),
    "adam": lambda p: torch.optim.Adam(p, 0.1, weight_decay=0.1, amsgrad=True),
    "adamw": lambda p: torch.optim.AdamW(p, 0.1, weight_decay=0.5),
    "adagrad": lambda p: torch.optim.Adagrad(p, 0.1, weight_decay=0.1),
    "rmsprop": lambda p: torch.optim.RMSprop(p, 0.1, momentum=0.9, centered=True),
    "rprop": lambda p: torch.optim.Rprop(p, 0.1),
    "adadelta": lambda p: torch.optim.Adadelta(p, 1.0, weight_decay=0.1),
    "nadam": lambda p: torch.optim.NAdam(p, 0.1, weight_decay=0.1),
    "adafactor": lambda p: torch.optim.Adafactor(p, 0.1, weight_decay=0.1),
}


def train(layer, make_optimiser=OPTIMISERS["sgd"], *, steps=3):
    optimiser = make_optimiser(layer.parameters())
    for _ in range(steps):
        optimiser.zero_grad()
        (layer(IDS) - 1).square().sum().backward()
        optimiser.step()


def numbers(layer):
    return layer.weight.detach().numpy()


@pytest.mark.parametrize("freeze", [True, False])
def test_is_an_embedding(padded, freeze):
    layer = to_torch(padded, freeze=freeze)
    assert isinstance(layer, nn.Embedding)
    assert list(layer.state_dict()) == ["weight"]
    assert (layer.num_embeddings, layer.embedding_dim, layer.padding_idx) == (6, 4, 2)
    assert layer.weight.requires_grad is not freeze
    np.testing.assert_array_equal(layer(IDS).detach().numpy(), padded.vectors[IDS.numpy()])


def test_a_table_without_padding(make):
    assert to_torch(make(pad_id=None)).padding_idx is None


def test_frozen_shares_and_trainable_does_not(padded):
    assert np.shares_memory(numbers(to_torch(padded)), padded.storage)
    assert not np.shares_memory(numbers(to_torch(padded, freeze=False)), padded.storage)


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_other_dtypes_become_float32(make, dtype):
    table = make(dtype=dtype)
    layer = to_torch(table)
    assert layer.weight.dtype == torch.float32
    np.testing.assert_array_equal(numbers(layer), table.vectors)


@pytest.mark.parametrize("mode", ["r", "c"])
def test_training_an_unfrozen_map_reaches_neither_file_nor_table(tmp_path, padded, mode):
    path = tmp_path / "matrix"
    padded.matrix.tofile(path)
    before = path.read_bytes()
    mapped = np.memmap(path, np.float32, mode, shape=(6, 4))
    table = Table(list(padded.tokens), mapped, pad_id=2)
    layer = to_torch(table)
    assert np.shares_memory(numbers(layer), mapped) is (mode == "c")
    layer.weight.requires_grad_(True)
    train(layer)  # a write to a map of mode "r" would end the process
    assert not np.array_equal(numbers(layer), mapped)
    assert path.read_bytes() == mapped.tobytes() == before


def test_a_native_file_is_shared_and_never_written_to(tmp_path, padded):
    path = tmp_path / "table.safetensors"
    padded.save(path)
    before = path.read_bytes()
    table = inlay.load(path)
    layer = to_torch(table)
    assert np.shares_memory(numbers(layer), table.storage)
    layer.weight.fill_(1)
    assert path.read_bytes() == before


def test_training_leaves_the_table_alone(padded):
    before = padded.vectors.copy()
    layer = to_torch(padded, freeze=False)
    train(layer)
    assert not np.array_equal(numbers(layer), before)
    np.testing.assert_array_equal(padded.vectors, before)


def test_unfreezing_copies_first_and_keeps_the_parameter(padded):
    before = padded.vectors.copy()
    layer = to_torch(padded)
    weight = layer.weight
    weight.requires_grad = True
    train(layer)
    assert layer.weight is weight
    assert not np.array_equal(numbers(layer)[0], before[0])
    np.testing.assert_array_equal(padded.vectors, before)


def test_loading_and_resetting_leave_the_table_alone(padded):
    before = padded.vectors.copy()
    layer = to_torch(padded)
    layer.load_state_dict({"weight": torch.ones(6, 4)})
    assert (numbers(layer) == 1).all()
    other = to_torch(padded)
    other.reset_parameters()
    assert not np.array_equal(numbers(other), before)
    np.testing.assert_array_equal(padded.vectors, before)


def test_a_bound_on_the_norm_leaves_the_table_alone(padded):
    before = padded.vectors.copy()
    layer = to_torch(padded)
    layer.max_norm = 0.5  # torch shortens the rows in place, in each look-up
    norms = layer(IDS).norm(dim=-1)
    assert norms.max() <= 0.5 + 1e-6
    assert np.linalg.norm(before, axis=1).max() > 1
    np.testing.assert_array_equal(padded.vectors, before)


@pytest.mark.parametrize("name", OPTIMISERS)
def test_pad_row_stays_zero(padded, name):
    layer = to_torch(padded, freeze=False)
    train(layer, OPTIMISERS[name])
    assert (numbers(layer)[2] == 0).all()
    assert (numbers(layer)[[0, 1, 5]] != padded.vectors[[0, 1, 5]]).all()


def test_a_sparse_gradient_holds_the_rows_that_were_looked_up(padded):
    layer = to_torch(padded, freeze=False, sparse=True)
    dense = to_torch(padded, freeze=False)
    for each in (layer, dense):
        each(IDS).square().sum().backward()
    found = layer.weight.grad
    assert found.is_sparse
    assert sorted(found.coalesce().indices()[0].tolist()) == [0, 1, 5]  # 2 is padding
    np.testing.assert_array_equal(found.to_dense(), dense.weight.grad)
    train(layer, lambda p: torch.optim.SparseAdam(list(p), 0.1))
    moved = (numbers(layer) != padded.vectors).any(axis=1)
    assert moved.tolist() == [True, True, False, False, False, True]


@pytest.mark.parametrize("freeze", [True, False])
def test_state_dict_goes_to_ours_and_to_a_plain_embedding(padded, make, freeze):
    layer = to_torch(padded, freeze=freeze)
    if not freeze:
        train(layer)
    file = io.BytesIO()
    torch.save(layer.state_dict(), file)
    blank = make()
    blank.storage[...] = 0
    for fresh in (to_torch(blank, freeze=freeze), nn.Embedding(6, 4, padding_idx=2)):
        file.seek(0)
        fresh.load_state_dict(torch.load(file))
        np.testing.assert_array_equal(numbers(fresh), numbers(layer))


def test_the_whole_layer_is_saved_and_copied(padded):
    layer = to_torch(padded, check_ids=True)
    file = io.BytesIO()
    torch.save(layer, file)
    file.seek(0)
    for twin in (torch.load(file, weights_only=False), copy.deepcopy(layer)):
        assert type(twin) is type(layer)
        assert (twin.padding_idx, twin.check_ids, twin.weight.requires_grad) == (2, True, False)
        np.testing.assert_array_equal(numbers(twin), padded.vectors)
        assert not np.shares_memory(numbers(twin), padded.storage)


def test_compiles_in_one_graph(padded):
    compiled = torch.compile(to_torch(padded), backend="eager", fullgraph=True)
    np.testing.assert_array_equal(compiled(IDS).numpy(), padded.vectors[IDS.numpy()])


@DEPRECATED
@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")  # of torch's own embedding
def test_it_is_traced_and_scripted(padded, tmp_path):
    expected = padded.vectors[IDS.numpy()]
    layer = to_torch(padded, freeze=False)
    layer.scale_grad_by_freq = True
    scripted = torch.jit.script(nn.Sequential(layer))
    torch.jit.save(scripted, tmp_path / "layer.pt")
    for model in (
        torch.jit.trace(layer, IDS[:1]),
        torch.jit.load(tmp_path / "layer.pt"),
        scripted,
    ):
        np.testing.assert_array_equal(model(IDS).detach().numpy(), expected)
    assert "scale_grad_by_freq=True" in str(nn.Sequential(layer.__prepare_scriptable__()))
    scripted(IDS).sum().backward()
    assert layer.weight.grad is not None  # one parameter, which an optimiser may hold
    assert not layer.weight.grad[2].any()


@EXPORTS
def test_it_is_exported(padded):
    exported = torch.export.export(to_torch(padded), (IDS,)).module()
    np.testing.assert_array_equal(exported(IDS), padded.vectors[IDS.numpy()])


@DEPRECATED
def test_a_scripted_layer_has_no_memory_of_the_table(padded):
    before = padded.vectors.copy()
    scripted = torch.jit.script(to_torch(padded))
    scripted.weight.fill_(1)
    np.testing.assert_array_equal(padded.vectors, before)


@pytest.mark.parametrize("check_ids", [False, True])
def test_a_model_is_compiled(padded, check_ids):
    layer = to_torch(padded, check_ids=check_ids)
    compiled = torch.compile(nn.Sequential(layer, nn.Flatten()), backend="eager")
    np.testing.assert_array_equal(compiled(IDS), padded.vectors[IDS.numpy()].reshape(2, -1))
    if check_ids:
        with pytest.raises(IdError, match=r"ids\[1\]: expected an id from 0 to 5, got 9"):
            torch.compile(layer, backend="eager")(torch.tensor([0, 9]))


INDUCTOR = """
import sys, numpy as np, torch, inlay
try:
    torch.compile(lambda x: x + 1)(torch.ones(2))
except Exception:
    sys.exit("cannot compile")
matrix = np.arange(24, dtype="float32").reshape(6, 4)
matrix[2] = 0
table = inlay.Table(list("abcdef"), matrix, pad_id=2)
ids = torch.tensor([[0, 1, 2], [5, 2, 2]])
frozen, tuned = inlay.to_torch(table), inlay.to_torch(table, freeze=False)
compiled = torch.compile(torch.nn.Sequential(frozen, torch.nn.Flatten()), fullgraph=True)
print(torch.equal(compiled(ids), frozen(ids).flatten(1)))
print(np.shares_memory(frozen.weight.numpy(), table.storage))
tuned.scale_grad_by_freq = True
torch.compile(tuned, fullgraph=True)(ids).sum().backward()
print(tuned.weight.grad[:, 0].tolist())
checked = torch.compile(inlay.to_torch(table, check_ids=True))
print(torch.equal(checked(ids), frozen(ids)))
try:
    checked(torch.tensor([[0, 1, 9]]))
except inlay.InlayError as error:
    print(error.got)
"""


def test_the_compiler_that_torch_uses_by_itself(tmp_path):
    """It writes C++ and needs a compiler of that; elsewhere the tests take a backend without."""
    with started("-c", INDUCTOR, TORCHINDUCTOR_CACHE_DIR=str(tmp_path)) as running:
        code, out, err = ended(running)
    if "cannot compile" in err:
        pytest.skip("no C++ compiler, or none that this PyTorch can use")
    gradient = [1.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    assert (code, out.splitlines()) == (0, ["True", "True", str(gradient), "True", "9"]), err


@DEPRECATED
@pytest.mark.parametrize(
    "take_down",
    [
        torch.jit.script,
        lambda m: torch.jit.trace(m, IDS),
        pytest.param(lambda m: torch.export.export(m, (IDS,)), marks=EXPORTS),
    ],
)
def test_a_check_of_ids_is_not_lost_in_a_graph(padded, take_down):
    with pytest.raises(ArgumentError, match=r"one that looks at its ids. Try: layer.check_ids"):
        take_down(to_torch(padded, check_ids=True))


@pytest.mark.skipif(not hasattr(torch.compiler, "is_compiling"), reason="needs PyTorch 2.3")
def test_no_layer_waits_for_the_compiler_of_torch():
    """`torch._dynamo` takes a second to import."""
    script = (
        "import sys, numpy as np, torch, inlay\n"
        "from inlay.encode.elmo import Elmo, Options, Weights, batch_to_ids\n"
        "table = inlay.Table(['a', 'b'], np.eye(2, dtype='float32'))\n"
        "inlay.to_torch(table, check_ids=True)(torch.tensor([0]))\n"
        "options = Options(8, 4, 2, 3.0, 3.0, True, 4, ((1, 4), (2, 4)), 1, 'relu')\n"
        "module = Elmo(options, Weights.random(options)).to_torch(trainable='all')\n"
        "ids = torch.from_numpy(batch_to_ids([['a']]))\n"
        "module(ids)['default'].sum().backward()\n"
        "print('torch._dynamo' in sys.modules)"
    )
    with started("-c", script) as running:
        code, out, err = ended(running)
    assert (code, out.strip()) == (0, "False"), err


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        ([[0, 1], [6, 2]], ["ids[1, 0]", "from 0 to 5", "got 6"]),
        ([0, -1], ["ids[1]", "from 0 to 5", "got -1"]),
        ([1.0], ["int32 or int64", "float32", "ids.long()"]),
        ([True], ["int32 or int64", "bool"]),
    ],
)
def test_checks_name_what_is_wrong(padded, ids, words):
    layer = to_torch(padded, check_ids=True)
    np.testing.assert_array_equal(layer(IDS).numpy(), padded.vectors[IDS.numpy()])
    with pytest.raises(IdError) as caught:
        layer(torch.tensor(ids))
    assert [word for word in words if word not in str(caught.value)] == []


@pytest.mark.parametrize("given", ["a film", [1], ["a"], np.array([1])])
def test_what_is_no_tensor_is_told_how_to_become_one(padded, given):
    with pytest.raises(ArgumentTypeError, match=r"ids in a tensor.*torch\.from_numpy"):
        to_torch(padded)(given)


def test_without_torch_the_error_says_what_to_install(padded, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingPackageError, match=r"inlay\[torch\]"):
        to_torch(padded)
