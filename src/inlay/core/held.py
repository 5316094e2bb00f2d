"""What a table holds besides its tokens and rows: how it is made, stored, and travels."""

from collections.abc import Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from inlay.aliases import Array
from inlay.calls import refuses_unknown
from inlay.checks import shown
from inlay.core.alignment import Coverage
from inlay.core.immutable import read_only
from inlay.core.storage import Room, StoredRows, as_stored, stored_type
from inlay.core.tokens import Tokens
from inlay.core.travel import Origin
from inlay.core.vectors import CACHED, Vectors

if TYPE_CHECKING:
    from inlay.core.subwords import Subwords, WordRows


class Held(Vectors):
    """Vectors with what belongs to them: a `Table`, but for how one is made, aligned and saved."""

    coverage: Coverage | None
    _provenance: dict[str, Any]
    _origin: Origin | None
    _parts: dict[str, Any]

    @classmethod
    def _unchecked(
        cls,
        tokens: Tokens,
        matrix: "Array | WordRows | StoredRows",
        *,
        counts: Array | None = None,
        pad_id: int | None = None,
        unk_id: int | None = None,
        provenance: Mapping[str, Any] | None = None,
        coverage: Coverage | None = None,
        origin: Origin | None = None,
        subwords: "Subwords | None" = None,
        parts: Mapping[str, Any] | None = None,
    ) -> Self:
        """For readers that have checked their arrays already: nothing is read."""
        table = cls.__new__(cls)
        table._fill(tokens, matrix, counts, pad_id, unk_id, dict(provenance or {}))
        table._set(coverage=coverage, _origin=origin, _subwords=subwords, _parts=dict(parts or {}))
        return table

    def _fill(
        self,
        tokens: Tokens,
        matrix: "Array | WordRows | StoredRows",
        counts: Array | None,
        pad_id: int | None,
        unk_id: int | None,
        provenance: dict[str, Any],
    ) -> None:
        self._set(
            tokens=tokens,
            counts=None if counts is None else read_only(counts),
            pad_id=pad_id,
            unk_id=unk_id,
            coverage=None,
            _rows=matrix,
            _provenance=provenance,
            _origin=None,
            _subwords=None,
            _parts={},
        )

    def __reduce_ex__(self, protocol: Any) -> Any:
        if self._origin is not None and self._origin.is_there():
            return self._origin, ()
        return super().__reduce_ex__(protocol)

    def __getstate__(self) -> dict[str, Any]:
        # Views of the matrix would be pickled as matrices of their own.
        state = {name: value for name, value in vars(self).items() if name not in CACHED}
        return state | {"_rows": self._whole}

    @property
    def provenance(self) -> dict[str, Any]:
        """Where the table came from, as plain JSON values: a copy, for the table never changes."""
        return deepcopy(self._provenance)

    @property
    def tokenizer(self) -> str | None:
        """The name of the tokenizer of the texts that it was trained on; None if it is not known.

        Texts that are to meet these vectors are best split by the same.
        """
        name = self._provenance.get("tokenizer")
        return name if isinstance(name, str) else None

    @refuses_unknown()
    def astype(self, dtype: Any) -> Self:
        """The same vectors stored as another type; this table itself if that is what it has.

        bfloat16 keeps 8 bits of each number, and rounds to the nearest, in the middle to even.
        int8 keeps whole numbers from -127 to 127, and for each row the largest of its numbers over
        127, by which they are multiplied. Both are float32 again as they are asked for.

        Args:
            dtype: `"float16"`, `"float32"`, `"float64"`, `"bfloat16"` or `"int8"`.

        Returns:
            A table that allocates its numbers: 2, 4, 8, 2, or 1 byte each, and for int8 4 a row.
            Its provenance has what they were stored as before, as `stored_dtype`.

        Raises:
            ArgumentError: Another type, or a number that it cannot hold.

        Examples:
            >>> import numpy as np
            >>> from inlay import Table
            >>> table = Table(["good"], np.array([[1.27, 0.5]], "float32")).astype("int8")
            >>> table["good"], table.stored_dtype
            (array([1.27, 0.5 ], dtype=float32), 'int8')
        """
        return self._stored(stored_type("dtype", dtype))

    def _stored(self, wanted: str, room: Room = np.empty) -> Self:
        """`astype`, with the numbers where `room` makes a place for them."""
        if wanted == self.stored_dtype:
            return self
        rows = as_stored(self._rows, wanted, lambda row: shown(self.tokens[row]), room)
        return self._with(rows, {"stored_dtype": self.stored_dtype})

    def _with(self, rows: "Array | WordRows | StoredRows", facts: Mapping[str, Any]) -> Self:
        """The same table with other rows of as many numbers, and a provenance that says more."""
        return self._replaced(rows, provenance={**self._provenance, **facts})

    def _replaced(
        self, rows: "Array | WordRows | StoredRows | None" = None, *, provenance: Mapping[str, Any]
    ) -> Self:
        return self._unchecked(
            self.tokens,
            self._rows if rows is None else rows,
            counts=self.counts,
            pad_id=self.pad_id,
            unk_id=self.unk_id,
            provenance=provenance,
            subwords=self._subwords,
            parts=self._parts,
        )
