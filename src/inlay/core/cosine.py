"""Cosines with every row of a matrix, a block of rows at a time, so that no second one is made."""

from collections.abc import Iterator

import numpy as np

from inlay.aliases import Array
from inlay.core.storage import StoredRows

BLOCK = 32_768  # rows


def unit(vector: Array) -> Array:
    """The vector at length 1; zeros stay zeros."""
    norm = float(np.linalg.norm(vector))
    return vector / np.float32(norm) if norm > 0 else vector


def inverse_norms(matrix: Array | StoredRows) -> Array:
    """One over each row's length, 0 for a row of zeros: float32 `(n,)`."""
    norms = np.empty(len(matrix), np.float32)
    for rows, block in _blocks(matrix):
        norms[rows] = np.sqrt(np.einsum("ij,ij->i", block, block))
    return np.divide(1, norms, out=np.zeros_like(norms), where=norms > 0)


def cosines(matrix: Array | StoredRows, inverse: Array, direction: Array) -> Array:
    """The cosine of each row with a unit vector: float32 `(n,)`."""
    result = np.empty(len(matrix), np.float32)
    for rows, block in _blocks(matrix):
        result[rows] = block @ direction
    result *= inverse
    return result


def highest(values: Array, n: int) -> Array:
    """The positions of the `n` highest values, in falling order, equal ones by position."""
    n = min(max(n, 0), len(values))
    best = np.argpartition(-values, n - 1)[:n] if 0 < n < len(values) else np.arange(n)
    return best[np.lexsort((best, -values[best]))]


def _blocks(matrix: Array | StoredRows) -> Iterator[tuple[slice, Array]]:
    for start in range(0, len(matrix), BLOCK):
        rows = slice(start, min(start + BLOCK, len(matrix)))
        yield rows, np.asarray(matrix[rows], np.float32)
