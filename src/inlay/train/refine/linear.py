"""What moves, turns and scales all vectors alike."""

import numpy as np

from inlay.aliases import Array
from inlay.calls import refuses_unknown
from inlay.checks import number, whole, whole_or_none
from inlay.core import Table
from inlay.errors import ArgumentError
from inlay.train.refine.rows import changed, checked, components, moments

COMPONENTS = dict.fromkeys(("n_components", "components", "vector_size", "k"), "dim=")


@refuses_unknown()
def center(table: Table) -> Table:
    """Subtract the mean of all vectors.

    Args:
        table: Padding is neither counted nor moved.

    Returns:
        A float32 table of the same tokens; from 1 GB on its numbers lie in a temporary file.

    Raises:
        ArgumentError: Fewer than two vectors, or one with NaN.
        ArgumentTypeError: No table.

    Examples:
        >>> table = Table(["good", "bad"], np.float32([[1, 0], [3, 2]]))
        >>> center(table).matrix.tolist()
        [[-1.0, -1.0], [1.0, 1.0]]
    """
    mean, _ = moments(checked("table", table))
    return changed(table, lambda _, block: block - mean, table.dim, {"name": "center"})


@refuses_unknown(dict.fromkeys(("D", "d", "n_components", "k"), "n="))
def all_but_the_top(table: Table, n: int | None = None) -> Table:
    """Subtract the mean, and what the first few principal components say.

    Those components say how frequent a word is rather than what it means.

    Args:
        table: Padding is neither counted nor moved.
        n: How many components; None: a hundredth of the dimensions, as the paper advises, and 1
            at least.

    Returns:
        A float32 table of the same shape.

    Raises:
        ArgumentError: More components than dimensions, fewer than two vectors, or one with NaN.
        ArgumentTypeError: No table, or no whole number.

    Source: Mu and Viswanath 2018, "All-but-the-Top: Simple and Effective Postprocessing for Word
    Representations", algorithm 1.
    """
    dim = checked("table", table).dim
    n = max(1, round(dim / 100)) if n is None else whole("n", n, least=0)
    if n >= dim:
        raise ArgumentError("n", expected=f"fewer than the {dim} dimensions", got=str(n))
    mean, covariance = moments(table)
    top = components(covariance)[1][:, :n]
    return changed(
        table,
        lambda _, block: (block - mean) - (block - mean) @ top @ top.T,
        dim,
        {"name": "all_but_the_top", "n": n},
    )


@refuses_unknown(COMPONENTS)
def pca(table: Table, dim: int) -> Table:
    """Keep the first principal components, the directions in which the vectors vary most.

    Args:
        table: Padding is not counted and stays zero.
        dim: How many numbers the new vectors have.

    Returns:
        A float32 table `(vocab_size, dim)`, centred. Its provenance has the share of the variance
        that is kept.

    Raises:
        ArgumentError: More dimensions than there are, fewer than two vectors, or one with NaN.
        ArgumentTypeError: No table, or no whole number.
    """
    dim = whole("dim", dim, most=checked("table", table).dim)
    mean, covariance = moments(table)
    variances, axes = components(covariance)
    total = float(variances.sum())
    kept = float(variances[:dim].sum()) / total if total else 1.0
    made = {"name": "pca", "dim": dim, "variance": round(kept, 6)}
    return changed(table, lambda _, block: (block - mean) @ axes[:, :dim], dim, made)


@refuses_unknown(COMPONENTS)
def whiten(table: Table, dim: int | None = None, *, epsilon: float = 1e-9) -> Table:
    """Give vectors the mean 0 and the covariance of the identity matrix.

    Args:
        table: Padding is not counted and stays zero.
        dim: How many principal components are kept; None: all of them.
        epsilon: Components whose variance is below this share of the largest are not blown up:
            they become zero.

    Returns:
        A float32 table `(vocab_size, dim)`.

    Raises:
        ArgumentError: More dimensions than there are, fewer than two vectors, or one with NaN.
        ArgumentTypeError: No table, or no number.

    Source: Su et al. 2021, "Whitening Sentence Representations for Better Semantics and Faster
    Retrieval".
    """
    most = checked("table", table).dim
    dim = most if whole_or_none("dim", dim) is None else whole("dim", dim, most=most)
    epsilon = number("epsilon", epsilon, least=0)
    mean, covariance = moments(table)
    variances, axes = components(covariance)
    real = variances > epsilon * variances[0]
    scale = np.divide(1, np.sqrt(variances), out=np.zeros_like(variances), where=real)
    turn = (axes * scale)[:, :dim]
    return changed(
        table, lambda _, block: (block - mean) @ turn, dim, {"name": "whiten", "dim": dim}
    )


@refuses_unknown()
def normalize(table: Table) -> Table:
    """Give each vector the length 1; one of zeros stays.

    Args:
        table: The vectors.

    Returns:
        A float32 table of the same shape.

    Raises:
        ArgumentError: A vector with NaN.
        ArgumentTypeError: No table.
    """

    def unit(_: slice, block: Array) -> Array:
        norms = np.linalg.norm(block, axis=1, keepdims=True)
        scaled: Array = np.divide(block, norms, out=np.zeros_like(block), where=norms > 0)
        return scaled

    return changed(checked("table", table), unit, table.dim, {"name": "normalize"})
