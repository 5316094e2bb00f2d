"""A table, or an encoder, as an embedding layer: of PyTorch, of Keras."""

import os
from typing import TYPE_CHECKING, Any, Protocol

from inlay.calls import refuses_unknown
from inlay.checks import described, flag, number
from inlay.core import Table
from inlay.errors import ArgumentError
from inlay.hosts.backends import load_keras
from inlay.layers.arguments import (
    FOREIGN,
    check_for_stack,
    check_vocab,
    layer_of,
    maker_of,
    table_of,
)
from inlay.layers.reference import checked_reference
from inlay.layers.rows import Check, Rows, Trainable, checked_check, checked_trainable, chosen
from inlay.layers.stacking import Stack
from inlay.optional import require

if TYPE_CHECKING:
    import keras
    import torch


class MakesLayers(Protocol):
    """What makes vectors of texts, and layers by a `to_torch` or `to_keras` of its own."""

    def encode(self, texts: Any) -> Any:
        """Vectors of texts."""


@refuses_unknown(FOREIGN)
def to_torch(
    x: Table | str | os.PathLike[str] | Stack | MakesLayers,
    vocab: Any = None,
    *,
    trainable: Trainable = False,
    rows: Rows | None = None,
    rank: int | None = None,
    sparse: bool = False,
    max_norm: float | None = None,
    check: Check = "debug",
    by_reference: bool = False,
) -> "torch.nn.Module":
    """Make an `nn.Embedding` that holds a table's rows, or the module of an encoder.

    Frozen, it shares the table's memory: the vectors of a native file are read from the file
    as they are used, and several models in one process hold them once. Loading a state_dict,
    or setting `weight.requires_grad` or `max_norm`, gives the layer its own copy first, so
    neither training nor loading changes the table. Writing into `weight` by hand does.

    With `trainable="rows"`, `weight` is frozen and shared in the same way, and a parameter `rows`
    holds the rows that train. No optimiser can change the others.

    With `trainable="delta"`, the table's numbers stay frozen and shared in the form in which they
    are stored, be it float32, bfloat16 or int8, and become float32 only in the rows that are looked
    up. What trains is `delta`, the difference that is added to them, or with a `rank` the two
    matrices `a` and `b` whose product it is. It starts at zero.

    The layer compiles in one graph, and is traced, scripted and exported; `torch.jit.script`
    makes a plain `nn.Embedding` of it, with memory of its own, frozen if some rows train. An ELMo
    runs in a model that is
    compiled, but cannot be scripted, traced or exported, for its steps depend on the texts.

    Save the model's `state_dict()`, which `torch.load` reads by itself. A whole layer of a table
    it reads where inlay has been imported; a module of your own, or an ELMo, it refuses, unless
    `torch.serialization.safe_globals` names all classes in it.

    Args:
        x: A table, whose `pad_id` becomes `padding_idx`: the row is zero, and as it gets no
            gradient every optimiser leaves it so, weight decay included. Or the file of a
            table, for `inlay.load`. Or an encoder, such as an ELMo.
        vocab: Whose ids the layer takes: what `Table.align` takes, which then gives a token
            that the table lacks a random vector; see there for other ways. None: ids are the
            table's own rows. With an encoder: its `vocab_to_cache`, as a
            Vocabulary.
        trainable: Whether the layer trains; `"rows"`: only the rows that `rows` names; `"delta"`:
            a difference that is added to the table's numbers. Of an encoder all or nothing, for
            more see its own `to_torch`.
        rows: The rows that train: tokens, ids, or an array with a bool for each row. The row of
            padding never does. None: the tokens that the table lacked when it was aligned, and
            unk.
        rank: With `trainable="delta"`, the rank of the difference, from 1 to the table's `dim`: the
            layer then trains `rank` numbers for each row and `rank * dim` for all of them. None: a
            difference of `dim` numbers for each row.
        sparse: Whether the gradient holds only the rows that were looked up, so that a step of
            `torch.optim.SparseAdam`, `Adagrad` or `SGD` costs what the batch costs, and not what
            the vocabulary costs. Most other optimisers refuse such a gradient.
        max_norm: The greatest length of a row that trains: longer ones are shortened in place as
            they are looked up. A frozen row is never shortened.
        check: When to look at the ids and name a wrong one. `"debug"`: once PyTorch itself has
            failed over it, which costs nothing, and on a GPU and in compiled code never happens.
            `"always"`: before each look-up. Costs a pass over
            the ids, for which a GPU is waited for, and a graph break in `torch.compile`;
            `torch.jit` and `torch.export` refuse it. `"off"`: never. An encoder always looks.
        by_reference: Whether to save the frozen numbers as the path and digest of their file: for a
            table that is the map of a native file, and that is not trained as a whole. A
            `state_dict` then has `reference` in their place, uint8, and a pickle has none of them
            either. Loading finds the file, verifies it, which reads it once, and maps it; see
            `inlay.layers.reference.tables_in` for files that have moved. `layer.by_reference`
            changes it later.

    Returns:
        A subclass of `nn.Embedding` with the state_dict key `weight`, float32
        `(num_embeddings, embedding_dim)`, and, if rows train, `rows` and `slots`; `merged(vocab)`
        makes a table of it. Allocates nothing when frozen; one matrix,
        `4 * len(table) * table.dim` bytes, when it trains, when `vocab` is given, when the
        table is stored as anything but float32 (bfloat16 and int8 take two for a moment), or when
        its array is read-only (writing there would end the process). For `"rows"` it allocates
        what a frozen layer does, the rows that train, and 4 bytes for each row. For `"delta"` it is
        an `inlay.layers.torch.delta.DeltaEmbedding`, which allocates nothing for the table, unless
        its array is read-only or float64, and for the difference only the pages that training has
        written to: at most `4 * len(table) * dim` bytes, with a rank `4 * rank * len(table)`. Of
        an encoder, what its own `to_torch` returns.

    Raises:
        ArgumentTypeError: Something that is none of these, or an argument of another name.
        ArgumentError: `rows` without `trainable="rows"`, or no row to train; `rank` without
            `trainable="delta"`, or beyond the table's `dim`; `max_norm` for a layer that is frozen
            or trains a difference; `by_reference` for what is not frozen, or is in no native file.
        UnknownTokenError: A token in `rows` that the table lacks.
        MissingPackageError: torch is not installed.
        IdError: From the layer, as `check` says: an id below 0 or beyond the table, or
            ids that are not int32 or int64.

    Examples:
        >>> import numpy as np
        >>> table = Table(["good", "film"], np.eye(2, dtype="float32"))
        >>> to_torch(table)
        TableEmbedding(2, 2)
        >>> to_torch(table, trainable="rows", rows=["film"]).rows.shape
        torch.Size([1, 2])
    """
    check_vocab(vocab)
    trainable, sparse = checked_trainable(trainable, rows, rank), flag("sparse", sparse)
    max_norm, check = _length(max_norm, trainable), checked_check(check)
    refers = {"by_reference": flag("by_reference", by_reference)}
    if isinstance(x, Stack):
        check_for_stack("to_torch", trainable, **refers)
        of_torch: dict[str, Any] = {"sparse": sparse, "max_norm": max_norm, "check": check}
        return x.to_torch(vocab, trainable=trainable, rows=rows, **of_torch)
    if make := maker_of(x, "to_torch"):
        unlike = {"check": check != "debug", "sparse": sparse, "max_norm": max_norm, **refers}
        return layer_of("to_torch", make, vocab, trainable, unlike)
    require("torch", extra="torch", need="making a torch layer")
    table, given = table_of("to_torch", x, vocab), {"sparse": sparse, "max_norm": max_norm}
    file = checked_reference(table, trainable, by_reference)
    if trainable == "rows":
        from inlay.layers.torch.chosen import RowsEmbedding

        some = RowsEmbedding.of(table, chosen(table, rows), check=check, **given)
        return some.in_file(file, by_reference)
    if trainable == "delta":
        from inlay.layers.torch.delta import DeltaEmbedding

        added = DeltaEmbedding.of(table, rank, sparse=sparse, check=check)
        return added.in_file(file, by_reference)
    from inlay.layers.torch.embedding import TableEmbedding

    layer = TableEmbedding.from_table(table, trainable=trainable, check=check, **given)
    return layer.in_file(file, by_reference)


