"""What a layer of JAX does so that its frozen matrix is saved by reference."""

from dataclasses import replace
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from inlay.aliases import Array
from inlay.core import Table
from inlay.errors import ArgumentError, FormatError
from inlay.hosts import jax as host
from inlay.hosts.memory import aligned_copy, can_share
from inlay.layers.reference import KEY, SAVED, Reference


class SavedByReference:
    """A layer whose `bits`, and their scales, may be the map of a file that `reference` names."""

    bits: Any
    reference: Reference | None

    @property
    def by_reference(self) -> bool:
        """Whether a pickle of the layer holds the path and digest of a file, and no frozen number.

        A layer never changes: `whole()` is the one that is saved whole.
        """
        return self.reference is not None

    def whole(self) -> Self:
        """The same layer, which a pickle holds whole, and of which no file is known."""
        return replace(self, reference=None)  # type: ignore[type-var]

    def without_base(self) -> Self:
        """The layer for tools that save the arrays of a pytree, such as `numpy.savez`.

        In the place of the frozen matrix it has the digest of its file, uint8 `(32,)`, so that it
        cannot be called until `with_base` has put the matrix back in.

        Raises:
            ArgumentError: The layer is not by reference, or has other numbers than the file.
            MissingFileError: The file is gone.
            FormatError: It is another.
        """
        digest = np.frombuffer(bytes.fromhex(self._confirmed().digest), np.uint8)
        return replace(self, **self._bare(jnp.asarray(digest)))  # type: ignore[type-var]

    def with_base(self) -> Self:
        """The layer with its frozen matrix: the file found, verified and mapped.

        Raises:
            ArgumentError: The layer is not by reference.
            FormatError: The arrays are of a layer of another file; the file is another.
            MissingFileError: It is not there.
        """
        reference = self._referring()
        if self.bits.ndim == 1 and bytes(np.asarray(self.bits)) != bytes.fromhex(reference.digest):
            raise FormatError(
                "layer",
                expected=f"the arrays of a layer of {reference.path}",
                got="those of a layer of another file",
                hint="a layer made of that table",
            )
        return replace(self, **self._mapped(reference))  # type: ignore[type-var]

    def __getstate__(self) -> dict[str, Any]:
        state = dict(vars(self))
        has_numbers = isinstance(self.bits, jax.Array | np.ndarray) and self.bits.ndim == 2
        if self.by_reference and has_numbers and not host.is_traced(self.bits):
            state |= self._bare(KEY) | {"reference": self._confirmed(), "_tokens": None}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        by_reference = isinstance(state["bits"], str)
        vars(self).update(state)
        if by_reference:
            vars(self).update(self._mapped(state["reference"]))

    def _referring(self) -> Reference:
        if self.reference is None:
            raise ArgumentError(
                "layer",
                expected="one by reference, of a table that is the map of a native file",
                got="one that is not",
                hint=f"to_jax(table, by_reference=True), after {SAVED.format('table')}",
            )
        return self.reference

    def _confirmed(self) -> Reference:
        """What is written in the place of the numbers, if they are still those of the file."""
        return self._referring().confirmed("layer", self.bits.shape, self._is_same)

    def _is_same(self, some: slice, rows: Array) -> bool:
        """Whether some of the frozen rows are these."""
        return np.array_equal(np.asarray(self.bits[some]), rows.view(np.int32))

    def _bare(self, in_place: Any) -> dict[str, Any]:
        """What the layer has without its frozen numbers: the same leaves."""
        return {"bits": in_place}

    def _base_of(self, table: Table, reference: Reference) -> dict[str, Any]:
        """What the layer has of a table."""
        return {"bits": bits_of(table)}

    def _mapped(self, reference: Reference) -> dict[str, Any]:
        """What the layer has of a file."""
        table = reference.opened()
        of_file = {"reference": Reference.of(table), "_tokens": table.tokens}
        return self._base_of(table, reference) | of_file


def bits_of(table: Table) -> Any:
    """A table's float32 numbers as whole ones, bit for bit, in its memory if they can be."""
    array = np.asarray(table.storage)
    shared = array if can_share(array, "float32") else aligned_copy(array, "float32")
    return host.as_tensor(shared.view(np.int32))
