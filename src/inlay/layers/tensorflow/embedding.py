"""A table for TensorFlow without Keras: a constant, a variable, or a module that looks up ids."""

from typing import Any, Self

import numpy as np
import tensorflow as tf

from inlay.aliases import Array
from inlay.checks import described
from inlay.core import Table
from inlay.core.tokens import Tokens
from inlay.errors import ArgumentError, ArgumentTypeError, FormatError
from inlay.hosts import tensorflow as host
from inlay.hosts.ids import check_values, check_width, wrong_dtype
from inlay.hosts.memory import aligned_copy, can_share
from inlay.layers.reference import ByReference, Reference
from inlay.layers.rows import Check, ChecksIds, Trainable, merged, rows_at, slots_of
from inlay.layers.tensorflow.reference import Record


def constant(table: Table) -> Any:
    """An eager tensor in the table's memory if it can be, also where a graph is being made.

    A function captures it as an input, so that its graph has no copy of it.
    """
    with tf.init_scope():
        if not tf.executing_eagerly():
            raise _in_a_graph("constant")
        array = np.asarray(table.storage)
        fits = can_share(array, "float32")
        return host.as_tensor(array if fits else aligned_copy(array, "float32"))


def variable(table: Table, *, trainable: bool, name: str | None) -> Any:
    """A `tf.Variable` with memory of its own.

    In a graph of TensorFlow 1 its initializer asks Python for the numbers when it is run, so that
    the graph has no copy of them.
    """
    name = "embeddings" if name is None else name
    if tf.executing_eagerly():
        # Of memory that TensorFlow has not made itself, a variable would make a second copy.
        return tf.Variable(host.copied(constant(table)), trainable=trainable, name=name)

    def numbers() -> Any:
        tensor = tf.numpy_function(lambda: table.vectors, [], tf.float32)
        tensor.set_shape(table.shape)
        return tensor

    return tf.compat.v1.get_variable(name, initializer=numbers, trainable=trainable)


