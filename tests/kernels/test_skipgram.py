import numpy as np
import pytest

from inlay.kernels import sampling
from inlay.kernels import skipgram as sg
from inlay.kernels.rows import row_lanes, row_width
from tests.train.reference import Chance, blocks, skip_gram_block, skip_gram_loss, subsample

ALL = 2**32 - 1


def both(kernel):
    return pytest.mark.parametrize("run", [kernel, kernel.py_func], ids=["compiled", "plain"])


# The generator wraps around; plain numpy says so.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered")


def make_model(vocab_size, dim, seed=0, scale=0.5):
    """Random vectors, `(vocab_size, row)` with zero padding."""
    rng, row = np.random.default_rng(seed), row_width(dim)
    both = np.zeros((2, vocab_size, row), np.float32)
    both[:, :, :dim] = rng.normal(scale=scale, size=(2, vocab_size, dim))
    return both[0], both[1]


class Recorder:
    """Runs one block or more, and the reference with the same draws."""

    def __init__(self, run, *, vocab_size, dim, window, n_noise, negative, size=64, limit=1e9):
        self.inputs, self.outputs = make_model(vocab_size, dim)
        self.run, self.window, self.dim = run, window, dim
        self.share = np.float32(negative / n_noise)
        self.n_noise, self.seed, self.limit = n_noise, np.uint64(3), np.float32(limit)
        self.scratch = sg.make_scratch(size, window, n_noise, dim)
        self.shrink = True
        self.noise = sampling.make_noise(np.arange(vocab_size, 0, -1.0))
        self.keep = np.full(vocab_size, ALL, np.uint32)

    def train(self, ids, alpha=0.02):
        model = sampling.Model(self.inputs.reshape(-1), self.outputs.reshape(-1))
        step = sampling.Step(
            np.float32(alpha), self.window, self.shrink, True, self.share, self.limit, self.seed
        )
        ids = np.array(ids, np.int32)
        return self.run(ids, self.keep, model, self.noise, self.scratch, step, row_lanes(self.dim))

    def expected(self, ids, alpha=0.02):
        """The vectors after `train`, and the loss, by the reference, with the same draws."""
        inputs, outputs = self.inputs.astype(np.float64), self.outputs.astype(np.float64)
        chance = Chance(self.seed)
        words = subsample(ids, np.ones(len(inputs)), chance)
        settings = {"window": self.window, "n_noise": self.n_noise, "limit": float(self.limit)}
        settings["shrink"] = self.shrink
        share, loss, terms = float(self.share), 0.0, 0
        for i, block in enumerate(blocks(words, self.noise, chance, **settings)):
            if i % sampling.MEASURED == 0:
                more = skip_gram_loss(inputs, outputs, words, block, share)
                loss, terms = loss + more[0], terms + more[1]
            skip_gram_block(inputs, outputs, words, block, alpha, share)
        return inputs, outputs, loss, terms


CASES = {
    "one block": {"sentences": [[1, 2, 3, 4, 5, 6, 7, 8]], "window": 2, "dim": 9},
    "sentences end inside": {"sentences": [[1, 2], [3], [4, 5, 6, 0, 9]], "window": 3, "dim": 12},
    "blocks overlap": {"sentences": [[i % 10 for i in range(37)]], "window": 5, "dim": 12},
    "the same word twice": {"sentences": [[3, 3, 3, 4, 4, 3, 3, 3, 3]], "window": 4, "dim": 12},
    # Rare words, so that noise and centres differ and the shortcut for whole blocks is taken.
    "long sentences": {
        "sentences": [list(range(200, 230)), list(range(230, 261))],
        "window": 2,
        "dim": 12,
        "vocab_size": 400,
    },
    "one word": {"sentences": [[2]], "window": 5, "dim": 12},
    "window beyond the block": dict(
        sentences=[[(i * 7) % 10 for i in range(30)]], window=12, dim=50
    ),
    "three centres at a time": {
        "sentences": [[1, 2, 3, 4, 5, 6, 7]],
        "window": 3,
        "dim": 12,
        "limit": 3.5,
    },
    "fewer centres where a word repeats": {
        "sentences": [[*range(20, 40), 3, 3, 3, 3, 4, 3, 3, *range(40, 50)]],
        "window": 3,
        "dim": 12,
        "vocab_size": 50,
        "limit": 9,
    },
    "smaller steps where one centre is too much": {
        "sentences": [[1, 2, 1, 1, 1, 1, 1, 4, 1, 1, 1, 1, 1, 1, 1, 1]],
        "window": 10,
        "dim": 12,
        "limit": 2.5,
    },
    "a window that does not shrink": {
        "sentences": [[i % 10 for i in range(30)]],
        "window": 5,
        "dim": 12,
        "shrink": False,
    },
    "many noise words": {
        "sentences": [[0, 1, 2, 3, 4]],
        "window": 2,
        "dim": 12,
        "n_noise": 20,
        "negative": 20,
    },
}


@both(sg.train)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_update_is_the_formula(run, case):
    case = {"n_noise": 8, "negative": 5, "vocab_size": 10} | case
    sentences, shrink = case.pop("sentences"), case.pop("shrink", True)
    ids = [i for sentence in sentences for i in (*sentence, -1)]
    recorder = Recorder(run, **case)
    recorder.shrink = shrink
    before = recorder.inputs.copy()
    expected = recorder.expected(ids)
    kept, loss, terms = recorder.train(ids)
    assert (kept, terms) == (sum(map(len, sentences)), expected[3])
    assert loss == pytest.approx(expected[2], rel=1e-4)
    np.testing.assert_allclose(recorder.inputs, expected[0], rtol=1e-4, atol=2e-5)
    np.testing.assert_allclose(recorder.outputs, expected[1], rtol=1e-4, atol=2e-5)
    assert not recorder.inputs[:, case["dim"] :].any()
    if max(map(len, sentences)) > 1:
        assert abs(recorder.inputs - before).max() > 1e-3


def test_nothing_kept_changes_nothing():
    recorder = Recorder(sg.train, vocab_size=10, dim=12, window=2, n_noise=8, negative=5)
    before = recorder.inputs.copy()
    recorder.keep[:] = 0
    assert recorder.train([1, 2, 3, -1]) == (0, 0, 0)
    assert recorder.train([]) == (0, 0, 0)
    np.testing.assert_array_equal(recorder.inputs, before)


def test_a_spoilt_vector_is_not_hidden():
    recorder = Recorder(sg.train, vocab_size=10, dim=12, window=2, n_noise=8, negative=5)
    recorder.inputs[4, 0] = np.nan
    assert np.isnan(recorder.train([1, 2, 4, 3, -1])[1])
    assert np.isnan(recorder.inputs[4, 0])


def test_two_groups_of_words_come_apart():
    rng = np.random.default_rng(0)
    recorder = Recorder(sg.train, vocab_size=20, dim=16, window=5, n_noise=8, negative=5, size=5000)
    recorder.inputs *= 0.01
    recorder.outputs *= 0
    groups = rng.integers(0, 2, 400)
    ids = np.concatenate([np.append(rng.integers(0, 10, 10) + 10 * g, -1) for g in groups])
    for seed in range(20):
        recorder.seed = np.uint64(seed)
        recorder.train(ids, alpha=0.025)
    unit = recorder.inputs / np.linalg.norm(recorder.inputs, axis=1, keepdims=True)
    likeness = unit @ unit.T
    assert likeness[:10, :10].mean() > likeness[:10, 10:].mean() + 0.5
