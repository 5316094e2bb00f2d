"""Vectors of words that are in no table, made of the rows of their character n-grams."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from inlay.aliases import Array
from inlay.core.jamo import in_jamo
from inlay.core.other_ngrams import OtherNgrams
from inlay.core.tokens import Tokens, pack
from inlay.core.travel import Origin

CENTROIDS = 256  # of each part of a row, and of its norm: a code has one byte
BLOCK = 4096  # words at a time
LONGEST_NGRAM = 100  # characters: fastText's own is 6, and a word costs time for each


class Coded(NamedTuple):
    """Rows of which each part is one of 256, as a product quantiser leaves them.

    Attributes:
        codes: uint8 `(rows, parts)`.
        centroids: float32 `(256 * dim,)`: the 256 of the first part, then of the next.
        width: Numbers in a part; the last part may have fewer.
        norms: Which of `scales` each row is multiplied by, whole numbers `(rows,)`; or empty.
        scales: float32 `(n,)`, or empty.
        projection: float32 `(dim, dim)`: what each row, as a column, is multiplied by; or None.
            fastText has none.
    """

    codes: Array
    centroids: Array
    width: int
    norms: Array
    scales: Array
    projection: Array | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """`(rows, dim)`."""
        return len(self.codes), self.centroids.size // CENTROIDS

    def behind(self, row: int) -> "Coded":
        """The rows from `row` on: a view."""
        return self._replace(codes=self.codes[row:], norms=self.norms[row:])


def as_kernels_take(rows: Array | Coded) -> tuple[Any, ...]:
    """Rows as `inlay.kernels.subwords` takes them."""
    if isinstance(rows, Coded):
        return np.empty((0, rows.shape[1]), np.float32), *rows[:5]
    codes, numbers = np.empty((0, 0), np.uint8), np.empty(0, np.float32)
    return rows, codes, numbers, 0, codes[:, :0].reshape(-1), numbers


class Ngrams(NamedTuple):
    """Which parts of a word have rows.

    Attributes:
        min_n: Characters of the shortest n-gram; `<` and `>` around the word are characters.
        max_n: Of the longest; 0: there are none.
        bucket: How many buckets they are hashed into.
        kept: The buckets that have rows, rising, and those rows, int32 `(n,)` each; None: bucket
            `i` has row `i`.
        zeros: Whether all other buckets have rows of zeros, which count; else they have none.
        jamo: Whether words are spelled in the letters of Hangul first: `inlay.core.jamo`.
    """

    min_n: int
    max_n: int
    bucket: int
    kept: tuple[Array, Array] | None = None
    zeros: bool = False
    jamo: bool = False

    @property
    def n_rows(self) -> int:
        """How many rows there must be for any word to find its own; 0: there is no such word."""
        if not self.max_n or self.min_n > self.max_n:
            return 0
        return self.bucket if self.kept is None else int(self.kept[1].max(initial=-1)) + 1

    def means(
        self, blob: Array, offsets: Array, first: Array, rows: Array | Coded, before: int
    ) -> tuple[Array, Array]:
        """The mean of the rows of each word, and of how many: `inlay.kernels.subwords`.

        Args:
            blob: uint8 `(bytes,)`: words as they are spelled.
            offsets: int64 `(n + 1,)`: where each word begins in it.
            first: int64 `(n,)`: the word's own row, or -1.
            rows: All rows.
            before: How many of them stand before those of the buckets.

        Returns:
            float32 `(n, dim)` and int32 `(n,)`.
        """
        from inlay.kernels.subwords import compose

        out = np.empty((first.size, rows.shape[1]), np.float32)
        parts = np.empty(first.size, np.int32)
        none = np.empty(0, np.int32)
        kept = (none, none) if self.kept is None else self.kept
        pruned = int(self.kept is not None) + int(self.zeros)
        settings = (self.min_n, self.max_n, self.bucket, pruned, before)
        compose(blob, offsets, first, settings, kept, as_kernels_take(rows), out, parts)
        return out, parts


class Subwords:
    """What makes a vector of any word: the rows of its n-grams.

    Args:
        ngrams: Which parts of a word have rows.
        rows: float32 `(rows, dim)`, or coded; may be mapped from a file. All that `ngrams`
            can ask for are there.
        labels: Words of a classifier's labels. fastText takes label `i` for a word whose own row
            is row `i` here, so this is done here too.
        origin: Where the rows are mapped from, and can be had in another process.
    """

    def __init__(
        self,
        ngrams: Ngrams | OtherNgrams,
        rows: Array | Coded,
        labels: Tokens | None = None,
        origin: Origin | None = None,
    ) -> None:
        self.ngrams, self.rows, self.origin = ngrams, rows, origin
        self.labels = Tokens.from_list([]) if labels is None else labels

    def compose(self, words: Sequence[str]) -> tuple[Array, Array]:
        """Vectors of words, float32 `(n, dim)`, and of how many rows each is the mean.

        A word without any n-gram of the right length is all zeros, of 0 rows.
        """
        if isinstance(self.ngrams, OtherNgrams):
            projection = self.rows.projection if isinstance(self.rows, Coded) else None
            return self.ngrams.compose(words, as_kernels_take(self.rows), projection)
        if self.ngrams.jamo:
            words = [in_jamo(word) for word in words]
        # A lone surrogate is hashed as the bytes that it would have.
        blob, offsets = pack(words, errors="surrogatepass")
        first = np.full(len(words), -1, np.int64)
        if len(self.labels):
            first = self.labels.find_many(words)
            first[first >= self.rows.shape[0]] = -1
        vectors, parts = self.ngrams.means(blob, offsets, first, self.rows, 0)
        if self.ngrams.zeros:
            parts[~vectors.any(axis=1)] = 0  # nothing but zeros is nothing
        return vectors, parts

    def __deepcopy__(self, memo: object) -> "Subwords":  # it never changes
        return self

    def __reduce_ex__(self, protocol: Any) -> Any:
        if self.origin is not None and self.origin.is_there():
            return _again, (self.origin,)
        return super().__reduce_ex__(protocol)


def _again(origin: Callable[[], Any]) -> Subwords:
    found: Subwords = origin()._subwords
    return found


class WordRows:
    """The vectors of a model's own words, made when they are asked for: an array to index.

    Each is the mean of the word's own row and those of its n-grams, so a matrix of them would
    have to read all of the file. `rows[2]`, `rows[2:5]`, `rows[[7, 1]]` make those alone.

    Args:
        blob: uint8 `(bytes,)`: the words as they are in the file, one after the other.
        offsets: int64 `(n + 1,)`.
        own: int64 `(n,)`: the row of each word itself.
        ngrams: The parts that have rows too.
        rows: All rows of the model.
        before: How many of them stand before those of the buckets.
    """

    dtype = np.dtype(np.float32)

    def __init__(
        self,
        blob: Array,
        offsets: Array,
        own: Array,
        ngrams: Ngrams,
        rows: Array | Coded,
        before: int,
    ) -> None:
        self.blob, self.offsets, self.own = blob, offsets, own
        self.ngrams, self.rows, self.before = ngrams, rows, before
        self.shape = (own.size, rows.shape[1])

    @property
    def nbytes(self) -> int:
        """Bytes of all rows, once they are made."""
        return self.shape[0] * self.shape[1] * self.dtype.itemsize

    def __getitem__(self, index: Any) -> Array:
        if isinstance(index, int | np.integer):
            return self._some(np.array([index])).reshape(-1)
        wanted = np.arange(self.shape[0])[index]
        out = np.empty((wanted.size, self.shape[1]), np.float32)

        def work(start: int) -> None:
            out[start : start + BLOCK] = self._some(wanted[start : start + BLOCK])

        if wanted.size <= BLOCK:
            work(0)
            return out
        from inlay.jobs.threads import Pool, thread_count

        threads = thread_count()
        with Pool(threads) as pool:
            for _ in pool.in_order(work, range(0, wanted.size, BLOCK), 4 * threads):
                pass
        return out

    def _some(self, wanted: Array) -> Array:
        """The vectors of some words, by their numbers."""
        from inlay.kernels.parse import copy_spans

        bounds = np.stack([self.offsets[wanted], self.offsets[wanted + 1]], axis=1)
        blob = np.empty(int((bounds[:, 1] - bounds[:, 0]).sum()), np.uint8)
        offsets = np.empty(wanted.size + 1, np.int64)
        copy_spans(self.blob, bounds, blob, offsets)
        return self.ngrams.means(blob, offsets, self.own[wanted], self.rows, self.before)[0]
