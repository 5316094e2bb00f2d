import numpy as np

from inlay.classify.fasttext.tree import along, paths_of


def test_the_tree_is_fasttexts_where_counts_are_equal():
    paths = paths_of(np.array([2, 1, 1, 1]))  # worked out by hand from `buildTree` of loss.cc
    found = [
        (paths.nodes[a:b].tolist(), paths.codes[a:b].tolist())
        for a, b in zip(paths.ends[:-1], paths.ends[1:], strict=True)
    ]
    assert found == [
        ([2], [0]),
        ([1, 2], [0, 1]),
        ([0, 1, 2], [1, 1, 1]),
        ([0, 1, 2], [0, 1, 1]),
    ]


def test_probabilities_multiply_along_the_way():
    paths = paths_of(np.array([2, 1, 1, 1]))
    sides = np.array([[0.2, 0.7, 0.9]], np.float32)
    expected = [0.1, 0.3 * 0.9, 0.2 * 0.7 * 0.9, 0.8 * 0.7 * 0.9]
    np.testing.assert_allclose(along(paths, sides)[0], expected, rtol=1e-6)
    assert along(paths_of(np.array([3])), sides[:, :1]).tolist() == [[1]]
