"""Huffman's tree of a vocabulary: the shortest paths go to the most frequent words.

The tree is word2vec.c's to the last bit, also where counts are equal: inner nodes are numbered
as they are made, and the root is the last of them, number `vocab_size - 2`.

Source: Huffman 1952; Mikolov et al. 2013, "Distributed Representations of Words and Phrases and
their Compositionality", section 2.1.
"""

from collections import namedtuple

import numpy as np

from inlay.kernels.compiled import njit

# The path of word i from the root are the inner nodes `points[starts[i]:starts[i + 1]]`, int32, and
# the turns that it takes there, `codes`, int8 of 0 and 1. `starts` is int64 (vocab_size + 1,).
Tree = namedtuple("Tree", "starts points codes")

kernel = njit(cache=True, nogil=True)


def make_tree(counts):
    """The tree of words with these counts, which do not rise; one word alone has no path."""
    n = len(counts)
    parents, turns = np.zeros(2 * n, np.int32), np.zeros(2 * n, np.int8)
    join(np.asarray(counts, np.int64), parents, turns)
    depths = np.zeros(2 * n, np.int64)
    deepen(parents, depths, n)
    starts = np.zeros(n + 1, np.int64)
    np.cumsum(depths[:n], out=starts[1:])
    tree = Tree(starts, np.zeros(starts[-1], np.int32), np.zeros(starts[-1], np.int8))
    climb(tree, parents, turns)
    return tree


def longest(tree):
    """How many nodes the longest path has."""
    return int(np.diff(tree.starts).max())


@kernel
def join(counts, parents, turns):
    """Join the two rarest of what is left, words from the end on and inner nodes as they came."""
    n = counts.size
    total = np.zeros(max(n - 1, 1), np.int64)
    word, node = n - 1, 0
    for made in range(n - 1):
        for turn in range(2):
            # Of equal counts, the inner node is taken.
            if word >= 0 and (node >= made or counts[word] < total[node]):
                rarest, count = word, counts[word]
                word -= 1
            else:
                rarest, count = n + node, total[node]
                node += 1
            total[made] += count
            parents[rarest] = n + made
            turns[rarest] = turn


@kernel
def deepen(parents, depths, n):
    """How many nodes are above each, from the root downwards."""
    for i in range(2 * n - 3, -1, -1):
        depths[i] = depths[parents[i]] + 1


@kernel
def climb(tree, parents, turns):
    """Write down each word's path, from its end to the root."""
    n = tree.starts.size - 1
    for word in range(n):
        at = word
        for place in range(tree.starts[word + 1] - 1, tree.starts[word] - 1, -1):
            tree.codes[place] = turns[at]
            at = parents[at]
            tree.points[place] = at - n
