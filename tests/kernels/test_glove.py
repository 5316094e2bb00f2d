import itertools

import numpy as np
import pytest

from inlay.kernels import glove as gl
from inlay.kernels.cooccurrence import LOW

ETA = 0.05


def both(kernel):
    return pytest.mark.parametrize("run", [kernel, kernel.py_func], ids=["compiled", "plain"])


class Plain:
    """GloVe as the paper has it, in float64, a step at a time."""

    def __init__(self, model, dim):
        row = gl.row_size(dim)
        w, c = (m.reshape(-1, 2, row).astype(np.float64) for m in model)
        self.w, self.b = w[:, 0, :dim].copy(), w[:, 0, dim].copy()
        self.c, self.d = c[:, 0, :dim].copy(), c[:, 0, dim + 1].copy()
        self.sums = [np.ones_like(p) for p in (self.w, self.c, self.b, self.d)]

    def error(self, i, j, log):
        return self.w[i] @ self.c[j] + self.b[i] + self.d[j] - log

    def loss(self, i, j, log, weight):
        return weight * self.error(i, j, log) ** 2 / 2

    def gradients(self, i, j, log, weight):
        e = weight * self.error(i, j, log)
        return e * self.c[j], e * self.w[i], e, e

    def step(self, i, j, log, weight):
        loss = self.loss(i, j, log, weight)
        places = zip((self.w, self.c, self.b, self.d), self.sums, (i, j, i, j), strict=True)
        changes = self.gradients(i, j, log, weight)
        for (p, s, at), g in zip(places, changes, strict=True):
            h = ETA * np.clip(g, -gl.CLIP, gl.CLIP)
            p[at] -= h / np.sqrt(s[at])
            s[at] += h**2
        return loss


def make(dim, n=12, scale=0.5, seed=0):
    rng, row = np.random.default_rng(seed), gl.row_size(dim)
    model = np.zeros((2, n, 2, row), np.float32)
    model[:, :, 0, :dim] = rng.normal(scale=scale, size=(2, n, dim))
    model[:, :, 1] = 1
    for side in (0, 1):  # a bias, and the one of the other's bias
        model[side, :, 0, dim + side] = rng.normal(size=n)
        model[side, :, 0, dim + 1 - side] = 1
        model[side, :, 1, dim + 1 - side] = gl.FIXED
    return gl.Model(model[0].reshape(-1), model[1].reshape(-1))


def cells_of(n_tiles=3, each=40, seed=1):
    """Tiles of 4 rows by 6 columns: what the kernel takes, and the same as a list."""
    rng = np.random.default_rng(seed)
    rows, columns = rng.integers(0, 4, n_tiles * each), rng.integers(0, 6, n_tiles * each)
    cells = (rows << LOW | columns).astype(np.uint32)
    terms = np.stack([rng.normal(1, 2, cells.size), rng.random(cells.size)], 1).astype(np.float32)
    at = np.arange(n_tiles)
    tiles = np.stack([at * each, (at + 1) * each, at * 4, 6 * (at % 2)], 1).astype(np.int64)
    absolute = [
        (int(rows[k] + t[2]), int(columns[k] + t[3]), *map(float, terms[k]))
        for t in tiles
        for k in range(t[0], t[1])
    ]
    return cells, terms, tiles, absolute


@both(gl.train)
@pytest.mark.parametrize("dim", [12, 14])  # all in one register and a half; a row to its end
def test_steps_are_those_of_the_paper(run, dim):
    model = make(dim)
    plain = Plain(model, dim)
    cells, terms, tiles, absolute = cells_of()
    expected = sum(plain.step(*cell) for cell in absolute)
    found = run(model, cells, terms, tiles, np.float32(ETA), gl.make_scratch(), gl.lanes_of(dim))
    assert found == pytest.approx(expected, rel=1e-4)
    w, c = (m.reshape(12, 2, -1) for m in model)
    for rows, vectors, biases, at, squares in (
        (w, plain.w, plain.b, dim, (0, 2)),
        (c, plain.c, plain.d, dim + 1, (1, 3)),
    ):
        np.testing.assert_allclose(rows[:, 0, :dim], vectors, atol=2e-5)
        np.testing.assert_allclose(rows[:, 0, at], biases, atol=2e-5)
        np.testing.assert_allclose(rows[:, 1, :dim], plain.sums[squares[0]], rtol=2e-5)
        np.testing.assert_allclose(rows[:, 1, at], plain.sums[squares[1]], rtol=2e-5)
        one = 2 * dim + 1 - at
        assert (rows[:, 0, one] == 1).all()  # it is no parameter
        assert not rows[:, 0, dim + 2 :].any()  # nor is the padding


def test_the_gradients_of_the_reference_are_those_of_its_loss():
    plain, cell, tiny = Plain(make(3), 3), (4, 7, 1.5, 0.6), 1e-6
    gradients = plain.gradients(*cell)
    for p, at, g in zip((plain.w, plain.c, plain.b, plain.d), (4, 7, 4, 7), gradients, strict=True):
        for k in np.ndindex(p[at].shape):
            p[(at, *k)] += tiny
            more = plain.loss(*cell)
            p[(at, *k)] -= 2 * tiny
            less = plain.loss(*cell)
            p[(at, *k)] += tiny
            assert np.asarray(g)[k] == pytest.approx((more - less) / (2 * tiny), rel=1e-6)


@both(gl.train)
def test_gradients_are_clipped(run):
    model = make(12, scale=40)
    plain = Plain(model, 12)
    cells, terms, tiles, absolute = cells_of(1, 1)
    assert abs(plain.gradients(*absolute[0])[0]).max() > gl.CLIP
    plain.step(*absolute[0])
    run(model, cells, terms, tiles, np.float32(ETA), gl.make_scratch(), gl.lanes_of(12))
    np.testing.assert_allclose(model.words.reshape(12, 2, -1)[:, 0, :12], plain.w, rtol=1e-5)


def test_more_cells_than_a_batch_and_empty_tiles():
    cells, terms, _, _ = cells_of(1, 2 * gl.BATCH + 100)
    whole = np.array([[0, cells.size, 0, 0]], np.int64)
    cuts = [0, 0, 5, 5, gl.BATCH, gl.BATCH + 7, 2 * gl.BATCH + 9, cells.size, cells.size]
    several = np.array([[a, b, 0, 0] for a, b in itertools.pairwise(cuts)], np.int64)
    answers = []
    for tiles in (whole, several):
        model = make(12)
        loss = gl.train(
            model, cells, terms, tiles, np.float32(ETA), gl.make_scratch(), gl.lanes_of(12)
        )
        answers.append((loss, model))
    assert answers[0][0] == answers[1][0]
    for one, other in zip(answers[0][1], answers[1][1], strict=True):
        np.testing.assert_array_equal(one, other)
    assert (answers[0][1].words != make(12).words).any()
