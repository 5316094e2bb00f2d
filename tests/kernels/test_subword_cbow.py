import numpy as np
import pytest

from inlay.kernels import subword_cbow as sc
from tests.kernels.test_subword_training import DIM, Recorder, both
from tests.train.reference import Chance, subsample
from tests.train.subword_reference import cbow_block, subword_blocks

# The generator wraps around; plain numpy says so.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered")


def expected(recorder, ids, alpha=0.02):
    """The rows after `train`, by the reference, and the losses of every eighth group."""
    inputs, outputs = recorder.inputs.astype(np.float64), recorder.outputs.astype(np.float64)
    chance = Chance(recorder.seed)
    words = subsample(ids, np.ones(len(outputs)), chance)
    settings = {"window": recorder.window, "n_noise": recorder.n_noise}
    settings |= {"limit": float(recorder.limit), "size": sc.SPAN}
    measured = []
    for block in subword_blocks(words, recorder.noise, chance, **settings):
        rest = (words, block, alpha, float(recorder.share), float(recorder.limit))
        measured += cbow_block(inputs, outputs, recorder.rows, *rest)
    return inputs, outputs, *np.sum(measured[:: sc.MEASURED], axis=0)


CASES = {
    "one group": {"sentences": [[1, 2, 3, 4, 5]], "window": 2},
    "two groups": {"sentences": [[1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 4, 2]], "window": 2},
    "sentences end inside": {"sentences": [[1, 2], [3], [4, 5, 6, 0, 9]]},
    "spans overlap": {"sentences": [[i % 10 for i in range(47)]], "window": 5},
    "the same word twice": {"sentences": [[3, 3, 3, 4, 4, 3, 3, 3, 3]], "window": 4},
    "one word": {"sentences": [[2]], "window": 5},
    "window beyond the span": {"sentences": [[(i * 7) % 10 for i in range(50)]], "window": 20},
    "fewer words a span": {"sentences": [[1, 2, 3, 4, 5, 6, 7] * 4], "limit": 9.5},
    "rows that are shared too often": {"sentences": [[*range(10)]], "limit": 6, "shared": 2},
    "many noise words": {"sentences": [[0, 1, 2, 3, 4]], "n_noise": 20, "negative": 20},
}


@both(sc.train)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_update_is_the_formula(run, case):
    case = dict(case)
    sentences = case.pop("sentences")
    ids = [i for sentence in sentences for i in (*sentence, -1)]
    recorder = Recorder(run, **case)
    recorder.scratch = sc.make_scratch(64, recorder.window, recorder.n_noise, DIM)
    before = recorder.inputs.copy()
    inputs, outputs, loss, terms = expected(recorder, ids)
    kept, measured, n = recorder.train(ids)
    assert (kept, n) == (sum(map(len, sentences)), terms)
    assert measured == pytest.approx(loss, rel=1e-3)
    np.testing.assert_allclose(recorder.inputs[:, :DIM], inputs[:, :DIM], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(recorder.outputs[:, :DIM], outputs[:, :DIM], rtol=1e-4, atol=2e-5)
    assert not recorder.inputs[:, DIM:].any()
    if max(map(len, sentences)) > 1:
        assert abs(recorder.inputs - before).max() > 1e-3


def test_nothing_kept_changes_nothing():
    recorder = Recorder(sc.train)
    recorder.scratch = sc.make_scratch(64, recorder.window, recorder.n_noise, DIM)
    before = recorder.inputs.copy()
    recorder.keep[:] = 0
    assert recorder.train([1, 2, 3, -1]) == (0, 0.0, 0)
    np.testing.assert_array_equal(recorder.inputs, before)
