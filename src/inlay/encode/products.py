"""Products with a matrix that stays: the one thing in which an encoder's engines differ."""

from collections.abc import Callable
from typing import Protocol

from inlay.aliases import Array


class Product(Protocol):
    """A matrix `(depth, width)`, laid out for many products. Safe in several threads."""

    def __call__(self, left: Array, out: Array, bias: Array | None = None) -> None:
        """`out += left @ matrix`, or `out = bias + left @ matrix`, all C-contiguous.

        Args:
            left: float32 `(n, depth)`.
            out: float32 `(n, width)`, changed.
            bias: float32 `(1, width)`.
        """


Pack = Callable[[Array], Product]


class PanelProduct:
    """`kernels/panels.py` as a `Product`."""

    def __init__(self, matrix: Array) -> None:
        from inlay.kernels import panels

        self._product, self._packed = panels.product, panels.pack(matrix)

    def __call__(self, left: Array, out: Array, bias: Array | None = None) -> None:
        self._product(left, self._packed, out if bias is None else bias, out)


class Int8PanelProduct:
    """`kernels/quantise.py` as a `Product`."""

    def __init__(self, matrix: Array) -> None:
        from inlay.kernels import quantise

        self._product, self._packed = quantise.product, quantise.pack(matrix)

    def __call__(self, left: Array, out: Array, bias: Array | None = None) -> None:
        self._product(left, *self._packed, out if bias is None else bias, out)


PACKERS: dict[str, Pack] = {"float32": PanelProduct, "int8": Int8PanelProduct}
