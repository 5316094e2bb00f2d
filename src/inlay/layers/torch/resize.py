"""A PyTorch layer gets the rows of new tokens, and its optimiser the numbers that go with them."""

from typing import Any

import torch
from torch import Tensor, nn

from inlay.aliases import Array
from inlay.calls import refuses_unknown
from inlay.checks import described
from inlay.core.unknown import Unknown
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.hosts import torch as host
from inlay.layers.resizing import Resized, resized, rows_that_train
from inlay.layers.rows import slots_of
from inlay.layers.torch.chosen import RowsEmbedding
from inlay.layers.torch.delta import DeltaEmbedding
from inlay.layers.torch.embedding import TableEmbedding

# What an optimiser begins with, by the name in its state, where that is not zero: the setting.
FIRST = {"sum": "initial_accumulator_value", "step_size": "lr"}


@refuses_unknown({"optimizer": "optimiser="})
def resize(
    layer: nn.Embedding,
    old: Any,
    new: Any,
    *,
    unknown: Unknown = "covariance",
    seed: int = 0,
    optimiser: torch.optim.Optimizer | None = None,
) -> nn.Embedding:
    """Give a layer the rows of another vocabulary: known tokens keep theirs, to the bit.

    Where some rows train (`trainable="rows"`), these go on training, and those of new tokens with
    them; the others stay frozen.

    The layer itself changes, so a model that holds it needs nothing else; a model that was compiled
    compiles again. It has a new parameter, which an optimiser must be told of.

    Args:
        layer: An `nn.Embedding`, such as `inlay.to_torch` makes.
        old: The vocabulary whose ids the layer takes, a table in its order, or its tokens.
        new: The one whose ids it is to take: what `Table.align` takes. Its ids may be others, and a
            token that it lacks loses its row.
        unknown: What a new token gets, as in `Table.align`: `"covariance"` draws it from where
            the others lie; a dict gives vectors or glosses. Before that, another case of the token
            is looked for, as there.
        seed: The seed of the random vectors.
        optimiser: The one that trains the layer. Its averages move with the rows; those of new
            tokens begin as they would in a new optimiser, but for the count of steps, which all
            rows share. Without it, the optimiser goes on training the rows that were.

    Returns:
        The layer that came. Allocates the new matrix, twice for a moment, and the new averages.

    Raises:
        ArgumentTypeError: No `nn.Embedding`.
        ArgumentError: `old` has another number of tokens than the layer has rows; a layer of which
            some rows train, or a difference.

    Examples:
        >>> import numpy as np
        >>> from inlay import Table, to_torch
        >>> layer = to_torch(Table(["good", "film"], np.eye(2, dtype="float32")))
        >>> resize(layer, ["good", "film"], ["good", "film", "best"], unknown={"best": "good film"})
        TableEmbedding(3, 2)
        >>> layer(torch.tensor([2]))
        tensor([[0.5000, 0.5000]])

    Source: Hewitt 2021, "Initializing new word embeddings for pretrained language models".
    """
    if isinstance(layer, DeltaEmbedding):
        raise ArgumentError(
            "layer",
            expected="a layer of one matrix",
            got='one with trainable="delta"',
            hint='inlay.to_torch(layer.merged(old), new, trainable="delta")',
        )
    if not isinstance(layer, nn.Embedding):
        expected = "an nn.Embedding, as inlay.to_torch makes"
        raise ArgumentTypeError("layer", expected=expected, got=described(layer))
    if optimiser is not None:
        host.check_optimiser(optimiser)
    weight, ours = layer.weight, isinstance(layer, TableEmbedding)
    matrix = layer._matrix() if ours else weight.detach().float().cpu().numpy().copy()
    found = resized(old, matrix, new, pad_id=layer.padding_idx, unknown=unknown, seed=seed)
    aligned, came_from = found
    trained = (weight, came_from)
    if isinstance(layer, RowsEmbedding):
        trained = _resize_rows(layer, found)
    layer.weight = _parameter(weight, aligned.storage, came_from)
    layer.num_embeddings, layer.padding_idx = len(aligned), aligned.pad_id
    if ours:
        layer._leave_file()
        layer._borrowed, layer._tokens = False, aligned.tokens
    if optimiser is not None:
        now = layer.rows if isinstance(layer, RowsEmbedding) else layer.weight
        _replace(optimiser, trained[0], now, trained[1])
    return layer


def _resize_rows(layer: RowsEmbedding, found: Resized) -> tuple[Tensor, Array]:
    """Give a layer its rows that train: which they were, and where each of the new came from."""
    rows, slots = layer.rows, layer.slots
    ids, numbers = rows_that_train(slots.cpu().numpy(), found)
    layer.rows = _parameter(rows, found.table.storage[ids], numbers)
    layer.slots = host.as_tensor(slots_of(ids, len(found.table))).to(slots)
    return rows, numbers


def _parameter(old: Tensor, new: Array, came_from: Array) -> nn.Parameter:
    """A parameter that takes another's place, whose known rows are copied and never rounded."""
    made = _moved(old.detach(), host.as_tensor(new).to(old), came_from)
    return nn.Parameter(made, requires_grad=old.requires_grad)


def _moved(old: Tensor, new: Tensor, came_from: Array) -> Tensor:
    """`new`, with the rows of `old` where a token has one; -1 stands for none."""
    at = (came_from >= 0).nonzero()[0]
    new[torch.from_numpy(at)] = old[torch.from_numpy(came_from[at])]
    return new


def _replace(optimiser: Any, old: Tensor, new: Tensor, came_from: Array) -> None:
    """Put a parameter in the place of another, with the state of each row."""
    for group in optimiser.param_groups:
        if not any(parameter is old for parameter in group["params"]):
            continue
        group["params"] = [new if p is old else p for p in group["params"]]
        state = optimiser.state.pop(old, None)
        if state is None:
            continue
        optimiser.state[new] = {
            name: _extended(name, value, old, came_from, group) for name, value in state.items()
        }


def _extended(name: str, value: Any, old: Tensor, came_from: Array, group: Any) -> Any:
    """A number for each row, or for each number of it, in the order of the new rows."""
    by_rows = isinstance(value, Tensor) and value.dim() == 2 and len(value) == len(old)
    if not by_rows or name == "col_var":  # Adafactor's average over rows has one of them
        return value
    first = float(group[FIRST[name]]) if name in FIRST else 0.0
    return _moved(value, value.new_full((len(came_from), value.shape[1]), first), came_from)
