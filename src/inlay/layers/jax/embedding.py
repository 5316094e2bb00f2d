"""A table as a pytree, for JAX alone, Flax and Equinox."""

import math
from dataclasses import dataclass, field, replace
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from inlay.aliases import Array
from inlay.checks import described
from inlay.core import Table
from inlay.core.tokens import Tokens
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.hosts import jax as host
from inlay.hosts.ids import ALIGNED, check_values, check_width, wrong_dtype
from inlay.hosts.memory import aligned_copy
from inlay.layers.jax.reference import SavedByReference, bits_of
from inlay.layers.reference import Reference
from inlay.layers.rows import Check, Trainable, merged, rows_at, slots_of


@dataclass(frozen=True, eq=False)
class TableEmbedding(SavedByReference):
    """What `to_jax` makes: a pytree of arrays that looks up ids.

    What is frozen is an array of whole numbers, for which JAX has no gradients and Equinox and
    optax no updates: the float32 numbers of `base`, bit for bit, which are floats again as their
    rows are looked up.

    Attributes:
        bits: The frozen matrix, int32 `(vocab_size, dim)`; None if every row trains.
        rows: What trains, float32: the whole matrix, or `(n_rows, dim)`; None if nothing does.
        slots: For each id its row of `rows`, or -1: int32 `(vocab_size,)`; None unless some train.
        row_ids: The other way round, int32 `(n_rows,)`.
        pad_id: The row of padding, or None.
        check: When a call looks at its ids: "debug", "always" or "off".
        reference: The file that a pickle names in the place of `bits`; None: it holds the numbers.
    """

    bits: Any
    rows: Any
    slots: Any
    row_ids: Any
    pad_id: int | None
    check: Check
    _tokens: Tokens | None = field(default=None, repr=False)  # for messages; lost in a transform
    reference: Reference | None = None

    @classmethod
    def from_table(
        cls,
        table: Table,
        trainable: Trainable,
        ids: Array | None,
        check: Check,
        reference: Reference | None = None,
    ) -> Self:
        """Do what `to_jax` says; `ids` are the rows that train, if some do."""
        bits = rows = slots = None
        if trainable is True:
            rows = host.as_tensor(aligned_copy(np.asarray(table.storage), "float32"))
        else:
            bits = bits_of(table)
        if ids is not None:
            rows = host.as_tensor(aligned_copy(rows_at(table, ids), "float32"))
            slots, ids = jnp.asarray(slots_of(ids, len(table))), jnp.asarray(ids, jnp.int32)
        return cls(bits, rows, slots, ids, table.pad_id, check, table.tokens, reference)

    @property
    def shape(self) -> tuple[int, int]:
        """`(vocab_size, dim)`."""
        if self.bits is not None and self.bits.ndim == 1:
            expected, got = "one with its frozen matrix", "one without"
            raise ArgumentError("layer", expected=expected, got=got, hint="layer.with_base()")
        n, dim = (self.rows if self.bits is None else self.bits).shape
        return int(n), int(dim)

    @property
    def _is_frozen(self) -> bool:
        return self.bits is not None and self.slots is None

    @property
    def base(self) -> Any:
        """The frozen matrix as float32 `(vocab_size, dim)`, or None: a copy, outside of `jit`."""
        return None if self.bits is None else _floats(self.bits)

    def __call__(self, ids: Any) -> Any:
        """Look up ids, whole numbers `(...)`: float32 `(..., dim)`, NaN for an id out of range."""
        places = _unsigned(self._checked(ids))
        if self.bits is None:
            found = _take(self.rows, places, jnp.nan)
            if self.pad_id is None:
                return found
            return jnp.where((places == self.pad_id)[..., None], 0.0, found)  # no gradient either
        found = _floats(_take(self.bits, places, _NAN))
        if self.slots is None:
            return found
        slots = _take(self.slots, places, -1)
        trained = self.rows[jnp.maximum(slots, 0)]
        return jnp.where((slots >= 0)[..., None], trained, found)

    def with_rows(self, rows: Any) -> Self:
        """The same layer with other numbers in the rows that train.

        Args:
            rows: Shaped as `rows`, or with more axes before, for `jax.vmap`. None: they are kept
                elsewhere, and given back before the next call.

        Raises:
            ArgumentError: Shaped otherwise, or the layer is frozen.
        """
        if rows is not None and self._is_frozen:
            hint = "inlay.to_jax(table, trainable=True)"
            got = described(rows)
            raise ArgumentError("rows", expected="None for a frozen layer", got=got, hint=hint)
        if rows is not None and self.rows is not None:
            wanted, given = _shapes(self.rows), _shapes(rows)
            fits = [g is not None and g[-2:] == w for w, g in zip(wanted, given, strict=False)]
            if len(wanted) != len(given) or not all(fits):
                expected = " and ".join(f"shape {tuple(shape)}" for shape in wanted)
                raise ArgumentError("rows", expected=expected, got=described(rows))
        return replace(self, rows=rows)

    def drift(self, start: "TableEmbedding | None" = None) -> Any:
        """How far training has carried the rows: the sum of their squared distances to the start.

        Added to a loss, with a weight, it pulls the rows back to where they started.

        Args:
            start: If every row trains, the frozen layer of the same table, which shares the
                table's memory: `to_jax(table)`. Otherwise not needed.

        Returns:
            A float32 scalar. Allocates as much as what trains, for a moment.
        """
        if self.slots is not None:
            origin = _floats(self.bits[self.row_ids])
        elif self.rows is None or start is None or start.bits is None:
            raise ArgumentError(
                "start",
                expected="the frozen layer of the table that this one was made of",
                got=described(start),
                hint="layer.drift(inlay.to_jax(table))",
            )
        else:
            origin = _floats(start.bits)
        return jnp.sum(jnp.square(self.rows - origin))

    def merged(self, tokens: Any) -> Table:
        """The layer as it is now, as a table.

        Args:
            tokens: The vocabulary or the table whose ids the layer takes, or their tokens.

        Returns:
            A table with its own float32 matrix, and the special ids of `tokens`.
        """
        if self.bits is None:
            matrix = np.array(self.rows, np.float32)
        else:
            matrix = np.array(self.bits).view(np.float32)
        if self.slots is not None:
            matrix[np.asarray(self.row_ids)] = np.asarray(self.rows)
        return merged(tokens, matrix, self.pad_id)

    def _checked(self, ids: Any) -> Any:
        if isinstance(ids, str | list | tuple):
            hint = "jax.numpy.asarray(ids), of vocab.encode(texts)"
            expected = "ids in an array"
            raise ArgumentTypeError("ids", expected=expected, got=described(ids), hint=hint)
        dtype, size = str(getattr(ids, "dtype", "int32")), self.shape[0]
        if "int" not in dtype:
            raise wrong_dtype("ids", "whole-number", dtype, 'ids.astype("int32")')
        check_width("ids", dtype, size)
        if self.check == "off":
            return ids
        if isinstance(ids, np.ndarray | int | np.integer) or host.is_at_hand(ids):
            check_values("ids", np.asarray(ids), size, hint=ALIGNED, tokens=self._tokens)
        elif self.check == "always":
            if host.is_traced(ids):
                return host.check_later("ids", ids, size, tokens=self._tokens)
            check_values("ids", np.asarray(ids), size, hint=ALIGNED, tokens=self._tokens)
        return ids


