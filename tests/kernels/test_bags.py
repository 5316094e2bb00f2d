import itertools

import numpy as np
import pytest

from inlay.kernels.bags import maxima, sums


@pytest.mark.parametrize("form", ["compiled", "plain"])
def test_pools_each_text(form):
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(9, 5)).astype("float32")
    ids, offsets = rng.integers(0, 9, 12), np.array([0, 3, 3, 11, 12])
    weights = rng.normal(size=12).astype("float32")
    total, best = np.zeros((2, 4, 5), "float32")
    for kernel, given in [(sums, (weights, total)), (maxima, (best,))]:
        (kernel if form == "compiled" else kernel.py_func)(matrix, ids, offsets, *given)
    for i, (begin, end) in enumerate(itertools.pairwise(offsets)):
        rows = matrix[ids[begin:end]]
        np.testing.assert_allclose(total[i], weights[begin:end] @ rows, rtol=1e-5)
        np.testing.assert_array_equal(best[i], rows.max(0) if len(rows) else 0)


@pytest.mark.parametrize("kernel", [maxima, maxima.py_func])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_nan_is_not_lost_in_a_maximum(kernel, place):
    matrix = np.arange(3, dtype="float32").reshape(3, 1)
    matrix[place] = np.nan
    best = np.zeros((1, 1), "float32")
    kernel(matrix, np.arange(3), np.array([0, 3]), best)
    assert np.isnan(best[0, 0])
