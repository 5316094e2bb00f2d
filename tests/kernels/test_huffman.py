import numpy as np
import pytest

from inlay.kernels import huffman


def paths(tree):
    """The points and codes of each word."""
    return [
        (tree.points[a:b].tolist(), tree.codes[a:b].tolist())
        for a, b in zip(tree.starts, tree.starts[1:], strict=False)
    ]


def as_in_word2vec_c(words):
    """`CreateBinaryTree` of word2vec.c, line by line."""
    n = len(words)
    count = [*map(int, words), *[10**15] * n]
    binary, parent = [0] * (2 * n), [0] * (2 * n)
    pos1, pos2 = n - 1, n
    for a in range(n - 1):
        least = []
        for _ in range(2):
            if pos1 >= 0 and count[pos1] < count[pos2]:
                least.append(pos1)
                pos1 -= 1
            else:
                least.append(pos2)
                pos2 += 1
        count[n + a] = count[least[0]] + count[least[1]]
        parent[least[0]] = parent[least[1]] = n + a
        binary[least[1]] = 1
    found = []
    for a in range(n):
        b, code, point = a, [], []
        while True:
            code.append(binary[b])
            point.append(b)
            b = parent[b]
            if b == 2 * n - 2:
                break
        points = [n - 2] + [b - n for b in reversed(point[1:])]
        found.append((points, code[::-1]))
    return found


COUNTS = {
    "two": [5, 5],
    "three of one count": [2, 2, 2],
    "many equal": [4] * 9 + [1] * 8,
    "Fibonacci: the deepest": [34, 21, 13, 8, 5, 3, 2, 1, 1],
    "running text": np.sort(np.random.default_rng(0).zipf(1.3, 3000) % 10**6 + 1)[::-1],
}


@pytest.mark.parametrize("counts", COUNTS.values(), ids=COUNTS.keys())
def test_codes_and_points_are_those_of_the_original(counts):
    tree = huffman.make_tree(np.array(counts))
    assert paths(tree) == as_in_word2vec_c(counts)
    assert huffman.longest(tree) == max(len(points) for points, _ in paths(tree))


def test_paths_are_as_short_as_those_of_gensim():
    word2vec = pytest.importorskip("gensim.models").Word2Vec
    rng = np.random.default_rng(1)
    share = 1 / np.arange(1, 61)
    texts = [[f"w{w}" for w in rng.choice(60, 20, p=share / share.sum())] for _ in range(50)]
    words = word2vec(texts, hs=1, negative=0, min_count=1, epochs=1, workers=1).wv
    counts = np.array([words.get_vecattr(i, "count") for i in range(len(words))])
    theirs = [len(words.get_vecattr(i, "code")) for i in range(len(words))]
    ours = np.diff(huffman.make_tree(counts).starts)
    assert (counts * ours).sum() == (counts * theirs).sum()


def test_one_word_has_no_path():
    tree = huffman.make_tree(np.array([7]))
    assert paths(tree) == [([], [])]
    assert huffman.longest(tree) == 0


def test_plain_functions_do_the_same():
    counts = np.array(COUNTS["many equal"])
    n = counts.size
    parents, turns = np.zeros(2 * n, np.int32), np.zeros(2 * n, np.int8)
    huffman.join.py_func(counts, parents, turns)
    depths = np.zeros(2 * n, np.int64)
    huffman.deepen.py_func(parents, depths, n)
    tree = huffman.make_tree(counts)
    np.testing.assert_array_equal(depths[:n], np.diff(tree.starts))
    again = huffman.Tree(tree.starts, np.zeros_like(tree.points), np.zeros_like(tree.codes))
    huffman.climb.py_func(again, parents, turns)
    assert paths(again) == paths(tree)
