import numpy as np
import pytest

from inlay.kernels import apart
from inlay.kernels.sampling import make_noise

ROW = 16


@pytest.fixture(params=["compiled", "plain"])
def kernel(request):
    if request.param == "compiled":
        return lambda name: getattr(apart, name)
    return lambda name: getattr(apart, name).py_func


def test_a_piece_has_numbers_of_its_own_and_noise_as_it_is_distributed(kernel):
    ids = np.array([7, 3, -1, 7, 9, -1, 3], np.int32)
    chance = np.array([0, 0, 1, 0, 0, 0, 3, 0, 0, 4.0])
    number, words = np.full(10, -1, np.int32), np.empty(9, np.int32)
    pool, rows = np.empty(4000, np.int32), np.empty(4007, np.int32)
    noise = make_noise(chance)
    own, n = kernel("localise")(ids, *noise, np.uint64(5), number, words, pool, rows)
    assert (own, n) == (3, 5)
    assert words[:7].tolist() == [0, 1, -1, 0, 2, -1, 1]
    assert rows[:3].tolist() == [7, 3, 9]
    assert sorted(rows[3:5]) == [2, 6]
    assert (number == -1).all()
    shares = np.bincount(rows[pool], minlength=10) / pool.size
    np.testing.assert_allclose(shares, chance / 8, atol=0.03)
    again = pool.copy()
    kernel("localise")(ids, *noise, np.uint64(5), number, words, pool, rows)
    np.testing.assert_array_equal(pool, again)


def test_a_piece_has_paths_of_its_own(kernel):
    starts = np.array([0, 2, 5, 6], np.int64)
    points, codes = np.array([8, 5, 8, 5, 2, 8], np.int32), np.array([0, 1, 1, 0, 1, 1], np.int8)
    rows, number, outs = np.array([1, 2], np.int32), np.full(9, -1, np.int32), np.zeros(9, np.int32)
    own = np.zeros(9, np.int64), np.zeros(9, np.int32), np.zeros(9, np.int8)
    n = kernel("localise_paths")(starts, points, codes, rows, 2, number, outs, *own)
    assert (n, outs[:3].tolist()) == (3, [8, 5, 2])
    assert own[0][:3].tolist() == [0, 3, 4]
    assert own[1][:4].tolist() == [0, 1, 2, 0]
    assert own[2][:4].tolist() == [1, 0, 1, 1]
    assert (number == -1).all()


def test_copies_differences_and_sums(kernel):
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(8, ROW)).astype(np.float32)
    before, rows = matrix.copy(), np.array([6, 0, 3, 7], np.int32)
    own = np.zeros((4, ROW), np.float32)
    kernel("gather")(matrix.reshape(-1), rows, 3, ROW, own.reshape(-1))
    np.testing.assert_array_equal(own, np.vstack([before[[6, 0, 3]], np.zeros((1, ROW))]))
    change = rng.normal(size=(3, ROW)).astype(np.float32)
    own[:3] += change
    kernel("differences")(matrix.reshape(-1), rows, 3, ROW, own.reshape(-1))
    np.testing.assert_allclose(own[:3], change, atol=1e-6)
    factors = np.array([0.5, 9, 9, 1, 9, 9, 0, 9], np.float32)
    own[0] = np.nan  # whose factor is 0
    for part, changed in ((1, [3]), (0, [0, 3])):
        kernel("add")(own.reshape(-1), rows, 3, ROW, factors, part, 2, matrix.reshape(-1))
        expected = before.copy()
        for row in changed:
            expected[row] += factors[row] * own[[6, 0, 3].index(row)]
        np.testing.assert_allclose(matrix, expected, atol=1e-6)
        np.testing.assert_array_equal(matrix[6], before[6])


def test_each_word_that_is_read_pulls_its_row(kernel):
    anchors = np.arange(5 * ROW, dtype=np.float32)
    own, rows = np.zeros(2 * ROW, np.float32), np.array([4, 2], np.int32)
    factor = np.array([0, 0, 0, 0, 0.5], np.float32)
    words = np.array([0, 1, -1, 0, 0], np.int32)
    kernel("pull")(words, 4, anchors, rows, factor, ROW, own)
    np.testing.assert_allclose(own[:ROW], 0.75 * anchors[4 * ROW :])
    assert (own[ROW:] == 0).all()
