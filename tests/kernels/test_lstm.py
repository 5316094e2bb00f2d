import numpy as np
import pytest

from inlay.kernels import lstm


def logistic(x):
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize("run", [lstm.gates, lstm.gates.py_func], ids=["compiled", "plain"])
@pytest.mark.parametrize("clip", [0.5, 3, np.inf])
def test_gates(run, clip):
    rng = np.random.default_rng(0)
    z = rng.normal(size=(5, 4 * 13)).astype(np.float32) * 4
    z[0, :8] = [0, -0.0, 1e-6, -1e-6, 50, -50, 1e30, -1e30]
    z[1, 13:21] = z[0, :8]
    cells = rng.normal(size=(6, 13)).astype(np.float32)
    before, out = cells.astype(float), np.empty((5, 13), np.float32)
    run(z, cells, out, np.float32(clip))
    i, j, f, o = np.split(np.clip(z.astype(float), -200, 200), 4, axis=1)
    c = np.clip(logistic(f) * before[:5] + logistic(i) * np.tanh(j), -clip, clip)
    np.testing.assert_allclose(cells[:5], c, rtol=3e-7, atol=3e-7)
    np.testing.assert_allclose(out, logistic(o) * np.tanh(c), rtol=0, atol=3e-7)
    np.testing.assert_array_equal(cells[5], before[5])


@pytest.mark.parametrize("x", np.linspace(-115, 115, 47))
def test_power_of_two(x):
    assert lstm.power_of_two.py_func(np.float32(x)) == pytest.approx(
        2 ** float(np.float32(x)), rel=2e-7
    )
