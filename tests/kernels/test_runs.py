from itertools import chain

import numpy as np
import pytest

from inlay.kernels import runs


def both(name):
    kernel = getattr(runs, name)
    return pytest.mark.parametrize(name, [kernel, kernel.py_func], ids=["compiled", "plain"])


def known():
    """Runs of two tokens, of one, of none, and of three, and where their tokens are."""
    spans, flat = np.zeros(4, np.int32), np.full(20, 99, np.int32)
    ids, lengths = np.array([5, 6, 9, 7, 7, 8], np.int32), np.array([2, 1, 0, 3])
    return spans, flat, runs.remember(ids, lengths, spans, flat, 0)


@both("remember")
def test_runs_have_their_tokens_in_two_turns(remember):
    spans, flat = np.zeros(4, np.int32), np.full(20, 99, np.int32)
    size = remember(np.array([5, 6, 7, 7, 8], np.int32), np.array([2, 3]), spans, flat, 0)
    assert (spans[:2].tolist(), size) == ([~0, ~3], 7)
    size = remember(np.array([9], np.int32), np.array([1, 0]), spans[2:], flat, size)
    assert (spans.tolist(), size) == ([~0, ~3, 9, ~7], 8)
    assert flat[:size].tolist() == [2, 5, 6, 3, 7, 7, 8, 0]


@both("expand")
@pytest.mark.parametrize("room", range(12))
def test_runs_become_their_tokens_as_far_as_there_is_room(expand, room):
    spans, flat, _ = known()
    ids = np.array([*(runs.RUN - i for i in (1, 0, 2)), 0, -1, 4, runs.RUN - 3, -1], np.int32)
    out = np.full(14, 99, np.int32)
    at, n = expand(ids, 0, spans, flat, out[:room])
    expected = [[9], [5, 6], [], [0], [-1], [4], [7, 7, 8], [-1]]
    written = list(chain(*expected[:at]))
    assert out.tolist() == [*written, *[99] * (14 - n)]
    assert n == len(written)
    assert at == len(ids) or n + len(expected[at]) > room
    rest, m = expand(ids, at, spans, flat, out[n:])
    assert (rest, out[: n + m].tolist()) == (8, list(chain(*expected)))


@both("credit")
def test_tokens_are_counted_by_their_runs(credit):
    spans, flat, _ = known()
    counts = np.ones(10, np.int64)
    credit(np.array([4, 5, 6, 7]), spans, flat, counts)
    assert counts.tolist() == [1, 1, 1, 1, 1, 5, 5, 15, 8, 6]


@both("renumber")
@pytest.mark.parametrize(
    ("every_end", "left"),
    [(False, [-1, 0, 1, -1, 2, 0, -1]), (True, [-1, 0, 1, -1, -1, -1, 2, 0, -1])],
)
def test_renumber(renumber, every_end, left):
    ids = np.array([-1, 2, 0, -1, 1, -1, -1, 3, 2, -1], np.int32)
    rank = np.array([1, -1, 0, 2], np.int32)
    n = renumber(ids, rank, every_end)
    assert ids[:n].tolist() == left
