import numpy as np
import pytest

from inlay.kernels import pairs, sampling
from tests.kernels.training import Trial
from tests.train.reference import Chance, against, against_loss, centres, own_noise, subsample

# The generator wraps around; plain numpy says so.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered")
both = pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "plain"])

LONG = [(i * 7) % 10 for i in range(37)]
CASES = {
    # Ten words: noise is the centre, and stands there twice, again and again.
    "sentences": {"sentences": [LONG, [4], [1, 2], LONG[:5]]},
    "the same word over and over": {"sentences": [[3] * 12], "window": 3},
    "a window that does not shrink": {"sentences": [LONG], "shrink": False, "window": 4},
    "the sum": {"sentences": [LONG], "mean": False},
    "one noise word, one number in the last register": {
        "sentences": [LONG],
        "n_noise": 1,
        "dim": 9,
    },
    "many noise words": {"sentences": [LONG], "n_noise": 13, "vocab_size": 400},
    "a vocabulary of one": {"sentences": [[0] * 9], "vocab_size": 1},
}


def steps(trial, ids, cbow):
    """The vectors after one piece, step by step, and its loss."""
    s, chance = trial.settings, Chance(3)
    inputs, outputs = trial.copies()
    words = subsample(ids, np.ones(len(inputs)), chance)
    loss, terms, rate = 0.0, 0, s["alpha"]
    for c, near in centres(words, chance, window=s["window"], shrink=s["shrink"]):
        centre, places = words[c].word, [words[p].word for p in near]
        for pair in ([places] if places else []) if cbow else [[x] for x in places]:
            targets = [centre, *own_noise(trial.noise, s["n_noise"], centre, chance)]
            signs = [1.0] + [-1.0] * (len(targets) - 1)
            h = inputs[pair].mean(axis=0) if s["mean"] else inputs[pair].sum(axis=0)
            step, more = against(h, outputs, targets, signs, rate)
            if c % sampling.MEASURED == 0:
                loss, terms = loss + more, terms + 1
            np.add.at(inputs, pair, step if s["mean"] else step / len(pair))
    return inputs, outputs, len(words), loss, terms


@both
@pytest.mark.parametrize("kernel", ["train", "train_cbow"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_update_is_the_formula_step_by_step(compiled, kernel, case):
    case = {"vocab_size": 10, "dim": 12, "n_noise": 5} | case
    ids = [i for sentence in case.pop("sentences") for i in (*sentence, -1)]
    run = getattr(pairs, kernel)
    trial = Trial(pairs, run if compiled else run.py_func, **case)
    inputs, outputs, kept, loss, terms = steps(trial, ids, kernel == "train_cbow")
    found = trial.train(ids)
    trial.check(inputs, outputs)
    assert found[::2] == (kept, terms)
    assert found[1] == pytest.approx(loss, rel=3e-4)


@pytest.mark.parametrize("kernel", [pairs.train, pairs.train_cbow])
def test_nothing_kept_changes_nothing_and_a_spoilt_vector_shows(kernel):
    trial = Trial(pairs, kernel, vocab_size=10, dim=12, n_noise=5)
    trial.keep[:] = 0
    before = trial.copies()
    assert trial.train([1, 2, 3, -1]) == (0, 0, 0)
    assert trial.train([]) == (0, 0, 0)
    trial.check(*before)
    trial.keep[:] = 2**32 - 1
    trial.inputs[4, 0] = np.nan
    assert np.isnan(trial.train([1, 4, 2, 3, -1])[1])
    assert np.isnan(trial.inputs[4, 0])


def test_the_step_is_the_gradient():
    rng = np.random.default_rng(0)
    h, outputs = rng.normal(size=4), rng.normal(size=(6, 4))
    targets, signs = [2, 0, 5], [1.0, -1.0, -1.0]
    step, _ = against(h, outputs.copy(), targets, signs, 1e-3)
    for i in range(4):
        change = np.eye(4)[i] * 1e-6
        up, down = (against_loss(h + way * change, outputs, targets, signs) for way in (1, -1))
        assert step[i] == pytest.approx(-1e-3 * (up - down) / 2e-6, rel=1e-4)
