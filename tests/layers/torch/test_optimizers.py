"""Lazy Adam: held to a few lines of numpy, to SparseAdam, and to Adam where the maths allows."""

import copy

import numpy as np
import pytest

from inlay.errors import ArgumentError, ArgumentTypeError

torch = pytest.importorskip("torch")

from inlay.layers.torch.optimizers import LazyAdam, LazyAdamW, clip_grad_norm_  # noqa: E402

KINDS = [LazyAdam, LazyAdamW]
HOSTS = {LazyAdam: torch.optim.Adam, LazyAdamW: torch.optim.AdamW}
SOME = [[1, 2, 2], [5, 1, 1], [2, 3, 0], [1, 1, 1]]  # the ids of four batches; row 4 is in none
ALL = [[0, 1, 2, 3, 4, 5, 5]] * 4


def model_of(*, sparse=True):
    torch.manual_seed(0)
    words = torch.nn.Embedding(6, 4, sparse=sparse, padding_idx=0)
    return torch.nn.Sequential(words, torch.nn.Linear(4, 2), torch.nn.Tanh())


def trained(model, optimizer, batches):
    for ids in batches:
        optimizer.zero_grad()
        model(torch.tensor(ids)).square().sum().backward()
        optimizer.step()
    return model[0].weight.detach().numpy().copy()


def lazily(rows, m, v, ids, g, *, step, lr, decay, decoupled):
    """Algorithm 1 of Kingma and Ba on the rows `ids`, in place, in float64."""
    if decoupled:
        rows[ids] *= 1 - lr * decay
    else:
        g = g + decay * rows[ids]
    m[ids] = 0.9 * m[ids] + 0.1 * g
    v[ids] = 0.999 * v[ids] + 0.001 * g * g
    corrected = m[ids] / (1 - 0.9**step), v[ids] / (1 - 0.999**step)
    rows[ids] -= lr * corrected[0] / (np.sqrt(corrected[1]) + 1e-8)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_rows_follow_the_definition(kind, decay):
    model = model_of()
    weight = model[0].weight
    optimizer = kind([weight], lr=0.1, weight_decay=decay)
    expected = weight.detach().double().numpy().copy()
    m, v = np.zeros_like(expected), np.zeros_like(expected)
    for step, ids in enumerate(SOME, 1):
        optimizer.zero_grad()
        model(torch.tensor(ids)).square().sum().backward()
        gradient = weight.grad.coalesce()
        rows, g = gradient.indices()[0].numpy(), gradient.values().double().numpy()
        optimizer.step()
        how = dict(step=step, lr=0.1, decay=decay, decoupled=kind is LazyAdamW)
        lazily(expected, m, v, rows, g, **how)
    np.testing.assert_allclose(weight.detach().numpy(), expected, atol=1e-6)
    assert (weight[0] == 0).all()  # padding, which has no gradient


