import numpy as np
import pytest

from inlay.kernels.rows import aligned_zeros, row_width, scatter


def test_rows_begin_at_chance_and_their_padding_is_zero():
    n, dim = 20_001, 5
    flat = aligned_zeros(n * row_width(dim))
    rows = flat.reshape(n, -1)
    scatter(rows[:, :dim], 0.5, np.random.default_rng(3))
    assert not rows[:, dim:].any()
    # As all at once, whatever the blocks: a generator gives the same numbers.
    wanted = (np.random.default_rng(3).random((n, dim), np.float32) - np.float32(0.5)) / dim
    np.testing.assert_array_equal(rows[:, :dim], wanted)
    assert np.abs(wanted).max() == pytest.approx(0.1, rel=1e-3)


def test_rows_of_twice_the_size_are_twice_as_large():
    small, large = np.empty((7, 12), np.float32), np.empty((7, 12), np.float32)
    scatter(small, 0.5, np.random.default_rng(1))
    scatter(large, 1.0, np.random.default_rng(1))
    np.testing.assert_array_equal(large, 2 * small)
