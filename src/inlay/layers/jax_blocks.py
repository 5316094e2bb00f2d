"""Pooling that leaves padding out, as functions of JAX: they are compiled and differentiated."""

from typing import Any

from jax import nn
from jax import numpy as jnp

from inlay.layers.masks import check_shapes

LOWEST = -1e30  # below every score, and a number, so that a text without words has no NaN


def mean_pool(vectors: Any, mask: Any) -> Any:
    """The mean of each text's vectors, padding left out.

    Args:
        vectors: `(texts, tokens, dim)`.
        mask: True for a word, `(texts, tokens)`.

    Returns:
        `(texts, dim)`, of the vectors' dtype; zeros for a text without words.

    Raises:
        ArgumentError: Other shapes.

    Example:
        >>> vectors = jnp.array([[[1.0, 5.0], [3.0, 1.0], [0.0, 0.0]]])
        >>> mean_pool(vectors, jnp.array([[True, True, False]])).tolist()
        [[2.0, 3.0]]
    """
    seen = _seen("mean_pool", vectors, mask)
    count = jnp.maximum(seen.sum(1), 1)
    total = jnp.where(seen, vectors, 0).sum(1, dtype=_wide(vectors))
    return (total / count).astype(vectors.dtype)


def max_pool(vectors: Any, mask: Any) -> Any:
    """The largest of each number over a text's vectors, never that of a padding vector.

    Arguments, result and errors are those of `mean_pool`.

    Example:
        >>> vectors = jnp.array([[[-1.0, -5.0], [-3.0, -1.0], [0.0, 0.0]]])
        >>> max_pool(vectors, jnp.array([[True, True, False]])).tolist()
        [[-1.0, -1.0]]
    """
    seen = _seen("max_pool", vectors, mask)
    best = jnp.where(seen, vectors, -jnp.inf).max(1, initial=-jnp.inf)
    return jnp.where(seen.any(1), best, 0)


def attention_pool(vectors: Any, mask: Any, scores: Any) -> Any:
    """The mean of each text's vectors, weighted by the softmax of scores over its words.

    Result and errors are those of `mean_pool`.

    Args:
        vectors: `(texts, tokens, dim)`.
        mask: True for a word, `(texts, tokens)`.
        scores: `(texts, tokens)`, such as `jnp.tanh(vectors @ kernel + bias) @ query`.

    Example:
        >>> vectors = jnp.array([[[1.0, 5.0], [3.0, 1.0], [0.0, 0.0]]])
        >>> attention_pool(vectors, jnp.array([[True, True, False]]), jnp.ones((1, 3))).tolist()
        [[2.0, 3.0]]
    """
    seen = _seen("attention_pool", vectors, mask)
    scores = jnp.asarray(scores, _wide(vectors))[..., None]
    weights = jnp.where(seen, nn.softmax(jnp.where(seen, scores, LOWEST), 1), 0)
    return (weights * jnp.where(seen, vectors, 0)).sum(1).astype(vectors.dtype)


def _seen(where: str, vectors: Any, mask: Any) -> Any:
    check_shapes(where, vectors.shape, mask.shape)
    return jnp.asarray(mask, bool)[..., None]


def _wide(array: Any) -> Any:
    """The dtype in which many of its numbers can be summed: float32 for one of 16 bits."""
    return jnp.promote_types(array.dtype, jnp.float32)
