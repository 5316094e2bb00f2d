import numpy as np
import pytest
from fuzz.fasttext import WORDS, grams, hashed

from inlay.core.tokens import pack
from inlay.kernels import subwords

KERNELS = [
    pytest.param(subwords.compose, id="compiled"),
    pytest.param(subwords.compose.py_func, id="plain"),
]
NONE = np.empty(0, np.int32)
DENSE = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
EMPTY = np.empty((0, 3), np.float32)
MANY = [*WORDS, "x" * 30, "가나다", "\u200d", "<>", "</s", "</s>a"]


def rows_of(dense):
    codes, numbers = np.empty((0, 0), np.uint8), np.empty(0, np.float32)
    return dense, codes, numbers, 0, codes.reshape(-1), numbers


def composed(kernel, words, first, settings, kept, rows, dim=3):
    blob, offsets = pack(words)
    out, parts = np.full((len(words), dim), 7, np.float32), np.empty(len(words), np.int32)
    kernel(blob, offsets, np.array(first, np.int64), settings, kept, rows, out, parts)
    return out, parts


def added(rows):
    total = np.zeros(rows.shape[1], np.float32)
    for row in rows:
        total += row
    return total * np.float32(1 / len(rows)) if len(rows) else total


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(("min_n", "max_n"), [(1, 1), (3, 6), (2, 2), (0, 40), (5, 4), (1, 0)])
def test_the_mean_of_the_rows_of_n_grams(kernel, min_n, max_n):
    words = [*MANY, "</s>"]
    settings = (min_n, max_n, 37, 0, 3)
    out, parts = composed(kernel, words, [-1] * len(words), settings, (NONE, NONE), rows_of(DENSE))
    for word, vector, n in zip(words, out, parts, strict=True):
        utf8 = word.encode()
        found = grams(utf8, min_n, max_n) if utf8 != b"</s>" else []
        rows = [3 + hashed(gram) % 37 for gram in found]
        assert n == len(rows)
        assert vector.tobytes() == added(DENSE[rows]).tobytes()


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_row_of_its_own_comes_first(kernel):
    settings = (3, 3, 37, 0, 3)
    words, first = ["film", "</s>", "a"], [2, 1, -1]
    out, parts = composed(kernel, words, first, settings, (NONE, NONE), rows_of(DENSE))
    rows = [2] + [3 + hashed(gram) % 37 for gram in grams(b"film", 3, 3)]
    assert parts.tolist() == [5, 1, 1]
    assert out[0].tobytes() == added(DENSE[rows]).tobytes()
    assert out[1].tobytes() == DENSE[1].tobytes()


@pytest.mark.parametrize("kernel", KERNELS)
def test_buckets_that_were_left_out(kernel):
    buckets = sorted({hashed(gram) % 1000 for gram in grams(b"film", 2, 4)})[::2]
    kept = np.array(buckets, np.int32), np.arange(len(buckets), dtype=np.int32)[::-1].copy()
    settings = (2, 4, 1000, 1, 0)
    out, parts = composed(kernel, ["film", "zzz"], [-1, -1], settings, kept, rows_of(DENSE))
    where = dict(zip(*(array.tolist() for array in kept), strict=True))
    found = [hashed(gram) % 1000 for gram in grams(b"film", 2, 4)]
    rows = [where[bucket] for bucket in found if bucket in where]
    assert (parts[0], parts[1]) == (len(rows), 0)
    assert out[0].tobytes() == added(DENSE[rows]).tobytes()
    assert not out[1].any()
    none = composed(kernel, ["film"], [-1], settings, (NONE, NONE), rows_of(DENSE))
    assert none[1].tolist() == [0]


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(("dim", "width"), [(5, 2), (4, 2), (3, 3), (5, 1), (7, 4)])
@pytest.mark.parametrize("has_norms", [True, False])
def test_coded_rows(kernel, dim, width, has_norms):
    rng = np.random.default_rng(dim)
    starts = list(range(0, dim, width))
    parts_of = [rng.normal(size=(256, min(width, dim - at))).astype(np.float32) for at in starts]
    codes = rng.integers(0, 256, (6, len(parts_of)), np.uint8)
    norms = rng.integers(0, 256, 6 * has_norms, np.uint8)
    scales = rng.normal(size=256 * has_norms).astype(np.float32)
    centroids = np.concatenate([part.reshape(-1) for part in parts_of])
    rows = (np.empty((0, dim), np.float32), codes, centroids, width, norms, scales)
    words = ["a", "b"]
    out, parts = composed(kernel, words, [5, 0], (0, 0, 1, 0, 0), (NONE, NONE), rows, dim)
    assert parts.tolist() == [1, 1]
    for row, vector in zip((5, 0), out, strict=True):
        expected = np.concatenate(
            [part[code] for part, code in zip(parts_of, codes[row], strict=True)]
        )
        if has_norms:
            expected *= scales[norms[row]]
        assert vector.tobytes() == expected.astype(np.float32).tobytes()
