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


@pytest.mark.parametrize("trainable", [False, True])
def test_is_an_embedding(padded, trainable):
    layer = to_torch(padded, trainable=trainable)
    assert isinstance(layer, nn.Embedding)
    assert list(layer.state_dict()) == ["weight"]
    assert (layer.num_embeddings, layer.embedding_dim, layer.padding_idx) == (6, 4, 2)
    assert layer.weight.requires_grad is trainable
    np.testing.assert_array_equal(layer(IDS).detach().numpy(), padded.vectors[IDS.numpy()])


def test_a_table_without_padding(make):
    assert to_torch(make(pad_id=None)).padding_idx is None


@pytest.mark.parametrize("trainable", [False, True, "rows", "delta"])
def test_one_id_alone_gives_one_vector(padded, trainable):
    rows = {"rows": [3]} if trainable == "rows" else {}
    layer = to_torch(padded, trainable=trainable, **rows)
    for i in range(6):
        assert np.array_equal(layer(torch.tensor(i)).detach().numpy(), padded.vectors[i])


def test_frozen_shares_and_trainable_does_not(padded):
    assert np.shares_memory(numbers(to_torch(padded)), padded.storage)
    assert not np.shares_memory(numbers(to_torch(padded, trainable=True)), padded.storage)


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
    layer = to_torch(padded, trainable=True)
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
    layer = to_torch(padded, trainable=True)
    train(layer, OPTIMISERS[name])
    assert (numbers(layer)[2] == 0).all()
    assert (numbers(layer)[[0, 1, 5]] != padded.vectors[[0, 1, 5]]).all()


def test_a_sparse_gradient_holds_the_rows_that_were_looked_up(padded):
    layer = to_torch(padded, trainable=True, sparse=True)
    dense = to_torch(padded, trainable=True)
    for each in (layer, dense):
        each(IDS).square().sum().backward()
    found = layer.weight.grad
    assert found.is_sparse
    assert sorted(found.coalesce().indices()[0].tolist()) == [0, 1, 5]  # 2 is padding
    np.testing.assert_array_equal(found.to_dense(), dense.weight.grad)
    train(layer, lambda p: torch.optim.SparseAdam(list(p), 0.1))
    moved = (numbers(layer) != padded.vectors).any(axis=1)
    assert moved.tolist() == [True, True, False, False, False, True]


@pytest.mark.parametrize("trainable", [False, True])
def test_state_dict_goes_to_ours_and_to_a_plain_embedding(padded, make, trainable):
    layer = to_torch(padded, trainable=trainable)
    if trainable:
        train(layer)
    file = io.BytesIO()
    torch.save(layer.state_dict(), file)
    blank = make()
    blank.storage[...] = 0
    for fresh in (to_torch(blank, trainable=trainable), nn.Embedding(6, 4, padding_idx=2)):
        file.seek(0)
        fresh.load_state_dict(torch.load(file))
        np.testing.assert_array_equal(numbers(fresh), numbers(layer))


def test_the_whole_layer_is_saved_and_copied(padded):
    layer = to_torch(padded, check="always")
    file = io.BytesIO()
    torch.save(layer, file)
    file.seek(0)
    for twin in (torch.load(file, weights_only=False), copy.deepcopy(layer)):
        assert type(twin) is type(layer)
        assert (twin.padding_idx, twin.check, twin.weight.requires_grad) == (2, "always", False)
        np.testing.assert_array_equal(numbers(twin), padded.vectors)
        assert not np.shares_memory(numbers(twin), padded.storage)


def test_compiles_in_one_graph(padded):
    compiled = torch.compile(to_torch(padded), backend="eager", fullgraph=True)
    np.testing.assert_array_equal(compiled(IDS).numpy(), padded.vectors[IDS.numpy()])


@DEPRECATED
@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")  # of torch's own embedding
def test_it_is_traced_and_scripted(padded, tmp_path):
    expected = padded.vectors[IDS.numpy()]
    layer = to_torch(padded, trainable=True)
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


@pytest.mark.parametrize("check", ["debug", "always", "off"])
def test_a_model_is_compiled(padded, check):
    layer = to_torch(padded, check=check)
    compiled = torch.compile(nn.Sequential(layer, nn.Flatten()), backend="eager")
    np.testing.assert_array_equal(compiled(IDS), padded.vectors[IDS.numpy()].reshape(2, -1))
    if check == "always":
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
frozen, tuned = inlay.to_torch(table), inlay.to_torch(table, trainable=True)
compiled = torch.compile(torch.nn.Sequential(frozen, torch.nn.Flatten()), fullgraph=True)
print(torch.equal(compiled(ids), frozen(ids).flatten(1)))
print(np.shares_memory(frozen.weight.numpy(), table.storage))
tuned.scale_grad_by_freq = True
torch.compile(tuned, fullgraph=True)(ids).sum().backward()
print(tuned.weight.grad[:, 0].tolist())
checked = torch.compile(inlay.to_torch(table, check='always'))
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
    assert (code, out.splitlines()) == (
        0,
        ["True", "True", str(gradient), "True", "9, after 'b'"],
    ), err


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
    with pytest.raises(ArgumentError, match=r"one that always looks at its ids.*check = .debug"):
        take_down(to_torch(padded, check="always"))


