"""Principal components of rows, in the place of the rows themselves."""

from collections.abc import Iterator

import numpy as np

from inlay.aliases import Array

BLOCK = 4096  # rows that are float64 at a time


def project(matrix: Array, dim: int, kept: Array) -> float:
    """Replace rows by their `dim` first principal components, and give back the rest of the memory.

    The components are those of the covariance of the rows that are kept. Each has the sign that
    makes the largest of its numbers positive, so that the result does not depend on the library
    of linear algebra.

    Args:
        matrix: float32 `(n, width)`, C-contiguous, which owns its memory and has no views; it
            becomes `(n, dim)`.
        dim: How many components, at most `width`.
        kept: bool `(n,)`: the rows to learn from and to project, two at least. Others become
            zeros.

    Returns:
        The share of the variance that the components hold, from 0 to 1. Allocates
        `16 * width**2` bytes.
    """
    n, width = matrix.shape
    mean = sum((rows.sum(axis=0) for rows in _blocks(matrix, kept)), np.zeros(width)) / kept.sum()
    scatter = np.zeros((width, width))
    for rows in _blocks(matrix, kept):
        rows -= mean
        scatter += rows.T @ rows
    variances, axes = np.linalg.eigh(scatter)
    variances = variances.clip(min=0)[::-1]
    axes = axes[:, ::-1][:, :dim]
    most = np.zeros(dim)  # of each component, the number that is farthest from zero
    flat = matrix.reshape(-1)
    for start in range(0, n, BLOCK):
        # What is written lies before what is still to be read, for `dim` is at most `width`.
        chosen = kept[start : start + BLOCK]
        rows = (matrix[start : start + BLOCK] - mean) @ axes
        rows[~chosen] = 0
        flat[start * dim : (start + len(rows)) * dim] = rows.reshape(-1)
        ends = np.stack([most, rows.max(axis=0), rows.min(axis=0)])
        most = np.take_along_axis(ends, abs(ends).argmax(axis=0)[None], axis=0)[0]
    del flat, rows, chosen
    matrix.resize((n, dim), refcheck=False)
    matrix *= np.where(most < 0, -1, 1).astype(np.float32)
    total = variances.sum()
    return float(variances[:dim].sum() / total) if total else 1.0


def _blocks(matrix: Array, kept: Array) -> Iterator[Array]:
    """The rows that are kept, some at a time, as float64 of their own."""
    for start in range(0, len(matrix), BLOCK):
        part = slice(start, start + BLOCK)
        yield matrix[part][kept[part]].astype(np.float64)
