import numpy as np
import pytest
from numba import njit

from inlay.kernels import panels


@njit
def one_tile(left, packed, out):
    panels.tile((0, 0, 0), left, 2, 9, packed, 3 * 16, 4, out, 1, 20, 7)


@pytest.mark.parametrize("run", [one_tile, one_tile.py_func], ids=["compiled", "plain"])
def test_tile_is_what_it_says(run):
    rng = np.random.default_rng(0)
    left = rng.normal(size=(3, 9)).astype(np.float32)
    matrix = rng.normal(size=(7, 16)).astype(np.float32)
    out = np.ones((3, 20), np.float32)
    run(left, panels.pack(matrix), out)
    expected = np.ones((3, 20))
    expected[:, 1:17] += left[:, 2:6] @ matrix[3:7]
    np.testing.assert_allclose(out, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("run", [panels.add_product, panels.add_product.py_func])
@pytest.mark.parametrize("rows", [0, 1, 5, 6, 7, 11, 100])
@pytest.mark.parametrize("shape", [(1, 1), (3, 16), (13, 17), (600, 40)])
def test_product(run, rows, shape):
    rng = np.random.default_rng(rows)
    left = rng.normal(size=(rows, shape[0])).astype(np.float32)
    matrix = rng.normal(size=shape).astype(np.float32)
    out = np.full((rows, shape[1]), 2, np.float32)
    run(left, panels.pack(matrix), out)
    expected = 2 + left.astype(float) @ matrix
    np.testing.assert_allclose(out, expected, rtol=1e-4, atol=1e-4)


def test_a_row_is_the_same_among_others():
    rng = np.random.default_rng(0)
    left = rng.normal(size=(200, 700)).astype(np.float32)
    packed = panels.pack(rng.normal(size=(700, 50)))
    whole = np.zeros((200, 50), np.float32)
    panels.add_product(left, packed, whole)
    for n in range(1, 14):
        some = np.zeros((n, 50), np.float32)
        panels.add_product(left[70 : 70 + n], packed, some)
        np.testing.assert_array_equal(some, whole[70 : 70 + n])


def test_packed_is_aligned_and_whole():
    matrix = np.random.default_rng(0).normal(size=(5, 20)).astype(np.float32)
    packed = panels.pack(matrix)
    assert packed.shape == (2, 5, 16)
    assert packed.ctypes.data % 64 == 0
    np.testing.assert_array_equal(packed.transpose(1, 0, 2).reshape(5, 32)[:, :20], matrix)
    assert not packed[1, :, 4:].any()


def test_a_copy_may_begin_anywhere():
    rng = np.random.default_rng(0)
    packed, left = panels.pack(rng.normal(size=(9, 16))), rng.normal(size=(6, 9)).astype("f4")
    expected, out = np.zeros((2, 6, 16), np.float32)
    panels.add_product(left, packed, expected)
    memory = np.zeros(packed.size + 1, np.float32)
    moved = memory[1:].reshape(packed.shape)
    moved[:] = packed
    assert moved.ctypes.data % 64
    panels.add_product(left, moved, out)
    np.testing.assert_array_equal(out, expected)
