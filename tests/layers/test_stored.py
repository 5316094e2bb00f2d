"""What a layer keeps frozen of a table where a difference trains: the bytes that are stored."""

import numpy as np
import pytest

from inlay import Table, load
from inlay.errors import ArgumentError
from inlay.layers.stored import checked_rank, start_of_b, stored_of
from tests.layers.conftest import make_table

FORMS = {
    "float32": ("float32", "float32"),
    "float16": ("float16", "int16"),
    "bfloat16": ("bfloat16", "int16"),
    "int8": ("int8", "int8"),
    "float64": ("float32", "float32"),
}


@pytest.mark.parametrize("dtype", FORMS)
def test_each_form_gives_the_vectors_of_the_table_to_the_bit(dtype):
    table = make_table(n=40).astype(dtype)
    stored = stored_of(table)
    assert (stored.form, str(stored.matrix.dtype)) == FORMS[dtype]
    ids = np.array([[5, 1], [39, 2]])
    found = np.asarray(stored.rows[ids], np.float32)
    assert found.tobytes() == table.vectors[ids].tobytes()
    for array in (stored.matrix, stored.scales):
        assert array is None or array.ctypes.data % 64 == 0


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "int8"])
def test_of_a_file_the_map_itself(dtype, tmp_path):
    make_table().astype(dtype).save(tmp_path / "table.safetensors")
    stored = stored_of(load(tmp_path / "table.safetensors"), aligned=False)
    for array in (stored.matrix, stored.scales):
        assert array is None or not array.flags.owndata
        while array is not None and not isinstance(array, np.memmap):
            array = array.base
        assert array is None or array.filename == tmp_path / "table.safetensors"


def test_memory_that_cannot_be_written_to_is_copied_for_a_framework_might():
    matrix = np.eye(2, dtype="float32")
    matrix.flags.writeable = False
    stored = stored_of(Table(["a", "b"], matrix), aligned=False)
    assert stored.matrix.flags.writeable
    assert not np.shares_memory(stored.matrix, matrix)


def test_a_rank_beyond_the_vectors_is_refused():
    assert (checked_rank(None, 4), checked_rank(4, 4)) == (None, 4)
    with pytest.raises(ArgumentError, match="rank: expected a whole number from 1 to 4, got 5"):
        checked_rank(5, 4)


def test_a_step_of_low_rank_is_as_long_as_one_of_full_rank_on_average():
    b = start_of_b(50, 40)
    assert (b.dtype, b.shape) == (np.float32, (50, 40))
    np.testing.assert_array_equal(b, start_of_b(50, 40))
    many = start_of_b(4000, 10)
    np.testing.assert_allclose(many.T @ many, np.eye(10), atol=0.1)
