import numpy as np
import pytest

from inlay.kernels.adagrad import adagrad


@pytest.mark.parametrize("run", [adagrad, adagrad.py_func], ids=["compiled", "plain"])
def test_it_is_the_formula_and_leaves_other_rows_alone(run):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(5, 3)).astype(np.float32)
    rows, squares = np.array([3, 1]), np.zeros((5, 3), np.float32)
    expected, total = values.astype(np.float64), np.zeros((5, 3))
    for _ in range(3):
        gradient = rng.normal(size=(2, 3)).astype(np.float32)
        total[rows] += gradient.astype(np.float64) ** 2
        expected[rows] -= 0.1 * gradient / (np.sqrt(total[rows]) + 0.5)
        run(values, rows, gradient, squares, np.float32(0.1), np.float32(0.5))
    np.testing.assert_allclose(values, expected, rtol=1e-5)
    np.testing.assert_allclose(squares, total, rtol=1e-5)
