"""What tables and vocabularies are given beside their tokens, looked at once."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.checks import described, whole
from inlay.core.immutable import read_only
from inlay.errors import ArgumentError, ArgumentTypeError, IdError, InlayError


def row_or_none(name: str, row: Any, n: int) -> int | None:
    """A special id from 0 to `n - 1`, or None.

    Raises:
        IdError: Anything else.
    """
    try:
        return None if row is None else whole(name, row, least=0, most=n - 1)
    except InlayError as error:
        raise IdError(name, expected=error.expected, got=error.got) from None


def checked_counts(counts: Any, n: int) -> Array:
    """Counts as int64 `(n,)`, read-only; floats that are whole are taken, nothing is rounded."""
    try:
        array = np.asarray(counts)
    except ValueError:  # rows of different lengths
        got = described(counts)
        raise ArgumentTypeError("counts", expected="whole numbers", got=got) from None
    if array.shape != (n,):
        raise ArgumentError("counts", expected=f"{n}, one a token", got=f"shape {array.shape}")
    if array.size and array.dtype.kind not in "iuf":
        raise ArgumentTypeError("counts", expected="whole numbers", got=str(array.dtype))
    wrong = ~((array >= 0) & (array < 2**63) & (array == np.floor(array)))
    if wrong.any():
        got = str(array[wrong][0])
        raise ArgumentError("counts", expected="whole numbers, 0 or more", got=got)
    return read_only(array.astype(np.int64, copy=False))


def checked_matrix(matrix: Any, n: int) -> Array:
    """A matrix of `n` rows, C-contiguous: copied only if it was not.

    Raises:
        ArgumentTypeError: Not of floating-point numbers.
        ArgumentError: Another shape.
    """
    try:
        array = np.asarray(matrix)
    except (TypeError, ValueError, RuntimeError):  # rows of many lengths; a tensor on a GPU
        in_torch = type(matrix).__module__.startswith("torch")
        raise ArgumentTypeError(
            "matrix",
            expected=f"an array of shape ({n}, dim)",
            got=type(matrix).__name__,
            hint="matrix.detach().cpu().float().numpy()" if in_torch else "rows of one length",
        ) from None
    if array.dtype not in (np.float16, np.float32, np.float64):
        raise ArgumentTypeError(
            "matrix",
            expected="float16, float32 or float64",
            got=str(array.dtype),
            hint="np.asarray(matrix, 'float32')",
        )
    if array.ndim != 2 or len(array) != n or array.shape[1] == 0:
        raise ArgumentError("matrix", expected=f"shape ({n}, dim)", got=f"shape {array.shape}")
    return np.ascontiguousarray(array)


def holds_strings(value: Any) -> bool:
    """Whether something's first item is a string."""
    return isinstance(value, Iterable) and isinstance(next(iter(value), None), str)


def plain_json(provenance: Mapping[str, Any] | None) -> dict[str, Any]:
    """A copy, as it would come back from a file."""
    try:
        plain: dict[str, Any] = json.loads(json.dumps(dict(provenance or {})))
    except (TypeError, ValueError, RecursionError) as error:
        expected = "a dict of JSON values: strings, numbers, lists, dicts, True, False and None"
        raise ArgumentTypeError("provenance", expected=expected, got=str(error)) from error
    return plain
