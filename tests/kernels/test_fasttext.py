import struct

import numpy as np
import pytest

from inlay.kernels.fasttext import scan_entries

KERNELS = [
    pytest.param(scan_entries, id="compiled"),
    pytest.param(scan_entries.py_func, id="plain"),
]
ENTRIES = [(b"film", 7, 0), (b"", 2**40, 0), (b"\xff a\n", 0, 0), (b"__label__x", 2**63 - 1, 1)]
BYTES = b"".join(w + b"\0" + struct.pack("<qb", count, kind) for w, count, kind in ENTRIES)


def scanned(kernel, data, start, n):
    bounds, counts = np.zeros((n, 2), np.int64), np.zeros(n, np.int64)
    kinds = np.zeros(n, np.uint8)
    taken, end = kernel(np.frombuffer(data, np.uint8), start, bounds, counts, kinds)
    words = [data[a:b] for a, b in bounds[:taken].tolist()]
    return list(zip(words, counts.tolist(), kinds.tolist(), strict=False)), taken, end


@pytest.mark.parametrize("kernel", KERNELS)
def test_entries(kernel):
    found, n, end = scanned(kernel, b"##" + BYTES + b"more", 2, 4)
    assert (found, n, end) == (ENTRIES, 4, 2 + len(BYTES))
    assert scanned(kernel, BYTES, 0, 0) == ([], 0, 0)


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_dictionary_that_is_cut(kernel):
    for end in range(len(BYTES)):
        found, n, at = scanned(kernel, BYTES[:end], 0, 4)
        assert n < 4
        assert found == ENTRIES[:n]
        assert at == sum(len(word) + 10 for word, _, _ in ENTRIES[:n])


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_count_below_zero_is_seen(kernel):
    data = b"a\0" + struct.pack("<qb", -3, 0)
    assert scanned(kernel, data, 0, 1)[0] == [(b"a", -3, 0)]
