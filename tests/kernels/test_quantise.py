import numpy as np
import pytest

from inlay.kernels import quantise


def both(kernel):
    return pytest.mark.parametrize("run", [kernel, kernel.py_func], ids=["compiled", "plain"])


@both(quantise.quantise_rows)
def test_rows(run):
    left = np.array([[0, 0, 0], [-2, 1, 2], [1e-3, -1e-3, 0]], np.float32)
    out, scales = np.empty((3, 3), np.uint8), np.empty(3, np.float32)
    run(left, out, scales)
    assert out.tolist() == [[128] * 3, [1, 192, 255], [255, 1, 128]]
    np.testing.assert_allclose(scales, [0, 2 / 127, 1e-3 / 127], rtol=1e-6)


def test_columns():
    matrix = np.array([[0, 1, -4], [0, -0.6, 1]], np.float32)
    whole, scales = quantise.quantise_columns(matrix)
    assert whole.tolist() == [[0, 63, -63], [0, -38, 16]]
    np.testing.assert_allclose(scales, [0, 1 / 63, 4 / 63], rtol=1e-6)


@both(quantise.add_scaled)
def test_scaled(run):
    whole = np.array([[10, -20], [3, 4]], np.int32)
    out = np.ones((2, 2), np.float32)
    run(whole, np.array([0.5, 2], np.float32), np.array([1, 0.1], np.float32), out)
    np.testing.assert_allclose(out, [[6, 0], [7, 1.8]], rtol=1e-6)
