import os
import subprocess
import sys

import numpy as np
import pytest
from numba import njit

from inlay.kernels import panels, tiles

SIZES = {"low": tiles.LOW, "high": tiles.HIGH}
RUNS = [(panels.in_tiles, sizes) for sizes in SIZES.values()]
RUNS += [(panels.in_tiles.py_func, sizes) for sizes in SIZES.values()]
NAMES = [f"{way}-{name}" for way in ("compiled", "plain") for name in SIZES]
both = pytest.mark.parametrize(("run", "sizes"), RUNS, ids=NAMES)


@njit
def one_tile(left, packed, first, out):
    begin, into = (first, 0, 2, 0), (out, 1, 4)
    tiles.tile(tiles.HIGH, 3, 4, (left, 1, 2), (packed, 1, 3, 7), begin, into)


@pytest.mark.parametrize("run", [one_tile, one_tile.py_func], ids=["compiled", "plain"])
def test_tile_is_what_it_says(run):
    rng = np.random.default_rng(0)
    left = rng.normal(size=(5, 9)).astype(np.float32)
    matrix = rng.normal(size=(7, 48)).astype(np.float32)
    first = rng.normal(size=(1, 40)).astype(np.float32)
    out = np.ones((5, 50), np.float32)
    run(left, panels.pack(matrix), first, out)
    expected = np.ones((5, 50))
    expected[1:4, 4:36] = first[0, 2:34] + left[1:4, 2:6] @ matrix[3:7, 16:]
    np.testing.assert_allclose(out, expected, rtol=1e-5, atol=1e-5)


@both
@pytest.mark.parametrize("rows", [0, 1, 5, 6, 7, 10, 11, 150])
@pytest.mark.parametrize("shape", [(1, 1), (3, 32), (13, 33), (600, 56)])
def test_product(run, sizes, rows, shape):
    rng = np.random.default_rng(rows)
    left = rng.normal(size=(rows, shape[0])).astype(np.float32)
    matrix = rng.normal(size=shape).astype(np.float32)
    packed, right = panels.pack(matrix), left.astype(float) @ matrix
    out = np.full((rows, shape[1]), 2, np.float32)
    run(sizes, left, packed, out, out)
    np.testing.assert_allclose(out, 2 + right, rtol=1e-4, atol=1e-4)
    bias = rng.normal(size=(1, shape[1])).astype(np.float32)
    run(sizes, left, packed, bias, out)
    np.testing.assert_allclose(out, bias + right, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES)
def test_a_row_is_the_same_among_others(sizes):
    rng = np.random.default_rng(0)
    left = rng.normal(size=(200, 700)).astype(np.float32)
    packed = panels.pack(rng.normal(size=(700, 56)))
    whole = np.zeros((200, 56), np.float32)
    panels.in_tiles(sizes, left, packed, whole, whole)
    for n in range(1, 22):
        some = np.zeros((n, 56), np.float32)
        panels.in_tiles(sizes, left[70 : 70 + n], packed, some, some)
        np.testing.assert_array_equal(some, whole[70 : 70 + n])


def test_tiles_of_each_size_give_the_same():
    rng = np.random.default_rng(0)
    left, packed = rng.normal(size=(33, 90)).astype("f4"), panels.pack(rng.normal(size=(90, 80)))
    low, high, own = np.zeros((3, 33, 80), np.float32)
    panels.in_tiles(tiles.LOW, left, packed, low, low)
    panels.in_tiles(tiles.HIGH, left, packed, high, high)
    panels.product(left, packed, own, own)
    np.testing.assert_array_equal(low, high)
    np.testing.assert_array_equal(low, own)


def test_some_panels_of_rows_that_lie_anywhere():
    rng = np.random.default_rng(0)
    left, matrix = rng.normal(size=(30, 20)).astype("f4"), rng.normal(size=(8, 80))
    bias, packed = rng.normal(size=(1, 80)).astype("f4"), panels.pack(matrix)
    expected = bias[:, 16:64] + left[4:27, 5:13] @ matrix[:, 16:64]
    for run in (panels.some_panels, panels.some_panels.py_func):
        out = np.empty((23, 48), np.float32)
        run(left, (4, 5), 23, packed, (1, 4), bias, out)
        np.testing.assert_allclose(out, expected, atol=1e-5)


@pytest.mark.parametrize(("features", "sizes"), [("+avx2,+fma", "LOW"), ("+avx512f", "HIGH")])
def test_tiles_are_those_of_the_processor(features, sizes):
    # Only asked for, and nothing compiled: this processor need not have them.
    program = f"from inlay.kernels import tiles; print(tiles.SIZES is tiles.{sizes})"
    environment = os.environ | {"NUMBA_CPU_FEATURES": features}
    command = [sys.executable, "-c", program]
    assert subprocess.check_output(command, env=environment, text=True).strip() == "True"


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
    panels.product(left, packed, expected, expected)
    memory = np.zeros(packed.size + 1, np.float32)
    moved = memory[1:].reshape(packed.shape)
    moved[:] = packed
    assert moved.ctypes.data % 64
    panels.product(left, moved, out, out)
    np.testing.assert_array_equal(out, expected)
