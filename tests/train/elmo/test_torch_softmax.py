import numpy as np
import pytest
import torch

from inlay.train.elmo import torch_softmax
from inlay.train.elmo.measure import loss
from inlay.train.elmo.torch_softmax import Sample, chances, gather, likelihood

N, CLASSES, WIDTH = 300, 40, 5


@pytest.fixture
def problem():
    """States, targets, weights, biases; more rows than are worked on at once."""
    torch.manual_seed(0)
    return (
        torch.randn(N, WIDTH),
        torch.randint(CLASSES, (N,)),
        torch.randn(CLASSES, WIDTH),
        torch.randn(CLASSES),
    )


@pytest.fixture(params=["our kernel", "by torch"])
def _both(request, monkeypatch):
    if request.param == "by torch":
        monkeypatch.setattr(torch_softmax, "kernel_serves", lambda scores: False)


def everything(weights, bias):
    return Sample.of(weights, bias, np.arange(len(bias)), None)


@pytest.mark.usefixtures("_both")
def test_with_all_classes_it_is_cross_entropy(problem):
    states, targets, weights, bias = problem
    sample = everything(weights, bias)
    found = likelihood(states, targets, weights, bias, sample)
    leaves = [tensor.clone().requires_grad_() for tensor in (states, weights, bias)]
    scores = torch.addmm(leaves[2], leaves[0], leaves[1].T)
    expected = torch.nn.functional.cross_entropy(scores, targets, reduction="none")
    torch.testing.assert_close(found.losses, expected.detach())
    total = loss(*(tensor.numpy() for tensor in (states, targets, weights, bias)))
    assert total == pytest.approx(float(expected.detach().sum()))
    gradients = torch.autograd.grad(expected.sum(), leaves)
    classes, d_weights, d_bias = gather([found], sample)
    assert classes.tolist() == list(range(CLASSES))
    for mine, theirs in zip((found.d_states, d_weights, d_bias), gradients, strict=True):
        torch.testing.assert_close(mine, theirs, atol=2e-5, rtol=1e-5)


@pytest.mark.usefixtures("_both")
def test_gradients_of_groups_add_up(problem):
    states, targets, weights, bias = problem
    sample = Sample.of(weights, bias, np.array([3, 8, 20]), np.full(CLASSES, 0.5))
    whole = gather([likelihood(states, targets, weights, bias, sample)], sample)
    parts = [
        likelihood(states[some], targets[some], weights, bias, sample)
        for some in (slice(0, 7), slice(7, N))
    ]
    for one, other in zip(whole, gather(parts, sample), strict=True):
        torch.testing.assert_close(
            torch.as_tensor(one), torch.as_tensor(other), atol=2e-5, rtol=1e-5
        )


def test_a_sample_agrees_with_all_on_average(problem):
    states, targets, weights, bias = problem
    exact = likelihood(states, targets, weights, bias, everything(weights, bias))
    own = (states * weights[targets]).sum(1) + bias[targets]
    share = chances(CLASSES, 12)
    rng, sums, d_states, rounds = np.random.default_rng(0), 0, 0, 3000
    for _ in range(rounds):
        sample = Sample.of(weights, bias, np.flatnonzero(rng.random(CLASSES) < share), share)
        found = likelihood(states, targets, weights, bias, sample)
        # exp(loss + own) is the sum over classes, of which the sample is an estimate.
        sums = sums + (found.losses + own).double().exp() / rounds
        d_states = d_states + found.d_states / rounds
    all_of_them = (exact.losses + own).double().exp()
    ratio = sums / all_of_them
    assert float(ratio.mean()) == pytest.approx(1, abs=0.01)
    assert float((ratio - 1).abs().max()) < 0.15
    # That of the logarithm is near, not equal: it points the same way.
    cosine = torch.cosine_similarity(d_states.flatten(), exact.d_states.flatten(), 0)
    assert cosine > 0.98


@pytest.mark.usefixtures("_both")
def test_the_target_in_the_sample_counts_once():
    states, weights, bias = torch.ones(1, 1), torch.zeros(4, 1), torch.zeros(4)
    target = torch.tensor([2])
    share = np.full(4, 0.5)
    without = Sample.of(weights, bias, np.array([0, 1]), share)
    with_it = Sample.of(weights, bias, np.array([0, 1, 2]), share)
    for sample in (without, with_it):  # itself and two others, each for two
        loss = likelihood(states, target, weights, bias, sample).losses
        assert loss.tolist() == pytest.approx([np.log(1 + 2 + 2)])


def test_chances_are_those_of_a_log_uniform_draw_without_repeats():
    share = chances(1000, 100)
    assert share.sum() == pytest.approx(100)
    assert (np.diff(share) < 0).all()
    p = np.diff(np.log(np.arange(1, 1002))) / np.log(1001)
    tries = np.log1p(-share) / np.log1p(-p)
    np.testing.assert_allclose(tries, tries[0])
    assert chances(10, 10).min() > 0.999999
