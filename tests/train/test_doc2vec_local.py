import numpy as np

from inlay.encode.paragraph.network import Network
from inlay.train.doc2vec_local import Local
from tests.encode.paragraph.test_network import design

IDS = np.array([7, 2, 7, -1, 2, 9, -1], np.int32)
TAGS = np.array([0, 1, 3]), np.array([4, 4, 1], np.int32)  # the second text has two


def made(seed=3):
    """A network of 12 words side by side, vectors of 5 tags, and a piece with rows of its own."""
    rng, plain = np.random.default_rng(0), design(architecture="dm", concatenate=True, window=1)
    outputs, words = rng.normal(size=(12, 24)), rng.normal(size=(13, 8))
    counts = np.arange(1, 13) ** 3
    network = Network(
        design(**vars(plain) | {"sample": 1e-2}),
        *(counts, outputs.astype(np.float32), words.astype(np.float32)),
    )
    documents = np.zeros(5 * network.row, np.float32)
    documents.reshape(5, -1)[:, :8] = rng.normal(size=(5, 8))
    local, number = Local(network, 16, 40), np.full(12, -1, np.int32)
    tags = local.take(network, documents, IDS, np.uint64(seed), number, *TAGS)
    assert (number == -1).all()
    return network, documents, local, tags


def test_a_piece_has_the_rows_of_its_words_noise_words_and_tags():
    network, documents, local, tags = made()
    own = local.network(network)
    words = local.words[: IDS.size]
    known = IDS >= 0
    np.testing.assert_array_equal(local.rows[words[known]], IDS[known])
    assert (words[~known] == -1).all()
    np.testing.assert_array_equal(own.keep[words[known]], network.keep[IDS[known]])
    assert len(set(own.keep.tolist())) == 3
    for rows, array, model in (
        (local.rows[: local.n_rows], own.outputs, network.outputs),
        ([7, 2, 9, 12], own.words, network.words),  # the null word is behind
        (local.tags, local.documents, documents),
    ):
        width = network.row * (3 if array is own.outputs else 1)
        np.testing.assert_array_equal(
            array.reshape(-1, width)[: len(rows)], model.reshape(-1, width)[rows]
        )
    assert own.words.size == 4 * network.row
    np.testing.assert_array_equal(local.tags[tags.numbers], TAGS[1])
    noise = local.rows[own.noise.alias]
    assert own.noise.alias.size == 40
    assert noise.mean() > 7  # the frequent ones
    assert len(set(noise.tolist())) > 4
    _, _, other, _ = made(4)
    assert not np.array_equal(other.rows[other.pool], noise)


def test_changes_are_added_to_the_model_by_their_factors():
    network, documents, local, _ = made()
    before = [a.copy() for a in (network.words, network.outputs, documents)]
    own = local.network(network)
    for array, by in ((own.words, 1), (own.outputs, 2), (local.documents, 3)):
        array += by
    local.subtract(network, documents)
    factors = np.ones(13, np.float32), np.full(12, 0.5, np.float32), np.float32([1, 0, 1, 1, 1])
    for share in range(4):
        local.add(network, documents, factors, (share, 4))
    models = network.words, network.outputs, documents
    moved = [(a - b).reshape(len(f), -1) for a, b, f in zip(models, before, factors, strict=True)]
    np.testing.assert_allclose(moved[0][[7, 2, 9, 12]], 1, atol=1e-5)
    np.testing.assert_allclose(moved[1][local.rows[: local.n_rows]], 1, atol=1e-5)
    np.testing.assert_allclose(moved[2][[4]], 3, atol=1e-5)
    assert not np.delete(moved[0], [7, 2, 9, 12], axis=0).any()
    assert not moved[2][:4].any()
