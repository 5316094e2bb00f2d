from collections import Counter

import numpy as np
import pytest

from inlay.kernels import huffman, sampling
from inlay.kernels import subword_hierarchical as sh
from tests.kernels.test_subword_training import DIM, Recorder
from tests.train.reference import Chance, against, against_loss, centres, subsample

# The generator wraps around; plain numpy says so.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered")
both = pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "plain"])
ALPHA = 0.02


class Climber(Recorder):
    """A small model whose outputs are those of a tree's nodes."""

    def __init__(self, run, *, cbow, compiled=True, **settings):
        super().__init__(run if compiled else run.py_func, **settings)
        self.noise = self.tree = huffman.make_tree(1000 // np.arange(1, len(self.outputs) + 1))
        self.scratch = sh.make_scratch(64, self.window, huffman.longest(self.tree), self.dim)
        self.cbow = cbow

    def path(self, word):
        """The nodes on the way to a word, and the signs of its turns."""
        path = slice(*self.tree.starts[word : word + 2])
        return self.tree.points[path].tolist(), (1.0 - 2 * self.tree.codes[path]).tolist()

    def mean(self, inputs, words):
        return inputs[[row for word in words for row in self.rows[word]]].mean(axis=0)

    def expected_steps(self, ids, alpha=ALPHA):
        """The rows after `train`, step by step; the losses of every eighth word."""
        inputs, outputs = self.inputs.astype(np.float64), self.outputs.astype(np.float64)
        chance = Chance(self.seed)
        words = subsample(ids, np.ones(len(outputs)), chance)
        learn = self.learn_spans if self.cbow else self.learn_words
        losses = learn(inputs, outputs, words, chance, alpha)
        measured = [loss for c, loss in losses if c % sampling.MEASURED == 0]
        return inputs, outputs, sum(measured), len(measured)

    def learn_words(self, inputs, outputs, words, chance, alpha):
        """Skip-gram: the mean of a word's rows goes along each path, and moves on its way."""
        losses = []
        for c, near in centres(words, chance, window=self.window, shrink=True):
            rows = self.rows[words[c].word]
            h, before = inputs[rows].mean(axis=0), inputs[rows].mean(axis=0)
            for p in near:
                path = self.path(words[p].word)
                losses.append((c, against_loss(h, outputs, *path)))
                h += against(h, outputs, *path, alpha)[0]
            # Where a word has an n-gram twice, its steps are smaller: it is moved as far as h.
            times = sum(n * n for n in Counter(rows).values()) / len(rows)
            np.add.at(inputs, rows, (h - before) / times)
        return losses

    def learn_spans(self, inputs, outputs, words, chance, alpha):
        """CBOW: sixteen words read the input rows as they were, and nodes as they come."""
        losses, limit = [], float(self.limit)
        for start in range(0, len(words), 16):
            b, old = 1 + chance.below(self.window), inputs.copy()
            span = range(start, min(start + 16, len(words)))
            sentences = {words[c].sentence for c in span}
            around = [
                p
                for p in range(max(start - b, 0), min(span.stop + b, len(words)))
                if min(sentences) <= words[p].sentence <= max(sentences)
            ]
            flat, reach = [word for word, _ in words], max(16, self.window)
            most = max(flat[max(p - reach, 0) : p + 1].count(flat[p]) for p in around)
            scale = min(1, limit / (2 * b) / most)
            named = Counter(row for p in around for row in self.rows[flat[p]])
            for c in span:
                near = [p for p in around if p != c and abs(p - c) <= b]
                near = [flat[p] for p in near if words[p].sentence == words[c].sentence]
                if not near:
                    continue
                h, path = self.mean(old, near), self.path(flat[c])
                losses.append((c, against_loss(h, outputs, *path)))
                step = scale * against(h, outputs, *path, alpha)[0]
                for word in near:
                    times = sum(named[row] for row in self.rows[word]) / len(self.rows[word])
                    room = max(limit / (2 * b) / scale, 1)
                    np.add.at(inputs, self.rows[word], min(1, room / times) * step)
        return losses


LONG = [(i * 7) % 10 for i in range(45)]
CASES = {
    "sentences": {"sentences": [LONG, [4], [1, 2], LONG[:5]]},
    "the same word over and over": {"sentences": [[3] * 12 + [1, 3, 2, 3]], "window": 6},
    "a limit": {"sentences": [LONG], "limit": 9.5, "shared": 2},
    "long paths": {"sentences": [[(i * 37) % 400 for i in range(50)]], "vocab_size": 400},
}


@both
@pytest.mark.parametrize("cbow", [False, True], ids=["skip-gram", "CBOW"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_update_is_the_formula_step_by_step(compiled, cbow, case):
    case = dict(case)
    ids = [i for sentence in case.pop("sentences") for i in (*sentence, -1)]
    climber = Climber(sh.train_cbow if cbow else sh.train, cbow=cbow, compiled=compiled, **case)
    before = climber.inputs.copy()
    inputs, outputs, loss, terms = climber.expected_steps(ids)
    kept, measured, n = climber.train(ids)
    assert (kept, n) == (sum(i >= 0 for i in ids), terms)
    assert measured == pytest.approx(loss, rel=1e-3)
    np.testing.assert_allclose(climber.inputs, inputs, rtol=1e-4, atol=5e-5)
    np.testing.assert_allclose(climber.outputs, outputs, rtol=1e-4, atol=5e-5)
    assert abs(climber.inputs - before).max() > 1e-3


@pytest.mark.parametrize("cbow", [False, True], ids=["skip-gram", "CBOW"])
def test_a_step_goes_down_the_gradient_of_the_loss(cbow):
    """By finite differences: of the word's mean, as far as which each of its rows is moved."""
    climber = Climber(sh.train_cbow if cbow else sh.train, cbow=cbow, window=1)
    climber.rows[:] = [[w, *{*rows[1:]}] for w, rows in enumerate(climber.rows)]  # each once
    starts = np.cumsum([0, *map(len, climber.rows)])
    rows = np.array([row for each in climber.rows for row in each], np.int32)
    climber.parts = type(climber.parts)(starts, rows, (1 / np.diff(starts)).astype(np.float32))
    old = climber.inputs.astype(np.float64), climber.outputs.astype(np.float64)
    pairs = ((0, 1), (1, 0))  # each word of two predicts the other

    def loss(shift, word, outputs):
        return sum(
            against_loss(climber.mean(old[0], [h]) + shift * (h == word), outputs, *climber.path(c))
            for h, c in pairs
        )

    climber.train([0, 1, -1], alpha=1e-4)
    shared = set(climber.rows[0]) & set(climber.rows[1])
    for word in (0, 1):
        for i in range(DIM):
            shift = 1e-5 * (np.arange(old[0].shape[1]) == i)
            slope = (loss(shift, word, old[1]) - loss(-shift, word, old[1])) / 2e-5
            for row in set(climber.rows[word]) - shared:
                step = (climber.inputs[row, i] - old[0][row, i]) / 1e-4
                assert step == pytest.approx(-slope, rel=2e-2, abs=6e-3)
    for node in range(len(old[1])):
        up, down = old[1].copy(), old[1].copy()
        up[node, 1] += 1e-5
        down[node, 1] -= 1e-5
        slope = (loss(0, -1, up) - loss(0, -1, down)) / 2e-5
        step = (climber.outputs[node, 1] - old[1][node, 1]) / 1e-4
        assert step == pytest.approx(-slope, rel=2e-2, abs=6e-3)


@pytest.mark.parametrize("kernel", [sh.train, sh.train_cbow])
def test_nothing_is_learned_of_one_word_or_of_none(kernel):
    climber = Climber(kernel, cbow=False)
    climber.noise, before = huffman.make_tree(np.array([9])), climber.inputs.copy()
    assert climber.train([0] * 9) == (9, 0, 0)
    assert climber.train([]) == (0, 0, 0)
    np.testing.assert_array_equal(climber.inputs, before)


@pytest.mark.parametrize("kernel", [sh.train, sh.train_cbow])
def test_a_spoilt_row_is_not_hidden(kernel):
    climber = Climber(kernel, cbow=False)
    climber.inputs[4, 0] = np.nan
    climber.train([1, 4, 2, 3, -1])
    assert np.isnan(climber.inputs[4, 0])