_NAN = int(np.float32(math.nan).view(np.int32))
_ARRAYS = ("bits", "rows", "slots", "row_ids")


def _flatten(layer: TableEmbedding) -> tuple[Any, Any]:
    named = [(jax.tree_util.GetAttrKey(name), getattr(layer, name)) for name in _ARRAYS]
    return named, (layer.pad_id, layer.check, layer.reference)


def _unflatten(static: Any, arrays: Any) -> TableEmbedding:
    (bits, rows, slots, row_ids), (pad_id, check, reference) = arrays, static
    return TableEmbedding(bits, rows, slots, row_ids, pad_id, check, reference=reference)


jax.tree_util.register_pytree_with_keys(TableEmbedding, _flatten, _unflatten)


def _shapes(rows: Any) -> list[Any]:
    """Of what trains; None for what is no array."""
    parts = rows if isinstance(rows, tuple | list) else (rows,)
    return [getattr(part, "shape", None) for part in parts]


def _floats(bits: Any) -> Any:
    return jax.lax.bitcast_convert_type(bits, jnp.float32)


def _unsigned(ids: Any) -> Any:
    """Ids of which negative ones lie beyond every table, for JAX would count them from its end."""
    ids = jnp.asarray(ids)
    return ids.astype(jnp.uint64 if ids.dtype.itemsize == 8 else jnp.uint32)


def _take(array: Any, places: Any, absent: Any) -> Any:
    return array.at[places].get(mode="fill", fill_value=absent)
