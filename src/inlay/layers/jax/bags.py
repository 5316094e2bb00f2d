"""One vector for each text in JAX: the sum, mean or maximum of its words' vectors."""

from typing import Any

import jax
from jax import numpy as jnp

from inlay.layers.bags import check_mode


def embedding_bag(
    matrix: Any,
    ids: Any,
    *,
    mode: str = "mean",
    pad_id: int | None = None,
    row_weights: Any = None,
    weights: Any = None,
) -> Any:
    """Pool the vectors of each text, place by place, without an array of all of them.

    It is compiled and differentiated like any function of JAX. Padding is left out; a text
    without words is all zeros.

    Args:
        matrix: Vectors `(rows, dim)`.
        ids: Whole numbers `(texts, tokens)`.
        mode: `"mean"`, `"sum"` or `"max"`.
        pad_id: Which id is padding.
        row_weights: What each row counts, `(rows,)`; a mean is divided by the sum of the weights.
        weights: What each place counts, of the shape of `ids`.

    Returns:
        `(texts, dim)`, of the matrix's dtype.

    Raises:
        ArgumentError: Another mode, or weights for a maximum.

    Examples:
        >>> matrix = jnp.array([[0.0, 0.0], [1.0, 5.0], [3.0, 1.0]])
        >>> embedding_bag(matrix, jnp.array([[1, 2], [2, 0]]), pad_id=0).tolist()
        [[2.0, 3.0], [3.0, 1.0]]
    """
    check_mode(mode, weighted=row_weights is not None or weights is not None)
    kept = jnp.ones(ids.shape, bool) if pad_id is None else ids != pad_id
    if mode == "max":
        return _largest(matrix, ids, kept)
    count = kept.astype(matrix.dtype)
    if row_weights is not None:
        count *= jnp.take(jnp.asarray(row_weights, matrix.dtype), ids)
    if weights is not None:
        count *= jnp.asarray(weights, matrix.dtype)

    def add(total: Any, place: Any) -> tuple[Any, None]:
        words, by = place
        return total + jnp.take(matrix, words, axis=0) * by[:, None], None

    zeros = jnp.zeros((ids.shape[0], matrix.shape[1]), matrix.dtype)
    total, _ = jax.lax.scan(add, zeros, (ids.T, count.T))
    if mode == "sum":
        return total
    by = count.sum(1, keepdims=True)
    return total / jnp.where(by == 0, 1, by)


def _largest(matrix: Any, ids: Any, kept: Any) -> Any:
    def take(best: Any, place: Any) -> tuple[Any, None]:
        words, here = place
        larger = jnp.maximum(best, jnp.take(matrix, words, axis=0))
        return jnp.where(here[:, None], larger, best), None

    lowest = jnp.full((ids.shape[0], matrix.shape[1]), -jnp.inf, matrix.dtype)
    best, _ = jax.lax.scan(take, lowest, (ids.T, kept.T))
    return jnp.where(kept.any(1, keepdims=True), best, 0)
