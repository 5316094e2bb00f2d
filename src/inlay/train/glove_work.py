"""What GloVe trains: the cells of a matrix of co-occurrences, a tile after the other."""

from functools import partial
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.core import Table, Tokens
from inlay.jobs.progress import progress as show_progress
from inlay.jobs.threads import Spread
from inlay.text.corpus import Corpus
from inlay.train.cooccurrences import Counting, Layout, Tiles, Weighting, count
from inlay.train.corpora import check_length
from inlay.train.glove_files import Pairs
from inlay.train.job import Done
from inlay.train.schedule import seed_of

# Bytes of the rows of a band: a band of words and one of contexts share the second-level cache.
BAND = 192 << 10
# Learned vectors have a norm of 1 to 10; those that overshot, of hundreds to infinity.
LONG = 100.0


class Cells:
    """GloVe as `inlay.train.job` trains it.

    A piece is a stripe of rows by one of columns. No two pieces of a round have a row or a column
    in common, so that they can be learned from at the same time, each in place.
    """

    def __init__(
        self,
        data: Corpus | Pairs,
        settings: Any,
        how: tuple[Counting, bool | None],
        about: dict[str, Any],
    ) -> None:
        from inlay.kernels import glove as kernel

        self.data, self.settings, self.about = data, settings, about
        self.row = kernel.row_size(settings.vector_size)
        self.lanes = kernel.lanes_of(settings.vector_size)
        self.layout = Layout.of(len(data.tokens), max(16, BAND // (8 * self.row)))
        self.tiles = _tiles(data, settings, self.layout, *how)
        self.together = self.layout.stripes
        self.pieces, self.units = self.together**2, int(self.tiles.cells.size)
        self.model = kernel.Model(*(self._initial(side) for side in (0, 1)))
        self.arrays = self.model._asdict()

    def _initial(self, side: int) -> Array:
        """Vectors and biases uniform in +-1/2 / dim, as in the C program, and sums of 1."""
        from inlay.kernels.glove import FIXED
        from inlay.kernels.rows import aligned_zeros

        dim, n = self.settings.vector_size, self.layout.rows
        flat: Array = aligned_zeros(n * 2 * self.row)
        rows, rng = flat.reshape(n, 2, self.row), np.random.default_rng([self.settings.seed, side])
        rows[:, 1] = 1
        for at in range(0, n, 10_000):
            part = rows[at : at + 10_000, 0]
            chance = (rng.random((len(part), dim + 1), np.float32) - np.float32(0.5)) / dim
            part[:, :dim], part[:, dim + side] = chance[:, :dim], chance[:, dim]
            part[:, dim + 1 - side] = 1
        rows[:, 1, dim + 1 - side] = FIXED
        return flat

    def scratch(self) -> Any:
        from inlay.kernels.glove import make_scratch

        return make_scratch()

    def piece(self, epoch: int, piece: int, rate: float, scratch: Any) -> Done:
        from inlay.kernels import glove as kernel

        number = seed_of(self.settings.seed, epoch * self.pieces + piece)
        tiles = self.tiles.of(*self.stripes(epoch, piece), number)
        loss = kernel.train(
            *(self.model, self.tiles.cells, self.tiles.terms, tiles),
            *(np.float32(rate), scratch, self.lanes),
        )
        done = int((tiles[:, 1] - tiles[:, 0]).sum())
        return Done(done, loss, done)

    def stripes(self, epoch: int, piece: int) -> tuple[int, int]:
        """The stripe of rows and that of columns of a piece; rounds and pieces come in any order.

        In a round all columns are as far behind their rows, modulo the number of stripes.
        """
        n, rng = self.together, np.random.default_rng([self.settings.seed, 2, epoch])
        shift, first = rng.permutation(n)[piece // n], rng.permutation(n)[piece % n]
        return int(first), int(first + shift) % n

    def apart(self, epoch: int, piece: int, rate: float, scratch: Any) -> tuple[Done, None]:
        return self.piece(epoch, piece, rate, scratch), None

    def add(self, changes: list[None], spread: Spread) -> None:
        """Nothing is left to do: the pieces of a round have changed rows of their own."""

    def check(self) -> None:
        """Refuse vectors that grew without bound."""
        length = max(float(np.sqrt(np.mean(np.square(part).sum(1)))) for part in self._vectors())
        check_length("eta", self.settings.eta, length, most=LONG, usual="0.05 is")

    def _vectors(self) -> list[Array]:
        """Those of words and those of contexts, in the order of the tokens."""
        places, dim = self.layout.places(), self.settings.vector_size
        return [m.reshape(-1, 2, self.row)[places, 0, :dim] for m in self.model]

    def table(self) -> Table:
        words, contexts = self._vectors()
        words += contexts
        tokens = Tokens.from_list(self.data.tokens)
        context = Table(tokens, contexts, counts=self.data.counts)
        return Table(
            tokens,
            words,
            counts=self.data.counts,
            provenance=self.about,
            parts={"context": context},
        )


def _tiles(
    data: Corpus | Pairs,
    settings: Any,
    layout: Layout,
    counting: Counting,
    bar: bool | None,
) -> Tiles:
    weighting, seed = Weighting(settings.x_max, settings.exponent), settings.seed
    if isinstance(data, Pairs):
        bands = partial(data.bands, layout, -(-counting.part // 4), counting.threads)
        return Tiles(layout, bands, 1.0, weighting, seed)
    _, scale = counting.weights()
    with show_progress(data.ids.size, unit=" words", desc="co-occurrences", enabled=bar) as report:
        return Tiles(
            layout,
            lambda use: count(data.ids, layout, counting, use, report),
            scale,
            weighting,
            seed,
        )
