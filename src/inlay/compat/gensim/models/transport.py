"""The least work that turns one heap of weights into another: the earth mover's distance."""

import numpy as np

from inlay.aliases import Array
from inlay.optional import require


def transport_cost(from_: Array, to: Array, costs: Array) -> float:
    """The cost of the best plan, by a linear program that HiGHS solves exactly.

    Args:
        from_: The weights to move, float64 `(n,)`, with the sum 1.
        to: Where they have to be, float64 `(m,)`, with the sum 1.
        costs: Of moving a weight of 1, float64 `(n, m)`.

    Returns:
        The least sum of weight times cost.

    Raises:
        MissingPackageError: SciPy is not installed.

    Source: Rubner et al. 1998, A metric for distributions with applications to image databases,
    equations 3 to 7.
    """
    need = "the word mover's distance"
    optimize = require("scipy.optimize", extra="compat", need=need)
    sparse = require("scipy.sparse", extra="compat", need=need)
    n, m = costs.shape
    # Of the flow from i to j, unknown i * m + j: a row of the plan gives, and a column takes.
    leaves = sparse.kron(sparse.eye(n), np.ones((1, m)))
    arrives = sparse.kron(np.ones((1, n)), sparse.eye(m))
    # One of these equations follows from the others, and rounding could contradict it.
    sums = sparse.vstack([leaves, arrives]).tocsr()[:-1]
    found = optimize.linprog(
        costs.ravel(), A_eq=sums, b_eq=np.concatenate([from_, to])[:-1], method="highs"
    )
    return float(found.fun)
