import numpy as np
import pytest
from fuzz.fasttext import WORDS, grams, hashed

from inlay.core.tokens import pack
from inlay.kernels import subword_rows as sr

MANY = [*WORDS, "가나다", "中文", "😀😀", "films", "aaaaaaaa"]


def both(kernel):
    return pytest.mark.parametrize("run", [kernel, kernel.py_func], ids=["compiled", "plain"])


def listed(run, words, settings, n_own):
    blob, offsets = pack(words)
    starts = np.empty(len(words) + 1, np.int64)
    run(blob, offsets, settings, n_own, starts, np.empty(0, np.int32))
    buckets = np.full(starts[-1], 7, np.int32)
    run(blob, offsets, settings, n_own, starts, buckets)
    return starts, buckets


@both(sr.find_buckets)
@pytest.mark.parametrize("n_own", [0, 1])
@pytest.mark.parametrize(("min_n", "max_n"), [(3, 6), (1, 2), (0, 0)])
def test_buckets_are_those_of_the_official_program(run, min_n, max_n, n_own):
    starts, buckets = listed(run, MANY, (min_n, max_n, 1000), n_own)
    for i, word in enumerate(MANY):
        found = grams(word.encode(), min_n, max_n) if word != "</s>" and max_n else []
        wanted = [-1] * n_own + [hashed(gram) % 1000 for gram in found]
        assert buckets[starts[i] : starts[i + 1]].tolist() == wanted


@both(sr.number_rows)
def test_rows_are_numbered_as_they_are_first_needed(run):
    starts = np.array([0, 3, 4, 8])
    rows, places = np.array([-1, 9, 4, -1, -1, 4, 9, 0], np.int32), np.full(10, -1, np.int32)
    assert run(starts, rows, places) == 6
    assert rows.tolist() == [0, 1, 2, 3, 4, 2, 1, 5]
    assert {i: int(row) for i, row in enumerate(places) if row >= 0} == {9: 1, 4: 2, 0: 5}


@both(sr.order_rows)
def test_rows_are_put_into_another_order(run):
    to = np.random.default_rng(2).permutation(50).astype(np.int32)
    before = np.arange(150, dtype=np.float32)
    after = before.copy()
    run(after, 3, to.copy())
    np.testing.assert_array_equal(after.reshape(50, 3)[to], before.reshape(50, 3))
