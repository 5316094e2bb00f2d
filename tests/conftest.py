"""Settings that every test shares."""

import os

import pytest

# One thread each: the tests run in parallel processes already.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")


@pytest.fixture
def table():
    """Five tokens in three dimensions, small enough to check by eye."""
    import numpy as np

    from inlay import Table

    matrix = np.array(
        [[1, 0, 0], [0.9, 0.1, 0], [0, 1, 0], [0, 0.9, 0.1], [0, 0, 1]], dtype=np.float32
    )
    return Table.from_arrays(["good", "great", "film", "movie", "the"], matrix)
