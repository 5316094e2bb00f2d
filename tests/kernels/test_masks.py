import numpy as np
import pytest
from numba import njit

from inlay.kernels.masks import WIDTH, equal64, lowest, within64


@njit
def compiled(array, at, byte):
    mask = equal64(array, np.uint64(at), np.uint8(byte))
    return mask, lowest(mask)


@pytest.mark.parametrize("run", [compiled, compiled.py_func], ids=["compiled", "plain"])
@pytest.mark.parametrize("places", [[], [0], [63], [5, 6, 40], range(64)])
def test_a_bit_for_each_byte_that_is_the_one(run, places):
    array = np.arange(100, dtype=np.uint8)
    array[:7], array[7 + WIDTH :] = 200, 200  # what stands before and behind does not show
    array[[7 + place for place in places]] = 200
    mask, first = run(array, 7, 200)
    assert int(mask) == sum(1 << place for place in places)
    assert int(first) == min(places, default=WIDTH)


@njit
def within(array, at, low, high):
    return within64(array, np.uint64(at), np.uint8(low), np.uint8(high))


@pytest.mark.parametrize("run", [within, within.py_func], ids=["compiled", "plain"])
@pytest.mark.parametrize(("low", "high"), [(9, 13), (0, 0), (200, 255), (0, 255), (63, 64)])
def test_a_bit_for_each_byte_that_is_between(run, low, high):
    array = np.random.default_rng(0).permutation(256).astype(np.uint8)
    for at in (0, 5, 64, 192):
        inside = [low <= byte <= high for byte in array[at : at + WIDTH].tolist()]
        assert int(run(array, at, low, high)) == sum(1 << i for i, x in enumerate(inside) if x)
