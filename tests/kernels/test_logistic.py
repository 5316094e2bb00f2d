import numpy as np
import pytest

from inlay.kernels.logistic import weigh_errors, weigh_losses
from tests.train.reference import sigmoid


def both(kernel):
    return pytest.mark.parametrize("run", [kernel, kernel.py_func], ids=["compiled", "plain"])


@both(weigh_errors)
def test_sigmoid(run):
    x = np.linspace(-20, 20, 4001, dtype=np.float32)
    positive, negative = x.copy(), x.copy()
    run(positive, np.full(x.size, 0.5, np.float32), 0, x.size)
    run(negative, np.full(x.size, -0.5, np.float32), 0, x.size)
    np.testing.assert_allclose(positive, 0.5 * (1 - sigmoid(x)), atol=5e-6)
    np.testing.assert_allclose(negative, -0.5 * sigmoid(x), atol=5e-6)


@both(weigh_losses)
def test_losses(run):
    x = np.linspace(-20, 20, 401, dtype=np.float32)
    for i in range(0, x.size, 9):
        positive, pairs = run(x, np.full(x.size, 0.5, np.float32), i, 1)
        assert pairs == 1
        negative, pairs = run(x, np.full(x.size, -0.5, np.float32), i, 1)
        assert pairs == 0
        wanted = 0.5 * np.logaddexp(0, [-x[0], x[0]])
        np.testing.assert_allclose([positive, negative], wanted, atol=2e-5, rtol=1e-5)
        x = np.roll(x, -9)
    assert np.isnan(run(np.full(1, np.nan, np.float32), np.ones(1, np.float32), 0, 1)[0])
