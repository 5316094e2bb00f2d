"""Several tables as one Keras layer, on any backend, which joins what it looks up in each."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from inlay.aliases import Array
from inlay.checks import flag
from inlay.core import Table
from inlay.core.tokens import Tokens
from inlay.hosts import keras as host
from inlay.hosts.keras import keras, ops
from inlay.hosts.keras_numbers import Numbers
from inlay.layers.keras.chosen import RowsEmbedding
from inlay.layers.keras.embedding import TableEmbedding
from inlay.layers.rows import Check, merged

BLOCK = 8192  # ids of which `merged` looks up the vectors at once


@keras.saving.register_keras_serializable("inlay", "StackEmbedding")
class StackEmbedding(keras.layers.Layer):  # type: ignore[misc]  # optional, so untyped here
    """What `to_keras` makes of a stack: ids in, joined vectors out; padding is zero in every mode.

    Args:
        parts: The layer of each table, frozen and shared as `to_keras` makes it of one.
        mode: "concatenate", "average", "mix" or "scalar_mix".
        dim: Numbers in a joined vector.
        check: When a call looks at its ids: "debug", "always" or "off".
        **kwargs: Of `keras.layers.Layer`, such as `name`.

    Attributes:
        known: Which token is joined from which table, uint8 `(input_dim, n_tables)`, which never
            trains; None where all are put side by side.
        projections: Of a mix, a `Dense` for each table: they train as long as the layer does.
        score: Of a mix, what a projected vector is weighed by; of a scalar mix the weight of each
            table before the softmax, `(n_tables,)`, zeros at first. It trains likewise.
    """

    _tokens: Tokens | None = None  # for messages; a layer that was saved has none

    def __init__(
        self,
        parts: Sequence[TableEmbedding],
        mode: str,
        dim: int,
        *,
        check: Check = "debug",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.parts, self.mode, self.output_dim, self.check = list(parts), mode, dim, check
        first = self.parts[0]
        self.input_dim, self.pad_id = first.input_dim, first.pad_id
        self.supports_masking = first.supports_masking
        if check == "always":
            self.supports_jit = host.checks_survive_jit()
        for part in self.parts:
            part.build()
        self.known: Any = None
        self.projections: list[Any] = []
        self.score: Any = None
        if mode != "concatenate":
            self.known = self.add_weight(
                name="known",
                shape=(self.input_dim, len(self.parts)),
                initializer="ones",
                dtype="uint8",
                trainable=False,
            )
        if mode.endswith("mix"):
            self.projections = [self._dense(dim, part.output_dim) for part in self.parts]
        if mode == "scalar_mix":
            self.score = self.add_weight(
                name="score", shape=(len(self.parts),), initializer="zeros", trainable=True
            )
        elif mode == "mix":
            # Without a bias: the softmax is over tables, and would not see one that all share.
            self.score = self._dense(1, dim, use_bias=False)

    def _dense(self, units: int, width: int, **kwargs: Any) -> Any:
        layer = keras.layers.Dense(units, dtype=self.dtype_policy, **kwargs)
        layer.build((None, width))
        return layer

    @classmethod
    def of(
        cls,
        tables: Sequence[Table],
        known: Array,
        *,
        mode: str,
        dim: int,
        trainable: bool,
        ids: Array | None,
        mask: bool,
        regularizer: Any,
        constraint: Any,
        **kwargs: Any,
    ) -> Self:
        """Do what `Stack.to_keras` says; `known` is bool `(n_tables, input_dim)`.

        `ids` are the rows that train, if these are some.
        """
        host.check_arguments(kwargs["name"], kwargs["dtype"], regularizer, constraint)
        given = {"trainable": trainable, "mask": flag("mask", mask), "check": "off"}
        given |= {"embeddings_regularizer": regularizer, "embeddings_constraint": constraint}
        given["dtype"] = kwargs["dtype"]
        if ids is None:
            parts = [TableEmbedding.from_table(table, **given) for table in tables]
        else:
            parts = [RowsEmbedding.of(table, ids, **given) for table in tables]
        layer = cls(parts, mode, dim, trainable=trainable or mode.endswith("mix"), **kwargs)
        layer._tokens = tables[0].tokens
        if layer.known is not None:
            layer.known.assign(known.T.astype(np.uint8))
        return layer

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Look up ids `(...)`: vectors `(..., output_dim)` in the policy's compute dtype."""
        where = f"layer {self.name!r}"
        host.check_no_text(where, inputs)
        host.check_width(where, inputs, self.input_dim)
        ids = inputs if hasattr(inputs, "dtype") else np.asarray(inputs)
        if self.check == "debug":
            host.check_if_at_hand(f"{where}, ids", ids, self.input_dim, tokens=self._tokens)
        elif self.check == "always":
            host.check_dtype(where, ids)
            inputs = host.checked(f"{where}, ids", ids, self.input_dim, tokens=self._tokens)
        return super().__call__(inputs, *args, **kwargs)

    def call(self, inputs: Any) -> Any:
        """Look up ids in each table, and join."""
        if inputs.dtype != "int32" and inputs.dtype != "int64":
            inputs = ops.cast(inputs, "int32")
        found = [part.call(inputs) for part in self.parts]
        if self.known is None:
            return ops.concatenate(found, -1)
        known = ops.take(self.known, inputs, axis=0)
        if self.mode == "average":
            joined = [self._widened(vectors) for vectors in found]
            counts = ops.cast(known, "float32")
            shares = counts / ops.sum(counts, -1, keepdims=True)
        else:
            pairs = zip(self.projections, found, strict=True)
            joined = [project(vectors) for project, vectors in pairs]
            if self.mode == "mix":
                scores = ops.concatenate([self.score(vectors) for vectors in joined], -1)
            else:
                scores = ops.broadcast_to(self.score, ops.shape(known))
            scores = ops.where(ops.greater(known, 0), ops.cast(scores, "float32"), -float("inf"))
            shares = ops.softmax(scores, -1)
        shares = ops.cast(shares, self.compute_dtype)
        total = sum(vectors * shares[..., i : i + 1] for i, vectors in enumerate(joined))
        if self.mode.endswith("mix") and self.pad_id is not None:  # which a bias has made others
            padding = ops.expand_dims(ops.equal(inputs, self.pad_id), -1)
            total = ops.where(padding, ops.zeros_like(total), total)
        return total

    def _widened(self, vectors: Any) -> Any:
        """Vectors that end in zeros up to the width of the widest."""
        more = self.output_dim - vectors.shape[-1]
        if not more:
            return vectors
        return ops.pad(vectors, [(0, 0)] * (len(vectors.shape) - 1) + [(0, more)])

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """True where an id is not padding, bool like `inputs`; None without a mask."""
        return ops.not_equal(inputs, self.pad_id) if self.supports_masking else None

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """A joined vector for each id."""
        return (*input_shape, self.output_dim)

    def merged(self, tokens: Any) -> Table:
        """The joined vectors as they are now, as one table.

        Args:
            tokens: The vocabulary or the table whose ids the layer takes, or their tokens.

        Returns:
            A table with its own float32 matrix, and the special ids of `tokens`.
        """
        matrix = np.empty((self.input_dim, self.output_dim), np.float32)
        for start in range(0, self.input_dim, BLOCK):
            ids = np.arange(start, min(start + BLOCK, self.input_dim), dtype=np.int32)
            matrix[ids] = host.as_array(self(ids))
        return merged(tokens, matrix, self.pad_id)

    def get_config(self) -> dict[str, Any]:
        """The layer without its numbers; JSON of a few hundred bytes for each table."""
        config: dict[str, Any] = super().get_config()
        parts = [keras.saving.serialize_keras_object(part) for part in self.parts]
        own = {"parts": parts, "mode": self.mode, "dim": self.output_dim, "check": self.check}
        return config | own | {"numbers": Numbers(self)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Build the layer again: with its numbers in this process, NaN until loaded in another."""
        settings = dict(config)
        numbers = settings.pop("numbers", None)
        parts = [keras.saving.deserialize_keras_object(part) for part in settings.pop("parts")]
        layer = cls(parts, **settings)
        if isinstance(numbers, Numbers):
            other = numbers.layer
            layer._tokens = other._tokens
            if layer.known is not None:
                layer.known.assign(other.known)
            for mine, its in zip(layer._learned(), other._learned(), strict=True):
                mine.assign(its)
        return layer

    def _learned(self) -> list[Any]:
        """The variables of a mix."""
        dense = [*self.projections, self.score] if self.mode == "mix" else self.projections
        found = [variable for layer in dense for variable in layer.variables]
        return [*found, self.score] if self.mode == "scalar_mix" else found
