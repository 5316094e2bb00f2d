"""What `most_similar` is asked for: tokens and vectors, with their weights."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.checks import described, number
from inlay.core.cosine import unit
from inlay.errors import ArgumentError, ArgumentTypeError

Query = str | Array
Queries = Query | Sequence[Query | tuple[Query, float]] | None


def asked(positive: Any, negative: Any) -> list[tuple[Any, float]]:
    """All queries with their weights, what is to be subtracted with a negative one.

    Raises:
        ArgumentError: There is none.
    """
    queries = [*weighted("positive", positive, 1.0), *weighted("negative", negative, -1.0)]
    if not queries:
        raise ArgumentError("most_similar", expected="a token or a vector", got="nothing")
    return queries


def weighted(name: str, queries: Any, weight: float) -> list[tuple[Any, float]]:
    """Each query with its weight, `weight` if it has none of its own.

    Args:
        name: The argument's name.
        queries: A token, a vector `(dim,)`, or several of both, each alone or as
            `(query, weight)`; vectors may be a matrix. None: nothing.
        weight: Of a query that says none.

    Raises:
        ArgumentTypeError: None of these.
        ArgumentError: A weight that is no finite number.
    """
    if queries is None:
        return []
    if isinstance(queries, str) or _is_vector(queries):
        return [(queries, weight)]
    if isinstance(queries, Mapping):  # its weights would go unseen
        raise _refused(name, queries)
    if not isinstance(queries, Iterable) or getattr(queries, "shape", None) == ():
        raise _refused(name, queries)
    return [_weighted(name, query, weight) for query in queries]


def direction(queries: Iterable[tuple[Array, float]], dim: int) -> Array:
    """The unit vector of a weighted sum of unit vectors, float32 `(dim,)`.

    Raises:
        ArgumentError: A vector of another shape.
    """
    total = np.zeros(dim, np.float32)
    for vector, weight in queries:
        if vector.shape != (dim,):
            raise ArgumentError(
                "most_similar", expected=f"a token or a vector ({dim},)", got=str(vector.shape)
            )
        total += np.float32(weight) * unit(vector)
    return unit(total)


def _weighted(name: str, query: Any, weight: float) -> tuple[Any, float]:
    if isinstance(query, tuple | list) and len(query) == 2 and _is_query(query[0]):
        return query[0], number(f"the weight in {name}", query[1])
    if not _is_query(query):
        raise _refused(name, query)
    return query, weight


def _is_query(value: Any) -> bool:
    return isinstance(value, str) or _is_vector(value) or _are_numbers(value)


def _is_vector(value: Any) -> bool:
    """An array of numbers in one dimension, of numpy or of a host."""
    shape, kind = getattr(value, "shape", ()), getattr(getattr(value, "dtype", None), "kind", "f")
    return len(shape) == 1 and kind in "fiu"


def _are_numbers(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(hasattr(item, "__float__") for item in value)


def _refused(name: str, value: Any) -> ArgumentTypeError:
    return ArgumentTypeError(
        name,
        expected="tokens or vectors, each alone or with a weight",
        got=described(value),
        hint="['king', ('woman', 0.5), vector]",
    )