def _length(max_norm: Any, trainable: Trainable) -> float | None:
    if max_norm is None:
        return None
    whose = {False: "a frozen layer", "delta": "a layer that trains a difference"}.get(trainable)
    if whose is not None:
        raise ArgumentError(
            "max_norm",
            expected=f"None for {whose}, whose frozen rows would be shortened in each look-up",
            got=described(max_norm),
            hint="trainable=True, or a table of shorter rows",
        )
    return number("max_norm", max_norm, above=0)


@refuses_unknown(FOREIGN)
def to_keras(
    x: Table | str | os.PathLike[str] | Stack | MakesLayers,
    vocab: Any = None,
    *,
    trainable: Trainable = False,
    rows: Rows | None = None,
    rank: int | None = None,
    mask: bool = True,
    pull: float = 0.0,
    embeddings_regularizer: Any = None,
    embeddings_constraint: Any = None,
    dtype: Any = None,
    check: Check = "debug",
    by_reference: bool = False,
    name: str | None = None,
) -> "keras.layers.Layer":
    """Make a `keras.layers.Embedding` that holds a table's rows, or the layer of an encoder.

    It lives on Keras' current backend. The config holds no numbers. A saved model keeps them in
    its weights, as any layer does; `clone_model` copies the numbers of the moment. A layer
    rebuilt from its config in another process is NaN until `load_weights` or `set_weights` has
    filled it.

    To load a saved model in a new process, import inlay, before Keras or after it: Keras builds
    only the layers that it has been told of.

    Args:
        x: A table, whose `pad_id`, any id, is what the mask leaves out. That row is zero, and
            stays so in training: its output is cut off from it, so it gets no gradient. Or the
            file of a table, for `inlay.load`. Or an encoder, such as an ELMo.
        vocab: Whose ids the layer takes: what `Table.align` takes, which then gives a token
            that the table lacks a random vector; see there for other ways. None: ids are the
            table's own rows. With an encoder: its `vocab_to_cache`, as a
            Vocabulary.
        trainable: Whether the layer trains, which `layer.trainable` changes later; `"rows"`: only
            the rows that `rows` names, in a variable of their own, so that no optimiser can change
            the others; `"delta"`: a difference that is added to the table's numbers, which stay
            frozen in the form in which they are stored. Of an encoder all or nothing, for more see
            its own `to_keras`.
        rows: The rows that train: tokens, ids, or an array with a bool for each row. The row of
            padding never does. None: the tokens that the table lacked when it was aligned, and
            unk.
        rank: With `trainable="delta"`, the rank of the difference, from 1 to the table's `dim`: the
            layer then trains `rank` numbers for each row and `rank * dim` for all of them. None: a
            difference of `dim` numbers for each row.
        mask: Whether to make a mask. Without a `pad_id` there is none.
        pull: How much to pull the rows back to where they started: the squared distance by which
            they have moved, times this, is added to the loss. A layer that trains as a whole then
            keeps its start as a second, frozen variable, in the table's own memory if it can.
        embeddings_regularizer: As Keras takes it: a penalty on the rows that train, all but
            padding, such as `"l2"`. A layer that is frozen has none until it trains.
        embeddings_constraint: As Keras takes it: what is done after each step to the rows that
            train, all but padding, such as `keras.constraints.UnitNorm(axis=1)`, whose name alone
            stands for axis 0: the length of a column. The rows that a batch did not look up are
            among them, and before the first step all are as in the table.
        dtype: As Keras takes it: a dtype or a policy, such as `"mixed_bfloat16"`. None: Keras'
            own policy. A policy of whole numbers, or one that quantises, is refused.
        check: When to look at the ids and name a wrong one. `"debug"`: in calls that are run
            eagerly with ids in the processor's memory, and in compiled code never. `"always"`: in
            each call, of which ids must be whole numbers by type too. Compiled by TensorFlow
            (`fit`, `predict`) the error is an `InvalidArgumentError`, and XLA is left off
            unless asked for; compiled by JAX it is a `JaxRuntimeError`, after which Keras has
            lost the model's weights. Both name the id. What a model's own `Input` has cast
            before (floats to whole numbers, 64 bits to 32) cannot be seen here. `"off"`: never.
        by_reference: Whether to save the frozen matrix as the path and digest of its file: for a
            table that is the map of a native file, and is not trained as a whole. A saved model
            then has them in its config and in its weights, and not the numbers. Loading finds the
            file, verifies it, which reads it once, and maps it; see
            `inlay.layers.reference.tables_in` for files that have moved. `layer.by_reference`
            changes it later.
        name: The layer's name.

    Returns:
        A subclass of `keras.layers.Embedding` with `input_dim = len(table)` and
        `output_dim = table.dim`, already built. `mask_zero` says what it says in Keras: that the
        id left out is 0. Frozen, it shares the table's memory, allocating nothing, if that is
        of the layer's variable dtype, writable, and (TensorFlow, JAX) starts at a multiple of 64
        bytes, as the map of a native file does. Otherwise it allocates one matrix, and a second
        one for a moment if the table is stored as bfloat16 or int8, which become float32.
        With `trainable="rows"` it allocates the rows and 4 bytes for each row of the table as well.
        With `trainable="delta"` it is an `inlay.layers.keras.delta.DeltaEmbedding`, which shares
        float32, float16, bfloat16 and int8 in the same way. It allocates the scales of int8, 4
        bytes for each row, where these do not start as they must, and the difference:
        `4 * len(table) * dim` bytes, or with a rank `4 * rank * (len(table) + dim)`.
        With JAX the first `fit` makes one more copy. On the torch backend `model.set_weights`
        writes into memory that is shared: the table changes, its file never. Of an encoder,
        what its own `to_keras` returns.

    Raises:
        ArgumentTypeError: Something that is none of these, or an argument of another name.
        MissingPackageError: Keras is not installed, or none of its backends.
        ArgumentError: `rows` without `trainable="rows"`, or no row to train; `rank` without
            `trainable="delta"`, or beyond the table's `dim`; what Keras knows no regulariser,
            constraint or dtype by; `by_reference` for what is not frozen, or is in no native file.
        UnknownTokenError: A token in `rows` that the table lacks.
        IdError: From the layer, as `check` says: an id below 0 or beyond the table, or not whole.

    Examples:
        >>> import numpy as np
        >>> table = Table(["good", "film"], np.eye(2, dtype="float32"))
        >>> to_keras(table).trainable
        False
    """
    check_vocab(vocab)
    trainable, mask = checked_trainable(trainable, rows, rank), flag("mask", mask)
    pull, check = number("pull", pull, least=0), checked_check(check)
    of_keras = {
        "embeddings_regularizer": embeddings_regularizer,
        "embeddings_constraint": embeddings_constraint,
        "dtype": dtype,
    }
    refers = flag("by_reference", by_reference)
    if isinstance(x, Stack):
        check_for_stack("to_keras", trainable, pull=pull > 0, by_reference=refers)
        of_stack: dict[str, Any] = {"mask": mask, "check": check, "name": name, **of_keras}
        return x.to_keras(vocab, trainable=trainable, rows=rows, **of_stack)
    if make := maker_of(x, "to_keras"):
        unlike: dict[str, Any] = {"check": check != "debug" and check, "pull": pull}
        unlike |= {"mask": not mask, "by_reference": refers, "name": name, **of_keras}
        return layer_of("to_keras", make, vocab, trainable, unlike)
    load_keras("making a Keras layer")
    from inlay.hosts.keras import check_arguments

    check_arguments(name, dtype, embeddings_regularizer, embeddings_constraint)
    table, given = table_of("to_keras", x, vocab), {"mask": mask, "check": check, "name": name}
    given |= {setting: value for setting, value in of_keras.items() if value is not None}
    if not len(table):
        expected, got = "a table with a row, for Keras has no Embedding without", "an empty one"
        raise ArgumentError("to_keras", expected=expected, got=got)
    file = checked_reference(table, trainable, by_reference)
    if trainable == "rows":
        from inlay.layers.keras.chosen import RowsEmbedding

        some = RowsEmbedding.of(table, chosen(table, rows), pull=pull, **given)
        return some.in_file(file, by_reference)
    if trainable == "delta":
        from inlay.layers.keras.delta import DeltaEmbedding

        added = DeltaEmbedding.of(table, rank, pull=pull, **given)
        return added.in_file(file, by_reference)
    from inlay.layers.keras.embedding import TableEmbedding

    layer = TableEmbedding.from_table(table, trainable=trainable, pull=pull, **given)
    return layer.in_file(file, by_reference)
