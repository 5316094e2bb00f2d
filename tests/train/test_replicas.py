import numpy as np
import pytest

from inlay.encode.paragraph.network import Design
from inlay.kernels import paragraph
from inlay.text import encode_corpus
from inlay.train import doc2vec_work
from inlay.train.doc2vec_work import Paragraphs
from inlay.train.fasttext import FastTextSettings
from inlay.train.subwords import SubwordWork
from inlay.train.tags import Tagged
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


def paragraphs(architecture, threads, *, words=False, deterministic=False):
    """What trains the vectors of 100 texts, of 300 words of which the first are thinned out."""
    rng = np.random.default_rng(0)
    lines = [[f"w{int(300 * x)}" for x in rng.random(20) ** 3] for _ in range(100)]
    data = encode_corpus(lines, min_count=1, every_text=True)
    design = Design(architecture, words, False, 12, 3, 5, 1e-2, 0.75, 1, 0.05, 1e-4)
    made = Paragraphs(
        *(data, Tagged.of(None, data, one=False), design, 1, {}),
        deterministic=deterministic,
        threads=threads,
    )
    rows = made.network.outputs.reshape(-1, made.row)
    rows[:, :12] = np.random.default_rng(1).normal(size=(len(rows), 12))
    return made


@pytest.mark.parametrize(
    ("architecture", "words", "threads"),
    [("dbow", False, 2), ("dbow", True, 2), ("dm", False, 2), ("dm", False, 3)],
)
def test_what_a_piece_changes_of_frequent_words_is_added_up(
    architecture, words, threads, monkeypatch
):
    monkeypatch.setattr(doc2vec_work, "FREQUENT", 50)
    alone, work = (paragraphs(architecture, n, words=words) for n in (1, threads))
    first = 16 if threads == 3 else 0
    copied = slice(first, first + 50)
    begun = {name: rows.reshape(-1, 16).copy() for name, rows in alone._rows(whole=False).items()}
    assert list(begun) == (["outputs", "words"] if words or architecture == "dm" else ["outputs"])
    scratches = [work.scratch() for _ in range(threads)]
    work.piece(0, 0, 0.05, scratches[1])
    # The same noise words, of the same rows.
    scratch = alone.scratch()
    seed, ids = alone._seed_and_words(0, 0)
    noise = alone.network.pool(seed, scratch.pool)
    tags = paragraph.Tags(alone.tagged.offsets, alone.tagged.numbers)
    network = alone.network.on(noise=noise)
    alone._learn(ids, (0.05, seed), network, alone.documents, tags, 0, scratch)
    np.testing.assert_array_equal(work.documents, alone.documents)
    inputs, outputs = (factors[copied, None] for factors in work._damped(0.05))
    others = np.ones(len(alone.data.tokens), bool)
    others[copied] = False
    for name, factors in (("outputs", outputs), ("words", inputs)):
        if name not in begun:
            continue
        assert 1 / threads <= factors.min() < factors.max() < 1
        was, expected = begun[name], alone._rows(whole=False)[name].reshape(-1, 16)
        found = work._rows(whole=False)[name].reshape(-1, 16)
        np.testing.assert_array_equal(found[others], expected[others])
        changed = factors * (expected - was)[copied]
        np.testing.assert_allclose((found - was)[copied], changed, atol=1e-6)
        assert np.abs(changed).max() > 1e-3
        assert np.abs(expected - was)[others].max() > 1e-3


@pytest.mark.parametrize(("threads", "deterministic"), [(1, False), (2, True), (2, False)])
def test_only_several_threads_of_frequent_words_need_copies(threads, deterministic):
    work = paragraphs("dm", threads, deterministic=deterministic)
    copied = len(work.data.tokens) if (threads, deterministic) == (2, False) else 0
    assert work.hot == copied
    for rows in work.replicas:
        assert rows.whole.size == rows.matrix.size + 2 * copied * work.row
