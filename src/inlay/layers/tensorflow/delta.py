"""A table as a TensorFlow module of which a difference trains: see `inlay.layers.stored`."""

from typing import Any

import numpy as np
import tensorflow as tf

from inlay.aliases import Array
from inlay.core import Table
from inlay.hosts import tensorflow as host
from inlay.layers.reference import Reference
from inlay.layers.rows import Check, Trainable, merged
from inlay.layers.stored import Form, Stored, checked_rank, start_of_b, stored_of, with_difference
from inlay.layers.tensorflow.embedding import TableEmbedding
from inlay.layers.tensorflow.reference import BaseRecord


class DeltaEmbedding(TableEmbedding):
    """What `to_tensorflow(table, trainable="delta")` makes: frozen numbers, and what is added.

    A checkpoint holds what trains, and of the frozen numbers the digest alone, so that a module of
    another table refuses it; by reference, the path of their file as well. The gradient of `delta`,
    or of `a`, is a `tf.IndexedSlices` of the rows that were looked up.

    Attributes:
        base: The frozen numbers, an eager tensor `(vocab_size, dim)` in the form in which the table
            is stored: float32; int8 codes; or int16, the bits of each bfloat16 or float16.
        scales: Of int8, what the codes of each row are multiplied by: float32 `(vocab_size,)`.
            Otherwise None.
        delta: What trains, a variable of float32 `(vocab_size, dim)`, zero at the start; None if
            there is a rank.
        a: With a rank, a variable `(vocab_size, rank)`, zero at the start; otherwise None.
        b: With a rank, a variable `(rank, dim)`: `a[id] @ b` is added. Otherwise None.
        form: What the frozen numbers are stored as.
    """

    scales: Any
    delta: Any
    a: Any
    b: Any

    def __init__(self, table: Table, rank: int | None, *, check: Check, name: str | None) -> None:
        self._rank = checked_rank(rank, table.dim)
        super().__init__(table, "delta", None, check=check, name=name)

    def _make(self, table: Table, trainable: Trainable, ids: Array | None) -> None:
        stored, rank = stored_of(table), self._rank
        self.form: Form = stored.form
        self.base, self.scales = (
            None if array is None else host.as_tensor(array)
            for array in (stored.matrix, stored.scales)
        )
        self.delta = self.a = self.b = None
        self.reference = BaseRecord(self)
        n, dim = table.shape
        if rank is None:
            self.delta = tf.Variable(tf.zeros((n, dim)), name="delta")
        else:
            self.a = tf.Variable(tf.zeros((n, rank)), name="a")
            self.b = tf.Variable(start_of_b(rank, dim), name="b")

    @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
    def __call__(self, ids: Any) -> Any:
        """Look up ids, whole numbers `(...)`: float32 `(..., dim)`."""
        ids = self._checked(ids)
        if isinstance(ids, tf.RaggedTensor):
            return ids.with_flat_values(self(ids.flat_values))
        if self.delta is not None:
            added = tf.nn.embedding_lookup(self.delta, ids)
        else:
            added = tf.tensordot(tf.nn.embedding_lookup(self.a, ids), self.b, 1)
        if self.pad_id is not None:
            padding = tf.expand_dims(tf.equal(ids, self.pad_id), -1)
            added = tf.where(padding, tf.zeros_like(added), added)  # no gradient either
        return self._frozen(ids) + added

    @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
    def drift(self, start: Table | None = None) -> Any:
        """How far training has carried the rows: the sum of the squared numbers of the difference.

        Added to a loss, with a weight, it pulls the rows back to where they started. Its gradient
        has all rows.

        Args:
            start: Not needed: the difference is zero at the start.

        Returns:
            A float32 scalar. Of a low rank, the difference is not made for it.
        """
        if self.delta is not None:
            return tf.reduce_sum(tf.square(self.delta))
        of_a = tf.matmul(self.a, self.a, transpose_a=True)
        return tf.reduce_sum(of_a * tf.matmul(self.b, self.b, transpose_b=True))

    def merged(self, tokens: Any) -> Table:
        """The module as it is now, as a table.

        Args:
            tokens: The vocabulary or the table whose ids it takes, or their tokens.

        Returns:
            A table with its own float32 matrix, and the special ids of `tokens`.
        """
        parts = {"delta": self.delta, "a": self.a, "b": self.b}
        difference = {name: part.numpy() for name, part in parts.items() if part is not None}
        return merged(tokens, with_difference(self.stored().rows, difference), self.pad_id)

    def stored(self) -> Stored:
        """The frozen numbers as numpy's arrays, which may be the table's own memory."""
        scales = None if self.scales is None else self.scales.numpy()
        return Stored(self.form, self.base.numpy(), scales)

    def confirmed(self) -> Reference:
        """The file of the frozen numbers, if it still has them."""
        assert self._file is not None
        rows = self.stored().rows

        def is_same(some: slice, expected: Array) -> bool:
            return np.array_equal(rows[some], expected, equal_nan=True)

        return self._file.confirmed(f"module {self.name!r}", self.base.shape, is_same)

    def _frozen(self, ids: Any) -> Any:
        """Rows of the table, float32, by the arithmetic of `inlay.core.storage`."""
        found = tf.nn.embedding_lookup(self.base, ids)
        if self.form == "int8":
            scales = tf.nn.embedding_lookup(self.scales, ids)
            return tf.cast(found, tf.float32) * tf.expand_dims(scales, -1)
        return (
            found if self.form == "float32" else tf.cast(tf.bitcast(found, self.form), tf.float32)
        )
