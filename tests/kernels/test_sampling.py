import numpy as np
import pytest

from inlay.kernels import sampling

ALL = 2**32 - 1

# The generator wraps around; plain numpy says so.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered")


def both(kernel):
    return pytest.mark.parametrize("run", [kernel, kernel.py_func], ids=["compiled", "plain"])


@pytest.mark.parametrize(
    "weights",
    [np.arange(1, 50.0), 1 / np.arange(1.0, 999), np.ones(5), np.ones(1), np.array([0, 1, 0.0])],
    ids=["rising", "zipf", "even", "one", "zeros"],
)
def test_alias_table_holds_the_distribution(weights):
    noise = sampling.make_noise(weights)
    share = (noise.accept + 1.0) / 2**32
    total = np.zeros(weights.size)
    np.add.at(total, np.arange(weights.size), share)
    np.add.at(total, noise.alias, 1 - share)
    np.testing.assert_allclose(total / weights.size, weights / weights.sum(), atol=1e-9)


@both(sampling.draw_noise)
def test_noise_follows_the_weights(run):
    weights = np.array([5.0, 1, 3, 1])
    n = 20_000 if run is sampling.draw_noise else 3_000
    words = np.zeros(n, np.int32)
    run(*sampling.make_noise(weights), np.uint64(1), words, 0, n)
    share = np.bincount(words, minlength=4) / n
    np.testing.assert_allclose(share, weights / 10, atol=5 / np.sqrt(n) * 0.5)


@both(sampling.subsample)
def test_subsampling_keeps_each_word_at_its_rate(run):
    n = 30_000 if run is sampling.subsample else 6_000
    ids = np.tile(np.array([0, 1, 2, -1], np.int32), n // 3)
    keep = np.array([ALL, 2**30, 0], np.uint32)
    words, left, right = (np.zeros(ids.size + sampling.PAD, np.int32) for _ in range(3))
    kept, _ = run(ids, keep, np.uint64(5), words, left, right)
    counts = np.bincount(words[:kept], minlength=3)
    assert counts[0] == n // 3
    assert counts[1] == pytest.approx(n / 12, rel=0.1)
    assert counts[2] == 0
    # Sentences stay apart: each begins with word 0.
    starts = np.flatnonzero(words[:kept] == 0)
    np.testing.assert_array_equal(np.unique(left[:kept]), starts)
    np.testing.assert_array_equal(right[starts], np.append(starts[1:], kept))
