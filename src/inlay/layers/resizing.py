"""What becomes of a layer's rows under another vocabulary: the same in every framework."""

from typing import Any, NamedTuple

import numpy as np

from inlay.aliases import Array
from inlay.core import Table
from inlay.core.unknown import Unknown
from inlay.errors import ArgumentError
from inlay.layers.rows import merged


class Resized(NamedTuple):
    """The rows of a layer in the order of another vocabulary.

    Attributes:
        table: Of the new vocabulary, with the old rows as float32, and the new ones.
        came_from: For each row of it the old one that it was, int64 `(n,)`; -1: it is new, or
            padding.
    """

    table: Table
    came_from: Array


def resized(
    old: Any, matrix: Array, new: Any, *, pad_id: int | None, unknown: Unknown, seed: int
) -> Resized:
    """Arrange a layer's rows in the order of another vocabulary.

    Args:
        old: The vocabulary whose ids the layer takes, a table in its order, or its tokens.
        matrix: All rows, float32 `(vocab_size, dim)`, whose row of padding is set to zero.
        new: What `Table.align` takes.
        pad_id: The row of padding, if `old` does not say.
        unknown: What a new token gets, as in `Table.align`.
        seed: The seed of the random vectors.

    Raises:
        ArgumentError: `old` has another number of tokens than the matrix has rows.
    """
    padding = getattr(old, "pad_id", None)
    if padding is not None and padding < len(matrix):
        matrix[padding] = 0  # in a layer that masks it, it may be anything
    table = merged(old, matrix, pad_id)
    aligned = table.align(new, unknown, seed=seed)
    came_from = table.tokens.find_many(aligned.tokens.tolist())
    if aligned.pad_id is not None:
        came_from[aligned.pad_id] = -1
    return Resized(aligned, came_from)


def moved(old: Array, new: Array, came_from: Array) -> Array:
    """`new`, with the rows of `old` where a token has one."""
    at = np.flatnonzero(came_from >= 0)
    new[at] = old[came_from[at]]
    return new


def rows_that_train(slots: Array, found: Resized) -> tuple[Array, Array]:
    """Which rows train of a layer in which some did: those, and the ones of new tokens.

    Args:
        slots: For each old row its number among those that trained, or -1.
        found: What `resized` gave.

    Returns:
        Their ids, int64 `(n,)`, ascending, and the numbers that they had; -1: the token is new.

    Raises:
        ArgumentError: There is none.
    """
    had = np.where(found.came_from >= 0, slots[found.came_from], -1).astype(np.int64)
    trains = (found.came_from < 0) | (had >= 0)
    if found.table.pad_id is not None:
        trains[found.table.pad_id] = False
    ids = np.flatnonzero(trains)
    if not ids.size:
        raise ArgumentError(
            "new",
            expected="a vocabulary with new tokens, or some of those whose rows train",
            got="neither",
            hint="inlay.to_torch(layer.merged(old), new), or to_keras, which is frozen",
        )
    return ids, had[ids]
