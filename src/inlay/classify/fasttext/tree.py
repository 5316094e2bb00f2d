"""The labels as fastText orders them, and its Huffman tree over their counts."""

from typing import NamedTuple

import numpy as np

from inlay.aliases import Array

BEYOND = 10**15  # a count above all others


class Paths(NamedTuple):
    """The way from each label to the root.

    Attributes:
        ends: int64 `(n_labels + 1,)`: where those of each label begin.
        nodes: int32: the output row of each node on the way.
        codes: uint8: 1 where the way is to the right of the node.
    """

    ends: Array
    nodes: Array
    codes: Array


NO_PATHS = Paths(np.zeros(1, np.int64), np.empty(0, np.int32), np.empty(0, np.uint8))


def paths_of(counts: Array) -> Paths:
    """Huffman's tree, with fastText's choice among equal counts.

    Args:
        counts: int64 `(n_labels,)`, falling.

    Source: https://github.com/facebookresearch/fastText, src/loss.cc, `buildTree`.
    """
    n = counts.size
    total = [*counts.tolist(), *[BEYOND] * (n - 1)]
    parent, is_right = [-1] * (2 * n - 1), [0] * (2 * n - 1)
    leaf, node = n - 1, n
    for new in range(n, 2 * n - 1):
        two = []
        for _ in range(2):
            if leaf >= 0 and total[leaf] < total[node]:
                two.append(leaf)
                leaf -= 1
            else:
                two.append(node)
                node += 1
        total[new] = total[two[0]] + total[two[1]]
        parent[two[0]] = parent[two[1]] = new
        is_right[two[1]] = 1
    ends, nodes, codes = [0], list[int](), list[int]()
    for label in range(n):
        at = label
        while parent[at] >= 0:
            nodes.append(parent[at] - n)
            codes.append(is_right[at])
            at = parent[at]
        ends.append(len(nodes))
    return Paths(np.array(ends, np.int64), np.array(nodes, np.int32), np.array(codes, np.uint8))


def along(paths: Paths, sides: Array) -> Array:
    """The product of probabilities on each label's way.

    Args:
        paths: Of the labels.
        sides: float32 `(n, nodes)`: how probable the right side of each node is.

    Returns:
        float32 `(n, n_labels)`.
    """
    steps = np.where(paths.codes == 1, sides[:, paths.nodes], 1 - sides[:, paths.nodes])
    if not paths.nodes.size:  # one label
        return np.ones((len(sides), paths.ends.size - 1), np.float32)
    return np.multiply.reduceat(steps, paths.ends[:-1], axis=1).astype(np.float32)
