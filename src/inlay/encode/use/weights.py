"""The numbers of a Universal Sentence Encoder: names, shapes, and what is wrong with a file.

Of the published weights the embeddings are whole numbers below 64, with a scale and a lowest
number for each of 17 kinds of rows: they stay bytes, and become float32 in the rows that a text
asks for. That is 66 MB where float32 would be 262 MB.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from inlay.aliases import Array
from inlay.errors import FormatError

TABLE, LOW, SCALE, EPSILON = "table", "low", "scale", "eps"
# Of each order k: how many neighbours a window lays side by side.
PROJECTION = ("proj{}", "proj_b{}", "ln_g{}", "ln_b{}")
CONVOLUTION = ("w1_{}", "b1_{}", "w2_{}", "b2_{}")
POOLING = ("ln_g", "ln_b", "cnn_W", "cnn_b")
HEAD = ("d0", "p1", "d1", "d2", "p3", "d3")
# What the published file calls the table: a block of rows for each scale, and their scales.
_BLOCK, _LOW, _SCALE, _BITS = "q{}", "lo", "scale", "bits"
CUT = "download it again; a file that was cut off looks like this"


@dataclass(frozen=True)
class Shape:
    """The sizes of a network.

    Attributes:
        pieces: Rows of the table.
        width: Numbers in a row of it, 512.
        orders: How many neighbours the windows lay side by side: 2, 3 and 5.
        part: Numbers of each order's part, 256.
        summed: Numbers in what is summed over a text, 512.
        hidden: Numbers in the first layers above that, 320.
        middle: Numbers in the layer above those, 512.
        dim: Numbers in a vector, 512.
    """

    pieces: int
    width: int
    orders: tuple[int, ...]
    part: int
    summed: int
    hidden: int
    middle: int
    dim: int

    @property
    def parts(self) -> int:
        """Numbers of all orders' parts side by side, 768."""
        return self.part * len(self.orders)

    @property
    def features(self) -> int:
        """Numbers of a piece's embedding and its parts side by side, 1,280."""
        return self.width + self.parts

    def arrays(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """The name and the shape of each array of the network, the table left out."""
        for k in self.orders:
            yield from zip(named(PROJECTION, k), self._projected(), strict=True)
            convolved = [(k * self.part, self.part), (self.part,)] * 2
            yield from zip(named(CONVOLUTION, k), convolved, strict=True)
        pooled = [(self.features,)] * 2 + [(self.features, self.summed), (self.summed,)]
        yield from zip(POOLING, pooled, strict=True)
        first = [(self.summed, self.hidden)] * 2 + [(self.hidden, self.hidden)]
        last = [(self.hidden, self.middle), (self.hidden, self.dim), (self.middle, self.dim)]
        yield from zip(HEAD, first + last, strict=True)

    def _projected(self) -> list[tuple[int, ...]]:
        return [(self.width, self.part), *[(self.part,)] * 3]


def named(names: tuple[str, ...], k: int) -> tuple[str, ...]:
    """The names of one order's arrays.

    Examples:
        >>> named(CONVOLUTION, 3)
        ('w1_3', 'b1_3', 'w2_3', 'b2_3')
    """
    return tuple(name.format(k) for name in names)


@dataclass(frozen=True)
class Weights:
    """All numbers of a network. They never change, and a copy of them is the object itself.

    A pickle of those that were read from a folder holds its path and their digest.

    Attributes:
        table: The embeddings of pieces `(pieces, width)`: uint8, or float32.
        low: Of a table of bytes, what the byte 0 stands for in row p: `low[p % low.size]`; else
            None.
        scale: The step from one byte to the next, likewise.
        network: The other arrays, float32, by their names.
        eps: What layer norms add to a variance.
    """

    table: Array
    low: Array | None
    scale: Array | None
    network: dict[str, Array]
    eps: float

    _origin: ClassVar[Any] = None  # where they were read: set for one object, see `travel.py`

    def read_from(self, origin: Any) -> Self:
        """Remember where they were read."""
        self.__dict__["_origin"] = origin
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> Any:
        if self._origin is not None and self._origin.is_there():
            self.__dict__["_origin"] = self._origin.signed(self)
            return self._origin, ()
        return type(self), (self.table, self.low, self.scale, self.network, self.eps)

    def __post_init__(self) -> None:
        for array in self.arrays().values():
            array.flags.writeable = False

    @classmethod
    def take(cls, arrays: Mapping[str, Any], where: str) -> Self:
        """Take arrays, or those of an open container, by inlay's names or the published ones.

        Raises:
            FormatError: An array that is not there or of another shape than the others say, or
                numbers that are not finite.
        """
        table, low, scale = _table(arrays, where)
        shape = _shape(arrays, table.shape, where)
        network = {name: _floats(arrays, name, size, where) for name, size in shape.arrays()}
        eps = float(_floats(arrays, EPSILON, (), where))
        if eps < 0:
            raise FormatError(where, expected=f"{EPSILON} of 0 or more", got=str(eps))
        return cls(table, low, scale, network, eps)

    @property
    def shape(self) -> Shape:
        """The sizes of the network."""
        return _shape(self.network, self.table.shape, "the weights")

    def rows(self, ids: Array) -> Array:
        """The embeddings of pieces, float32 `(n, width)`."""
        found: Array = self.table[ids].astype(np.float32)
        if self.low is not None and self.scale is not None:
            kind = ids % len(self.low)
            found *= self.scale[kind, None]
            found += self.low[kind, None]
        return found

    def arrays(self) -> dict[str, Array]:
        """All arrays, as inlay's own file has them."""
        kinds = {} if self.low is None or self.scale is None else {LOW: self.low, SCALE: self.scale}
        eps = np.array(self.eps, np.float64)
        return {TABLE: self.table, **kinds, **self.network, EPSILON: eps}

    def digest(self) -> Any:
        """SHA-256 of all arrays under way: the same for the same numbers, in any file."""
        digest = hashlib.sha256()
        for name, array in sorted(self.arrays().items()):
            digest.update(f"{name} {array.shape} {array.dtype.name}\n".encode())
            little = np.asarray(array, array.dtype.newbyteorder("<"), order="C")
            digest.update(little.reshape(-1).view(np.uint8).data)
        return digest


def _table(arrays: Mapping[str, Any], where: str) -> tuple[Array, Array | None, Array | None]:
    if TABLE in arrays:
        table = _two_sided(arrays, TABLE, where)
        if table.dtype != np.uint8:
            table = np.ascontiguousarray(_finite(table, TABLE, where), np.float32)
            return table, None, None
        low, scale = (_vector(arrays, name, where) for name in (LOW, SCALE))
    else:
        low, scale = (_vector(arrays, name, where) for name in (_LOW, _SCALE))
        blocks = [_two_sided(arrays, _BLOCK.format(i + 1), where) for i in range(low.size)]
        kinds = {(block.shape, block.dtype.name) for block in blocks}
        if len(kinds) != 1 or blocks[0].dtype != np.uint8:
            raise FormatError(
                where, expected="blocks of bytes of one shape", got=f"{sorted(kinds)}", hint=CUT
            )
        table = np.stack(blocks, axis=1).reshape(-1, blocks[0].shape[1])
    if low.size != scale.size or not low.size or len(table) < 3:
        got = f"{low.size} and {scale.size}, for {len(table)} pieces"
        raise FormatError(where, expected="as many lowest numbers as scales", got=got, hint=CUT)
    return table, low, scale


def _shape(arrays: Mapping[str, Any], table: tuple[int, ...], where: str) -> Shape:
    orders = sorted(
        int(found[1]) for name in arrays if (found := re.fullmatch(r"proj(\d{1,2})", name))
    )
    ends = ("cnn_W", "d0", "d2", "d3")
    for name in (*(PROJECTION[0].format(k) for k in orders or [2]), *ends):
        if name not in arrays or len(arrays[name].shape) != 2:
            raise _lacking(arrays, name, "two dimensions", where)
    part = arrays[PROJECTION[0].format(orders[0])].shape[1]
    summed, hidden, middle, dim = (int(arrays[name].shape[1]) for name in ends)
    pieces, width = table
    return Shape(pieces, width, tuple(orders), int(part), summed, hidden, middle, dim)


def _floats(arrays: Mapping[str, Any], name: str, shape: tuple[int, ...], where: str) -> Array:
    if name not in arrays or arrays[name].shape != shape or arrays[name].dtype.kind != "f":
        raise _lacking(arrays, name, f"shape {shape}", where)
    array = _finite(np.asarray(arrays[name][...]), name, where)
    return np.array(array, np.float64 if not shape else np.float32)


def _vector(arrays: Mapping[str, Any], name: str, where: str) -> Array:
    if name not in arrays or len(arrays[name].shape) != 1:
        raise _lacking(arrays, name, "one dimension", where)
    return _floats(arrays, name, arrays[name].shape, where)


def _two_sided(arrays: Mapping[str, Any], name: str, where: str) -> Array:
    if name not in arrays or len(arrays[name].shape) != 2 or arrays[name].dtype.kind not in "uf":
        raise _lacking(arrays, name, "two dimensions", where)
    return np.asarray(arrays[name][...])


def _finite(array: Array, name: str, where: str) -> Array:
    if not np.isfinite(array).all():
        raise FormatError(where, expected=f"finite numbers in {name!r}", got="NaN or infinity")
    return array


def _lacking(names: Mapping[str, Any], name: str, expected: str, where: str) -> FormatError:
    if name in names:
        got = f"{names[name].dtype} of shape {names[name].shape}"
    else:
        got = f"{_some(names)}"
    return FormatError(where, expected=f"an array {name!r} of {expected}", got=got, hint=CUT)


def _some(names: Iterable[str]) -> str:
    return f"only {', '.join(names) or 'none':.200}"
