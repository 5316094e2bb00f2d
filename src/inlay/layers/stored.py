"""A table's numbers as a layer keeps them frozen where a difference trains: as they are stored.

    vector = base[id] + delta[id]           trainable="delta"
    vector = base[id] + a[id] @ b           with a rank: Hu et al. 2021, "LoRA"

The base is never made whole as float32: only the rows that a batch looks up become float32, by the
arithmetic of `inlay.core.storage`, so that a layer that has not been trained gives what the table
gives, to the bit. The difference starts at zero.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, Self

import numpy as np

from inlay.aliases import Array
from inlay.checks import whole
from inlay.core import Table
from inlay.core.storage import BLOCK, BFloat16Rows, Int8Rows
from inlay.hosts.memory import aligned_copy, can_share

Form = Literal["float32", "float16", "bfloat16", "int8"]
FORMS: tuple[Form, ...] = ("float32", "float16", "bfloat16", "int8")


class Stored(NamedTuple):
    """A frozen matrix as arrays that every framework has a type for.

    Attributes:
        form: What the numbers are stored as.
        matrix: `(vocab_size, dim)`: float32; or int16, the bits of each float16 or bfloat16; or
            int8, the codes.
        scales: Of int8, what the codes of each row are multiplied by: float32 `(vocab_size,)`.
            Otherwise None.
    """

    form: Form
    matrix: Array
    scales: Array | None = None

    @property
    def named(self) -> dict[str, Array]:
        """The arrays by the names that they have in saved files."""
        if self.scales is not None:
            return {"codes": self.matrix, "scales": self.scales}
        return {_NAMES.get(self.form, "bits"): self.matrix}

    @classmethod
    def of(cls, form: Form, named: Mapping[str, Array]) -> Self:
        """The other way round."""
        name = _NAMES.get(form, "bits")
        return cls(form, named[name], named.get("scales"))

    @property
    def rows(self) -> Any:
        """What is indexed like a float32 matrix, and makes float32 of the rows asked for."""
        if self.form == "int8":
            assert self.scales is not None
            return Int8Rows(self.matrix, self.scales)
        if self.form == "bfloat16":
            return BFloat16Rows(self.matrix.view(np.uint16))
        return self.matrix if self.form == "float32" else self.matrix.view(np.float16)


_NAMES: dict[Form, str] = {"float32": "weight", "int8": "codes"}


def stored_of(table: Table, *, aligned: bool = True) -> Stored:
    """The numbers of a table in memory that a framework can live in.

    Args:
        table: Any. What is stored in none of these forms becomes float32.
        aligned: Whether the memory must start at a multiple of 64 bytes: see `inlay.hosts.memory`.

    Returns:
        The table's own arrays, often a map of its file, where they are writable, as a layer never
        writes to them, and start where they must; copies in the same form where they do not.
    """

    def held(array: Array) -> Array:
        name = str(array.dtype)
        return array if can_share(array, name, aligned=aligned) else aligned_copy(array, name)

    rows = table._rows
    if isinstance(rows, Int8Rows):
        return Stored("int8", held(rows.codes), held(rows.scales))
    if isinstance(rows, BFloat16Rows):
        return Stored("bfloat16", held(rows.bits.view(np.int16)))
    array = table.storage
    if array.dtype == np.float16:
        return Stored("float16", held(array.view(np.int16)))
    fits = array.dtype == np.float32
    return Stored("float32", held(array) if fits else aligned_copy(array, "float32"))


def checked_rank(rank: int | None, dim: int) -> int | None:
    """The rank of a difference of vectors of `dim` numbers, or None: of full rank.

    Raises:
        ArgumentError: Beyond `dim`: it would take more than the difference itself.
    """
    return None if rank is None else whole("rank", rank, most=dim)


def start_of_b(rank: int, dim: int) -> Array:
    """The second factor of a difference of low rank, at the start: float32 `(rank, dim)`.

    Drawn with the variance `1 / rank`, so that a step moves a vector on average as far as it would
    move it without a rank: the expectation of `b.T @ b` is the identity. The same in every
    framework and every time. The first factor, `(vocab_size, rank)`, starts at zero.
    """
    drawn: Array = np.random.default_rng(0).normal(0, rank**-0.5, (rank, dim)).astype(np.float32)
    return drawn


def with_difference(base: Any, difference: Mapping[str, Array]) -> Array:
    """All rows of a layer: float32 `(vocab_size, dim)`, which is all that it allocates.

    Args:
        base: The frozen rows, indexed like a matrix.
        difference: `delta`, or `a` and `b`.
    """
    matrix = np.empty(base.shape, np.float32)
    for start in range(0, len(matrix), BLOCK):
        some = slice(start, start + BLOCK)
        matrix[some] = base[some]
        if "delta" in difference:
            matrix[some] += difference["delta"][some]
        else:
            matrix[some] += difference["a"][some] @ difference["b"]
    return matrix
