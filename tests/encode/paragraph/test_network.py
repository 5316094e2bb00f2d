import numpy as np
import pytest

from inlay.encode.paragraph.network import Design, Network, Piece
from inlay.kernels import paragraph


def design(**settings):
    defaults = {
        "architecture": "dbow",
        "words": False,
        "concatenate": False,
        "vector_size": 8,
        "window": 3,
        "negative": 5,
        "sample": 0.0,
        "ns_exponent": 0.75,
        "epochs": 3,
        "alpha": 0.025,
        "min_alpha": 1e-4,
    }
    return Design(**(defaults | settings))


@pytest.mark.parametrize(
    ("kind", "negative", "noise"),
    [("dbow", 5, (16, 8)), ("dbow", 9, (20, 12)), ("dm", 5, (8, 4)), ("dm", 9, (12, 8))],
)
def test_noise_words_come_in_fours(kind, negative, noise):
    found = design(architecture=kind, negative=negative)
    assert (found.n_noise, found.n_noise_new) == noise


@pytest.mark.parametrize("kind", ["dbow", "dm"])
def test_a_pool_has_noise_words_by_their_chance_and_no_others_are_drawn(kind):
    counts = np.array([90, 5, 3, 2, 100])
    words = np.zeros((5, 8), np.float32)
    made = Network(design(architecture=kind, ns_exponent=1.0), counts, None, words)
    noise = made.pool(np.uint64(7), np.empty(4000, np.int32))
    shares = np.bincount(noise.alias, minlength=5) / 4000
    np.testing.assert_allclose(shares, counts / 200, atol=0.03)
    again = made.pool(np.uint64(8), np.empty(4000, np.int32))
    assert (again.alias != noise.alias).any()
    only_2 = noise._replace(accept=np.zeros(9, np.uint32), alias=np.full(9, 2, np.int32))
    documents, tags = np.ones(made.row, np.float32), paragraph.Tags(np.arange(2), np.int32([0]))
    piece = Piece(np.array([1, 1, -1], np.int32), np.ones(1, np.uint64), np.float32([0.02]))
    made.on(noise=only_2).learn(piece, documents, tags, made.scratch(16), learns=True)
    changed = made.outputs.reshape(5, -1).any(axis=1)
    assert changed.tolist() == [False, True, True, False, False]
