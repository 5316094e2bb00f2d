"""What a Keras layer does so that its frozen matrix is saved by reference."""

from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.core import Table
from inlay.core.tokens import Tokens
from inlay.errors import FormatError, InlayError
from inlay.hosts import keras as host
from inlay.hosts.keras import ops, plain
from inlay.hosts.memory import aligned_copy
from inlay.layers.reference import KEY, ByReference, Reference


class SavedByReference(ByReference):
    """A layer whose frozen numbers, its `_embeddings` or others, may be the map of a file."""

    _borrowed = False  # whether the variable may be the table's own memory, never written to
    _tokens: Tokens | None = None  # for messages; a layer that was saved has none
    _verified = ""  # the digest of the file whose bytes have just been looked at
    _embeddings: Any
    name: str
    variable_dtype: str
    input_dim: int
    output_dim: int

    def _is_matrix_frozen(self) -> bool:
        raise NotImplementedError

    def _own(self) -> None:
        """Give the layer memory of its own, about to be written to."""
        self._leave_file()
        if self._borrowed:
            host.detach(self._embeddings)
            self._borrowed = False

    def _memory_of(self, table: Table) -> tuple[Array, bool]:
        """A table's numbers, and whether the layer may live in their memory."""
        array = table.storage
        return array, self._is_matrix_frozen() and host.can_share(array, self.variable_dtype)

    def _is_by_reference(self) -> bool:
        if self._refers and not self._is_matrix_frozen():
            self._leave_file()
        return self._refers

    def _where(self) -> str:
        return f"layer {self.name!r}"

    def _refer(self, saved: Any) -> None:
        """Know of the file that a config names."""
        self.in_file(Reference.read(f"{self._where()}, {KEY!r}", saved), by_reference=True)

    def _opened(self) -> Table | None:
        """The table of a layer by reference, whose file is looked for and verified."""
        if self._file is None or not self._refers:
            return None
        self._file.check_shape(self._where(), self._shape())
        table, self._verified = self._file.opened(), self._file.digest
        self._file, self._tokens = Reference.of(table), table.tokens
        return table

    def _opened_like(self, other: "SavedByReference") -> Table | None:
        """The table of a layer that this one is to be like, if its numbers are those of a file."""
        try:
            return other._confirmed().opened(verify=False) if self._refers else None
        except InlayError:  # the file is gone, but not the numbers
            self._leave_file()
            return None

    def _confirmed(self) -> Reference:
        """What is written in the place of the numbers, if they are still those of the file."""
        assert self._file is not None
        return self._file.confirmed(self._where(), self._shape(), self._is_same)

    def _is_same(self, some: slice, rows: Array) -> bool:
        """Whether some of the frozen rows are these."""
        expected = host.as_tensor(aligned_copy(rows, "float32"), self.variable_dtype)
        found = ops.convert_to_tensor(self._embeddings)[some]
        a, b = (host.as_array(ops.cast(part, "float32")) for part in (found, expected))
        return np.array_equal(a, b, equal_nan=True)

    def _shape(self) -> tuple[int, int]:
        return self.input_dim, self.output_dim

    def _save_reference(self, store: Any) -> None:
        try:
            store[KEY] = self._confirmed().as_bytes()
        except InlayError as error:
            raise plain(error) from None

    def _load_reference(self, store: Any) -> Array | None:
        """Live in the file that saved weights name; its numbers, if they have to be written.

        Args:
            store: The weights.
        """
        names = sorted(store.keys())
        if names != [KEY]:
            expected, got = f"weights of the name {KEY} alone", ", ".join(names)
            raise plain(FormatError(self._where(), expected=expected, got=got))
        if (table := self._named_in(store)) is None:
            return None
        array, share = self._memory_of(table)
        self._leave_file()
        if not self._is_matrix_frozen():
            self._own()
            return aligned_copy(array, "float32")
        dtype = self.variable_dtype
        tensor = host.as_tensor(array if share else aligned_copy(array, dtype), dtype)
        host.adopt(self._embeddings, tensor)
        self._borrowed, self._tokens = share, table.tokens
        self.in_file(Reference.of(table), by_reference=True)
        return None

    def _named_in(self, store: Any) -> Table | None:
        """The table of the file that saved weights name; None if the layer has just opened it."""
        seen, self._verified = self._verified, ""
        file = Reference.read(f"{self._where()}, {KEY!r}", np.asarray(store[KEY]).tobytes())
        file.check_shape(self._where(), self._shape())
        return None if self._is_by_reference() and file.digest == seen else file.opened()
