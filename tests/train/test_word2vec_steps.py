"""word2vec against the same steps in plain numpy, and each of its formulas by hand."""

import sys

import numpy as np
import pytest

from inlay.kernels import skipgram
from inlay.train import word2vec
from tests.train.reference import skip_gram

PIECE = 500


def sentences(n=100, seed=0):
    """Words as frequent as in any text, in sentences of 1 to 20, and rules of one sign."""
    rng = np.random.default_rng(seed)
    share = 1 / np.arange(1, 61)
    words = [
        [f"w{w}" for w in rng.choice(60, rng.integers(1, 21), p=share / share.sum())]
        for _ in range(n)
    ]
    return [["-"] * 30 if i % 50 == 9 else sentence for i, sentence in enumerate(words)]


DEFAULTS = {
    "vector_size": 12,
    "window": 5,
    "negative": 5,
    "sample": 0.0,
    "min_count": 1,
    "epochs": 2,
    "alpha": 0.025,
    "min_alpha": 1e-4,
    "ns_exponent": 0.75,
    "seed": 3,
}
CASES = {
    "defaults": {},
    "a rate that falls to zero": {"alpha": 0.1, "min_alpha": 0.0},
    "a rate that stays": {"alpha": 0.05, "min_alpha": 0.05},
    "frequent words thinned out": {"sample": 1e-2},
    "rare words left out": {"min_count": 12},
    "noise drawn evenly": {"ns_exponent": 0.0},
    "noise drawn by the counts": {"ns_exponent": 1.0},
    "wide, with many noise words": {"window": 9, "negative": 11},
    "narrow, with one noise word": {"window": 1, "negative": 1},
    "steps so large that repeated words hold them back": {"alpha": 0.2},
    "one number a vector": {"vector_size": 1},
    "more numbers than one lane": {"vector_size": 50, "epochs": 1},
}


@pytest.mark.parametrize("case", CASES)
def test_whole_epochs_are_the_reference_step_by_step(case, monkeypatch):
    monkeypatch.setattr(sys.modules["inlay.train.word2vec_work"], "PIECE", PIECE)
    settings = DEFAULTS | CASES[case]
    corpus = sentences()
    table = word2vec(corpus, workers=1, **settings)
    expected = skip_gram(corpus, piece=PIECE, **settings)
    assert table.tokens.tolist() == list(expected)
    wanted = np.array(list(expected.values()))
    np.testing.assert_allclose(table.vectors, wanted, rtol=1e-3, atol=3e-4)
    start = 1 / settings["vector_size"]
    assert abs(wanted).max() > 3 * start  # something was learned


# The same formulas one by one, so that a failure says which of them is wrong.


@pytest.fixture
def asked(monkeypatch):
    """What the kernel is asked for, piece by piece, in place of training."""
    calls = []

    def train(ids, keep, model, noise, scratch, step, lanes):
        start = model.inputs.copy(), model.outputs.copy()
        calls.append({"keep": keep, "start": start, "noise": noise, "step": step})
        return len(ids), 0.0, 0

    monkeypatch.setattr(skipgram, "train", train)
    monkeypatch.setattr(sys.modules["inlay.train.word2vec_work"], "PIECE", PIECE)
    return calls


def ask(corpus, **settings):
    word2vec(corpus, workers=1, **DEFAULTS | settings)


def test_the_learning_rate_falls_evenly(asked):
    """A rate that stays high leaves the vectors of rare words where the last sentence put them."""
    ask(sentences(), alpha=0.05, min_alpha=0.01, epochs=3)
    rates = [call["step"].alpha for call in asked]
    assert len(rates) >= 9
    falls = np.arange(len(rates)) / len(rates)
    np.testing.assert_allclose(rates, 0.05 - 0.04 * falls, rtol=1e-6)


@pytest.mark.parametrize("exponent", [0.75, 0.0, 1.0, -0.5])
def test_noise_words_follow_the_counts_to_the_exponent(asked, exponent):
    """By their counts alone, frequent words crowd out the others as noise; evenly, rare ones do."""
    ask([["a"] * 81, ["b"] * 16, ["c"]], ns_exponent=exponent)
    noise = asked[0]["noise"]
    slot = (noise.accept + 1.0) / 2**32
    share = slot.copy()
    np.add.at(share, noise.alias, 1 - slot)
    wanted = np.array([81.0, 16, 1]) ** exponent
    np.testing.assert_allclose(share / 3, wanted / wanted.sum(), atol=1e-8)


def test_subsampling_is_that_of_the_original_program(asked):
    """The share t / f and its root, as the program has it; the paper has 1 - sqrt(t / f)."""
    ask([["a"] * 50, ["b"] * 48, ["c", "d"]], sample=0.02)
    # f = 0.5: sqrt(0.04) + 0.04; f = 0.48; rare words are all kept.
    wanted = [0.24, np.sqrt(1 / 24) + 1 / 24, 1, 1]
    np.testing.assert_allclose((asked[0]["keep"] + 1.0) / 2**32, wanted, rtol=1e-7)
    ask([["a"] * 50, ["b"] * 48, ["c", "d"]], sample=0)
    assert (asked[-1]["keep"] == 2**32 - 1).all()


@pytest.mark.parametrize("dim", [10, 50])
def test_start_vectors_are_within_one_over_their_size(asked, dim):
    """Larger ones are no noise to start from: products of them decide what is learned first."""
    ask(sentences(), vector_size=dim)
    inputs, outputs = asked[0]["start"]
    numbers = inputs[inputs != 0]
    assert numbers.size == dim * 61  # and the padding is zero
    assert 0.9 / dim < abs(numbers).max() <= 1 / dim
    assert abs(numbers.mean()) < 0.1 / dim
    assert not outputs.any()


def test_a_frequent_word_lowers_how_often_words_may_repeat_in_a_block(asked):
    """It is drawn as noise more than once in a block, and each time is moved by all its pairs."""
    even, uneven = [list("abcdefghij") * 10], [["a"] * 91 + list("bcdefghij")]
    ask(even, alpha=0.05, ns_exponent=1.0)
    ask(uneven, alpha=0.05, ns_exponent=1.0)
    limits = [asked[0]["step"].limit, asked[-1]["step"].limit]
    pair, centre = 0.05 * 6, 0.05 * 5 * 6
    assert limits[0] == pytest.approx(min(2.75 / pair - 1, 2.75 / (centre * (1 / 8 + 0.1))))
    assert limits[1] == pytest.approx(2.75 / (centre * (1 / 8 + 0.91)))
