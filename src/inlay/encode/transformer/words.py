"""Vectors of words from those of their pieces."""

import numpy as np

from inlay.aliases import Array
from inlay.encode.transformer.pieces import Pieces
from inlay.encode.transformer.settings import Words


def words_read(found: Pieces, read: int) -> list[str]:
    """The words of which a piece is among the first so many."""
    if read == len(found.ids):
        return found.tokens
    last = int(found.words[:read].max(initial=-1))
    return found.tokens[: last + 1]


def by_words(rows: Array, words: Array, n: int, how: Words) -> Array:
    """Vectors of words; zeros for those without a piece.

    Args:
        rows: float32 `(layers, pieces, dim)`.
        words: int64 `(pieces,)`: the word of each, never falling; -1 for none.
        n: Words.
        how: Which pieces of a word count.

    Returns:
        float32 `(layers, n, dim)`.

    Examples:
        >>> rows = np.arange(4, dtype=np.float32).reshape(1, 4, 1)
        >>> by_words(rows, np.array([0, 0, 2, -1]), 3, "mean").ravel()
        array([0.5, 0. , 2. ], dtype=float32)
    """
    out = np.zeros((len(rows), n, rows.shape[2]), np.float32)
    of_words = words >= 0
    rows, words = rows[:, of_words], words[of_words]
    if not len(words):
        return out
    starts = np.flatnonzero(np.diff(words, prepend=-1))
    ends = np.append(starts[1:], len(words))
    place = words[starts]
    if how == "first":
        out[:, place] = rows[:, starts]
    elif how == "last":
        out[:, place] = rows[:, ends - 1]
    elif how == "max":
        out[:, place] = np.maximum.reduceat(rows, starts, axis=1)
    else:
        counts = (ends - starts).astype(np.float32)
        out[:, place] = np.add.reduceat(rows, starts, axis=1) / counts[:, None]
    return out
