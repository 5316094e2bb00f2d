"""Products with a matrix that stays: the one thing in which an encoder's engines differ."""

from collections.abc import Callable
from typing import Protocol

from inlay.aliases import Array


class Product(Protocol):
    """A matrix `(depth, width)`, laid out for many products. Safe in several threads."""

    def __call__(self, left: Array, out: Array) -> None:
        """`out += left @ matrix`: float32 `(n, depth)` and `(n, width)`, C-contiguous."""


Pack = Callable[[Array], Product]


class PanelProduct:
    """`kernels/panels.py` as a `Product`."""

    def __init__(self, matrix: Array) -> None:
        from inlay.kernels import panels

        self._product, self._packed = panels.product, panels.pack(matrix)

    def __call__(self, left: Array, out: Array) -> None:
        self._product(left, self._packed, out, out)
