"""The network of a Universal Sentence Encoder in numpy and numba: pieces to vectors.

What depends on a piece alone is computed once for each distinct piece: its embedding, the three
projections with their norm, and its share of each place in a window of the first convolutions, so
that these become sums of rows. Of a product whose rows are added up afterwards the sum is
multiplied instead. Half of the arithmetic is left: the second convolutions, of every piece.

Source: Yang et al. 2019, "Multilingual Universal Sentence Encoder for Semantic Retrieval"; the
layers are those of the published weights.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from inlay.aliases import Array
from inlay.encode.products import Pack, Product
from inlay.encode.use.weights import CONVOLUTION, HEAD, POOLING, PROJECTION, Weights, named

STRETCH = 8192  # places whose distinct pieces are held at once, 15 kB each
TINY = np.float32(1e-30)
ROWS = 128  # places at once, so that their windows stay in the second-level cache


class Order(NamedTuple):
    """The convolutions of one order."""

    k: int
    first: Product  # (part, k * part): a piece at each place of a window
    first_bias: Array
    second: Product  # (k * part, part)
    second_bias: Array


class Places(NamedTuple):
    """Texts one after another: of each place its piece, and where its text is."""

    ids: Array
    text: Array
    begin: Array
    end: Array


class Network:
    """A Universal Sentence Encoder ready to run. Holds its matrices once more, laid out: 12 MB.

    Args:
        weights: Its numbers.
        pack: What makes products of matrices; see `inlay.encode.products`.
    """

    def __init__(self, weights: Weights, pack: Pack) -> None:
        get, self._weights, self._eps = weights.network, weights, np.float32(weights.eps)
        self.shape = shape = weights.shape
        self.dim = shape.dim

        def beside(name: str) -> Array:
            every = [get[name.format(k)] for k in shape.orders]
            return np.ascontiguousarray(np.concatenate(every, axis=-1))

        matrix, self._bias, self._gain, self._shift = map(beside, PROJECTION)
        self._projection = pack(matrix)
        self._orders = [self._order(k, pack) for k in shape.orders]
        self._sum_gain, self._sum_shift, matrix, self._sum_bias = (get[name] for name in POOLING)
        self._sum = pack(matrix)
        self._head = [pack(get[name]) for name in HEAD]
        # How far a window reaches to both sides.
        self._left = max(((k - 1) // 2 for k in shape.orders), default=0)
        self._right = max((k // 2 for k in shape.orders), default=0)

    def _order(self, k: int, pack: Pack) -> Order:
        first, first_bias, second, second_bias = (
            self._weights.network[name] for name in named(CONVOLUTION, k)
        )
        size = self.shape.part
        by_place = first.reshape(k, size, size).transpose(1, 0, 2).reshape(size, k * size)
        products = pack(np.ascontiguousarray(by_place)), pack(second)
        return Order(k, products[0], first_bias, products[1], second_bias)

    def vectors(self, texts: Sequence[Array]) -> Array:
        """The vectors of texts.

        Args:
            texts: int `(n,)` ids of pieces, the marks at both ends included; none is empty.

        Returns:
            float32 `(len(texts), dim)`, of length 1. Needs up to 150 MB beside it, however long
            the texts are, and 5 kB for each.
        """
        lengths = np.array([len(ids) for ids in texts], np.int64)
        sums = np.zeros((len(texts), self.shape.features), np.float32)
        if len(texts):
            ends, text = np.cumsum(lengths), np.repeat(np.arange(len(texts)), lengths)
            places = Places(np.concatenate(texts), text, (ends - lengths)[text], ends[text])
            total = np.zeros(self.shape.features, np.float64)  # of the text that is under way
            for low in range(0, len(text), STRETCH):
                self._add_up(places, low, min(low + STRETCH, len(text)), total, sums)
        return self._above(sums, lengths[:, None].astype(np.float32))

    def _add_up(self, places: Places, low: int, high: int, total: Array, sums: Array) -> None:
        """Everything below the sum over a text, for the places from `low` to `high`."""
        from inlay.kernels.neighbours import add_normalised, convolve_known, windows

        start, stop = max(0, low - 2 * self._left), min(len(places.ids), high + 2 * self._right)
        distinct, which = np.unique(places.ids[start:stop], return_inverse=True)
        which = which.reshape(-1)
        # From here on places are counted from `start`.
        begin, end = places.begin[start:stop] - start, places.end[start:stop] - start
        text = places.text[start:stop]
        pieces = self._weights.rows(distinct)
        parts = self._parts(pieces)
        known = [
            _sum_of(order.k * self.shape.part, (order.first, x))
            for order, x in zip(self._orders, parts, strict=True)
        ]
        n, size = len(self._orders), self.shape.part
        before = np.empty((n, ROWS + self._left + self._right, size), np.float32)
        for row in range(low - start, high - start, ROWS):
            rows = min(ROWS, high - start - row)
            at = max(0, row - self._left)
            some = min(len(which), row + rows + self._right) - at
            convolved = np.empty((n, rows, size), np.float32)
            for i, order in enumerate(self._orders):
                x = before[i, :some]
                convolve_known(
                    known[i], parts[i], order.first_bias, which, begin, end, order.k, at, x
                )
                around = np.empty((rows, order.k * size), np.float32)
                windows(x, begin, end, order.k, row, at, around)
                convolved[i] = order.second_bias
                order.second(around, convolved[i])
            add_normalised(
                pieces, which, convolved, before, row - at, end, text, row, self._eps, total, sums
            )

    def _parts(self, pieces: Array) -> Array:
        """What the convolutions of each order begin with, `(orders, n, part)`."""
        from inlay.kernels.neighbours import normalise_parts

        x = np.repeat(self._bias[None], len(pieces), 0)
        self._projection(pieces, x)
        parts = np.empty((len(self._orders), len(pieces), self.shape.part), np.float32)
        normalise_parts(x, self._gain, self._shift, self._eps, parts)
        return parts

    def _above(self, sums: Array, n: Array) -> Array:
        """From sums over texts of n pieces to vectors."""
        d0, p1, d1, d2, p3, d3 = self._head
        hidden, middle = self.shape.hidden, self.shape.middle
        s = n * self._sum_bias
        self._sum(sums * self._sum_gain + n * self._sum_shift, s)
        s /= np.sqrt(n)
        y = _relu(_sum_of(hidden, (d0, s)))
        y = _relu(_sum_of(hidden, (p1, s), (d1, y)))
        z = np.tanh(_sum_of(self.dim, (p3, y), (d3, _relu(_sum_of(middle, (d2, y))))))
        z /= np.maximum(np.sqrt(np.square(z).sum(axis=1, keepdims=True)), TINY)
        return z


def _sum_of(width: int, *products: tuple[Product, Array]) -> Array:
    """Products of rows with matrices of this width, added up."""
    out = np.zeros((len(products[0][1]), width), np.float32)
    for matrix, left in products:
        matrix(left, out)
    return out


def _relu(x: Array) -> Array:
    return np.maximum(x, 0, out=x)
