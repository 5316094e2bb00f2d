import numpy as np
import pytest

from inlay.kernels.halves import half_width, pack_rows

BOTH = pytest.mark.parametrize("run", [pack_rows, pack_rows.py_func], ids=["compiled", "plain"])


def packed(run, rows):
    """Rows in halves, as floats."""
    half = np.int64(half_width(rows.shape[1]))
    into = np.zeros(len(rows) * half, np.uint32)
    run(rows.view(np.uint32), into, half)
    return into.view(np.float32).reshape(len(rows), half)


def unpacked(words, dim):
    """What the kernels make of them."""
    lower = (words.view(np.uint32) << 16).view(np.float32)
    return np.hstack([words, lower])[:, :dim]


def test_rows_are_whole_cache_lines():
    assert [half_width(dim) for dim in (1, 32, 33, 100, 300)] == [16, 16, 32, 64, 160]


@BOTH
@pytest.mark.parametrize("dim", [1, 16, 17, 32, 40])
def test_numbers_are_as_near_as_eight_bits_can_be(run, dim):
    rng = np.random.default_rng(dim)
    rows = (rng.normal(size=(40, dim)) * 10.0 ** rng.integers(-9, 9, (40, dim))).astype(np.float32)
    words = packed(run, rows)
    off = np.abs(unpacked(words, dim) - rows) / np.abs(rows)
    assert 2**-10 < off.max() <= 2**-8
    assert not unpacked(words, 2 * words.shape[1])[:, dim:].any() or dim < words.shape[1]


@BOTH
def test_what_stands_below_a_number_pulls_it_to_no_side(run):
    """Else what is in the lower bits would make all numbers larger."""
    rows = np.random.default_rng(0).uniform(1, 2, size=(400, 32)).astype(np.float32)
    off = unpacked(packed(run, rows), 32) - rows
    assert np.abs(off.mean(axis=0).reshape(2, 16).mean(axis=1)).max() < 1e-4


@BOTH
def test_zeros_and_what_is_no_number(run):
    rows = np.zeros((1, 32), np.float32)
    rows[0, :6] = 0, -0.0, np.nan, np.inf, -np.inf, 1e-44
    rows[0, 16:] = np.where(np.arange(16) % 2, -1.9, 1.9)
    found = unpacked(packed(run, rows), 32)[0]
    assert np.isnan(found[2:5]).all()  # infinity is not told from NaN
    assert np.abs(found[[0, 1, 5, 6]]).max() < 1e-38
    np.testing.assert_allclose(found[16:], rows[0, 16:], rtol=2**-8)
    swapped = unpacked(packed(run, np.roll(rows, 16, axis=1)), 32)[0]
    assert np.isnan(swapped[18:21]).all()
    assert not swapped[16:18].any()
