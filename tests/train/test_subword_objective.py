"""How far the rows of words are moved that share them."""

from types import SimpleNamespace

import numpy as np
import pytest

from inlay.train.subword_objective import SubwordObjective


@pytest.mark.parametrize("block", [3, 1 << 14])
def test_a_row_is_moved_by_all_words_that_are_made_of_it(block, monkeypatch):
    monkeypatch.setattr("inlay.train.subword_objective.BLOCK", block)
    draw = np.random.default_rng(4)
    sizes = draw.integers(1, 6, 20)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    rows = draw.integers(0, 15, starts[-1]).astype(np.int32)
    moved = draw.random(17)  # the last three words have no pairs
    objective = object.__new__(SubwordObjective)
    objective.parts, objective.n_rows = (starts, rows, None), 16
    objective.of = SimpleNamespace(load=lambda keep, words: (moved, keep))
    found, outputs = objective.load("as they are", 1000)
    wanted = np.zeros(16)
    for word, by in enumerate(moved):
        for row in rows[starts[word] : starts[word + 1]]:
            wanted[row] += by
    np.testing.assert_array_equal(found, wanted)
    assert outputs == "as they are"
