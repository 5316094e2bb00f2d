import numpy as np
import pytest

from inlay.encode.paragraph.network import Network, Piece
from inlay.encode.paragraph.reading import Bags, Means, Reader, _spans
from inlay.kernels import paragraph
from tests.encode.paragraph.test_network import design
from tests.kernels.test_halves import unpacked

KINDS = {"dbow": {}, "dm": {"architecture": "dm"}}
KINDS["concatenate"] = {"architecture": "dm", "concatenate": True, "window": 1}
kinds = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())


def made(kind, outputs, words, counts):
    """A reader; with concatenation the vectors of outputs are the same in each place."""
    of = design(**kind)
    if of.concatenate:
        words = np.vstack([words, words[:1]])
    return Reader(of, counts, np.tile(outputs, (1, of.slots)), words)


@pytest.mark.parametrize("kind", ["dbow", "dm"])
def test_noise_weighs_as_much_however_few_words_it_is(kind):
    """All vectors of words alike: a step for a text is then the same in training and later."""
    outputs, counts = np.full((50, 8), 0.3, np.float32), np.ones(50, np.int64)
    ids, rates = np.array([1, 2, 3, 4, 5, 6, 7, 8, -1], np.int32), np.full(1, 1e-4, np.float32)
    trained = Network(design(architecture=kind), counts, outputs, np.zeros((50, 8), np.float32))
    documents = np.zeros(trained.row, np.float32)
    tags = paragraph.Tags(np.arange(2), np.zeros(1, np.int32))
    piece = Piece(ids, np.ones(1, np.uint64), rates)
    trained.learn(piece, documents, tags, trained.scratch(16), learns=True)
    reader = made({"architecture": kind}, outputs, np.zeros((50, 8), np.float32), counts)
    begun = reader.infer(ids, np.zeros(1, np.float32), 1)[0, 0]
    moved = reader.infer(ids, rates, 1)[0, 0] - begun
    assert documents[0] < 0
    np.testing.assert_allclose(moved, documents[0], rtol=0.1)


@kinds
def test_a_text_leaves_nothing_behind_for_the_next_call(kind):
    """Work space is used again, also after a vector that is spoilt."""
    rng = np.random.default_rng(3)
    outputs, words = rng.normal(size=(2, 9, 8)).astype(np.float32)
    outputs[8] = words[8] = np.nan
    counts, rates = np.append(np.ones(8, np.int64), 0), np.full(2, 0.02, np.float32)
    spoilt = np.array([8, 1, 2, 3, 4, 5, 6, 7, -1], np.int32)
    text = np.array([1, 2, 3, -1], np.int32)
    used, fresh = (made(kind, outputs, words, counts) for _ in range(2))
    assert np.isnan(used.infer(spoilt, rates, 1)).all()
    found = used.infer(text, rates, 1)
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(found, fresh.infer(text, rates, 1))
    assert len(used._spare) == 1


@kinds
def test_spans_and_threads_change_nothing(kind, monkeypatch):
    rng = np.random.default_rng(4)
    outputs, words = rng.normal(size=(2, 40, 8)).astype(np.float32)
    texts = [rng.integers(0, 40, n) for n in (3, 0, 31, 8, 1, 17)]
    ids = np.concatenate([np.append(text, -1) for text in texts]).astype(np.int32)
    rates, reader = np.full(2, 0.1, np.float32), made(kind, outputs, words, np.arange(40, 0, -1))
    whole = reader.infer(ids, rates, 1)
    assert not whole[1].any()
    assert np.abs(whole[[0, 2, 3, 4, 5]]).min(axis=1).all()
    monkeypatch.setattr("inlay.encode.paragraph.reading.WORDS", 20)
    for workers in (1, 3):
        np.testing.assert_array_equal(reader.infer(ids, rates, workers), whole)
    assert reader.infer(np.empty(0, np.int32), rates, 1).shape == (0, 8)


