import numpy as np
import pytest

from inlay.kernels import sampling
from inlay.kernels import subword_training as st
from inlay.kernels.rows import row_lanes, row_width
from tests.train.reference import Chance, pairs, subsample, without
from tests.train.subword_reference import subword_block, subword_blocks

ALL = 2**32 - 1
DIM = 12

# The generator wraps around; plain numpy says so.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered")


def both(kernel):
    return pytest.mark.parametrize("run", [kernel, kernel.py_func], ids=["compiled", "plain"])


class Recorder:
    """Runs one block or more, and the reference with the same draws."""

    def __init__(
        self, run, *, vocab_size=10, window=3, n_noise=8, negative=5, limit=1e9, dim=DIM, shared=6
    ):
        rng = np.random.default_rng(0)
        n, row = vocab_size + shared, row_width(dim)
        self.inputs = np.zeros((n, row), np.float32)
        self.outputs = np.zeros((vocab_size, row), np.float32)
        self.inputs[:, :dim] = rng.normal(scale=0.5, size=(n, dim))
        self.outputs[:, :dim] = rng.normal(scale=0.5, size=(vocab_size, dim))
        # Each word's own row, and up to four of those that it shares with others, some twice.
        lists = [
            [w, *(vocab_size + rng.integers(0, shared, int(rng.integers(0, 5)))).tolist()]
            for w in range(vocab_size)
        ]
        lists[3] = [3, *[vocab_size] * 5]
        self.rows = lists
        starts = np.cumsum([0, *map(len, lists)])
        rows = np.array([row for each in lists for row in each], np.int32)
        self.parts = st.Parts(starts, rows, (1 / np.diff(starts)).astype(np.float32))
        self.run, self.window, self.dim, self.n_noise = run, window, dim, n_noise
        self.share, self.limit = np.float32(negative / n_noise), np.float32(limit)
        self.scratch = st.make_scratch(64, window, n_noise, dim)
        self.noise = sampling.make_noise(np.arange(vocab_size, 0, -1.0))
        self.keep = np.full(vocab_size, ALL, np.uint32)
        self.seed = np.uint64(3)

    def train(self, ids, alpha=0.02):
        model = sampling.Model(self.inputs.reshape(-1), self.outputs.reshape(-1))
        step = sampling.Step(
            np.float32(alpha), self.window, True, True, self.share, self.limit, self.seed
        )
        return self.run(
            np.array(ids, np.int32),
            self.keep,
            model,
            self.parts,
            self.noise,
            self.scratch,
            step,
            row_lanes(self.dim),
        )

    def drawn(self, ids):
        """The words of a piece and its blocks, as the kernel draws them."""
        chance = Chance(self.seed)
        words = subsample(ids, np.ones(len(self.outputs)), chance)
        settings = {"window": self.window, "n_noise": self.n_noise, "limit": float(self.limit)}
        return words, list(subword_blocks(words, self.noise, chance, **settings))

    def expected(self, ids, alpha=0.02):
        """The rows after `train`, by the reference, and the losses of every eighth block."""
        inputs, outputs = self.inputs.astype(np.float64), self.outputs.astype(np.float64)
        words, blocks = self.drawn(ids)
        measured = [
            subword_block(
                inputs,
                outputs,
                self.rows,
                words,
                block,
                alpha,
                float(self.share),
                float(self.limit),
            )
            for block in blocks
        ]
        loss, terms = np.sum(measured[:: st.MEASURED], axis=0)
        return inputs, outputs, loss, terms


CASES = {
    "one block": {"sentences": [[1, 2, 3, 4, 5, 6, 7, 8]], "window": 2},
    "sentences end inside": {"sentences": [[1, 2], [3], [4, 5, 6, 0, 9]]},
    "blocks overlap": {"sentences": [[i % 10 for i in range(37)]], "window": 5},
    "the same word twice": {"sentences": [[3, 3, 3, 4, 4, 3, 3, 3, 3]], "window": 4},
    # Rare words, so that noise and targets differ and the shortcut for whole blocks is taken.
    "long sentences": {
        "sentences": [list(range(200, 230)), list(range(230, 261))],
        "window": 2,
        "vocab_size": 400,
    },
    "one word": {"sentences": [[2]], "window": 5},
    "window beyond the block": {"sentences": [[(i * 7) % 10 for i in range(30)]], "window": 12},
    "fewer words a block": {"sentences": [[1, 2, 3, 4, 5, 6, 7]], "limit": 3.5},
    "smaller steps": {
        "sentences": [[1, 2, 1, 1, 1, 1, 1, 4, 1, 1, 1, 1, 1, 1, 1, 1]],
        "window": 10,
        "limit": 2.5,
    },
    "rows that are shared too often": {
        "sentences": [[1, 2, 3, 4, 5, 6, 7, 8, 9, 0]],
        "window": 2,
        "limit": 6,
        "shared": 2,
    },
    "many noise words": {"sentences": [[0, 1, 2, 3, 4]], "n_noise": 20, "negative": 20},
}


