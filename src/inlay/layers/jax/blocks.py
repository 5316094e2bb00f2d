"""Pooling, convolution and LSTM that leave padding out, as functions of JAX.

They are compiled and differentiated. JAX has no layers, so weights are arguments: yours, or those
of a library that stands on JAX.
"""

from typing import Any

from jax import lax, nn
from jax import numpy as jnp

from inlay.errors import ArgumentError
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

    Examples:
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

    Examples:
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

    Examples:
        >>> vectors = jnp.array([[[1.0, 5.0], [3.0, 1.0], [0.0, 0.0]]])
        >>> attention_pool(vectors, jnp.array([[True, True, False]]), jnp.ones((1, 3))).tolist()
        [[2.0, 3.0]]
    """
    seen = _seen("attention_pool", vectors, mask)
    scores = jnp.asarray(scores, _wide(vectors))[..., None]
    weights = jnp.where(seen, nn.softmax(jnp.where(seen, scores, LOWEST), 1), 0)
    return (weights * jnp.where(seen, vectors, 0)).sum(1).astype(vectors.dtype)


def masked_conv(vectors: Any, mask: Any, kernel: Any, bias: Any = 0.0) -> Any:
    """A convolution over texts that gives a padded one the numbers that it has alone.

    There is a window around each word, and beyond the text it sees zeros. So the result is as long
    as the text, and its mask is that of the text. Errors are those of `mean_pool`.

    Args:
        vectors: `(texts, tokens, dim)`.
        mask: True for a word, `(texts, tokens)`.
        kernel: `(window, dim, filters)`, as Keras and Flax shape it.
        bias: `(filters,)`.

    Returns:
        `(texts, tokens, filters)`, zero where there is padding.

    Raises:
        ArgumentError: Also a kernel of another shape.

    Examples:
        >>> vectors, mask = jnp.ones((1, 3, 2)), jnp.array([[True, True, False]])
        >>> masked_conv(vectors, mask, jnp.ones((3, 2, 1)))[..., 0].tolist()
        [[4.0, 4.0, 0.0]]
    """
    seen = _seen("masked_conv", vectors, mask)
    _check_weight("kernel", kernel, (None, vectors.shape[2], None))
    words = jnp.where(seen, vectors, 0)
    found = lax.conv_general_dilated(
        words, kernel.astype(words.dtype), (1,), "SAME", dimension_numbers=("NWC", "WIO", "NWC")
    )
    return jnp.where(seen, found + bias, 0).astype(vectors.dtype)


def masked_lstm(
    vectors: Any, mask: Any, kernel: Any, recurrent: Any, bias: Any, *, reverse: bool = False
) -> tuple[Any, tuple[Any, Any]]:
    """An LSTM that passes over padding, wherever it is, in either direction.

    Weights are shaped, and gates ordered (input, forget, cell, output), as those of
    `keras.layers.LSTM`. Errors are those of `mean_pool`.

    Args:
        vectors: `(texts, tokens, dim)`.
        mask: True for a word, `(texts, tokens)`.
        kernel: `(dim, 4 * units)`.
        recurrent: `(units, 4 * units)`.
        bias: `(4 * units,)`.
        reverse: Whether to read texts from their ends.

    Returns:
        Outputs `(texts, tokens, units)`, zero where there is padding, and the two states `(texts,
        units)` after the last word that was read; zeros for a text without words.

    Raises:
        ArgumentError: Also a weight of another shape.

    Examples:
        >>> vectors, mask = jnp.ones((1, 3, 2)), jnp.array([[True, True, False]])
        >>> weights = jnp.ones((2, 4)), jnp.ones((1, 4)), jnp.zeros(4)
        >>> outputs, (state, cell) = masked_lstm(vectors, mask, *weights)
        >>> bool(outputs[0, 1] == state[0]), outputs[0, 2].tolist()
        (True, [0.0])

    Source: Hochreiter and Schmidhuber 1997; Gers, Schmidhuber and Cummins 2000, for the forget
    gate.
    """
    seen = _seen("masked_lstm", vectors, mask)
    units = recurrent.shape[0]
    _check_weight("recurrent", recurrent, (None, 4 * units))
    _check_weight("kernel", kernel, (vectors.shape[2], 4 * units))
    gates = jnp.where(seen, vectors, 0) @ kernel + bias

    def step(states: Any, now: Any) -> Any:
        of_input, is_word = now
        i, f, g, o = jnp.split(of_input + states[0] @ recurrent, 4, -1)
        cell = nn.sigmoid(f) * states[1] + nn.sigmoid(i) * jnp.tanh(g)
        new = nn.sigmoid(o) * jnp.tanh(cell), cell
        kept = tuple(jnp.where(is_word, a, b) for a, b in zip(new, states, strict=True))
        return kept, jnp.where(is_word, new[0], 0)

    start = (jnp.zeros((vectors.shape[0], units), gates.dtype),) * 2
    by_time = gates.swapaxes(0, 1), seen.swapaxes(0, 1)
    states, outputs = lax.scan(step, start, by_time, reverse=reverse)
    return outputs.swapaxes(0, 1), states


def _check_weight(name: str, weight: Any, wanted: tuple[int | None, ...]) -> None:
    fits = weight.ndim == len(wanted) and all(
        size in (None, given) for size, given in zip(wanted, weight.shape, strict=True)
    )
    if not fits:
        shown = ", ".join("any" if size is None else str(size) for size in wanted)
        raise ArgumentError(name, expected=f"shape ({shown})", got=f"shape {tuple(weight.shape)}")


def _seen(where: str, vectors: Any, mask: Any) -> Any:
    check_shapes(where, vectors.shape, mask.shape)
    return jnp.asarray(mask, bool)[..., None]


def _wide(array: Any) -> Any:
    """The dtype in which many of its numbers can be summed: float32 for one of 16 bits."""
    return jnp.promote_types(array.dtype, jnp.float32)
