import contextlib
import errno

import numpy as np
import pytest

from inlay.errors import NoSpaceError
from inlay.jobs.progress import progress
from inlay.train import cooccurrences
from inlay.train.cooccurrences import Counting, Growing, Layout, Tiles, Weighting, count
from tests.kernels.test_cooccurrence import brute, corpus


def cells_of(ids, layout, counting):
    """All cells, with words for rows and columns, and the words that the progress was told."""
    places, band = layout.places().tolist(), layout.band
    word = {place: word for word, place in enumerate(places)}
    _, scale = counting.weights()

    def use(number, rows):
        at = np.repeat(np.arange(band), rows.sizes) + number * band
        cells = zip(at.tolist(), rows.columns.tolist(), rows.values / scale, strict=True)
        return {(word[i], word[j]): value for i, j, value in cells}

    found = {}
    with progress(None, unit="w", desc="", enabled=False) as bar:
        bar.update = told = Told()
        for _, cells in count(ids, layout, counting, use, bar):
            assert not found.keys() & cells.keys()
            found |= cells
    return found, told.n


class Told:
    n = 0

    def __call__(self, n):
        self.n += n


@pytest.mark.parametrize("words", [1, 2, 7, 64, 1024, 5000, 100_000])
@pytest.mark.parametrize("width", [16, 219])
def test_every_word_has_a_row_of_its_own(words, width):
    layout = Layout.of(words, width)
    places = layout.places()
    assert np.unique(places).size == words
    assert places.max() < layout.rows < words + layout.bands + layout.stripes
    assert layout.bands <= 2 * cooccurrences.MOST_BANDS
    size = layout.per * layout.band
    np.testing.assert_array_equal(places // size, np.arange(words) % layout.stripes)


@pytest.mark.parametrize("threads", [1, 2, 3, 5])
def test_bands_that_take_long_come_side_by_side(threads):
    layout = Layout.of(5000, 30)
    order = list(layout.order(threads))
    assert layout.stripes % 5
    assert sorted(order) == list(range(layout.bands))
    first = [place for place, band in enumerate(order) if band % layout.per == 0]
    groups = [first[i : i + threads] for i in range(0, layout.stripes, threads)]
    assert all(group[-1] - group[0] == len(group) - 1 for group in groups)
    assert list(Layout.of(5000, 30, stripes=1).order(threads)) == list(range(167))


@pytest.mark.parametrize("part", [10_000, 97, 1])
@pytest.mark.parametrize("threads", [1, 3])
def test_counts_are_those_pair_by_pair_however_they_are_made(part, threads):
    ids = corpus(vocab_size=150, size=800)
    layout = Layout.of(150, 16)
    assert layout.stripes > 1 < layout.per
    if part == 1:
        ids = ids[:60]
    found, told = cells_of(ids, layout, Counting(7, True, True, part, threads))
    expected = brute(ids, 7)
    assert found.keys() == expected.keys()
    assert all(found[cell] == pytest.approx(x, rel=1e-13) for cell, x in expected.items())
    assert told == (ids >= 0).sum()
    whole, _ = cells_of(ids, layout, Counting(7, True, True, 10_000))
    assert found == whole  # exactly


@pytest.mark.parametrize("window", [1, 22, 23, 300])
def test_wide_windows(window):
    ids = corpus(size=500)
    ids[ids < 0] = 3  # one sentence
    found, _ = cells_of(ids, Layout.of(9, 16), Counting(window, False, True, 120))
    expected = brute(ids, window, symmetric=False)
    assert found.keys() == expected.keys()
    assert all(found[cell] == pytest.approx(x, rel=1e-12) for cell, x in expected.items())


def tiles_of(ids, layout, part=10_000, threads=1, seed=0):
    counting = Counting(5, True, True, part, threads)
    with progress(None, unit="w", desc="", enabled=False) as bar:
        return Tiles(
            layout,
            lambda use: count(ids, layout, counting, use, bar),
            counting.weights()[1],
            Weighting(2.0, 0.75),
            seed,
        )


def test_pieces_have_every_cell_once_with_its_weight():
    ids = corpus(vocab_size=150, size=800)
    layout = Layout.of(150, 16)
    tiles = tiles_of(ids, layout)
    word = {place: word for word, place in enumerate(layout.places().tolist())}
    found, n = {}, 0
    for a in range(layout.stripes):
        for b in range(layout.stripes):
            for first, last, row, column in tiles.of(a, b, np.uint64(a)).tolist():
                assert row // (layout.per * layout.band) == a
                assert column // (layout.per * layout.band) == b
                for i in range(first, last):
                    cell = int(tiles.cells[i])
                    at = word[row + (cell >> 16)], word[column + (cell & 0xFFFF)]
                    found[at] = tiles.terms[i].tolist()
                    n += 1
    expected = brute(ids, 5)
    assert n == len(found) == len(tiles.cells)
    assert found.keys() == expected.keys()
    for cell, x in expected.items():
        weight = min(1, (x / 2) ** 0.75)
        assert found[cell] == pytest.approx([np.log(x), weight], rel=1e-5, abs=1e-6)
    assert max(weight for _, weight in found.values()) == 1


def test_tiles_are_the_same_for_any_number_of_threads_and_shuffled_by_the_seed():
    ids = corpus(vocab_size=150, size=800)
    layout = Layout.of(150, 16)
    one, three, other = (
        tiles_of(ids, layout, threads=1),
        tiles_of(ids, layout, threads=3, part=97),
        tiles_of(ids, layout, seed=1),
    )
    assert one.cells.size == three.cells.size  # and though their bands come in another order:
    for first, last, again, end in zip(
        *(one.starts[:, :-1].flat, one.starts[:, 1:].flat),
        *(three.starts[:, :-1].flat, three.starts[:, 1:].flat),
        strict=True,
    ):
        np.testing.assert_array_equal(one.cells[first:last], three.cells[again:end])
        np.testing.assert_array_equal(one.terms[first:last], three.terms[again:end])
    np.testing.assert_array_equal(one.starts, other.starts)
    assert (one.cells != other.cells).any()
    orders = [one.of(0, 0, np.uint64(seed))[:, 0].tolist() for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0]) == sorted(orders[2])


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_full_disk_is_said(monkeypatch, number):
    def full(file, array):
        raise OSError(number, "no room")

    monkeypatch.setattr(cooccurrences, "write_whole", full)
    with Growing(np.int32) as file, contextlib.ExitStack() as stack:
        kind = NoSpaceError if number == errno.ENOSPC else OSError
        caught = stack.enter_context(pytest.raises(kind))
        file.add(np.zeros(3, np.int32))
    if number == errno.ENOSPC:
        assert "Try: TMPDIR on another disk" in str(caught.value)
    else:
        assert not isinstance(caught.value, NoSpaceError)
