"""A table, or an encoder, as the host framework's own layer; nothing is imported until then."""

import os
from typing import TYPE_CHECKING, Any, Protocol

from inlay.calls import refuses_unknown
from inlay.checks import flag
from inlay.core import Table
from inlay.hosts.backends import load_keras
from inlay.layers.arguments import (
    FOREIGN_TO_KERAS,
    FOREIGN_TO_TORCH,
    check_for_encoder,
    check_vocab,
    check_vocab_for_encoder,
    maker_of,
    table_of,
)
from inlay.optional import require

if TYPE_CHECKING:
    import keras
    import torch

__all__ = ["to_keras", "to_torch"]


class MakesLayers(Protocol):
    """What makes vectors of texts, and layers by a `to_torch` or `to_keras` of its own."""

    def encode(self, texts: Any) -> Any:
        """Vectors of texts."""


@refuses_unknown(FOREIGN_TO_TORCH)
def to_torch(
    x: Table | str | os.PathLike[str] | MakesLayers,
    vocab: Any = None,
    *,
    freeze: bool = True,
    sparse: bool = False,
    check_ids: bool = False,
) -> "torch.nn.Module":
    """Make an `nn.Embedding` that holds a table's rows, or the module of an encoder.

    Frozen, it shares the table's memory: the vectors of a native file are read from the file
    as they are used, and several models in one process hold them once. Loading a state_dict,
    or setting `weight.requires_grad` or `max_norm`, gives the layer its own copy first, so
    neither training nor loading changes the table. Writing into `weight` by hand does.

    The layer compiles in one graph, and is traced, scripted and exported; `torch.jit.script`
    makes a plain `nn.Embedding` of it, with memory of its own. An ELMo runs in a model that is
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
        freeze: False for a layer that trains; of an encoder all or nothing, for more see its
            own `to_torch`.
        sparse: Whether the gradient holds only the rows that were looked up, so that a step of
            `torch.optim.SparseAdam`, `Adagrad` or `SGD` costs what the batch costs, and not what
            the vocabulary costs. Most other optimisers refuse such a gradient.
        check_ids: Look at the ids before each look-up, and name a wrong one. Costs a pass over
            the ids, for which a GPU is waited for, and a graph break in `torch.compile`;
            `torch.jit` and `torch.export` refuse it. An encoder does so anyway.

    Returns:
        A subclass of `nn.Embedding` with the state_dict key `weight`, float32
        `(num_embeddings, embedding_dim)`. Allocates nothing when frozen; one matrix,
        `4 * len(table) * table.dim` bytes, when `freeze=False`, when `vocab` is given, when the
        table is stored as anything but float32 (bfloat16 and int8 take two for a moment), or when
        its array is read-only (writing there would end the process). Of an encoder, what its own
        `to_torch` returns.

    Raises:
        ArgumentTypeError: Something that is none of these, or an argument of another name.
        MissingPackageError: torch is not installed.
        IdError: From the layer, with `check_ids=True`: an id below 0 or beyond the table, or
            ids that are not int32 or int64.

    Example:
        >>> import numpy as np
        >>> table = Table(["good", "film"], np.eye(2, dtype="float32"))
        >>> to_torch(table)
        TableEmbedding(2, 2)
    """
    check_vocab(vocab, "freeze")
    freeze, sparse = flag("freeze", freeze), flag("sparse", sparse)
    check_ids = flag("check_ids", check_ids)
    if make := maker_of(x, "to_torch"):
        check_vocab_for_encoder(vocab)
        check_for_encoder("to_torch", check_ids=check_ids, sparse=sparse)
        return make(vocab_to_cache=vocab, trainable=False if freeze else "all")
    require("torch", extra="torch", need="making a torch layer")
    from inlay.layers.torch import TableEmbedding

    table = table_of("to_torch", x, vocab)
    return TableEmbedding.from_table(table, freeze=freeze, sparse=sparse, check_ids=check_ids)


@refuses_unknown(FOREIGN_TO_KERAS)
def to_keras(
    x: Table | str | os.PathLike[str] | MakesLayers,
    vocab: Any = None,
    *,
    trainable: bool = False,
    mask: bool = True,
    check_ids: bool = False,
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
        trainable: True for a layer that trains. `layer.trainable = True` later does the same. Of
            an encoder all or nothing, for more see its own `to_keras`.
        mask: Whether to make a mask. Without a `pad_id` there is none.
        check_ids: Look at the ids of each call, and name a wrong one. Compiled by TensorFlow
            (`fit`, `predict`) the error is an `InvalidArgumentError`, and XLA is left off
            unless asked for; compiled by JAX it is a `JaxRuntimeError`, after which Keras has
            lost the model's weights. Both name the id. What a model's own `Input` has cast
            before (floats to whole numbers, 64 bits to 32) cannot be seen here.
        name: The layer's name.

    Returns:
        A subclass of `keras.layers.Embedding` with `input_dim = len(table)` and
        `output_dim = table.dim`, already built. `mask_zero` says what it says in Keras: that the
        id left out is 0. Frozen, it shares the table's memory, allocating nothing, if that is
        of the layer's variable dtype, writable, and (TensorFlow, JAX) starts at a multiple of 64
        bytes, as the map of a native file does. Otherwise it allocates one matrix, and a second
        one for a moment if the table is stored as bfloat16 or int8, which become float32.
        With JAX the first `fit` makes one more copy. On the torch backend `model.set_weights`
        writes into memory that is shared: the table changes, its file never. Of an encoder,
        what its own `to_keras` returns.

    Raises:
        ArgumentTypeError: Something that is none of these, or an argument of another name.
        MissingPackageError: Keras is not installed, or none of its backends.
        IdError: From the layer, with `check_ids=True`: an id below 0 or beyond the table, or
            ids that are not whole numbers, as from `keras.Input((n,))` without a dtype.

    Example:
        >>> import numpy as np
        >>> table = Table(["good", "film"], np.eye(2, dtype="float32"))
        >>> to_keras(table).trainable
        False
    """
    check_vocab(vocab, "trainable")
    trainable, mask = flag("trainable", trainable), flag("mask", mask)
    check_ids = flag("check_ids", check_ids)
    if make := maker_of(x, "to_keras"):
        check_vocab_for_encoder(vocab)
        check_for_encoder("to_keras", check_ids=check_ids, mask=not mask)
        return make(vocab_to_cache=vocab, trainable="all" if trainable else False, name=name)
    load_keras("making a Keras layer")
    from inlay.hosts.keras import check_arguments
    from inlay.layers.keras import TableEmbedding

    check_arguments(name)

    return TableEmbedding.from_table(
        table_of("to_keras", x, vocab),
        trainable=trainable,
        mask=mask,
        check_ids=check_ids,
        name=name,
    )
