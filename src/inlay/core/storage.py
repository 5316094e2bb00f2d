"""Vectors in fewer bytes than float32: bfloat16, and int8 with a scale for each row.

numpy has neither type, so the rows stay as they are stored, often in a mapped file, and become
float32 as they are asked for. What indexes a matrix indexes them: `rows[2]`, `rows[2:5]`,
`rows[[7, 1]]`; so do `inlay.core.subwords.WordRows`.
"""

from collections.abc import Callable
from typing import Any, Self

import numpy as np

from inlay.aliases import Array
from inlay.checks import described
from inlay.errors import ArgumentError

BLOCK = 16_384  # rows at a time
FLOATS = tuple(map(np.dtype, ("float16", "float32", "float64")))
# Makes the place for numbers of a shape and dtype: `numpy.empty`, or a file that is written to.
Room = Callable[[tuple[int, int], Any], Any]


class StoredRows:
    """Rows in a form of their own; each subclass says which, and makes float32 of some.

    Attributes:
        name: What the numbers are stored as.
        shape: `(rows, dim)`.
        nbytes: What they take.
    """

    name: str
    shape: tuple[int, int]
    nbytes: int
    dtype = np.dtype(np.float32)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> Array:
        raise NotImplementedError

    def taken(self, index: Any) -> "StoredRows | Array":
        """Some of the rows, in the same form where that can be."""
        return self[index]


class BFloat16Rows(StoredRows):
    """The upper half of each float32: its exponent, and 8 bits of the number.

    Args:
        bits: uint16 `(rows, dim)`.
    """

    name = "bfloat16"

    def __init__(self, bits: Array) -> None:
        self.bits, self.nbytes = bits, bits.nbytes
        self.shape = (bits.shape[0], bits.shape[1])

    def __getitem__(self, index: Any) -> Array:
        wide: Array = (self.bits[index].astype(np.uint32) << np.uint32(16)).view(np.float32)
        return wide

    def taken(self, index: Any) -> "BFloat16Rows":
        return BFloat16Rows(self.bits[index])

    @classmethod
    def room(cls, shape: tuple[int, int], room: Room) -> Self:
        """Rows that are to be written, some at a time: `rows[2:5] = floats`."""
        return cls(room(shape, np.uint16))

    def __setitem__(self, some: slice, rows: Array) -> None:
        """Round float rows `(n, dim)` to the nearest, and to even in the middle. NaN stays NaN."""
        self.bits[some] = rounded(np.ascontiguousarray(rows, np.float32))


class Int8Rows(StoredRows):
    """Whole numbers from -127 to 127, and what those of a row are multiplied by.

    Args:
        codes: int8 `(rows, dim)`.
        scales: float32 `(rows,)`.
    """

    name = "int8"

    def __init__(self, codes: Array, scales: Array) -> None:
        self.codes, self.scales = codes, scales
        self.shape, self.nbytes = (codes.shape[0], codes.shape[1]), codes.nbytes + scales.nbytes

    def __getitem__(self, index: Any) -> Array:
        made: Array = self.codes[index].astype(np.float32)
        made *= self.scales[index][..., None]
        return made

    def taken(self, index: Any) -> "Int8Rows":
        return Int8Rows(self.codes[index], self.scales[index])

    @classmethod
    def room(cls, shape: tuple[int, int], room: Room) -> Self:
        """Rows that are to be written, some at a time: `rows[2:5] = floats`."""
        return cls(room(shape, np.int8), np.empty(shape[0], np.float32))

    def __setitem__(self, some: slice, rows: Array) -> None:
        """Round float rows `(n, dim)`: `scale = max|x| / 127`, and 0 for a row of zeros.

        A row with NaN or infinity has the scale NaN, so that all of it is.
        """
        block = np.asarray(rows, np.float32)
        largest = np.abs(block).max(axis=1)
        scale = np.where(np.isfinite(largest), largest / np.float32(127), np.float32(np.nan))
        with np.errstate(invalid="ignore"):  # NaN has no whole number
            inverse = np.divide(1, scale, out=np.zeros_like(scale), where=scale > 0)
            whole = np.rint(block * inverse[:, None])
            self.codes[some] = np.nan_to_num(whole).clip(-127, 127).astype(np.int8)
        self.scales[some] = scale


PACKED: dict[str, type[BFloat16Rows | Int8Rows]] = {
    BFloat16Rows.name: BFloat16Rows,
    Int8Rows.name: Int8Rows,
}


def rounded(block: Array) -> Array:
    """float32 as bfloat16, uint16 of the same shape."""
    bits = block.view(np.uint32)
    upper = bits >> np.uint32(16)
    nearest = (bits + (np.uint32(0x7FFF) + (upper & np.uint32(1)))) >> np.uint32(16)
    quiet = upper | np.uint32(0x40)  # of a NaN whose bits are all in the lower half, too
    return np.where(np.isnan(block), quiet, nearest).astype(np.uint16)


def stored_type(name: str, given: Any) -> str:
    """The name of a type that vectors can be stored as: `"float32"`.

    Raises:
        ArgumentError: Another type.
    """
    if isinstance(given, str) and given in PACKED:
        return given
    try:
        found: np.dtype[Any] = np.dtype(bool if given is None else given)
    except TypeError:
        found = np.dtype(bool)
        if str(given).removeprefix("torch.") == "bfloat16" or _is_called(given, "bfloat16"):
            return "bfloat16"
    if str(found) in PACKED:  # np.int8; ml_dtypes.bfloat16
        return str(found)
    if found not in FLOATS:
        listed = ", ".join(repr(known) for known in (*map(str, FLOATS), *PACKED))
        raise ArgumentError(name, expected=f"one of {listed}", got=described(given))
    return str(found)


def _is_called(given: Any, name: str) -> bool:
    return getattr(given, "__name__", None) == name


def as_stored(
    rows: Any, name: str, token: Callable[[int], str], room: Room = np.empty
) -> "Array | StoredRows":
    """The same vectors in another type, which are allocated.

    Args:
        rows: What is indexed like a matrix.
        name: Of the type.
        token: What to call a row in messages.
        room: Where they are to be.

    Raises:
        ArgumentError: A number that the type cannot hold.
    """
    made: Any = PACKED[name].room(rows.shape, room) if name in PACKED else room(rows.shape, name)
    with np.errstate(over="ignore"):  # what has become infinite is looked for
        for start in range(0, rows.shape[0], BLOCK):
            some = slice(start, min(start + BLOCK, rows.shape[0]))
            given = rows[some]
            made[some] = given
            lost = ~np.isfinite(made[some]) & np.isfinite(given)
            if lost.any():
                row, column = map(int, np.argwhere(lost)[0])
                raise ArgumentError(
                    "dtype",
                    expected=f"a type that holds {given[row, column]}, as in the vector of "
                    f"{token(start + row)}",
                    got=name,
                    hint="dtype='float32'",
                )
    found: Array | StoredRows = made
    return found
