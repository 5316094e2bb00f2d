import numpy as np
import pytest
from numba import njit

from inlay.kernels import lanes


@njit
def all_compiled(a, out):
    x, y = lanes.load(a, 3), lanes.load(a, 11)
    lanes.prefetch(a, 3)
    lanes.store(out, 0, lanes.fma(x, y, lanes.splat(a[0])))
    lanes.store_sums(x, y, lanes.zeros(), lanes.splat(a[1]), out, 8)
    lanes.store(out, 16, lanes.greater(x, y))
    lanes.store(out, 28, lanes.smaller(x, y))
    lanes.store(out, 36, lanes.over_root(x, lanes.fma(y, y, lanes.splat(a[2] * a[2]))))
    out[44] = lanes.total(x)


@pytest.mark.parametrize("run", [all_compiled, all_compiled.py_func], ids=["compiled", "plain"])
def test_lanes_are_what_they_say(run):
    a = np.random.default_rng(0).normal(size=20).astype(np.float32)
    out = np.full(46, 7, np.float32)
    run(a, out)
    np.testing.assert_allclose(out[:8], a[3:11] * a[11:19] + a[0], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(
        out[8:12], [a[3:11].sum(), a[11:19].sum(), 0, 8 * a[1]], rtol=1e-5, atol=1e-6
    )
    assert out[12:16].tolist() == out[24:28].tolist() == [7] * 4
    assert out[45] == 7
    np.testing.assert_array_equal(out[16:24], np.maximum(a[3:11], a[11:19]))
    np.testing.assert_array_equal(out[28:36], np.minimum(a[3:11], a[11:19]))
    np.testing.assert_allclose(out[36:44], a[3:11] / np.sqrt(a[11:19] ** 2 + a[2] ** 2), rtol=1e-6)
    assert out[44] == pytest.approx(a[3:11].sum(), rel=1e-5, abs=1e-6)


def test_nan_and_infinity_stay_visible():
    a = np.zeros(20, np.float32)
    a[1], a[3], a[4], a[12] = 0, np.nan, np.inf, 2
    out = np.zeros(46, np.float32)
    all_compiled(a, out)
    assert np.isnan(out[0])
    assert out[1] == np.inf
    assert np.isnan(out[8])
    assert out[16:18].tolist() == [0, np.inf]  # NaN is not greater
    assert out[28:30].tolist() == [0, 2]  # nor smaller
    assert np.isnan(out[36])
    assert np.isnan(out[44])
