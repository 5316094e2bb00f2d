import numpy as np
import pytest

from inlay.kernels.softmax import likelihoods

f32 = np.float32


def both():
    return pytest.mark.parametrize(
        "run", [likelihoods, likelihoods.py_func], ids=["compiled", "plain"]
    )


def plain(scores, own, places):
    x = np.concatenate([np.float64(scores), np.float64(own)[:, None]], 1)
    for row, place in zip(x, places, strict=True):
        if place >= 0:
            row[place] = -np.inf
    top = x.max(1, keepdims=True)
    total = np.exp(x - top).sum(1)
    probabilities = np.exp(x - top) / total[:, None]
    return np.log(total) + top[:, 0] - own, probabilities


@both()
@pytest.mark.parametrize("scale", [1, 30])
def test_losses_and_probabilities(run, scale):
    rng = np.random.default_rng(0)
    scores, own = f32(rng.normal(size=(6, 19)) * scale), f32(rng.normal(size=6) * scale)
    places = np.array([-1, 0, 18, -1, 7, 3])
    expected, probabilities = plain(scores, own, places)
    losses = np.empty(6, f32)
    run(scores, own, places, losses)
    np.testing.assert_allclose(losses, expected, rtol=2e-6, atol=2e-6)
    np.testing.assert_allclose(scores, probabilities[:, :-1], rtol=1e-5, atol=2e-7)
    np.testing.assert_allclose(own, probabilities[:, -1] - 1, rtol=1e-5, atol=2e-7)


@both()
def test_nothing_to_choose_from_but_itself(run):
    scores, own = np.array([[5]], f32), np.array([-3], f32)
    losses = np.empty(1, f32)
    run(scores, own, np.array([0]), losses)
    assert (losses[0], scores[0, 0], own[0]) == pytest.approx((0, 0, 0), abs=1e-6)


@pytest.mark.parametrize("where", ["scores", "own"])
@both()
def test_nan_and_infinity_are_seen(run, where):
    for bad in (np.nan, np.inf):
        scores, own = np.zeros((1, 3), f32), np.zeros(1, f32)
        {"scores": scores[0], "own": own}[where][0] = bad
        losses = np.empty(1, f32)
        with np.errstate(invalid="ignore"):
            run(scores, own, np.array([-1]), losses)
        assert not np.isfinite(losses[0])
