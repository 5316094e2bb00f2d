import itertools

import numpy as np
import pytest

from inlay.kernels.bags import maxima, minima, power_means, sums, without

RNG = np.random.default_rng(0)
MATRIX = RNG.normal(size=(9, 5)).astype("float32")
IDS, OFFSETS = RNG.integers(0, 9, 12), np.array([0, 3, 3, 11, 12])
WEIGHTS = RNG.normal(size=12).astype("float32")
CASES = {
    "sums": (sums, (WEIGHTS,), lambda x, w: w @ x),
    "maxima": (maxima, (), lambda x, w: x.max(0)),
    "minima": (minima, (), lambda x, w: x.min(0)),
    "square": (power_means, (2,), lambda x, w: np.sqrt((x.astype(float) ** 2).mean(0))),
    "cube": (power_means, (3,), lambda x, w: np.cbrt((x.astype(float) ** 3).mean(0))),
}


@pytest.mark.parametrize("form", ["compiled", "plain"])
@pytest.mark.parametrize("case", CASES)
def test_pools_each_text(case, form):
    kernel, given, expected = CASES[case]
    out = np.zeros((4, 5), "float32")
    (kernel if form == "compiled" else kernel.py_func)(MATRIX, IDS, OFFSETS, *given, out)
    for i, (begin, end) in enumerate(itertools.pairwise(OFFSETS)):
        rows = MATRIX[IDS[begin:end]]
        if len(rows):
            np.testing.assert_allclose(out[i], expected(rows, WEIGHTS[begin:end]), rtol=1e-5)
        else:
            assert not out[i].any()


@pytest.mark.parametrize(("kernel", "n"), [(sums, 200_000), (sums.py_func, 300)])
def test_many_rows_lose_nothing(kernel, n):
    """A float32 of 65,536 has no place left for a thousandth."""
    ids, matrix, out = np.arange(n) % 2, np.float32([[1.001], [0.5]]), np.zeros((3, 1), "float32")
    kernel(matrix, ids, np.array([0, 2, 2, n]), np.ones(n, "float32"), out)
    whole = float(matrix.astype(float).sum())
    np.testing.assert_allclose(out[:, 0], [whole, 0, whole * (n - 2) / 2], rtol=3e-6)


@pytest.mark.parametrize("kernel", [maxima, maxima.py_func, minima, minima.py_func])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_nan_is_not_lost_in_a_maximum(kernel, place):
    matrix = np.arange(3, dtype="float32").reshape(3, 1)
    matrix[place] = np.nan
    best = np.zeros((1, 1), "float32")
    kernel(matrix, np.arange(3), np.array([0, 3]), best)
    assert np.isnan(best[0, 0])


@pytest.mark.parametrize("kernel", [without, without.py_func])
def test_directions_are_taken_away(kernel):
    u = np.linalg.qr(RNG.normal(size=(5, 2)))[0].T.astype("float32")
    vectors = MATRIX.copy()
    kernel(vectors, np.ascontiguousarray(u))
    np.testing.assert_allclose(vectors, MATRIX - MATRIX @ u.T @ u, atol=1e-6)
    assert abs(vectors @ u.T).max() < 1e-6
