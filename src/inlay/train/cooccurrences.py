"""Which words of a corpus stand near which, counted out of core.

Words are put into rows so that the matrix can be trained on in tiles. Word i is in stripe i modulo
the number of stripes, so that each stripe has frequent and rare words alike; and a stripe has
bands of as many rows as the second-level cache holds. Rows are counted a band at a time, and what
is made of a band goes to a temporary file at once.
"""

import math
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any, TypeVar

import numpy as np

from inlay.aliases import Array
from inlay.checks import flag, number, whole
from inlay.errors import NoSpaceError
from inlay.jobs.freed import give_back
from inlay.jobs.progress import Progress
from inlay.jobs.threads import Pool
from inlay.text.space import FULL, write_whole
from inlay.train.schedule import seed_of

R = TypeVar("R")

STRIPES = 16
FEW = 64  # words that are worth a stripe
MOST_BANDS = 2048  # the table of tiles has as many numbers, squared
EXACT = 22  # the largest window for whose distances sums can be exact: they have 30 bits in common
GB = 1 << 30
MOST_PLACES = (1 << 31) - (1 << 16)  # of a part, whose places are int32
A_PLACE = 16  # bytes of memory for each word of a part: its number, its place, and as much again


@dataclass(frozen=True)
class Layout:
    """Where words are in the matrix.

    Attributes:
        words: How many there are.
        stripes: How many stripes there are.
        per: How many bands a stripe has.
        band: How many rows a band has.
    """

    words: int
    stripes: int
    per: int
    band: int

    @classmethod
    def of(cls, words: int, width: int, stripes: int | None = None) -> "Layout":
        """Bands of about `width` rows or fewer."""
        if stripes is None:
            stripes = max(1, min(STRIPES, words // FEW))
        width = min(max(width, -(-words // MOST_BANDS)), 1 << 16)
        per = -(-words // (stripes * width))
        return cls(words, stripes, per, -(-words // (stripes * per)))

    @property
    def bands(self) -> int:
        """How many bands there are."""
        return self.stripes * self.per

    @property
    def rows(self) -> int:
        """How many rows there are, a few of which have no word."""
        return self.bands * self.band

    def order(self, together: int) -> Iterator[int]:
        """All bands: of so many stripes the first, then the second, and so on.

        The first band of a stripe has its frequent words and takes longest. Worked on side by side
        by as many threads, those of several stripes end together.
        """
        for stripe in range(0, self.stripes, together):
            for band in range(self.per):
                for each in range(stripe, min(stripe + together, self.stripes)):
                    yield each * self.per + band

    def places(self) -> Array:
        """The row of each word: int32 `(words,)`."""
        words = np.arange(self.words, dtype=np.int32)
        places: Array = words % self.stripes * (self.per * self.band) + words // self.stripes
        return places.astype(np.int32)


@dataclass(frozen=True)
class Counting:
    """What counts as standing near, and what counting may use.

    Attributes:
        window: Up to how many words away.
        symmetric: Whether words to the left count as well as those to the right.
        distance_weighting: Whether a pair d words apart counts 1/d, or 1.
        part: How many words are counted at a time; what more there is goes through a file.
        threads: How many threads count.
    """

    window: int
    symmetric: bool
    distance_weighting: bool
    part: int
    threads: int = 1

    @classmethod
    def checked(
        cls, window: Any, symmetric: Any, weighting: Any, memory: Any, threads: int
    ) -> "Counting":
        """What a user says, with memory in GB.

        Raises:
            ArgumentError: A value that cannot be.
            ArgumentTypeError: A value of a type that cannot be used.
        """
        window, memory = whole("window", window, most=10_000), number("memory", memory, above=0)
        part = min(max(1, int(memory * GB) // A_PLACE), MOST_PLACES)
        both = flag("symmetric", symmetric)
        return cls(window, both, flag("distance_weighting", weighting), part, threads)

    def weights(self) -> tuple[Array, float]:
        """What a pair at each distance counts, and what sums of that are to be divided by."""
        distances = np.arange(1, self.window + 1)
        weights, scale = np.ones(self.window + 1), 1.0
        if self.distance_weighting:
            if self.window <= EXACT:
                scale = float(math.lcm(*distances.tolist()))
            weights[1:] = scale / distances
        return weights, scale


class Growing:
    """A temporary file without a name that arrays are added to, and that is then mapped."""

    def __init__(self, kind: Any) -> None:
        self.kind, self.size = np.dtype(kind), 0
        self.file = tempfile.TemporaryFile(buffering=0, prefix="inlay-glove-")  # noqa: SIM115

    def __enter__(self) -> "Growing":
        return self

    def __exit__(self, *error: object) -> None:
        self.file.close()

    def add(self, array: Array) -> None:
        """Add an array of the file's kind.

        Raises:
            NoSpaceError: The disk is full.
        """
        try:
            write_whole(self.file, array)
        except OSError as error:
            if error.errno not in FULL:
                raise
            raise NoSpaceError(
                tempfile.gettempdir(),
                expected="room for the co-occurrences: 12 bytes for each pair of words that stand "
                "near each other",
                got=str(error.strerror).lower(),
                hint="TMPDIR on another disk; or a larger min_count, or a smaller max_size",
            ) from error
        self.size += array.size

    def map(self) -> Array:
        """All that was added, flat and read-only; the file is gone with the last use of the map."""
        if self.size == 0:
            return np.empty(0, self.kind)
        return np.memmap(self.file, self.kind, "r", 0, (self.size,))


@dataclass
class Runs:
    """Rows that were counted in parts: those of each part, and where the bands of each begin."""

    layout: Layout
    columns: Growing
    values: Growing
    sizes: list[Array] = field(default_factory=list)
    begins: list[Array] = field(default_factory=list)

    def add(self, sizes: Array, bands: Iterator[tuple[int, tuple[Array, Array]]]) -> None:
        """Add a part, whose rows have these sizes, by its bands: columns and values of each."""
        begins = np.zeros(self.layout.bands, np.int64)
        for band, (columns, values) in bands:
            begins[band] = self.columns.size
            self.columns.add(columns)
            self.values.add(values)
        self.sizes.append(sizes)
        self.begins.append(begins)

    def merged(self, use: "Use[R]", threads: int) -> Iterator[tuple[int, R]]:
        """Each band, and `use` of its rows, summed over all parts."""
        from inlay.kernels import cooccurrence as co

        columns, values, band_size = self.columns.map(), self.values.map(), self.layout.band

        def work(band: int, space: Any) -> R:
            sizes = np.stack([s[band * band_size : (band + 1) * band_size] for s in self.sizes])
            lengths = sizes.sum(1, dtype=np.int64)
            parts = [
                slice(begins[band], begins[band] + length)
                for begins, length in zip(self.begins, lengths, strict=True)
            ]
            runs = co.Rows(
                sizes,
                np.concatenate([columns[part] for part in parts]),
                np.concatenate([values[part] for part in parts]),
            )
            total = int(lengths.sum())
            rows = _room(band_size, total)
            n = co.merge(runs, np.cumsum(lengths) - lengths, space, rows)
            return use(band, co.Rows(rows.sizes, rows.columns[:n], rows.values[:n]))

        yield from _bands(self.layout, work, threads)


# Called in threads with the number of a band and its rows.
Use = Callable[[int, Any], R]


def count(
    ids: Array, layout: Layout, counting: Counting, use: Use[R], report: Progress
) -> Iterator[tuple[int, R]]:
    """Each band of the matrix, in the order of `layout.order`, and `use` of its rows.

    The sums in the rows are to be divided by the scale of `counting.weights`.

    Args:
        ids: A numbered corpus.
        layout: Where words are.
        counting: What is counted.
        use: Called with the number of each band and its `Rows`, in several threads.
        report: Told the words that were counted.

    Yields:
        The number of a band, and what `use` returned of it.
    """
    parts = range(0, ids.size, counting.part)
    if len(parts) == 1:
        yield from _count_part(ids, 0, layout, counting, use, report)
        return
    with Growing(np.int32) as columns, Growing(np.float64) as values:
        runs = Runs(layout, columns, values)
        for begin in parts:
            sizes = np.zeros(layout.rows, np.int32)

            def keep(band: int, rows: Any, sizes: Array = sizes) -> tuple[Array, Array]:
                sizes[band * layout.band : (band + 1) * layout.band] = rows.sizes
                return rows.columns, rows.values

            runs.add(sizes, _count_part(ids, begin, layout, counting, keep, report))
        yield from runs.merged(use, counting.threads)


def _count_part(
    ids: Array, begin: int, layout: Layout, counting: Counting, use: Use[R], report: Progress
) -> Iterator[tuple[int, R]]:
    """The same of the words from `begin` on, as many as a part has, with all their neighbours."""
    from inlay.kernels import cooccurrence as co

    end = min(begin + counting.part, ids.size)
    low, high = max(begin - counting.window, 0), min(end + counting.window, ids.size)
    near = np.append(layout.places(), np.int32(-1))[ids[low:high]]  # -1 stays -1
    starts = np.zeros(layout.rows + 1, np.int64)
    found = co.places(near, begin - low, end - low, starts)
    weights, _ = counting.weights()
    reach = counting.window * (1 + counting.symmetric)

    def work(band: int, space: Any) -> tuple[int, R]:
        first, last = band * layout.band, (band + 1) * layout.band
        rows = _room(layout.band, co.bound(starts, first, last, reach))
        n = co.count(near, found, starts, (first, last), weights, counting.symmetric, space, rows)
        done = int(starts[last] - starts[first])
        return done, use(band, co.Rows(rows.sizes, rows.columns[:n], rows.values[:n]))

    for band, (done, used) in _bands(layout, work, counting.threads):
        report.update(done)
        yield band, used


def _room(rows: int, cells: int) -> Any:
    from inlay.kernels.cooccurrence import Rows

    return Rows(np.zeros(rows, np.int64), np.empty(cells, np.int32), np.empty(cells))


def _bands(layout: Layout, work: Callable[[int, Any], R], threads: int) -> Iterator[tuple[int, R]]:
    """Every band and `work(band, space)`, in threads, the results in their order."""
    from inlay.kernels.cooccurrence import make_sums

    free: SimpleQueue[Any] = SimpleQueue()
    for _ in range(threads):
        free.put(make_sums(layout.rows))

    def one(band: int) -> tuple[int, R]:
        space = free.get()
        try:
            return band, work(band, space)
        finally:
            free.put(space)

    with Pool(threads) as pool:
        yield from pool.in_order(one, layout.order(threads), 2 * threads)


@dataclass(frozen=True)
class Weighting:
    """How much a cell counts: `min(1, (x / x_max) ** exponent)`."""

    x_max: float
    exponent: float


Tile = tuple[Array, Array, Array]
Bands = Callable[[Use[Tile]], Iterator[tuple[int, Tile]]]


class Tiles:
    """The matrix in tiles of a band by a band, ready to train on.

    Attributes:
        layout: Where words are.
        cells: uint32 `(cells,)`, row and column within the tile.
        terms: float32 `(cells, 2)`, logarithm and weight.
        starts: int64 `(bands, bands + 1)`, the first cell of each tile of each band of rows.
    """

    def __init__(
        self,
        layout: Layout,
        bands: Bands,
        scale: float,
        weighting: Weighting,
        seed: int,
    ) -> None:
        """Write them.

        Args:
            layout: Where words are.
            bands: As `count`: given a function, yields what it makes of each band.
            scale: What the sums are to be divided by.
            weighting: How cells are weighted.
            seed: Of the shuffling.
        """
        from inlay.kernels import cooccurrence as co

        def tile(band: int, rows: Any) -> Tile:
            starts = np.zeros(layout.bands + 1, np.int64)
            n = rows.columns.size
            cells, terms = np.empty(n, np.uint32), np.empty((n, 2), np.float32)
            values = np.empty(n, np.float32)
            co.tile(rows, 1 / scale, layout.band, seed_of(seed, band), starts, cells, values)
            logs = np.log(values)
            rest = np.minimum(logs - np.float32(math.log(weighting.x_max)), np.float32(0))
            terms[:, 0], terms[:, 1] = logs, np.exp(rest * np.float32(weighting.exponent))
            return starts, cells, terms

        self.layout, self.starts = layout, np.zeros((layout.bands, layout.bands + 1), np.int64)
        with Growing(np.uint32) as cells, Growing(np.float32) as terms:
            for band, (starts, some, their) in bands(tile):
                self.starts[band] = starts + cells.size
                cells.add(some)
                terms.add(their)
            self.cells, self.terms = cells.map(), terms.map().reshape(-1, 2)
        give_back()

    def of(self, rows: int, columns: int, seed: np.uint64) -> Array:
        """The tiles of a stripe of rows and one of columns, in random order: int64 `(n, 4)`.

        Those of a band of rows come together, so that it stays in the cache. Each is the first
        cell, the one after the last, the first row, the first column.
        """
        rng, per, band = np.random.default_rng(seed), self.layout.per, self.layout.band
        across = (rows * per + rng.permutation(per))[:, None]
        down = columns * per + rng.permuted(np.tile(np.arange(per), (per, 1)), axis=1)
        tiles = np.empty((per, per, 4), np.int64)
        tiles[..., 0], tiles[..., 1] = self.starts[across, down], self.starts[across, down + 1]
        tiles[..., 2], tiles[..., 3] = across * band, down * band
        flat = tiles.reshape(-1, 4)
        return flat[flat[:, 0] < flat[:, 1]]
