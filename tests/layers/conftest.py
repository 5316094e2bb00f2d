"""A table for the layers, in memory that starts at a multiple of 64 bytes as a file's map does."""

import mmap

import numpy as np
import pytest

from inlay import Table

collect_ignore_glob = ["*_contract.py"]  # run by test_keras.py, a process for each backend


@pytest.fixture
def padded():
    """Six tokens in four dimensions; the row of padding is number 2."""
    return make_table()


@pytest.fixture
def make():
    return make_table


def make_table(pad_id=2, dtype="float32", n=6):
    matrix = np.random.default_rng(0).normal(size=(n, 4)).astype(dtype)
    if pad_id is not None:
        matrix[pad_id] = 0
    return Table([f"t{i}" for i in range(n)], page_aligned(matrix), pad_id=pad_id)


def page_aligned(matrix):
    memory = mmap.mmap(-1, matrix.nbytes)
    copy = np.frombuffer(memory, matrix.dtype).reshape(matrix.shape)
    copy[...] = matrix
    return copy