@pytest.mark.skipif(not hasattr(torch.compiler, "is_compiling"), reason="needs PyTorch 2.3")
def test_no_layer_waits_for_the_compiler_of_torch():
    """`torch._dynamo` takes a second to import."""
    script = (
        "import sys, numpy as np, torch, inlay\n"
        "from inlay.encode.elmo import Elmo, Options, Weights, batch_to_ids\n"
        "table = inlay.Table(['a', 'b'], np.eye(2, dtype='float32'))\n"
        "inlay.to_torch(table, check='always')(torch.tensor([0]))\n"
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
        ([[0, 1], [6, 2]], ["ids[1, 0]", "from 0 to 5", "got 6. Try"]),
        ([0, -1], ["ids[1]", "from 0 to 5", "got -1, after 't0'"]),
        ([1.0], ["int32 or int64", "float32", "ids.long()"]),
        ([True], ["int32 or int64", "bool"]),
    ],
)
@pytest.mark.parametrize("check", ["debug", "always"])
def test_checks_name_what_is_wrong(padded, ids, words, check):
    layer = to_torch(padded, check=check)
    np.testing.assert_array_equal(layer(IDS).numpy(), padded.vectors[IDS.numpy()])
    with pytest.raises(IdError) as caught:
        layer(torch.tensor(ids))
    assert [word for word in words if word not in str(caught.value)] == []


@pytest.mark.parametrize("given", ["a film", [1], ["a"], np.array([1]), 1, np.int64(1), {}, None])
def test_what_is_no_tensor_is_told_how_to_become_one(padded, given):
    with pytest.raises(ArgumentTypeError, match=r"ids in a tensor.*torch\.from_numpy"):
        to_torch(padded)(given)


def test_without_torch_the_error_says_what_to_install(padded, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingPackageError, match=r"inlay\[torch\]"):
        to_torch(padded)


MODES = [{}, {"trainable": True}, {"trainable": "rows", "rows": [1]}, {"trainable": "delta"}]


@pytest.mark.parametrize("mode", MODES)
def test_what_is_set_later_is_checked_like_an_argument(padded, mode):
    layer = to_torch(padded, **mode)
    with pytest.raises(ArgumentError, match=r'got True.*check="always"'):
        layer.check = True
    layer.check = "off"
    assert (layer.check, copy.deepcopy(layer).check) == ("off", "off")
    with pytest.raises(ArgumentError, match="by_reference=True: expected a frozen table"):
        layer.by_reference = True
    assert layer.by_reference is False


def test_settings_of_no_optimiser_are_refused(padded):
    layer = to_torch(padded)
    with pytest.raises(ArgumentError, match=r"None, and lr.*unfreeze\(optimiser"):
        layer.unfreeze(lr=0.1)
    with pytest.raises(ArgumentTypeError, match=r"an optimiser of PyTorch, got 0.1"):
        layer.unfreeze(0.1)
    assert not layer.weight.requires_grad


# -- some rows train -----------------------------------------------------------------------------

CHOSEN = ["t1", "t5"]
OTHERS = [0, 2, 3, 4]


@pytest.fixture
def some(padded):
    return to_torch(padded, trainable="rows", rows=CHOSEN)


@pytest.mark.parametrize("name", OPTIMISERS)
def test_other_rows_keep_their_bytes(padded, name):
    before = padded.vectors.tobytes()
    layer = to_torch(padded, trainable="rows", rows=CHOSEN)
    layer.requires_grad_(True)  # as recipes tell all parameters of a model
    average = torch.optim.swa_utils.AveragedModel(layer)
    train(layer, OPTIMISERS[name])
    average.update_parameters(layer)
    for each in (layer, average.module):
        made = each.merged(padded).vectors
        assert made[OTHERS].tobytes() == padded.vectors[OTHERS].tobytes()
        assert (made[[1, 5]] != padded.vectors[[1, 5]]).all()
        np.testing.assert_array_equal(each(IDS).detach(), made[IDS.numpy()])
    assert padded.vectors.tobytes() == before
    assert np.shares_memory(numbers(layer), padded.storage)


def test_rows_are_an_embedding_whose_only_gradient_is_of_the_rows(padded, some):
    assert isinstance(some, nn.Embedding)
    assert [name for name, p in some.named_parameters() if p.requires_grad] == ["rows"]
    assert np.shares_memory(numbers(some), padded.storage)
    np.testing.assert_array_equal(some(IDS).detach(), padded.vectors[IDS.numpy()])
    some(IDS).sum().backward()
    assert some.weight.grad is None
    assert some.rows.grad.tolist() == [[1.0] * 4, [1.0] * 4]
    assert some.row_ids.tolist() == [1, 5]