def test_agrees_with_sparse_adam():
    ours, theirs = model_of(), model_of()
    a = trained(ours, LazyAdam(ours[0].parameters(), lr=0.1), SOME)
    b = trained(theirs, torch.optim.SparseAdam(theirs[0].parameters(), lr=0.1), SOME)
    np.testing.assert_allclose(a, b, atol=2e-6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("maximize", [False, True])
def test_rows_of_every_step_are_as_with_the_dense_optimizer(kind, maximize):
    lazy, dense = model_of(), model_of(sparse=False)
    settings = dict(lr=0.1, weight_decay=0.2, maximize=maximize)
    a = trained(lazy, kind(lazy.parameters(), **settings), ALL)
    b = trained(dense, HOSTS[kind](dense.parameters(), **settings), ALL)
    np.testing.assert_allclose(a, b, atol=1e-6)


def test_a_row_that_is_not_looked_up_rests():
    lazy, dense = model_of(), model_of(sparse=False)
    before = lazy[0].weight.detach().numpy().copy()
    batches = [[5, 1], [1, 2], [1, 2]]
    a = trained(lazy, LazyAdamW(lazy.parameters(), lr=0.1), batches)
    b = trained(dense, torch.optim.AdamW(dense.parameters(), lr=0.1), batches)
    after_one = trained(model := model_of(), LazyAdamW(model.parameters(), lr=0.1), batches[:1])
    np.testing.assert_array_equal(a[[0, 3, 4]], before[[0, 3, 4]])
    np.testing.assert_array_equal(a[5], after_one[5])
    assert not np.allclose(b[5], after_one[5])  # Adam goes on moving it
    assert not np.allclose(b[3], before[3])  # and AdamW shrinks all


@pytest.mark.parametrize("kind", KINDS)
def test_dense_parameters_get_the_hosts_own_step(kind):
    lazy, dense = model_of(sparse=False), model_of(sparse=False)
    trained(lazy, kind(lazy.parameters(), lr=0.1), SOME)
    trained(dense, HOSTS[kind](dense.parameters(), lr=0.1), SOME)
    for a, b in zip(lazy.parameters(), dense.parameters(), strict=True):
        assert torch.equal(a, b)


def test_one_optimizer_serves_rows_and_the_rest():
    lazy, dense = model_of(), model_of(sparse=False)
    a = trained(lazy, LazyAdam(lazy.parameters(), lr=0.1), ALL)
    b = trained(dense, torch.optim.Adam(dense.parameters(), lr=0.1), ALL)
    np.testing.assert_allclose(a, b, atol=1e-6)
    torch.testing.assert_close(lazy[1].weight, dense[1].weight, atol=1e-6, rtol=0)
    assert lazy[0].weight.grad.is_sparse  # still there for whoever looks


@pytest.mark.filterwarnings("ignore:Sparse invariant checks:UserWarning")
@pytest.mark.parametrize("host", [torch.optim.Adagrad, torch.optim.SGD])
def test_what_pytorch_has_already(host):
    """Adagrad and SGD of PyTorch take rows, and without decay they are as the dense ones."""
    lazy, dense = model_of(), model_of(sparse=False)
    a = trained(lazy, host(lazy.parameters(), lr=0.1), SOME)
    b = trained(dense, host(dense.parameters(), lr=0.1), SOME)
    np.testing.assert_allclose(a, b, atol=1e-6)


def test_a_state_goes_on_where_it_was_saved_and_with_the_host():
    whole = model_of()
    expected = trained(whole, LazyAdam(whole.parameters(), lr=0.1), ALL + SOME)
    first = model_of()
    optimizer = LazyAdam(first.parameters(), lr=0.1)
    trained(first, optimizer, ALL)
    saved = copy.deepcopy((first.state_dict(), optimizer.state_dict()))

    second = model_of()
    second.load_state_dict(saved[0])
    again = LazyAdam(second.parameters(), lr=0.5)
    again.load_state_dict(copy.deepcopy(saved[1]))  # which shares what it is given
    np.testing.assert_array_equal(trained(second, again, SOME), expected)

    dense = model_of(sparse=False)
    dense.load_state_dict(saved[0])
    host = torch.optim.Adam(dense.parameters())
    host.load_state_dict(saved[1])
    lazy = trained(first, optimizer, ALL)
    np.testing.assert_allclose(trained(dense, host, ALL), lazy, atol=1e-6)


def test_groups_schedulers_hooks_and_closures():
    model = model_of()
    groups = [{"params": model[0].parameters(), "lr": 0.0}, {"params": model[1].parameters()}]
    optimizer = LazyAdam(groups, lr=0.1)
    torch.optim.Adam(model_of().parameters())  # whose step PyTorch then wraps to run hooks
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
    told = []
    optimizer.register_step_post_hook(lambda *_: told.append("step"))
    before = [p.detach().clone() for p in model.parameters()]

    def closure():
        optimizer.zero_grad()
        loss = model(torch.tensor([1, 2])).square().sum()
        loss.backward()
        return loss

    assert optimizer.step(closure) > 0
    scheduler.step()
    assert told == ["step"]
    assert [group["lr"] for group in optimizer.param_groups] == [0.0, 0.05]
    moved = [not torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True)]
    assert moved == [False, True, True]


def test_a_scaled_loss_gives_the_same_rows():
    plain, scaled = model_of(), model_of()
    expected = trained(plain, LazyAdam(plain.parameters(), lr=0.1), SOME)
    optimizer = LazyAdam(scaled.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    for ids in SOME:
        optimizer.zero_grad()
        scaler.scale(scaled(torch.tensor(ids)).square().sum()).backward()
        scaler.step(optimizer)
        scaler.update()
    np.testing.assert_allclose(scaled[0].weight.detach().numpy(), expected, atol=1e-6)


def test_gradients_are_clipped_together():
    lazy, dense = model_of(), model_of(sparse=False)
    for model in (lazy, dense):
        model(torch.tensor([1, 2, 2, 5])).square().sum().backward()
    length = clip_grad_norm_(lazy.parameters(), 0.01)
    expected = torch.nn.utils.clip_grad_norm_(dense.parameters(), 0.01)
    torch.testing.assert_close(length, expected)
    for a, b in zip(lazy.parameters(), dense.parameters(), strict=True):
        torch.testing.assert_close(a.grad.to_dense(), b.grad)


def test_a_batch_of_padding_changes_nothing():
    model = model_of()
    before = model[0].weight.detach().numpy().copy()
    after = trained(model, LazyAdamW(model.parameters()), [[0, 0]])
    np.testing.assert_array_equal(after, before)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("wrong", "error", "named"),
    [
        ({"lr": -1}, ArgumentError, "lr"),
        ({"lr": "fast"}, ArgumentTypeError, "lr"),
        ({"betas": (0.9, 1.0)}, ArgumentError, r"betas\[1\]"),
        ({"betas": 0.9}, ArgumentTypeError, r"betas: expected two values, \(a, b\), got 0.9"),
        ({"betas": (0.9,)}, ArgumentTypeError, "betas: expected two values"),
        ({"eps": -1}, ArgumentError, "eps"),
        ({"weight_decay": -1}, ArgumentError, "weight_decay"),
        ({"amsgrad": True}, ArgumentTypeError, "amsgrad.*torch.optim.Adam has it"),
        ({"learning_rate": 1}, ArgumentTypeError, "lr="),
    ],
)
def test_wrong_settings(kind, wrong, error, named):
    with pytest.raises(error, match=named):
        kind(model_of().parameters(), **wrong)
