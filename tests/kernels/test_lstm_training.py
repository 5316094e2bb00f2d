import numpy as np
import pytest

from inlay.kernels import lstm_training as lt

f32 = np.float32


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def plain(z, before, clip):
    """In float64: what the gates are, the cells and the output."""
    i, j, f, o = np.split(np.float64(z), 4, 1)
    i, j, f, o = sigmoid(i), np.tanh(j), sigmoid(f), sigmoid(o)
    cells = np.clip(f * before + i * j, -clip, clip)
    return np.concatenate([i, j, f, o], 1), cells, o * np.tanh(cells)


@pytest.mark.parametrize("run", [lt.step, lt.step.py_func], ids=["compiled", "plain"])
@pytest.mark.parametrize("clip", [0.3, np.inf])
def test_a_step(run, clip):
    rng = np.random.default_rng(0)
    z = f32(rng.normal(scale=4, size=(5, 28)))
    z[0, :8] = 60, -60, 200, -200, 0, -0.0, 1e-6, 30
    before = f32(rng.normal(size=(5, 7)))
    expected = plain(z, before, clip)
    cells, out = np.empty_like(before), np.empty_like(before)
    run(z, before, cells, out, f32(clip))
    for found, right in zip((z, cells, out), expected, strict=True):
        np.testing.assert_allclose(found, right, atol=5e-7)


@pytest.mark.parametrize("run", [lt.step_back, lt.step_back.py_func], ids=["compiled", "plain"])
@pytest.mark.parametrize("clip", [0.8, np.inf])
def test_a_step_back_is_the_slope_of_a_step(run, clip):
    rng = np.random.default_rng(1)
    start, before = rng.normal(size=(4, 20)), rng.normal(size=(4, 5))
    d_out, d_cells = rng.normal(size=(4, 5)), rng.normal(size=(4, 5))

    def value(z, c):
        _, cells, out = plain(z, c, clip)
        return (cells * d_cells + out * d_out).sum()

    def slope(array, call):
        found = np.empty_like(array)
        for at in np.ndindex(array.shape):
            ends = []
            for side in (1e-6, -1e-6):
                moved = array.copy()
                moved[at] += side
                ends.append(call(moved))
            found[at] = (ends[0] - ends[1]) / 2e-6
        return found

    expected = slope(start, lambda z: value(z, before)), slope(before, lambda c: value(start, c))
    z, c, clip32 = f32(start), f32(before), f32(clip)
    cells, out = np.empty_like(c), np.empty_like(c)
    lt.step(z, c, cells, out, clip32)
    assert (abs(cells) == clip32).any() == (clip < 1)
    carried = f32(d_cells)
    d_z = np.empty_like(z)
    run(z, c, cells, f32(d_out), d_z, carried, clip32)
    np.testing.assert_allclose(d_z, expected[0], atol=3e-6)
    np.testing.assert_allclose(carried, expected[1], atol=3e-6)


def test_nan_comes_through():
    z, before = np.full((1, 4), np.nan, f32), np.zeros((1, 1), f32)
    cells, out = np.empty_like(before), np.empty_like(before)
    lt.step(z, before, cells, out, f32(np.inf))
    assert np.isnan(out).all()
