"""A table for frameworks that look up in tensors: TensorFlow without Keras, and JAX."""

import os
from typing import TYPE_CHECKING, Any, Literal

from inlay.calls import refuses_unknown
from inlay.checks import choice, flag, text_or_none
from inlay.core import Table
from inlay.errors import ArgumentError
from inlay.layers.arguments import FOREIGN, check_no_encoder, check_vocab, table_of
from inlay.layers.reference import checked_reference
from inlay.layers.rows import Check, Rows, Trainable, checked_check, checked_trainable, chosen
from inlay.optional import require

if TYPE_CHECKING:
    from inlay.layers.jax.embedding import TableEmbedding


@refuses_unknown(FOREIGN)
def to_tensorflow(
    x: Table | str | os.PathLike[str],
    vocab: Any = None,
    *,
    trainable: Trainable = False,
    rows: Rows | None = None,
    rank: int | None = None,
    kind: Literal["constant", "variable", "module"] | None = None,
    check: Check = "debug",
    by_reference: bool = False,
    name: str | None = None,
) -> Any:
    """Make a table's rows a tensor, a `tf.Variable` or a `tf.Module`, for TensorFlow without Keras.

    A constant and a variable are for `tf.nn.embedding_lookup`. A `tf.function` takes them as
    inputs, a constant also if it is made inside: however large the table is, no graph holds it.

    In a graph of TensorFlow 1 (`tf.Graph` and `tf.compat.v1.Session`), a variable is one of
    `tf.compat.v1.get_variable`. Its initializer, of which `global_variables_initializer` is
    made, fetches the numbers from the table, without a placeholder.

    Args:
        x: A table, or the file of one, for `inlay.load`.
        vocab: Whose ids are looked up: what `Table.align` takes, which then gives a token
            that the table lacks a random vector; see there for other ways. None: ids are the
            table's own rows.
        trainable: Whether the numbers train; `"rows"`: only the rows that `rows` names, in a
            variable of their own, so that no optimiser can change the others; `"delta"`: a
            difference that is added to the table's numbers, which stay frozen in the form in which
            they are stored.
        rows: The rows that train: tokens, ids, or an array with a bool for each row. The row of
            padding never does. None: the tokens that the table lacked when it was aligned, and
            unk.
        rank: With `trainable="delta"`, the rank of the difference, from 1 to the table's `dim`: the
            layer then trains `rank` numbers for each row and `rank * dim` for all of them. None: a
            difference of `dim` numbers for each row.
        kind: What is made. None: a constant of what is frozen, a variable of what trains as a
            whole, a module of what trains in part. A module is called with ids, keeps the row of
            padding zero while it trains, and has `merged(vocab)` and `drift()`. In a variable that
            row trains like any other: mask it.
        check: When a module looks at its ids and names a wrong one. `"debug"`: in calls that are
            run eagerly with ids in the processor's memory. `"always"`: in each call, which a GPU is
            waited for; in a graph the error is an `InvalidArgumentError`, and XLA leaves it out.
            `"off"`: never. Without a module, TensorFlow itself refuses wrong ids on the CPU.
        by_reference: Whether a checkpoint of a module holds the path and digest of the file in the
            place of the frozen matrix: for a table that is the map of a native file, and is not
            trained as a whole. Restoring finds the file, verifies it, which reads it once, and maps
            it; see `inlay.layers.reference.tables_in` for files that have moved. With
            `trainable="delta"` no checkpoint has the matrix: restoring compares the digest of the
            module's own numbers, and names the file if they are others.
            `module.by_reference` changes it later.
        name: Of the variable or the module.

    Returns:
        Float32 `(len(table), table.dim)`. A constant, and the frozen part of a module, share the
        table's memory if that is float32, writable, and starts at a multiple of 64 bytes, as the
        map of a native file does. Otherwise, and for a variable, it allocates one matrix. A second
        is allocated for a moment where both hold, and in a graph of TensorFlow 1. With
        `trainable="delta"` it is an `inlay.layers.tensorflow.delta.DeltaEmbedding`, whose frozen
        part shares the table's memory also if that is int8, bfloat16 or float16, and which
        allocates the difference.

    Raises:
        ArgumentTypeError: Something that is none of these, or an argument of another name.
        ArgumentError: A kind that cannot train as asked; `rows` without `trainable="rows"`, or no
            row to train; `rank` without `trainable="delta"`, or beyond the table's `dim`;
            `by_reference` for what is no module, not frozen, or in no native file; a constant in a
            graph of TensorFlow 1.
        UnknownTokenError: A token in `rows` that the table lacks.
        MissingPackageError: TensorFlow is not installed.

    Examples:
        >>> import numpy as np
        >>> table = Table(["good", "film"], np.eye(2, dtype="float32"))
        >>> to_tensorflow(table, kind="variable").trainable
        False
    """
    check_vocab(vocab)
    trainable, check = checked_trainable(trainable, rows, rank), checked_check(check)
    made = _kind(kind, trainable)
    if check != "debug" and made != "module":
        expected = f"'debug' for a {made}, which is looked up by TensorFlow itself"
        raise ArgumentError("check", expected=expected, got=repr(check), hint="kind='module'")
    if flag("by_reference", by_reference) and made != "module":
        expected = f"False for a {made}, which says nothing of itself when it is saved"
        raise ArgumentError("by_reference", expected=expected, got="True", hint="kind='module'")
    text_or_none("name", name)
    check_no_encoder("to_tensorflow", x)
    require("tensorflow", extra="tensorflow", need="making a tensor")
    from inlay.layers.tensorflow import embedding as tensorflow

    table = table_of("to_tensorflow", x, vocab)
    if made == "constant":
        return tensorflow.constant(table)
    if made == "variable":
        return tensorflow.variable(table, trainable=bool(trainable), name=name)
    file = checked_reference(table, trainable, by_reference)
    if trainable == "delta":
        from inlay.layers.tensorflow.delta import DeltaEmbedding

        added = DeltaEmbedding(table, rank, check=check, name=name)
        return added.in_file(file, by_reference)
    ids = chosen(table, rows) if trainable == "rows" else None
    module = tensorflow.TableEmbedding(table, trainable, ids, check=check, name=name)
    return module.in_file(file, by_reference)


