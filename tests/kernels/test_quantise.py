import numpy as np
import pytest
from numba import njit

from inlay.kernels import quantise, tiles


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


@both(quantise.quantise_rows)
def test_what_is_no_number_is_not_hidden(run):
    left = np.array([[1, -np.nan, 2], [1, np.inf, 2]], np.float32)
    out, scales = np.empty((2, 3), np.uint8), np.empty(2, np.float32)
    with np.errstate(invalid="ignore"):
        run(left, out, scales)
    assert np.isnan(scales[0])
    assert scales[1] == np.inf


@both(quantise.scale_sums)
def test_scaled(run):
    whole, out = np.array([[10, -20], [3, 4]], np.int32), np.empty((2, 2), np.float32)
    rows, columns = np.array([0.5, 2], np.float32), np.array([1, 0.1], np.float32)
    run(whole, rows, columns, np.array([[1, 2]], np.float32), out)
    np.testing.assert_allclose(out, [[6, 1], [7, 2.8]], rtol=1e-6)
    run(whole, rows, columns, out, out)
    np.testing.assert_allclose(out, [[11, 0], [13, 3.6]], rtol=1e-6)


@both(quantise.product)
@pytest.mark.parametrize(
    ("rows", "shape"), [(0, (4, 3)), (1, (1, 1)), (7, (13, 33)), (300, (8, 40))]
)
def test_product_is_that_of_the_whole_numbers(run, rows, shape):
    rng = np.random.default_rng(0)
    matrix, left = rng.normal(size=shape), rng.normal(size=(rows, shape[0])).astype(np.float32)
    right, columns = quantise.quantise_columns(matrix, 127)
    whole, scales = np.empty(left.shape, np.uint8), np.empty(rows, np.float32)
    quantise.quantise_rows(left, whole, scales)
    sums = (whole.astype(int) - 128) @ right.astype(int)
    bias, out = rng.normal(size=(1, shape[1])).astype(np.float32), np.empty((rows, shape[1]), "f4")
    run(left, *quantise.pack(matrix), bias, out)
    np.testing.assert_allclose(out, bias + sums * scales[:, None] * columns, rtol=1e-5, atol=1e-5)
    start = rng.normal(size=out.shape).astype(np.float32)
    run(left, *quantise.pack(matrix), start, out)
    np.testing.assert_allclose(out, start + sums * scales[:, None] * columns, rtol=1e-5, atol=1e-5)


def tile_of_dots(left, packed, out):
    one = (tiles.ONE, tiles.ONE)
    tiles._tile(one, 1, 2, (left, 0, 0), (packed, 0, 0, 0), (out, 0, 0, 1), (out, 0, 0))


@pytest.mark.parametrize("lacks", [(), ("avx512vnni",), ("avx512vnni", "avxvnni")])
def test_dots_with_and_without_the_instruction(monkeypatch, lacks):
    has = tiles.processor_has
    monkeypatch.setattr(tiles, "processor_has", lambda name: name not in lacks and has(name))
    left = np.array([[255, 255, 255, 255, 1, 0, 128, 7]], np.uint8)
    matrix = np.full((8, 16), 127, np.int8)
    matrix[:, 5] = -128
    matrix[:, 6] = np.arange(-4, 4)
    packed = np.ascontiguousarray(matrix.reshape(1, 2, 4, 16).swapaxes(2, 3)).view(np.int32)[..., 0]
    out = np.full((1, 16), 1000, np.int32)
    njit(tile_of_dots)(left.view(np.int32), packed, out)
    assert out.tolist() == (1000 + left.astype(int) @ matrix).tolist()
