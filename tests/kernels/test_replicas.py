import numpy as np
import pytest

from inlay.kernels.replicas import give, renumber, take


@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "plain"])
def test_what_two_threads_changed_is_added_up(compiled):
    taken, given = (take, give) if compiled else (take.py_func, give.py_func)
    rng = np.random.default_rng(0)
    rows, n, hot = 3, 8, 4  # floats of a row, rows of the model, of which the last are copied
    matrix = rng.normal(size=(n + 2 * hot, rows)).astype(np.float32)
    begun, flat, there = matrix.copy(), matrix.reshape(-1), np.int64((n - hot) * rows)
    before = [np.zeros(hot * rows, np.float32) for _ in range(2)]
    for thread in range(2):
        taken(flat, there, np.int64((thread + 1) * hot * rows), before[thread])
    np.testing.assert_array_equal(matrix[n:], np.tile(begun[n - hot : n], (2, 1)))
    np.testing.assert_array_equal(before[0], begun[n - hot : n].reshape(-1))
    changes = rng.normal(size=(2, hot, rows)).astype(np.float32)
    matrix[n:] += changes.reshape(2 * hot, rows)
    factors = np.array([1, 0.5, 0, 2], np.float32)
    for thread in range(2):
        by = np.int64((thread + 1) * hot * rows)
        given(flat, there, by, before[thread], factors, np.int64(rows))
    expected = begun[n - hot : n] + factors[:, None] * changes.sum(0)
    np.testing.assert_allclose(matrix[n - hot : n], expected, atol=1e-6)
    np.testing.assert_array_equal(matrix[: n - hot], begun[: n - hot])


@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "plain"])
def test_numbers_of_copies_and_of_all_others(compiled):
    ids = np.array([0, 3, 4, -1, 9, 1], np.int32)
    into = np.full(7, 5, np.int32)
    call = renumber if compiled else renumber.py_func
    call(ids, 1, 3, 20, into)
    assert into.tolist() == [0, 23, 4, -1, 9, 21, 5]
    call(ids, 1, 3, 20, ids)
    assert ids.tolist() == into[:6].tolist()
