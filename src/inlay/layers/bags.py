"""One vector for each text: the sum, mean or maximum of its words' vectors, without a framework."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.checks import choice, described
from inlay.core import Table
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.hosts.ids import check_values
from inlay.kernels.bags import maxima, sums

MODES = ("mean", "sum", "max")
TEXTS = 1024  # of which the vectors are pooled at once


def embedding_bag(
    table: Table,
    ids: Array | Sequence[Sequence[int]],
    *,
    mode: str = "mean",
    row_weights: Any = None,
    weights: Any = None,
) -> Array:
    """Pool the vectors of each text, without an array of all of them.

    Padding is left out, so the maximum is never that of zeros, and the mean is over words. A text
    without words is all zeros.

    Args:
        table: Whose `pad_id` is left out.
        ids: Of each text a list of ids, of any length; or an array `(texts, tokens)`.
        mode: `"mean"`, `"sum"` or `"max"`.
        row_weights: What each row of the table counts, `(len(table),)`: inverse document
            frequencies, or `a / (a + p)` of a word's probability p (SIF). A mean is then divided
            by the sum of the weights.
        weights: What each place counts, of the shape of `ids`; times `row_weights`, if both.

    Returns:
        float32 `(texts, dim)`. Besides that it allocates the ids of 1,024 texts at a time, and of
        a table that is not stored as float32 their distinct vectors.

    Raises:
        IdError: An id beyond the table.
        ArgumentError: Another mode, weights for a maximum, or of another shape.

    Examples:
        >>> table = Table(["<pad>", "a", "film"], np.float32([[0, 0], [1, 5], [3, 1]]), pad_id=0)
        >>> embedding_bag(table, [[1, 2], [2, 0], []])
        array([[2., 3.],
               [3., 1.],
               [0., 0.]], dtype=float32)

    Source: Arora, Liang and Ma 2017, "A Simple but Tough-to-Beat Baseline for Sentence Embeddings",
    algorithm 1, for the weights of SIF.
    """
    check_mode(mode, weighted=row_weights is not None or weights is not None)
    if weights is not None and len(weights) != len(ids):
        raise ArgumentError("weights", expected=f"{len(ids)} texts, as ids", got=f"{len(weights)}")
    if row_weights is not None:
        row_weights = check_row_weights(row_weights, len(table))
    found = np.zeros((len(ids), table.dim), np.float32)
    for start in range(0, len(ids), TEXTS):
        texts, of_places = [], []
        for i in range(start, min(start + TEXTS, len(ids))):
            words = _words(ids[i], i, len(table))
            kept = words != table.pad_id if table.pad_id is not None else slice(None)
            texts.append(words[kept])
            if weights is not None:
                of_places.append(_of_text(weights[i], i, words.size)[kept])
        of_words = np.concatenate(of_places) if of_places else None
        _pool(table, texts, mode, row_weights, of_words, found[start : start + TEXTS])
    return found


def _pool(
    table: Table, texts: list[Array], mode: str, of_rows: Any, weights: Any, out: Array
) -> None:
    words, lengths = np.concatenate(texts), np.array([len(text) for text in texts])
    offsets = np.append(0, np.cumsum(lengths))
    count = np.ones(words.size, np.float32) if of_rows is None else of_rows[words]
    if weights is not None:
        count = count * weights
    matrix = table._rows
    if not isinstance(matrix, np.ndarray) or matrix.dtype != "f4" or not matrix.flags.c_contiguous:
        distinct, words = np.unique(words, return_inverse=True)
        matrix = np.array(matrix[distinct], np.float32)
    if mode == "max":
        maxima(matrix, words, offsets, out)
        return
    sums(matrix, words, offsets, count, out)
    if mode == "mean":
        total = np.zeros(len(texts), np.float32)
        np.add.at(total, np.repeat(np.arange(len(texts)), lengths), count)
        out /= np.where(total == 0, 1, total)[:, None]


def check_mode(mode: Any, *, weighted: bool) -> str:
    """Refuse another mode, and weights that would have no effect.

    Raises:
        ArgumentError: Either.
    """
    found: str = choice("mode", mode, MODES)
    if weighted and found == "max":
        raise ArgumentError("mode", expected="'mean' or 'sum', for weights", got="'max'")
    return found


def check_row_weights(weights: Any, size: int) -> Array:
    """Weights of rows as float32 `(size,)`.

    Raises:
        ArgumentError: Another shape, or a number that is not finite.
        ArgumentTypeError: No numbers.
    """
    expected = f"a number for each of {size} rows"
    try:
        array = np.asarray(weights, np.float32)
    except (TypeError, ValueError):
        got = described(weights)
        raise ArgumentTypeError("row_weights", expected=expected, got=got) from None
    if array.shape != (size,):
        raise ArgumentError("row_weights", expected=expected, got=described(array))
    if not np.isfinite(array).all():
        row = int(np.flatnonzero(~np.isfinite(array))[0])
        got = f"{array[row]} of row {row}"
        raise ArgumentError("row_weights", expected="finite numbers", got=got)
    return array


def _words(text: Any, i: int, size: int) -> Array:
    words = np.asarray(text, None if len(text) else np.int64)
    if words.dtype.kind not in "iu":
        raise ArgumentTypeError("ids", expected="whole numbers", got=str(words.dtype))
    check_values(f"ids[{i}]", words, size)
    return words.astype(np.int64, copy=False)


def _of_text(weights: Any, i: int, size: int) -> Array:
    array = np.asarray(weights, np.float32)
    if array.shape != (size,):
        expected = f"{size} numbers, as ids[{i}] has"
        raise ArgumentError(f"weights[{i}]", expected=expected, got=described(array))
    return array
