import numpy as np
import pytest

from inlay.text import encode_corpus
from inlay.train.fasttext import FastTextSettings
from inlay.train.subwords import SubwordWork
from inlay.train.word2vec import Word2VecSettings
from inlay.train.word2vec_objectives import NEAR_ROOT
from inlay.train.word2vec_work import Words

SHARED = {
    "vector_size": 12, "window": 2, "negative": None, "sample": 0.0, "min_count": 1,
    "max_size": None, "epochs": 1, "alpha": 0.05, "min_alpha": 1e-4, "ns_exponent": None,
    "loss": "hs", "exact": False, "seed": 0, "deterministic": False,
}  # fmt: skip
WORDS = {"cbow_mean": True, "shrink_windows": True}
NGRAMS = {"min_n": 3, "max_n": 4, "bucket": 1000, "jamo": False}


@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
@pytest.mark.parametrize("kind", [Words, SubwordWork])
def test_what_a_piece_changes_near_the_root_is_added_to_what_others_did(architecture, kind):
    rng = np.random.default_rng(0)
    words = NEAR_ROOT + 200
    lines = [[f"w{i}" for i in rng.integers(0, words, 12)] for _ in range(300)]
    data = encode_corpus(lines, min_count=1)
    made, more = (Word2VecSettings, WORDS) if kind is Words else (FastTextSettings, NGRAMS)
    settings = made(architecture=architecture, **SHARED, **more)
    alone, work = kind(data, settings, None), kind(data, settings, None, 2)
    first = work.replicas.first
    assert first == len(data.tokens) - 1 - NEAR_ROOT
    for each in (alone, work):
        each._rows(each.model.outputs)[:] = np.random.default_rng(1).normal(size=(first + 256, 12))
    begun = alone.model.outputs.reshape(-1, alone.row).copy()
    scratches = [work.scratch() for _ in range(2)]
    alone.piece(0, 0, 0.05, alone.scratch())
    work.piece(0, 0, 0.05, scratches[1])
    factors = work._damped(0.05)[1][first:, None]
    assert 0.5 <= factors.min() < factors.max() <= 1
    expected, found = (each.model.outputs.reshape(-1, work.row) for each in (alone, work))
    np.testing.assert_array_equal(found[:first], expected[:first])
    np.testing.assert_array_equal(work.model.inputs, alone.model.inputs)
    changed = factors * (expected - begun)[first:]
    np.testing.assert_allclose((found - begun)[first:], changed, atol=1e-6)
    assert np.abs(changed).max() > 1e-3


@pytest.mark.parametrize("threads", [1, 2])
def test_only_several_threads_of_a_tree_need_copies(threads):
    data = encode_corpus([["a", "b", "c", "d"]] * 9, min_count=1)
    for loss, deterministic in (("ns", False), ("hs", True), ("hs", False)):
        how = SHARED | {"loss": loss, "deterministic": deterministic}
        settings = Word2VecSettings(architecture="skipgram", **how, **WORDS)
        work = Words(data, settings, None, threads)
        expected = 3 if (threads, loss, deterministic) == (2, "hs", False) else 0
        assert work.replicas.hot == expected
        assert work.replicas.whole.size == work.model.outputs.size + 2 * expected * work.row