@pytest.mark.parametrize("setting", ["sparse", "scale_grad_by_freq", "max_norm"])
def test_settings_of_torch_are_of_the_rows_that_train(padded, setting):
    value = 0.5 if setting == "max_norm" else True
    given = {} if setting == "scale_grad_by_freq" else {setting: value}
    layer = to_torch(padded, trainable="rows", rows=["t0", "t1"], **given)
    plain = nn.Embedding.from_pretrained(
        torch.tensor(padded.vectors + 0), freeze=False, padding_idx=2, **{setting: value}
    )
    layer.scale_grad_by_freq = setting == "scale_grad_by_freq"
    ids = torch.tensor([[1, 1, 3], [5, 2, 4]])  # not 0, whose row is the first of those that train
    for each in (layer, plain):
        each(ids).square().sum().backward()
    found, expected = layer.rows.grad, plain.weight.grad
    if setting == "sparse":
        assert found.is_sparse
        assert found.coalesce().indices().tolist() == [[1]]
        found, expected = found.to_dense(), expected.to_dense()
    np.testing.assert_allclose(found, expected[:2])
    np.testing.assert_array_equal(layer.rows[0].detach(), padded["t0"])
    np.testing.assert_array_equal(numbers(layer), padded.vectors)
    shortened = layer(ids)[0, 0].norm()
    assert bool(shortened <= 0.5 + 1e-6) is (setting == "max_norm")


def test_rows_are_saved_loaded_copied_compiled_and_scripted(padded, make, some, tmp_path):
    train(some)
    expected = some.merged(padded).vectors
    torch.save(some.state_dict(), tmp_path / "state.pt")
    torch.save(some, tmp_path / "layer.pt")
    blank = make()
    blank.storage[...] = 0
    other = to_torch(blank, trainable="rows", rows=["t3", "t4"])
    other.load_state_dict(torch.load(tmp_path / "state.pt"))
    assert not blank.storage.any()
    whole = torch.load(tmp_path / "layer.pt", weights_only=False)
    for twin in (other, whole, copy.deepcopy(some)):
        assert type(twin) is type(some)
        np.testing.assert_array_equal(twin.merged(padded).vectors, expected)
        np.testing.assert_array_equal(twin(IDS).detach(), expected[IDS.numpy()])
        train(twin)
        assert twin.merged(padded).vectors[OTHERS].tobytes() == expected[OTHERS].tobytes()
    compiled = torch.compile(some, backend="eager", fullgraph=True)
    np.testing.assert_array_equal(compiled(IDS).detach(), expected[IDS.numpy()])
    plain = some.__prepare_scriptable__()
    np.testing.assert_array_equal(plain(IDS).detach(), expected[IDS.numpy()])
    assert not plain.weight.requires_grad
    with pytest.raises(IdError, match=r"ids\[0\]: .* got 9"):
        some(torch.tensor([9]))
    some.reset_parameters()
    np.testing.assert_array_equal(some.merged(padded).vectors, padded.vectors)


@EXPORTS
def test_rows_are_exported(padded, some):
    exported = torch.export.export(some, (IDS,)).module()
    np.testing.assert_array_equal(exported(IDS).detach(), padded.vectors[IDS.numpy()])


@pytest.mark.parametrize("rows", [None, CHOSEN])
def test_drift_is_the_squared_distance_from_the_start_and_pulls_back(padded, rows):
    layer = to_torch(padded, trainable="rows" if rows else True, rows=rows)
    assert layer.drift(padded).item() == 0
    train(layer)
    moved = ((layer.merged(padded).vectors - padded.vectors) ** 2).sum()
    np.testing.assert_allclose(layer.drift(padded).item(), moved, rtol=1e-5)
    optimiser = torch.optim.SGD(layer.parameters(), 0.25)
    layer.zero_grad()
    layer.drift(padded).backward()
    optimiser.step()  # half of the way back
    np.testing.assert_allclose(layer.drift(padded).item(), moved / 4, rtol=1e-5)


@pytest.mark.parametrize("rows", [None, CHOSEN])
def test_an_optimiser_is_told_of_what_begins_to_train(padded, rows):
    before = padded.vectors.copy()
    layer = to_torch(padded, trainable="rows" if rows else False, rows=rows)
    layer.requires_grad_(False)
    out = nn.Linear(4, 1)
    optimiser = torch.optim.SGD(out.parameters(), 0.1)
    layer.unfreeze(optimiser, lr=0.5)
    layer.unfreeze(optimiser)
    assert [group["lr"] for group in optimiser.param_groups] == [0.1, 0.5]
    out(layer(IDS)).sum().backward()
    optimiser.step()
    moved = (layer.merged(padded).vectors != before).any(axis=1)
    assert moved.tolist() == [not rows, True, False, False, False, True]
    np.testing.assert_array_equal(padded.vectors, before)


def test_a_bound_on_the_norm_is_an_argument_of_what_trains(padded):
    layer = to_torch(padded, trainable=True, max_norm=0.5)
    assert layer(IDS).norm(dim=-1).max() <= 0.5 + 1e-6