def test_new_texts_of_pv_dm_all_draw_from_the_same_noise_words():
    counts, words = np.array([90, 5, 3, 2, 100]), np.ones((5, 8), np.float32)
    ids, rates = np.array([0, 1, 2, -1, -1], np.int32), np.full(2, 0.1, np.float32)
    for kind in ("dm", "concatenate"):
        reader, other = (made(KINDS[kind], words, words, counts) for _ in range(2))
        frozen = reader.frozen
        if kind == "dm":
            assert np.bincount(frozen.pool, minlength=5).argmax() == 4
            frozen.pool = np.zeros_like(frozen.pool)
        else:
            noise = frozen.network.noise
            assert np.bincount(noise.alias, minlength=5).argmax() == 4
            only_0 = noise._replace(alias=np.zeros_like(noise.alias))
            frozen.network = frozen.network.on(noise=only_0)
        found, usual = reader.infer(ids, rates, 1), other.infer(ids, rates, 1)
        assert not found[1].any()
        assert np.abs(found[0] - usual[0]).max() > 1e-4


@pytest.mark.parametrize("kind", [{}, {"words": True}], ids=["alone", "with words"])
def test_new_texts_of_pv_dbow_take_noise_words_that_follow_each_other(kind):
    outputs, counts = np.ones((5, 8), np.float32), np.array([90, 5, 3, 2, 100])
    ids, rates = np.array([0, 1, 2, -1, -1], np.int32), np.full(2, 0.1, np.float32)
    reader, other = (Reader(design(**kind), counts, outputs, None) for _ in range(2))
    frozen = reader.frozen
    assert isinstance(frozen, Bags)
    assert np.bincount(frozen.pool, minlength=5).argmax() == 4
    assert len(frozen.pool) == 262_144 + 8
    np.testing.assert_array_equal(frozen.pool[-8:], frozen.pool[:8])
    frozen.pool = np.zeros_like(frozen.pool)
    found, usual = reader.infer(ids, rates, 1), other.infer(ids, rates, 1)
    assert not found[1].any()
    assert np.abs(found[0] - usual[0]).max() > 1e-4


def test_pv_dbow_takes_fewer_words_at_a_time_where_steps_are_long(monkeypatch):
    asked = []
    monkeypatch.setattr(
        "inlay.kernels.paragraph_bag_reading.read", lambda *given: asked.append(given[6].block)
    )
    outputs, counts = np.ones((50, 8), np.float32), np.ones(50, np.int64)
    for rate in (0.025, 0.1):
        Reader(design(), counts, outputs).infer(np.int32([1, -1]), np.float32([rate]), 1)
    assert asked == [8, 3]


@pytest.mark.parametrize("size", [5, 2500])
def test_means_are_read_from_all_rows_at_half_their_size(size):
    outputs, words = np.random.default_rng(0).normal(size=(2, size, 40)).astype(np.float32)
    frozen = Means(design(architecture="dm", vector_size=40), np.ones(size, int), outputs, words)
    for packed, rows in ((frozen.outputs, outputs), (frozen.words, words)):
        found = unpacked(packed.reshape(size + 1, 32), 40)
        np.testing.assert_allclose(found[:-1], rows, rtol=2**-8)
        assert not found[-1].any()


def test_a_block_may_draw_from_anywhere_of_the_pool():
    """So the first noise words stand behind the last ones again."""
    words = np.ones((5, 8), np.float32)
    frozen = made(KINDS["dm"], words, words, np.array([90, 5, 3, 2, 100])).frozen
    np.testing.assert_array_equal(frozen.pool[-16:], frozen.pool[:16])
    assert len(frozen.pool) == 65_536 + 16


def test_spans_hold_so_many_words_or_one_text():
    assert _spans(np.array([0, 3, 4, 20, 21, 22]), 5) == [(0, 2), (2, 3), (3, 5)]
    assert _spans(np.array([0]), 5) == []
