"""A table as the host framework's own embedding layer. Nothing is imported until it is made."""

from typing import TYPE_CHECKING

from inlay.core import Table
from inlay.hosts.backends import load_keras
from inlay.optional import require

if TYPE_CHECKING:
    import keras
    import torch

__all__ = ["to_keras", "to_torch"]


def to_torch(table: Table, freeze: bool = True, *, check_ids: bool = False) -> "torch.nn.Embedding":
    """Make an `nn.Embedding` that holds a table's rows.

    Frozen, it shares the table's memory: the vectors of a native file are read from the file
    as they are used, and several models in one process hold them once. Loading a state_dict,
    or setting `weight.requires_grad`, gives the layer its own copy first, so neither training
    nor loading changes the table. Writing into `weight` by hand does.

    Args:
        table: Its `pad_id` becomes `padding_idx`: the row is zero, and as it gets no gradient
            every optimiser leaves it so, weight decay included.
        freeze: False for a layer that trains.
        check_ids: Look at the ids before each look-up, and name a wrong one. Costs a pass over
            the ids, which on a GPU are fetched to the host, and a graph break in
            `torch.compile`.

    Returns:
        A subclass of `nn.Embedding` with the state_dict key `weight`, float32
        `(num_embeddings, embedding_dim)`. Allocates nothing when frozen; one matrix,
        `4 * len(table) * table.dim` bytes, when `freeze=False`, when the table is stored as
        float16 or float64, or when its array is read-only (writing there would end the process).

    Raises:
        MissingPackageError: torch is not installed.
        IdError: From the layer, with `check_ids=True`: an id below 0 or beyond the table, or
            ids that are not int32 or int64.

    Example:
        >>> import numpy as np
        >>> table = Table(["good", "film"], np.eye(2, dtype="float32"))
        >>> to_torch(table)
        TableEmbedding(2, 2)
    """
    require("torch", extra="torch", need="making a torch layer")
    from inlay.layers.torch import TableEmbedding

    return TableEmbedding.from_table(table, freeze, check_ids=check_ids)


def to_keras(
    table: Table,
    trainable: bool = False,
    *,
    mask: bool = True,
    check_ids: bool = False,
    name: str | None = None,
) -> "keras.layers.Embedding":
    """Make a `keras.layers.Embedding` that holds a table's rows, on Keras' current backend.

    The config holds no numbers. A saved model keeps them in its weights, as any layer does;
    `clone_model` copies the numbers of the moment. A layer rebuilt from its config in another
    process is NaN until `load_weights` or `set_weights` has filled it.

    To load a saved model in a new process, import `inlay.layers.keras` first: Keras only builds
    classes that have been registered.

    Args:
        table: Its `pad_id`, any id, is what the mask leaves out. That row is zero, and stays so
            in training: its output is cut off from it, so it gets no gradient.
        trainable: True for a layer that trains. `layer.trainable = True` later does the same.
        mask: Whether to make a mask. Without a `pad_id` there is none.
        check_ids: Look at the ids of each call, and name a wrong one. Compiled by TensorFlow
            (`fit`, `predict`) the error is an `InvalidArgumentError`, and XLA is left off
            unless asked for; compiled by JAX it is a `JaxRuntimeError`, after which Keras has
            lost the model's weights. Both name the id. What a model's own `Input` has cast
            before (floats to whole numbers, 64 bits to 32) cannot be seen here.
        name: Of the layer.

    Returns:
        A subclass of `keras.layers.Embedding` with `input_dim = len(table)` and
        `output_dim = table.dim`, already built. `mask_zero` says what it says in Keras: that the
        id left out is 0. Frozen, it shares the table's memory, allocating nothing, if that is
        of the layer's variable dtype, writable, and (TensorFlow, JAX) starts at a multiple of 64
        bytes, as the map of a native file does. Otherwise it allocates one matrix. With JAX the
        first `fit` makes one more copy. On the torch backend `model.set_weights` writes into
        memory that is shared: the table changes, its file never.

    Raises:
        MissingPackageError: keras is not installed.
        IdError: From the layer, with `check_ids=True`: an id below 0 or beyond the table, or
            ids that are not whole numbers, as from `keras.Input((n,))` without a dtype.

    Example:
        >>> import numpy as np
        >>> table = Table(["good", "film"], np.eye(2, dtype="float32"))
        >>> to_keras(table).trainable
        False
    """
    load_keras("making a Keras layer")
    from inlay.layers.keras import TableEmbedding

    return TableEmbedding.from_table(
        table, trainable=trainable, mask=mask, check_ids=check_ids, name=name
    )
