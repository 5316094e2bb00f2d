import numpy as np
import pytest

from inlay.encode.paragraph.network import Design, Network, Piece, _spans
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
def test_noise_weighs_as_much_however_few_words_it_is(kind):
    """All vectors of words alike: a step for a text is then the same in training and later."""
    outputs = np.full((50, 8), 0.3, np.float32)
    moved = []
    for learns in (True, False):
        words = np.zeros((50, 8), np.float32)
        made = Network(design(architecture=kind), np.ones(50, np.int64), outputs, words)
        documents = np.zeros(made.row, np.float32)
        ids = np.array([1, 2, 3, 4, 5, 6, 7, 8, -1], np.int32)
        tags = paragraph.Tags(np.arange(2), np.zeros(1, np.int32))
        piece = Piece(ids, np.ones(1, np.uint64), np.full(1, 1e-4, np.float32))
        made.learn(piece, documents, tags, made.scratch(16, learns=learns), learns=learns)
        moved.append(documents[0])
    assert moved[0] < 0
    np.testing.assert_allclose(moved[1], moved[0], rtol=0.1)


@pytest.mark.parametrize("kind", ["dbow", "dm"])
def test_a_text_leaves_nothing_behind_for_the_next_call(kind):
    """Work space is used again, also after a vector that is spoilt."""
    rng = np.random.default_rng(3)
    outputs, words = rng.normal(size=(2, 9, 8)).astype(np.float32)
    outputs[8] = words[8] = np.nan
    counts, rates = np.append(np.ones(8, np.int64), 0), np.full(2, 0.02, np.float32)
    spoilt = np.array([8, 1, 2, 3, 4, 5, 6, 7, -1], np.int32)
    text = np.array([1, 2, 3, -1], np.int32)
    used, fresh = (Network(design(architecture=kind), counts, outputs, words) for _ in range(2))
    assert np.isnan(used.infer(spoilt, rates, 1)).all()
    found = used.infer(text, rates, 1)
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(found, fresh.infer(text, rates, 1))
    assert len(used._spare) == 1


def test_new_texts_of_pv_dm_all_draw_from_the_same_noise_words():
    counts, words = np.array([90, 5, 3, 2, 100]), np.ones((5, 8), np.float32)
    dm = design(architecture="dm")
    made, other = (Network(dm, counts, np.ones((5, 8), np.float32), words) for _ in range(2))
    noise = made._for_new.noise
    assert np.bincount(noise.alias, minlength=5).argmax() == 4
    made._for_new = made.on(noise=noise._replace(alias=np.zeros_like(noise.alias)))
    ids, rates = np.array([0, 1, 2, -1, -1], np.int32), np.full(2, 0.1, np.float32)
    found, usual = made.infer(ids, rates, 1), other.infer(ids, rates, 1)
    assert not found[1].any()
    assert made.infer(np.empty(0, np.int32), rates, 1).shape == (0, 8)
    assert np.abs(found[0] - usual[0]).max() > 1e-4


def test_new_texts_of_pv_dbow_draw_from_all_words():
    made = Network(design(), np.array([90, 5, 3]), np.ones((3, 8), np.float32), None)
    assert made._for_new.noise is made.noise


def test_spans_hold_so_many_words_or_one_text():
    assert _spans(np.array([0, 3, 4, 20, 21, 22]), 5) == [(0, 2), (2, 3), (3, 5)]
    assert _spans(np.array([0]), 5) == []


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
