"""The network of the BERT family in numpy and numba: ids of pieces to the vectors of each layer.

Texts stand one after another, without padding, so that nothing is computed that is not needed
and what stands beside a text cannot reach it. The engine is what multiplies, and nothing else.

Source: Devlin et al. 2019, "BERT: Pre-training of Deep Bidirectional Transformers".
"""

from collections.abc import Collection
from typing import NamedTuple, Protocol

import numpy as np

from inlay.aliases import Array
from inlay.encode.products import Pack, Product
from inlay.encode.transformer.shape import Shape
from inlay.encode.transformer.weights import Affine, Norm, Weights

ROWS = 256  # between the two products behind the attention: what is there stays near


class Network(Protocol):
    """Ids of pieces, with the special ones, to vectors."""

    def __call__(self, texts: list[Array], keep: Collection[int]) -> Array:
        """Run some texts.

        Args:
            texts: int32 `(n,)` each, checked, and none longer than the model takes.
            keep: Numbers of layers from 0, the embeddings below the first.

        Returns:
            float32 `(len(keep), pieces, dim)`: the layers from below, the texts one after another.
        """
        ...


class PackedLayer(NamedTuple):
    """A layer, laid out for products."""

    qkv: tuple[Product, Array]
    out: tuple[Product, Array]
    out_norm: Norm
    up: tuple[Product, Array]
    down: tuple[Product, Array]
    down_norm: Norm


class PackedNetwork:
    """A `Network` over products. Holds the matrices of the layers laid out anew.

    Args:
        shape: Its sizes.
        weights: Its numbers.
        pack: What makes products of matrices; see `inlay.encode.products`.
    """

    def __init__(self, shape: Shape, weights: Weights, pack: Pack) -> None:
        self._shape, self._eps = shape, np.float32(shape.eps)
        self._words, self._positions, self._norm = weights.words, weights.positions, weights.norm

        def packed(affine: Affine) -> tuple[Product, Array]:
            return pack(affine.matrix), np.ascontiguousarray(affine.bias[None])

        self._layers = [
            PackedLayer(
                packed(layer.qkv),
                packed(layer.out),
                layer.out_norm,
                packed(layer.up),
                packed(layer.down),
                layer.down_norm,
            )
            for layer in weights.layers
        ]

    def __call__(self, texts: list[Array], keep: Collection[int]) -> Array:
        """See `Network`."""
        from inlay.kernels.transformer import embed

        first = self._shape.first
        offsets = np.concatenate([[0], np.cumsum([len(text) for text in texts])]).astype(np.int64)
        n = int(offsets[-1])
        x = np.empty((n, self._shape.dim), np.float32)
        kept = np.empty((len(keep), *x.shape), np.float32)
        if not n:
            return kept
        places = np.concatenate([np.arange(first, first + len(text)) for text in texts])
        ids = np.concatenate(texts).astype(np.int32)
        embed(
            ids,
            places.astype(np.int32),
            self._words,
            self._positions,
            *self._norm,
            self._eps,
            x,
        )
        wanted = sorted(keep)
        for k in range(max(wanted) + 1):
            if k:
                x = self._layer(self._layers[k - 1], x, offsets)
            if k in wanted:
                kept[wanted.index(k)] = x
        return kept

    def _layer(self, layer: PackedLayer, x: Array, offsets: Array) -> Array:
        from inlay.kernels.transformer import attend, gelu, normalise

        qkv, found = _affine(x, layer.qkv), np.empty_like(x)
        attend(qkv, offsets, self._shape.heads, found)
        y = _affine(found, layer.out)
        y += x
        normalise(y, *layer.out_norm, self._eps)
        inner = np.empty((min(len(y), ROWS), layer.up[1].size), np.float32)
        for at in range(0, len(y), ROWS):
            some, z = y[at : at + ROWS], found[at : at + ROWS]
            wide = _affine(some, layer.up, inner[: len(some)])
            gelu(wide)
            _affine(wide, layer.down, z)
            z += some
            normalise(z, *layer.down_norm, self._eps)
        return found


def _affine(x: Array, affine: tuple[Product, Array], out: Array | None = None) -> Array:
    """`x @ matrix + bias`, into `out` if there is one."""
    product, bias = affine
    if out is None:
        out = np.empty((len(x), bias.size), np.float32)
    product(x, out, bias)
    return out
