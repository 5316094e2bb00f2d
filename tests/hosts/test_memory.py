from pathlib import Path

import numpy as np
import pytest

from inlay.hosts.memory import ALIGNMENT, aligned_copy, can_share, untouched_zeros


def at(offset, dtype="float32"):
    """An array of 6 numbers that starts `offset` bytes behind a multiple of 64."""
    return aligned_copy(np.zeros(100), dtype)[offset // np.dtype(dtype).itemsize :][:6]


def test_memory_is_shared_by_its_dtype_and_where_it_starts():
    assert can_share(at(0), "float32")
    assert not can_share(at(0), "bfloat16")
    assert not can_share(at(0, "float64"), "float32")
    assert not can_share(at(16), "float32")
    assert can_share(at(16), "float32", aligned=False)


def test_memory_that_must_not_be_written_to_is_not_shared():
    array = at(0)
    array.flags.writeable = False
    assert not can_share(array, "float32")
    assert not can_share(array, "float32", aligned=False)


@pytest.mark.parametrize(
    ("dtype", "kept"), [("float16", "float16"), ("int8", "int8"), ("bfloat16", "float32")]
)
def test_a_copy_starts_where_every_framework_can_take_it(dtype, kept):
    array = np.arange(12, dtype="float32").reshape(3, 4)
    for _ in range(5):
        copy = aligned_copy(array, dtype)
        assert copy.ctypes.data % ALIGNMENT == 0
        assert copy.dtype == kept
        np.testing.assert_array_equal(copy, array)
        assert not np.shares_memory(copy, array)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux tells")
def test_zeros_take_memory_where_they_are_written_to():
    def resident():
        status = Path("/proc/self/status").read_text()
        return int(status.split("RssAnon:")[1].split()[0]) // 1024

    before = resident()
    zeros = untouched_zeros((25_000, 400))
    assert (zeros.dtype, zeros.flags.writeable, zeros.any()) == (np.float32, True, False)
    zeros[::2500] = 1
    assert zeros.sum() == 4000
    assert resident() - before < 8  # of 38 MB
    assert untouched_zeros((0, 3)).shape == (0, 3)