@both(st.train)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_update_is_the_formula(run, case):
    case = dict(case)
    sentences = case.pop("sentences")
    ids = [i for sentence in sentences for i in (*sentence, -1)]
    recorder = Recorder(run, **case)
    before = recorder.inputs.copy()
    inputs, outputs, loss, terms = recorder.expected(ids)
    kept, measured, n = recorder.train(ids)
    assert (kept, n) == (sum(map(len, sentences)), terms)
    assert measured == pytest.approx(loss, rel=1e-3)
    np.testing.assert_allclose(recorder.inputs[:, :DIM], inputs[:, :DIM], rtol=1e-4, atol=2e-5)
    np.testing.assert_allclose(recorder.outputs[:, :DIM], outputs[:, :DIM], rtol=1e-4, atol=2e-5)
    assert not recorder.inputs[:, DIM:].any()
    if max(map(len, sentences)) > 1:
        assert abs(recorder.inputs - before).max() > 1e-3


def test_more_numbers_than_one_strip():
    recorder = Recorder(st.train.py_func, dim=33)
    ids = [*range(10), -1]
    inputs, outputs, *_ = recorder.expected(ids)
    recorder.train(ids)
    np.testing.assert_allclose(recorder.inputs, inputs, rtol=1e-4, atol=3e-5)
    np.testing.assert_allclose(recorder.outputs, outputs, rtol=1e-4, atol=3e-5)


def test_a_step_goes_down_the_gradient_of_the_loss():
    """By finite differences; along a word's rows it is as many times as long as there are rows."""
    ids = [4, 5, 6, 7, 8, -1]
    recorder = Recorder(st.train)
    recorder.rows[:] = [[w, *{*rows[1:]}] for w, rows in enumerate(recorder.rows)]  # each once
    starts = np.cumsum([0, *map(len, recorder.rows)])
    rows = np.array([row for each in recorder.rows for row in each], np.int32)
    recorder.parts = st.Parts(starts, rows, (1 / np.diff(starts)).astype(np.float32))
    words, (block,) = recorder.drawn(ids)
    old = recorder.inputs.astype(np.float64), recorder.outputs.astype(np.float64)

    def loss(own, inputs, outputs):
        """What the pairs of the words with this very number of rows lose."""
        total = 0.0
        for target, word in pairs(words, block):
            if own is None or len(recorder.rows[word]) == own:
                h = inputs[recorder.rows[word]].mean(axis=0)
                noise = outputs[without(block.noise, target)]
                total += np.log1p(np.exp(-h @ outputs[target]))
                total += float(recorder.share) * np.log1p(np.exp(noise @ h)).sum()
        return total

    def slope(own, which, at):
        up, down = [a.copy() for a in old], [a.copy() for a in old]
        up[which][at] += 1e-5
        down[which][at] -= 1e-5
        return (loss(own, *up) - loss(own, *down)) / 2e-5

    recorder.train(ids, alpha=1e-3)
    sizes = {len(recorder.rows[word]) for word in ids[:-1]}
    for row in range(len(old[0])):
        wanted = -sum(own * slope(own, 0, (row, 1)) for own in sizes)
        step = (recorder.inputs[row, 1] - old[0][row, 1]) / 1e-3
        assert step == pytest.approx(wanted, rel=2e-2, abs=3e-3)
    for word in range(len(old[1])):
        step = (recorder.outputs[word, 1] - old[1][word, 1]) / 1e-3
        assert step == pytest.approx(-slope(None, 1, (word, 1)), rel=2e-2, abs=3e-3)


def test_nothing_kept_changes_nothing():
    recorder = Recorder(st.train)
    before = recorder.inputs.copy()
    recorder.keep[:] = 0
    assert recorder.train([1, 2, 3, -1])[0] == 0
    assert recorder.train([])[0] == 0
    np.testing.assert_array_equal(recorder.inputs, before)


def test_a_spoilt_row_is_not_hidden():
    recorder = Recorder(st.train)
    recorder.inputs[12, 0] = np.nan
    recorder.train([*range(10), -1])
    assert np.isnan(recorder.inputs[12, 0])


@both(st.compose_words)
def test_words_are_the_mean_of_their_rows(run):
    recorder = Recorder(st.train)
    row = row_width(DIM)
    out = np.full(10 * row, 7, np.float32)
    run(recorder.inputs.reshape(-1), recorder.parts, row, out)
    wanted = [recorder.inputs[rows].mean(axis=0) for rows in recorder.rows]
    np.testing.assert_allclose(out.reshape(10, row), wanted, rtol=1e-5, atol=1e-6)
