import numpy as np
import pytest

from inlay.kernels import neighbours

K = 3
BEGIN = np.array([0, 0, 0, 3, 4, 4])
END = np.array([3, 3, 3, 4, 6, 6])
TEXT = np.array([0, 0, 0, 1, 2, 2])


@pytest.fixture(params=["compiled", "python"])
def kernel(request):
    def of(name):
        found = getattr(neighbours, name)
        return found if request.param == "compiled" else found.py_func

    return of


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def plain_windows(rows, k):
    """(6, k, size): k neighbours in the text of each place, zeros beyond it."""
    found = np.zeros((6, k, rows.shape[1]))
    for t in range(6):
        for j in range(k):
            s = t + j - (k - 1) // 2
            if BEGIN[t] <= s < END[t]:
                found[t, j] = rows[s]
    return found


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_windows(kernel, k):
    rows, out = drawn(6, 4), np.full((3, k * 4), 9, np.float32)
    kernel("windows")(rows[1:], BEGIN, END, k, 3, 1, out)
    np.testing.assert_array_equal(out.reshape(3, k, 4), plain_windows(rows, k)[3:])


def test_a_convolution_of_known_products(kernel):
    which = np.array([0, 2, 1, 1, 0, 2])
    products, rows, bias = drawn(3, K * 4), drawn(3, 4, seed=1), drawn(4, seed=2)
    out = np.empty((5, 4), np.float32)
    kernel("convolve_known")(products, rows, bias, which, BEGIN, END, K, 1, out)
    around = plain_windows(np.arange(1, 7)[:, None], K)[..., 0].astype(int)
    for t in range(1, 6):
        places = [(j, which[s - 1]) for j, s in enumerate(around[t]) if s]
        added = bias + sum(products[piece, 4 * j : 4 * j + 4] for j, piece in places)
        np.testing.assert_allclose(out[t - 1], np.maximum(added, 0) + rows[which[t]], atol=1e-6)


def test_parts_are_normalised_together(kernel):
    rows, gain, bias = drawn(3, 8), drawn(8, seed=1), drawn(8, seed=2)
    out = np.empty((2, 3, 4), np.float32)
    kernel("normalise_parts")(rows, gain, bias, np.float32(0.1), out)
    away = rows - rows.mean(1, keepdims=True)
    expected = away / np.sqrt(np.square(away).mean(1, keepdims=True) + 0.1) * gain + bias
    np.testing.assert_allclose(np.concatenate(out, axis=1), expected, atol=1e-5)


def test_sums_of_what_is_normalised(kernel):
    which = np.array([0, 2, 1, 1, 0, 2])
    pieces, before, convolved = drawn(3, 5), drawn(2, 6, 4, seed=1), drawn(2, 6, 4, seed=2)
    every = np.concatenate(
        [pieces[which], *(np.maximum(convolved[p], 0) + before[p] for p in range(2))], axis=1
    )
    away = every - every.mean(1, keepdims=True)
    normed = away / np.sqrt(np.square(away).mean(1, keepdims=True) + 0.1)
    out, total = np.full((3, 13), 9, np.float32), np.zeros(13)
    for first, last in ((0, 2), (2, 6)):  # the first text goes on with the second call
        some = convolved[:, first:last].copy()
        kernel("add_normalised")(
            pieces, which, some, before, first, END, TEXT, first, np.float32(0.1), total, out
        )
        if not first:
            np.testing.assert_allclose(total, normed[:2].sum(0), atol=1e-5)
    np.testing.assert_allclose(out, [normed[text == TEXT].sum(0) for text in range(3)], atol=1e-5)
    assert not total.any()
