from collections import Counter

import numpy as np
import pytest

from inlay.kernels import sampling
from inlay.kernels import subword_pairs as sp
from tests.kernels.test_subword_training import Recorder
from tests.train.reference import Chance, against, centres, own_noise, subsample

# The generator wraps around; plain numpy says so.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered")
both = pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "plain"])
ALPHA, NEGATIVE = 0.02, 5


def steps(recorder, ids, cbow):
    """The rows after `train`, pair by pair; the losses of every eighth word."""
    inputs, outputs = recorder.inputs.astype(np.float64), recorder.outputs.astype(np.float64)
    chance, losses, rows = Chance(recorder.seed), [], recorder.rows
    words, limit = subsample(ids, np.ones(len(outputs)), chance), float(recorder.limit)
    for c, near in centres(words, chance, window=recorder.window):
        if not near:
            continue
        targets = [words[c].word if cbow else words[p].word for p in (near[:1] if cbow else near)]
        drawn = [[t, *own_noise(recorder.noise, NEGATIVE, t, chance)] for t in targets]
        bag = [words[p].word for p in near] if cbow else [words[c].word]
        h = inputs[[row for word in bag for row in rows[word]]].mean(axis=0)
        before = h.copy()
        for ts in drawn:
            signs = [1.0] + [-1.0] * (len(ts) - 1)
            step, loss = against(h, outputs, ts, signs, ALPHA)
            losses.append((c, loss))
            h += step
        named = Counter(row for p in near for row in rows[words[p].word]) if cbow else Counter()
        named.update(rows[words[c].word])
        for word in bag:
            times = sum(named[row] for row in rows[word]) / len(rows[word])
            room = max(limit, 1) if cbow else 1
            np.add.at(inputs, rows[word], min(1, room / times) * (h - before))
    measured = [loss for c, loss in losses if c % sampling.MEASURED == 0]
    return inputs, outputs, sum(measured), len(measured)


LONG = [(i * 7) % 10 for i in range(37)]
CASES = {
    "sentences": {"sentences": [LONG, [4], [1, 2], LONG[:5]]},
    "the same word over and over": {"sentences": [[3] * 12 + [1, 3, 2, 3]], "window": 6},
    "a limit": {"sentences": [LONG], "limit": 1.5, "shared": 2},
}


@both
@pytest.mark.parametrize("cbow", [False, True], ids=["skip-gram", "CBOW"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_update_is_the_formula_pair_by_pair(compiled, cbow, case):
    case = dict(case)
    ids = [i for sentence in case.pop("sentences") for i in (*sentence, -1)]
    run = sp.train_cbow if cbow else sp.train
    recorder = Recorder(run if compiled else run.py_func, **case)
    recorder.scratch = sp.make_scratch(64, recorder.window, NEGATIVE, recorder.dim)
    before = recorder.inputs.copy()
    inputs, outputs, loss, terms = steps(recorder, ids, cbow)
    kept, measured, n = recorder.train(ids)
    assert (kept, n) == (sum(i >= 0 for i in ids), terms)
    assert measured == pytest.approx(loss, rel=1e-3)
    np.testing.assert_allclose(recorder.inputs, inputs, rtol=1e-4, atol=5e-5)
    np.testing.assert_allclose(recorder.outputs, outputs, rtol=1e-4, atol=5e-5)
    assert abs(recorder.inputs - before).max() > 1e-3


@pytest.mark.parametrize("kernel", [sp.train, sp.train_cbow])
def test_nothing_is_learned_of_a_word_alone(kernel):
    recorder = Recorder(kernel)
    recorder.scratch = sp.make_scratch(64, recorder.window, NEGATIVE, recorder.dim)
    before = recorder.inputs.copy()
    assert recorder.train([3, -1, 4, -1]) == (2, 0, 0)
    assert recorder.train([]) == (0, 0, 0)
    np.testing.assert_array_equal(recorder.inputs, before)
