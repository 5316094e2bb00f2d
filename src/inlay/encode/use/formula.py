"""The network of a Universal Sentence Encoder over tensors of any framework, for what learns.

Texts are rows of one array, with padding on either side, which is left out everywhere: a text has
the vector that it has alone.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from inlay.encode.use.weights import CONVOLUTION, HEAD, POOLING, PROJECTION, Shape, named

Get = Callable[[str], Any]  # the name of an array -> a tensor
TINY = 1e-12  # of a vector's squared length, which is 0 for a row of padding alone


class Operations(NamedTuple):
    """What frameworks call differently."""

    join: Callable[[list[Any]], Any]  # along the last axis
    pad: Callable[[Any, int, int], Any]  # zeros before and after, along axis 1
    matmul: Callable[[Any, Any], Any]
    mean: Callable[[Any], Any]  # over the last axis, which stays
    total: Callable[[Any, int], Any]  # the sum over an axis, which is gone
    counted: Callable[[Any], Any]  # the sum so far along axis 1
    at_least: Callable[[Any, float], Any]
    sqrt: Callable[[Any], Any]
    tanh: Callable[[Any], Any]


def inside(do: Operations, ids: Any) -> Any:
    """Bool `(batch, places)`: where a text is, from its first id that is not 0 to its last.

    Between the marks of a text, which are not 0, that number is an unknown piece.
    """
    known = ids != 0
    before = do.counted(known)
    return (before > 0) & ((before < before[:, -1:]) | known)


def vectors(do: Operations, get: Get, shape: Shape, eps: float, pieces: Any, here: Any) -> Any:
    """From embeddings to vectors.

    Args:
        do: The framework.
        get: The arrays of the network.
        shape: Its sizes.
        eps: What layer norms add to a variance.
        pieces: Embeddings `(batch, places, width)`.
        here: 1 where a text is and 0 elsewhere, `(batch, places, 1)`, of the same type.

    Returns:
        `(batch, dim)`, of length 1; zeros for a row without a text.
    """

    def norm(x: Any, gain: Any, bias: Any) -> Any:
        away = x - do.mean(x)
        return away / do.sqrt(do.mean(away * away) + eps) * gain + bias

    def relu(x: Any) -> Any:
        return do.at_least(x, 0.0)

    def window(x: Any, k: int) -> Any:
        places, left = x.shape[1], (k - 1) // 2
        padded = do.pad(x, left, k - 1 - left)
        if places is None:
            return do.join([padded[:, j : (j - k + 1) or None] for j in range(k)])
        return do.join([padded[:, j : j + places] for j in range(k)])

    parts = zip(*(map(get, named(PROJECTION, k)) for k in shape.orders), strict=True)
    matrix, bias, gain, shift = (do.join(list(part)) for part in parts)
    projected = norm(do.matmul(pieces * here, matrix) + bias, gain, shift) * here
    convolved = []
    for i, k in enumerate(shape.orders):
        first, first_bias, second, second_bias = map(get, named(CONVOLUTION, k))
        x = projected[:, :, i * shape.part : (i + 1) * shape.part]
        x = (relu(do.matmul(window(x, k), first) + first_bias) + x) * here
        convolved.append(relu(do.matmul(window(x, k), second) + second_bias) + x)
    gain, shift, matrix, bias = map(get, POOLING)
    every = do.total(norm(do.join([pieces, *convolved]), gain, shift) * here, 1)
    n = do.total(here, 1)
    s = (do.matmul(every, matrix) + n * bias) / do.sqrt(do.at_least(n, 1.0))
    d0, p1, d1, d2, p3, d3 = map(get, HEAD)
    y = relu(do.matmul(s, p1) + do.matmul(relu(do.matmul(s, d0)), d1))
    z = do.tanh(do.matmul(y, p3) + do.matmul(relu(do.matmul(y, d2)), d3))
    return z / do.sqrt(do.at_least(do.total(z * z, 1)[:, None], TINY))