# In a `tf.function` TensorFlow would rewrite all that is called, imports too, unless it finds this.
to_tensorflow.autograph_info__ = {}  # type: ignore[attr-defined]


def _kind(kind: Any, trainable: Trainable) -> str:
    kinds = ["constant", "variable", "module"]
    fits = kinds[2 if isinstance(trainable, str) else int(bool(trainable)) :]
    hint = f"kind={fits[0]!r}, or another trainable="
    return fits[0] if kind is None else choice("kind", kind, fits, hint=hint)


@refuses_unknown(FOREIGN)
def to_jax(
    x: Table | str | os.PathLike[str],
    vocab: Any = None,
    *,
    trainable: Trainable = False,
    rows: Rows | None = None,
    rank: int | None = None,
    check: Check = "debug",
    by_reference: bool = False,
) -> "TableEmbedding":
    """Make a pytree that holds a table's rows and looks up ids: for JAX alone, Flax and Equinox.

    Pass it to a function that is compiled as an argument: `jax.jit` writes what a function finds
    elsewhere into the program as a constant, and takes seconds and several copies for it.

    `layer.rows` is what trains. Differentiate with respect to it, give it to the optimiser, and put
    it back with `layer.with_rows(rows)`. What is frozen is stored as whole numbers, bit for bit,
    which neither `jax.grad` nor Equinox nor optax take for parameters.

    Args:
        x: A table, or the file of one, for `inlay.load`.
        vocab: Whose ids the layer takes: what `Table.align` takes, which then gives a token
            that the table lacks a random vector; see there for other ways. None: ids are the
            table's own rows.
        trainable: Whether the layer trains; `"rows"`: only the rows that `rows` names, in an array
            of their own, so that no optimiser can change the others; `"delta"`: a difference that
            is added to the table's numbers, which stay frozen in the form in which they are stored.
        rows: The rows that train: tokens, ids, or an array with a bool for each row. The row of
            padding never does. None: the tokens that the table lacked when it was aligned, and
            unk.
        rank: With `trainable="delta"`, the rank of the difference, from 1 to the table's `dim`: the
            layer then trains `rank` numbers for each row and `rank * dim` for all of them. None: a
            difference of `dim` numbers for each row.
        check: When to look at the ids and name a wrong one. `"debug"`: in calls outside of `jit`
            with ids in the processor's memory. `"always"`: in each call; in compiled code the error
            is a `JaxRuntimeError`. `"off"`: never. Unnoticed, a wrong id gives NaN.
        by_reference: Whether a pickle of the layer holds the path and digest of the file in the
            place of the frozen matrix: for a table that is the map of a native file, and is not
            trained as a whole. Reading it finds the file, verifies it, which reads it once, and
            maps it; see `inlay.layers.reference.tables_in` for files that have moved. Tools that
            write the arrays of a pytree are given `layer.without_base()`, and what they have read
            gets the matrix back by `with_base()`. `layer.whole()` is no longer by reference.

    Returns:
        A pytree that is called with ids `(...)` and gives float32 `(..., table.dim)`; it has
        `rows`, `with_rows(rows)`, `base`, `merged(vocab)` and `drift()`. With `trainable="delta"`,
        `rows` is the difference, or with a rank the pair `(a, b)` whose product it is: see
        `inlay.layers.jax.delta.DeltaEmbedding`. On the CPU, what is frozen shares the table's
        memory if that is float32, or for a difference in whatever form it is stored but float64,
        writable, and starts at a multiple of 64 bytes, as the map of a native file does.
        Otherwise, and if every row trains, it allocates one matrix.

    Raises:
        ArgumentTypeError: Something that is none of these, or an argument of another name.
        ArgumentError: `rows` without `trainable="rows"`, or no row to train; `rank` without
            `trainable="delta"`, or beyond the table's `dim`; `by_reference` for what is not frozen,
            or is in no native file.
        UnknownTokenError: A token in `rows` that the table lacks.
        MissingPackageError: JAX is not installed.
        IdError: From the layer, as `check` says: an id below 0 or beyond the table; at any time,
            ids that are not whole numbers.

    Examples:
        >>> import numpy as np
        >>> table = Table(["good", "film"], np.eye(2, dtype="float32"))
        >>> layer = to_jax(table)
        >>> layer(np.array([1])).tolist()
        [[0.0, 1.0]]
    """
    check_vocab(vocab)
    trainable, check = checked_trainable(trainable, rows, rank), checked_check(check)
    by_reference = flag("by_reference", by_reference)
    check_no_encoder("to_jax", x)
    require("jax", extra="jax", need="making a JAX array")
    from inlay.layers.jax.embedding import TableEmbedding

    table = table_of("to_jax", x, vocab)
    file = checked_reference(table, trainable, by_reference) if by_reference else None
    if trainable == "delta":
        from inlay.layers.jax.delta import DeltaEmbedding

        return DeltaEmbedding.of(table, rank, check, file)
    ids = chosen(table, rows) if trainable == "rows" else None
    return TableEmbedding.from_table(table, trainable, ids, check, file)