class TableEmbedding(ByReference, ChecksIds, tf.Module):  # type: ignore[misc]  # TensorFlow is optional
    """What `to_tensorflow(table, kind="module")` makes: it looks up ids, of which some may train.

    A checkpoint holds its variables. By reference it holds the path and digest of a file in the
    place of `base`; a SavedModel cannot be made then.

    Attributes:
        base: The frozen matrix, a float32 variable `(vocab_size, dim)` that does not train; a
            tensor, which no checkpoint holds, if the module was made inside of a `tf.function`;
            None if every row trains.
        rows: What trains, a variable: the whole matrix, or `(n_rows, dim)`; None if nothing does.
        slots: For each id its row of `rows`, or -1: int32 `(vocab_size,)`; None unless some train.
        row_ids: The other way round, int32 `(n_rows,)`.
        pad_id: The row of padding, or None.
        check: When a call looks at its ids: "debug", "always" or "off".
    """

    base: Any
    rows: Any
    slots: Any
    row_ids: Any
    _tokens: "_Tokens"

    def __init__(
        self,
        table: Table,
        trainable: Trainable,
        ids: Array | None,
        *,
        check: Check,
        name: str | None,
    ) -> None:
        super().__init__(name=name)
        self.pad_id, self.check, self._tokens = table.pad_id, check, _Tokens(table.tokens)
        self.base = self.rows = self.slots = self.row_ids = None
        self._size, self._is_traced = len(table), not tf.executing_eagerly()
        with tf.init_scope():  # out of a function that is being made
            if not tf.executing_eagerly():
                raise _in_a_graph("module")
            self._make(table, trainable, ids)

    def _make(self, table: Table, trainable: Trainable, ids: Array | None) -> None:
        if trainable is True:
            self.rows = variable(table, trainable=True, name="rows")
        else:
            self.base = constant(table)
            if not self._is_traced:  # else nothing would hold the variable when the call is over
                self.base = tf.Variable(self.base, trainable=False, name="base")
        self.reference = Record(self)
        if ids is not None:
            fixed: dict[str, Any] = {"trainable": False, "dtype": tf.int32}
            self.rows = tf.Variable(rows_at(table, ids), name="rows")
            self.slots = tf.Variable(slots_of(ids, len(table)), name="slots", **fixed)
            self.row_ids = tf.Variable(ids.astype(np.int32), name="row_ids", **fixed)

    @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
    def __call__(self, ids: Any) -> Any:
        """Look up ids, whole numbers `(...)`: float32 `(..., dim)`."""
        ids = self._checked(ids)
        if self.base is None:
            found = tf.nn.embedding_lookup(self.rows, ids)
            if self.pad_id is None:
                return found
            padding = tf.expand_dims(tf.equal(ids, self.pad_id), -1)
            return tf.where(padding, tf.zeros_like(found), found)  # no gradient either
        # Of its value and not of itself: a variable whose rows are read copies what it is assigned.
        found = tf.nn.embedding_lookup(tf.convert_to_tensor(self.base), ids)
        if self.slots is None:
            return found
        slots = tf.nn.embedding_lookup(self.slots, ids)
        trained = tf.nn.embedding_lookup(self.rows, tf.maximum(slots, 0))
        return tf.where(tf.expand_dims(slots >= 0, -1), trained, found)

    @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
    def drift(self, start: Table | None = None) -> Any:
        """How far training has carried the rows: the sum of their squared distances to the start.

        Added to a loss, with a weight, it pulls the rows back to where they started.

        Args:
            start: If every row trains, the table that the module was made of: a mapped one is read
                and not copied. Otherwise not needed.

        Returns:
            A float32 scalar. Allocates as much as what trains, for a moment.
        """
        if self.rows is None or (self.slots is None and start is None):
            expected = "a module that trains, and its table if every row does"
            raise ArgumentError("drift", expected=expected, got="no more", hint="drift(table)")
        if self.slots is not None:
            origin = tf.gather(tf.convert_to_tensor(self.base), self.row_ids)
        else:
            assert start is not None
            origin = constant(start)
        return tf.reduce_sum(tf.square(self.rows - origin))

    def merged(self, tokens: Any) -> Table:
        """The module as it is now, as a table.

        Args:
            tokens: The vocabulary or the table whose ids it takes, or their tokens.

        Returns:
            A table with its own float32 matrix, and the special ids of `tokens`.
        """
        matrix = np.array(self.rows.numpy() if self.base is None else self.base.numpy())
        if self.slots is not None:
            matrix[self.row_ids.numpy()] = self.rows.numpy()
        return merged(tokens, matrix, self.pad_id)

    def in_file(self, file: Reference | None, by_reference: bool) -> Self:
        """Have a checkpoint hold the frozen matrix, or only say where it is."""
        super().in_file(file, by_reference)
        if isinstance(base := self.base, tf.Variable):
            del self.base
            self.base = base
            if by_reference:  # TensorFlow saves what an attribute was set to, and forgets it so
                del self.base
                object.__setattr__(self, "base", base)
        return self

    def take_file(self, file: Reference) -> None:
        """Live in the file that a checkpoint names, verified; also in functions made before.

        Raises:
            FormatError: It does not fit, or is another.
            MissingFileError: It is not there.
        """
        if not isinstance(self.base, tf.Variable):
            expected = "a module with a frozen matrix"
            got = "one that trains every row, or was made inside of a tf.function"
            raise FormatError("checkpoint, 'reference'", expected=expected, got=got)
        file.check_shape("checkpoint, 'reference'", self.base.shape)
        table = file.opened()
        self.base.assign(constant(table))
        self._tokens = _Tokens(table.tokens)
        self.in_file(Reference.of(table), by_reference=True)

    def confirmed(self) -> Reference:
        """What a checkpoint has in the place of the numbers, if they are still the file's."""
        assert self._file is not None

        def is_same(some: slice, rows: Array) -> bool:
            found = tf.convert_to_tensor(self.base)[some].numpy()
            return np.array_equal(found, rows, equal_nan=True)

        return self._file.confirmed(f"module {self.name!r}", self.base.shape, is_same)

    def _checked(self, ids: Any) -> Any:
        first: Any = np.asarray(ids) if isinstance(ids, list | tuple | int) else ids
        if isinstance(first, str | float | dict | None) or (
            isinstance(first, np.ndarray) and first.dtype.kind in "USO"
        ):
            got, hint = described(ids), "vocab.encode(texts)"
            raise ArgumentTypeError("ids", expected="whole numbers", got=got, hint=hint)
        dtype, tokens = tf.as_dtype(first.dtype), self._tokens.all
        if not dtype.is_integer:
            raise wrong_dtype("ids", "whole-number", dtype.name, 'tf.cast(ids, "int32")')
        check_width("ids", dtype.name, self._size)
        given: Any = first
        later = self.check == "always"
        if dtype not in (tf.int32, tf.int64):
            first = tf.cast(first, tf.int64)
        if self.check == "off":
            return first
        if isinstance(given, np.ndarray) or host.is_at_hand(given):
            check_values("ids", np.asarray(given), self._size, tokens=tokens)
        elif later and host.is_traced(first):
            return host.check_later("ids", first, self._size)
        elif later:
            check_values("ids", first.numpy(), self._size, tokens=tokens)
        return first


class _Tokens:
    """Hides a sequence from TensorFlow, which would track it as a list of a module's parts."""

    def __init__(self, tokens: Tokens) -> None:
        self.all = tokens


def _in_a_graph(kind: str) -> ArgumentError:
    return ArgumentError(
        "kind",
        expected="'variable' in a graph of TensorFlow 1, which would hold a constant's numbers",
        got=repr(kind),
        hint="kind='variable', and session.run(tf.compat.v1.global_variables_initializer())",
    )
