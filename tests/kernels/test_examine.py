import numpy as np
import pytest

from inlay.kernels import examine


@pytest.mark.parametrize(
    "kernel",
    [
        pytest.param(examine.examine_rows, id="compiled"),
        pytest.param(examine.examine_rows.py_func, id="plain"),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.filterwarnings("ignore:overflow encountered")  # plain numpy says that it wraps
def test_rows_are_told_apart(kernel, dtype):
    matrix = np.random.default_rng(0).standard_normal((7, 5)).astype(dtype)
    matrix[2] = matrix[0]
    matrix[3, 4] = np.inf
    matrix[4, :2] = np.inf, np.nan
    matrix[5] = 0
    matrix[6] = matrix[0]
    matrix[6, 4] = np.nextafter(matrix[6, 4], dtype(9))  # the last bit alone
    kinds, lengths, hashes = np.empty(7, np.uint8), np.empty(7), np.empty(7, np.uint64)
    kernel(matrix, matrix.view(np.uint32), kinds, lengths, hashes)
    assert kinds.tolist() == [0, 0, 0, examine.INFINITE, examine.NAN, 0, 0]
    finite = [0, 1, 2, 5, 6]
    expected = np.linalg.norm(matrix[finite].astype(np.float64), axis=1)
    np.testing.assert_allclose(lengths[finite], expected, rtol=1e-12)
    assert hashes[0] == hashes[2]
    assert len(set(hashes.tolist())) == 6


@pytest.mark.filterwarnings("ignore:overflow encountered")
def test_numbers_whose_squares_are_beyond_float64_are_finite():
    matrix = np.full((1, 3), 1e200)
    kinds, lengths, hashes = np.empty(1, np.uint8), np.empty(1), np.empty(1, np.uint64)
    examine.examine_rows(matrix, matrix.view(np.uint32), kinds, lengths, hashes)
    assert (kinds.tolist(), lengths.tolist()) == ([examine.FINITE], [np.inf])


def compiled_and_plain(kernel):
    names = {"compiled": kernel, "plain": kernel.py_func}
    return pytest.mark.parametrize("kernel", names.values(), ids=names)


@compiled_and_plain(examine.first_of_hash)
@pytest.mark.filterwarnings("ignore:overflow encountered")
@pytest.mark.parametrize("slots", [8, 64])
def test_the_first_wanted_row_of_each_hash(kernel, slots):
    hashes = np.array([5, 2**63, 5, 2**63, 0, 5, 0], np.uint64)
    wanted = np.array([False, True, True, True, True, True, True])
    first, shift = np.empty(7, np.int64), np.uint64(65 - slots.bit_length())
    kernel(hashes, wanted, np.zeros(slots, np.uint32), shift, first)
    assert first.tolist() == [0, 1, 2, 1, 4, 2, 4]


@compiled_and_plain(examine.mark_tokens)
def test_the_classes_of_the_bytes_of_each_token(kernel):
    classes = np.zeros(256, np.uint8)
    classes[[ord("b"), ord("c"), 255]] = 1, 2, 4
    blob, marks = np.frombuffer(b"abcb\xffab", np.uint8), np.full(5, 99, np.uint8)
    kernel(blob, np.array([0, 1, 3, 3, 5, 7]), classes, marks)
    assert marks.tolist() == [0, 3, 0, 5, 1]
