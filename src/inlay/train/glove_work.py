"""What GloVe trains: the cells of a matrix of co-occurrences, a tile after the other."""

import math
from collections.abc import Iterator
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
from inlay.train.glove_start import GloVeStart
from inlay.train.job import Done
from inlay.train.schedule import seed_of

# Bytes of the rows of a band: a band of words and one of contexts share the second-level cache.
BAND = 192 << 10
# Learned vectors have a norm of 1 to 10; those that overshot, of hundreds to infinity.
LONG = 100.0
BLOCK = 1 << 14  # vectors that are moved together


class Cells:
    """GloVe as `inlay.train.job` trains it.

    A piece is a stripe of rows by one of columns. No two pieces of a round have a row or a column
    in common, so that they can be learned from at the same time, each in place.

    Args:
        data: What is counted, or was.
        settings: The `GloVeSettings`.
        how: How it is counted, and whether with a bar.
        about: What the provenance says.
        start: What to go on from, or None.
    """

    def __init__(
        self,
        data: Corpus | Pairs,
        settings: Any,
        how: tuple[Counting, bool | None],
        about: dict[str, Any],
        start: GloVeStart | None = None,
    ) -> None:
        from inlay.kernels import glove as kernel

        self.data, self.settings, self.about, self.start = data, settings, about, start
        self.tokens, self.held = data.tokens, np.zeros(0, bool)
        if start is not None:
            self.tokens, self.of = start.merged(data.tokens)
        self.row = kernel.row_size(settings.vector_size)
        self.lanes = kernel.lanes_of(settings.vector_size)
        self.layout = Layout.of(len(self.tokens), max(16, BAND // (8 * self.row)))
        self.tiles = _tiles(data, settings, self.layout, *how)
        self.together = self.layout.stripes
        self.pieces, self.units = self.together**2, int(self.tiles.cells.size)
        self.model = kernel.Model(*(self._initial(side) for side in (0, 1)))
        self.arrays = self.model._asdict()
        if start is not None:
            self._begin(start)

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

    def _begin(self, start: GloVeStart) -> None:
        """Fill in what came, and hold it for an epoch: its biases are to be learned first.

        From biases near zero all vectors would be moved as far as if they had begun by chance.
        Their steps begin at half of the error, whatever `eta` is: the two of a cell mend it.
        """
        from inlay.kernels.glove import FIXED

        dim, places = self.settings.vector_size, self.layout.places()
        words, contexts = (m.reshape(-1, 2, self.row) for m in self.model)
        start.fill_both(words[:, 0, :dim], contexts[:, 0, :dim], places, self.of)
        if self.settings.epochs > 1:
            self.held = np.zeros(self.layout.rows, bool)
            self.held[places[self.of >= 0]] = True
            for stripe in range(self.together):
                self._set_sums((stripe, stripe), FIXED, (2 * self.settings.eta) ** 2)

    def _set_sums(self, stripes: tuple[int, int], vectors: float, biases: float) -> None:
        """Set the sums of squares of what is held, in a stripe of rows and in one of columns."""
        size, dim = self.layout.per * self.layout.band, self.settings.vector_size
        for side, (stripe, m) in enumerate(zip(stripes, self.model, strict=True)):
            here = slice(stripe * size, (stripe + 1) * size)
            sums = m.reshape(-1, 2, self.row)[here, 1]
            sums[self.held[here], :dim], sums[self.held[here], dim + side] = vectors, biases

    def scratch(self) -> Any:
        from inlay.kernels.glove import make_scratch

        return make_scratch()

    def piece(self, epoch: int, piece: int, rate: float, scratch: Any) -> Done:
        from inlay.kernels import glove as kernel

        number = seed_of(self.settings.seed, epoch * self.pieces + piece)
        stripes = self.stripes(epoch, piece)
        if self.held.size and epoch == 1 and piece < self.together:  # the first round has each once
            self._set_sums(stripes, 1, 1)
        tiles = self.tiles.of(*stripes, number)
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
        squares = np.zeros(2)
        for _, *both in self._blocks():
            squares += [np.square(part).sum(dtype=np.float64) for part in both]
        length = math.sqrt(squares.max() / len(self.tokens))
        check_length("eta", self.settings.eta, length, most=LONG, usual="0.05 is")

    # -- the result --------------------------------------------------------------------------

    def _blocks(self) -> Iterator[tuple[slice, Array, Array]]:
        """The vectors of words and of contexts, in the order of the tokens, some at a time."""
        places, dim = self.layout.places(), self.settings.vector_size
        for at in range(0, places.size, BLOCK):
            some = slice(at, min(at + BLOCK, places.size))
            words, contexts = (
                m.reshape(-1, 2, self.row)[places[some], 0, :dim] for m in self.model
            )
            yield some, words, contexts

    def table(self) -> Table:
        """The vectors as they stand, in memory of their own."""
        shape = len(self.tokens), self.settings.vector_size
        both, context = np.empty(shape, np.float32), np.empty(shape, np.float32)
        for some, words, contexts in self._blocks():
            both[some], context[some] = words + contexts, contexts
        return self._made(both, context)

    def finished(self) -> Table:
        """`table`, in half of the memory of the model: nothing more can be learned.

        What is of a word goes to where sums of squares were, for no vector is there; then it is
        moved together, and behind it come the vectors of contexts.
        """
        n, dim, room = len(self.tokens), self.settings.vector_size, self.model.words
        spread = room.reshape(-1, 2, self.row)[:n, 1, :dim]
        for some, words, contexts in self._blocks():
            spread[some] = words + contexts
        both, context = room[: 2 * n * dim].reshape(2, n, dim)
        for at in range(0, n, BLOCK):
            both[at : at + BLOCK] = spread[at : at + BLOCK].copy()
        self.model = self.model._replace(words=self.model.contexts)  # whose own are written over
        for some, _, contexts in self._blocks():
            context[some] = contexts
        del self.model, self.arrays, self.tiles
        return self._made(both, context)

    def _made(self, both: Array, contexts: Array) -> Table:
        n, tokens = len(self.data.tokens), Tokens.from_list(self.tokens)
        counts = np.append(self.data.counts, np.zeros(len(tokens) - n, np.int64))
        if self.start is not None:  # to the bit, which a sum of two is not
            for at in range(n, len(tokens), BLOCK):
                both[at : at + BLOCK] = self.start.table._rows[self.of[at : at + BLOCK]]
        context = Table(tokens, contexts, counts=counts)
        return Table(tokens, both, counts=counts, provenance=self.about, parts={"context": context})


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
