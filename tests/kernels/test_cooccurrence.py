import collections
import math

import numpy as np
import pytest

from inlay.kernels import cooccurrence as co

# The generator wraps around; plain numpy says so.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered")


def plain(kernel, run):
    return kernel if run == "compiled" else kernel.py_func


both = pytest.mark.parametrize("run", ["compiled", "plain"])


def brute(ids, window, *, symmetric=True, weighted=True):
    """The matrix as a dict, pair by pair in the order of the text."""
    cells, sentence = collections.Counter(), []
    for word in ids:
        if word < 0:
            sentence = []
            continue
        for d, left in enumerate(reversed(sentence[-window:]), start=1):
            cells[left, word] += 1 / d if weighted else 1
            if symmetric:
                cells[word, left] += 1 / d if weighted else 1
        sentence.append(word)
    return cells


def corpus(vocab_size=9, size=300, seed=0):
    rng = np.random.default_rng(seed)
    share = 1 / np.arange(1, vocab_size + 1)
    ids = rng.choice(vocab_size, size, p=share / share.sum())
    ids[rng.random(size) < 0.1] = -1
    return ids.astype(np.int32)


def counted(ids, window, run, *, vocab_size=9, symmetric=True, weighted=True, part=None):
    """Rows of the whole corpus, or of the places `part`."""
    begin, end = part or (0, ids.size)
    starts = np.zeros(vocab_size + 1, np.int64)
    found = plain(co.places, run)(ids, begin, end, starts)
    scale = math.lcm(*range(1, window + 1))
    weights = np.full(window + 1, float(scale))
    if weighted:
        weights[1:] /= np.arange(1, window + 1)
    room = plain(co.bound, run)(starts, 0, vocab_size, 2 * window)
    out = co.Rows(np.zeros(vocab_size, np.int64), np.zeros(room, np.int32), np.zeros(room))
    space = co.make_sums(vocab_size)
    n = plain(co.count, run)(ids, found, starts, (0, vocab_size), weights, symmetric, space, out)
    assert not space.sums.any()
    assert not space.bits.any()
    return co.Rows(out.sizes, out.columns[:n], out.values[:n]), scale


def as_dict(rows, scale):
    words = np.repeat(np.arange(rows.sizes.size), rows.sizes)
    at = zip(words.tolist(), rows.columns.tolist(), strict=True)
    cells = dict(zip(at, rows.values / scale, strict=True))
    assert list(cells) == sorted(cells)
    assert len(cells) == rows.values.size  # no cell twice
    return cells


@both
@pytest.mark.parametrize(
    "how",
    [{}, {"symmetric": False}, {"weighted": False}, {"symmetric": False, "weighted": False}],
    ids=str,
)
def test_counts_are_those_pair_by_pair(run, how):
    ids = corpus()
    for window in (1, 4, 15):
        expected = brute(ids, window, **how)
        found = as_dict(*counted(ids, window, run, **how))
        assert found.keys() == expected.keys()
        for cell, value in expected.items():
            assert found[cell] == pytest.approx(value, rel=1e-14)


@both
def test_a_text_in_parts_sums_to_exactly_the_whole(run):
    ids = corpus(size=400)
    whole, scale = counted(ids, 5, run)
    parts = [counted(ids, 5, run, part=part)[0] for part in ((0, 130), (130, 131), (131, 400))]
    sizes = np.stack([part.sizes for part in parts])
    ends = np.cumsum([0, *(part.values.size for part in parts)])
    runs = co.Rows(
        sizes,
        np.concatenate([part.columns for part in parts]),
        np.concatenate([part.values for part in parts]),
    )
    room = runs.values.size
    out = co.Rows(np.zeros(9, np.int64), np.zeros(room, np.int32), np.zeros(room))
    n = plain(co.merge, run)(runs, ends[:-1].copy(), co.make_sums(9), out)
    merged = co.Rows(out.sizes, out.columns[:n], out.values[:n])
    assert room > whole.values.size  # some cells were in more than one part
    assert as_dict(merged, scale) == as_dict(whole, scale)


@both
def test_many_columns_come_in_their_order(run):
    ids = np.random.default_rng(0).permutation(np.arange(600) % 200).astype(np.int32)
    rows, scale = counted(ids, 3, run, vocab_size=200)
    assert as_dict(rows, scale).keys() == brute(ids, 3).keys()
    assert {0, 63, 64, 127, 128} < set(rows.columns.tolist())


def test_the_matrix_is_exactly_symmetric():
    rows, scale = counted(corpus(size=2000), 15, "compiled")
    cells = as_dict(rows, scale)
    assert all(cells[j, i] == value for (i, j), value in cells.items())


@both
def test_tiles_have_every_cell_once_and_shuffled(run):
    rng = np.random.default_rng(0)
    sizes = np.array([40, 0, 25, 1])
    columns = np.concatenate([rng.permutation(40)[:size] for size in sizes]).astype(np.int32)
    rows = co.Rows(sizes, columns, rng.random(66))
    starts, cells, values = np.ones(5, np.int64), np.zeros(66, np.uint32), np.zeros(66, np.float32)
    plain(co.tile, run)(rows, 2.0, 10, np.uint64(1), starts, cells, values)
    tile = np.repeat(np.arange(4), np.diff(starts))
    row, column = cells >> co.LOW, (cells & 0xFFFF) + 10 * tile
    assert (cells & 0xFFFF).max() < 10
    order = np.lexsort((column, row))
    words = np.repeat(np.arange(4), sizes)
    expected = np.lexsort((columns, words))
    np.testing.assert_array_equal(row[order], words[expected])
    np.testing.assert_array_equal(column[order], columns[expected])
    np.testing.assert_array_equal(values[order], np.float32(2 * rows.values[expected]))
    first = cells[starts[0] : starts[1]]
    assert abs(np.corrcoef(np.arange(first.size), first >> co.LOW)[0, 1]) < 0.5  # rows are mixed
    again = cells.copy()
    plain(co.tile, run)(rows, 2.0, 10, np.uint64(2), starts, cells, values)
    assert (again != cells).any()
    plain(co.tile, run)(rows, 2.0, 10, np.uint64(1), starts, cells, values)
    np.testing.assert_array_equal(again, cells)


@both
def test_places_of_a_part_only(run):
    ids = np.array([2, 0, -1, 0, 2, 1], np.int32)
    starts = np.zeros(4, np.int64)
    assert plain(co.places, run)(ids, 1, 5, starts).tolist() == [1, 3, 4]
    assert starts.tolist() == [0, 2, 2, 3]
    assert plain(co.places, run)(ids, 0, 6, starts).tolist() == [1, 3, 5, 0, 4]
    assert starts.tolist() == [0, 2, 3, 5]
    assert plain(co.bound, run)(starts, 0, 3, 2) == 3 + 2 + 3  # no more than there are words
