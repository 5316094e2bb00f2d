"""A training of nothing much, whose steps depend on all before them: for tests of the course."""

import numpy as np

from inlay.core import Table
from inlay.train.job import Done
from inlay.train.schedule import seed_of


class Toy:
    """Each piece shrinks a vector and adds chance; `before` is called first with its number."""

    def __init__(self, pieces=5, seed=3, before=None):
        self.arrays = {"x": np.zeros(4), "y": np.ones(3, np.float32)}
        self.pieces, self.units, self.seed = pieces, 10 * pieces, seed
        self.before = before or (lambda number: None)
        self.seen = []

    def scratch(self):
        return {}

    def piece(self, epoch, piece, rate, scratch):
        number = epoch * self.pieces + piece
        self.before(number)
        self.seen.append((number, rate))
        change = np.random.default_rng(seed_of(self.seed, number)).normal(size=4)
        self.arrays["x"] *= 1 - rate
        self.arrays["x"] += change
        self.arrays["y"] += np.float32(rate)
        return Done(10, loss=1.0 / (1 + number), terms=1)

    def table(self):
        return Table(["a"], self.arrays["x"][None].copy())


class ToyApart(Toy):
    """The same, of which two pieces at a time can be learned from apart."""

    together = 2

    def apart(self, epoch, piece, rate, scratch):
        number = epoch * self.pieces + piece
        self.before(number)
        chance = np.random.default_rng(seed_of(self.seed, number)).normal(size=4)
        return Done(10, loss=1.0 / (1 + number), terms=1), chance - rate * self.arrays["x"]

    def add(self, changes, spread):
        def part(i):
            for change in changes:  # floats: another order would be another sum
                self.arrays["x"][i] += change[i]

        spread(part, 4)
