import numpy as np
import pytest

from inlay.encode.elmo.characters import character_ids
from inlay.kernels import characters as ch

FILTERS = np.array([[1, 3], [2, 5], [7, 4]])
WORDS = ["", "a", "cat", "Ångström", "x" * 44, "y" * 45, "z" * 60, "<S>"]


@pytest.fixture
def given():
    rng = np.random.default_rng(0)
    ids = (character_ids(WORDS) - 1).astype(np.int16)
    lengths = (ids != 260).sum(1).astype(np.int16)
    tables = rng.normal(size=(261, (FILTERS[:, 0] * FILTERS[:, 1]).sum())).astype(np.float32)
    return tables, ids, lengths


def windows(tables, ids):
    """All sums, of every window of all 50 characters: a list of `(words, windows, maps)`."""
    found, first = [], 0
    for width, maps in FILTERS:
        slices = tables[:, first : first + width * maps].reshape(-1, width, maps)
        n = ids.shape[1] - width + 1
        found.append(
            np.stack([sum(slices[ids[:, p + k], k] for k in range(width)) for p in range(n)], 1)
        )
        first += width * maps
    return found


@pytest.mark.parametrize("run", [ch.strongest, ch.strongest.py_func], ids=["compiled", "plain"])
def test_the_strongest_of_all_windows(run, given):
    tables, ids, lengths = given
    out = np.empty((len(WORDS), 12), np.float32)
    winners = np.empty(out.shape, np.int16)
    run(tables, ids, lengths, FILTERS, out, winners)
    expected = windows(tables, ids)
    np.testing.assert_allclose(out, np.concatenate([w.max(1) for w in expected], 1), rtol=1e-6)
    np.testing.assert_array_equal(winners, np.concatenate([w.argmax(1) for w in expected], 1))


def run_back(run, given, d_out):
    tables, ids, lengths = given
    out = np.empty((len(WORDS), 12), np.float32)
    winners = np.empty(out.shape, np.int16)
    ch.strongest(tables, ids, lengths, FILTERS, out, winners)
    d_tables = np.ones_like(tables)
    run(d_out, ids, FILTERS, winners, d_tables)
    return d_tables - 1


@pytest.mark.parametrize(
    "run", [ch.strongest_back, ch.strongest_back.py_func], ids=["compiled", "plain"]
)
def test_its_gradient_is_its_slope(run, given):
    tables, ids, _ = given
    d_out = np.random.default_rng(1).normal(size=(len(WORDS), 12)).astype(np.float32)
    found = run_back(run, given, d_out)
    # The maximum is piecewise linear: the value is the product with the gradient.
    out = np.concatenate([w.max(1) for w in windows(tables, ids)], 1)
    assert (found * tables).sum() == pytest.approx((out * d_out).sum(), rel=1e-4)
    for at in [(98, 0), (98, 5), (260, 30), (ids[2, 2], 14)]:
        moved = np.float64(tables)
        moved[at] += 1e-6
        change = np.concatenate([w.max(1) for w in windows(moved, ids)], 1)
        change -= np.concatenate([w.max(1) for w in windows(np.float64(tables), ids)], 1)
        assert found[at] == pytest.approx((change * d_out).sum() / 1e-6, abs=1e-4)
