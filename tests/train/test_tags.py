"""What tags are called, where a text's number is its tag."""

import tracemalloc

import numpy as np
import pytest

from inlay.train.tags import Tagged, _decimals


@pytest.mark.parametrize("block", [7, 1 << 14])
@pytest.mark.parametrize("n", [0, 1, 2, 9, 10, 11, 100, 101, 1234])
def test_numbers_are_called_as_they_are_written(n, block, monkeypatch):
    monkeypatch.setattr("inlay.train.tags.BLOCK", block)
    assert _decimals(n).tolist() == [str(i) for i in range(n)]


def test_numbered_texts_need_no_strings():
    n = 100_000
    tagged = Tagged(None, np.arange(n + 1), np.arange(n, dtype=np.int32))
    matrix = np.zeros((n, 1), np.float32)
    matrix[54_321] = 1
    tracemalloc.start()
    try:
        table = tagged.table(matrix, {"model": "PV-DBOW", "many": (1, 2)})
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert table["54321"] == 1  # the look-up comes with an index, made when it is first needed
    assert np.shares_memory(table.matrix, matrix)
    assert most < 40 * n  # the strings alone would take 55 each
    assert table.provenance == {"model": "PV-DBOW", "many": [1, 2]}


def test_tags_with_names_are_checked_like_any_tokens():
    tagged = Tagged(["a", "b"], np.arange(3), np.arange(2, dtype=np.int32))
    assert tagged.table(np.eye(2, dtype=np.float32), {}).tokens.tolist() == ["a", "b"]
