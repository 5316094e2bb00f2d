"""A table as a pytree of which a difference trains: see `inlay.layers.stored`."""

from dataclasses import dataclass
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from inlay.aliases import Array
from inlay.core import Table
from inlay.hosts import jax as host
from inlay.hosts.memory import aligned_copy, untouched_zeros
from inlay.layers.jax.embedding import TableEmbedding, _floats, _take, _unsigned
from inlay.layers.reference import Reference
from inlay.layers.rows import Check, merged
from inlay.layers.stored import Form, Stored, checked_rank, start_of_b, stored_of, with_difference

# The bits of what an id out of range gives.
_NAN = {
    "float32": int(np.float32(np.nan).view(np.int32)),
    "float16": int(np.float16(np.nan).view(np.int16)),
    "bfloat16": 0x7FC0,
}
_ARRAYS = ("bits", "scale_bits", "rows")


@dataclass(frozen=True, eq=False)
class DeltaEmbedding(TableEmbedding):
    """What `to_jax(table, trainable="delta")` makes: frozen numbers, and what is added to them.

    The gradient with respect to `rows` has all rows, for JAX knows no sparse one. So for a large
    table give a `rank`: then `rows`, its gradient and what the optimiser keeps are small.

    Attributes:
        bits: The frozen numbers in the form in which the table is stored: int8 codes, or the bits
            of each number, int32 of float32 and int16 of bfloat16 and float16.
        scale_bits: Of int8, the bits of what the codes of each row are multiplied by: int32
            `(vocab_size,)`. Otherwise None.
        rows: What trains: the difference, float32 `(vocab_size, dim)`, zero at the start; or with a
            rank a pair `(a, b)`, float32 `(vocab_size, rank)`, zero, and `(rank, dim)`: what is
            added is `a[id] @ b`.
        form: What the frozen numbers are stored as.
    """

    _is_frozen = False  # for the one whose frozen matrix is all that it has
    scale_bits: Any = None
    form: Form = "float32"

    @classmethod
    def of(
        cls, table: Table, rank: int | None, check: Check, reference: Reference | None = None
    ) -> Self:
        """Do what `to_jax` says."""
        rank = checked_rank(rank, table.dim)
        base, (n, dim) = stored_of(table), table.shape
        rows = host.as_tensor(untouched_zeros((n, dim if rank is None else rank)))
        if rank is not None:
            rows = rows, host.as_tensor(aligned_copy(start_of_b(rank, dim), "float32"))
        return cls(
            rows=rows,
            slots=None,
            row_ids=None,
            pad_id=table.pad_id,
            check=check,
            _tokens=table.tokens,
            form=base.form,
            reference=reference,
            **_arrays(base),
        )

    @property
    def base(self) -> Any:
        """The frozen matrix as float32 `(vocab_size, dim)`: a copy."""
        return self._frozen(jnp.arange(self.shape[0]))

    def __call__(self, ids: Any) -> Any:
        """Look up ids, whole numbers `(...)`: float32 `(..., dim)`, NaN for an id out of range."""
        places = _unsigned(self._checked(ids))
        if isinstance(self.rows, tuple):
            a, b = self.rows
            added = _take(a, places, 0) @ b
        else:
            added = _take(self.rows, places, 0)
        if self.pad_id is not None:
            added = jnp.where((places == self.pad_id)[..., None], 0.0, added)  # no gradient either
        return self._frozen(places) + added

    def drift(self, start: TableEmbedding | None = None) -> Any:
        """How far training has carried the rows: the sum of the squared numbers of the difference.

        Added to a loss, with a weight, it pulls the rows back to where they started.

        Args:
            start: Not needed: the difference is zero at the start.

        Returns:
            A float32 scalar. Of a low rank, the difference is not made for it.
        """
        if isinstance(self.rows, tuple):
            a, b = self.rows
            return jnp.sum((a.T @ a) * (b @ b.T))
        return jnp.sum(jnp.square(self.rows))

    def merged(self, tokens: Any) -> Table:
        """The layer as it is now, as a table.

        Args:
            tokens: The vocabulary or the table whose ids the layer takes, or their tokens.

        Returns:
            A table with its own float32 matrix, and the special ids of `tokens`.
        """
        names = ("a", "b") if isinstance(self.rows, tuple) else ("delta",)
        parts = self.rows if isinstance(self.rows, tuple) else (self.rows,)
        difference: dict[str, Array] = dict(zip(names, map(np.asarray, parts), strict=True))
        return merged(tokens, with_difference(self._stored().rows, difference), self.pad_id)

    def _stored(self, some: slice | None = None) -> Stored:
        """Rows of the table as numpy's arrays, which may be its own memory."""
        parts = (self.bits, self.scale_bits)
        bits, scales = (
            None if part is None else np.asarray(part if some is None else part[some])
            for part in parts
        )
        assert bits is not None
        matrix = bits.view(np.float32) if self.form == "float32" else bits
        return Stored(self.form, matrix, None if scales is None else scales.view(np.float32))

    def _is_same(self, some: slice, rows: Array) -> bool:
        return np.array_equal(self._stored(some).rows[:], rows, equal_nan=True)

    def _bare(self, in_place: Any) -> dict[str, Any]:
        scales = None if self.scale_bits is None else jnp.zeros(0, jnp.int32)
        return {"bits": in_place, "scale_bits": scales}

    def _base_of(self, table: Table, reference: Reference) -> dict[str, Any]:
        stored = stored_of(table)
        reference.check_form("layer", self.form, stored.form)
        return _arrays(stored)

    def _frozen(self, places: Any) -> Any:
        """Rows of the table, float32, by the arithmetic of `inlay.core.storage`."""
        if self.form == "int8":
            scales = _floats(_take(self.scale_bits, places, _NAN["float32"]))
            return _take(self.bits, places, 0).astype(jnp.float32) * scales[..., None]
        bits = _take(self.bits, places, _NAN[self.form])
        return jax.lax.bitcast_convert_type(bits, self.form).astype(jnp.float32)


def _arrays(stored: Stored) -> dict[str, Any]:
    """A table's numbers as whole ones, bit for bit."""
    form, matrix, scales = stored
    bits = host.as_tensor(matrix.view(np.int32) if form == "float32" else matrix)
    scale_bits = None if scales is None else host.as_tensor(scales.view(np.int32))
    return {"bits": bits, "scale_bits": scale_bits}


def _flatten(layer: DeltaEmbedding) -> tuple[Any, Any]:
    named = [(jax.tree_util.GetAttrKey(name), getattr(layer, name)) for name in _ARRAYS]
    return named, (layer.pad_id, layer.check, layer.form, layer.reference)


def _unflatten(static: Any, arrays: Any) -> DeltaEmbedding:
    (bits, scale_bits, rows), (pad_id, check, form, reference) = arrays, static
    stored: Any = {"scale_bits": scale_bits, "form": form, "reference": reference}
    return DeltaEmbedding(bits, rows, None, None, pad_id, check, **stored)


jax.tree_util.register_pytree_with_keys(DeltaEmbedding, _flatten, _unflatten)
