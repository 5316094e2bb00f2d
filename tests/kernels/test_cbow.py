import numpy as np
import pytest

from inlay.kernels import cbow, sampling
from tests.kernels.training import Trial
from tests.train.reference import (
    Chance,
    around,
    blocks,
    cbow_block,
    cbow_loss,
    subsample,
)

# The generator wraps around; plain numpy says so.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered")
both = pytest.mark.parametrize("run", [cbow.train, cbow.train.py_func], ids=["compiled", "plain"])

LONG = [(i * 7) % 10 for i in range(37)]
CASES = {
    "one block": {"sentences": [[1, 2, 3, 4, 5, 6, 7, 8]], "window": 2},
    "sentences end inside": {"sentences": [[1, 2], [3], [4, 5, 6, 0, 9], [7] * 2], "window": 3},
    "blocks overlap": {"sentences": [LONG]},
    "the sum": {"sentences": [LONG, [4], [1, 2]], "mean": False},
    "a window that does not shrink": {"sentences": [LONG], "shrink": False},
    "a window beyond the block": {"sentences": [LONG], "window": 12, "dim": 16},
    "one number in the last register": {"sentences": [LONG], "dim": 9},
    "fewer centres where a word repeats": {
        "sentences": [[*range(20, 40), 3, 3, 3, 3, 4, 3, 3, *range(40, 50)]],
        "vocab_size": 50,
        "limit": 9,
    },
    "smaller steps where one centre is too much": {
        "sentences": [[1, 2, 1, 1, 1, 1, 1, 4, 1, 1, 1, 1, 1, 1, 1, 1]],
        "window": 10,
        "limit": 2.5,
    },
    "two noise words": {"sentences": [LONG], "n_noise": 2, "negative": 1},
    "a vocabulary of one": {"sentences": [[0] * 20], "vocab_size": 1},
}


@both
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_update_is_the_formula(run, case):
    case = {"vocab_size": 10, "dim": 12} | case
    sentences = case.pop("sentences")
    ids = [i for sentence in sentences for i in (*sentence, -1)]
    trial = Trial(cbow, run, **case)
    inputs, outputs = trial.copies()
    kept, loss, terms = trial.train(ids)
    settings, chance = trial.settings, Chance(3)
    words = subsample(ids, np.ones(len(inputs)), chance)
    shared = {name: settings[name] for name in ("window", "n_noise", "limit", "shrink")}
    wanted, number = 0.0, 0
    for i, block in enumerate(blocks(words, trial.noise, chance, **shared)):
        of = inputs, outputs, words, block, trial.share, settings["mean"]
        if i % sampling.MEASURED == 0:
            more = cbow_loss(*of)
            wanted, number = wanted + more[0], number + more[1]
        cbow_block(*of, settings["alpha"])
    trial.check(inputs, outputs)
    assert (kept, terms) == (len(words), number)
    assert loss == pytest.approx(wanted, rel=1e-4)


def test_a_centre_that_stands_alone_changes_nothing():
    trial = Trial(cbow, cbow.train, vocab_size=10, dim=12)
    before = trial.copies()
    assert trial.train([1, -1, 2, -1, 3, -1]) == (3, 0, 0)
    trial.keep[:] = 0
    assert trial.train([1, 2, 3, -1]) == (0, 0, 0)
    assert trial.train([]) == (0, 0, 0)
    trial.check(*before)


def test_a_spoilt_vector_is_not_hidden():
    trial = Trial(cbow, cbow.train, vocab_size=10, dim=12)
    trial.inputs[4, 0] = np.nan
    assert np.isnan(trial.train([1, 2, 4, 3, -1])[1])
    assert np.isnan(trial.inputs[4, 0])


@pytest.mark.parametrize("mean", [True, False])
def test_steps_go_along_the_gradient(mean):
    """Of one centre, so that nothing moves before it is used: finite differences of the loss."""
    ids, alpha = [3, 1, 4, 5, 9], 1e-3
    trial = Trial(cbow, cbow.train, vocab_size=10, dim=12, mean=mean, window=2, shrink=False)
    inputs, outputs = trial.copies()
    words = subsample(ids, np.ones(10), chance := Chance(3))
    noise = next(blocks(words, trial.noise, chance, window=2, n_noise=8, limit=1, shrink=False))
    noise = noise._replace(start=2, stop=3)
    n = len(around(words, noise, 2))

    def loss(arrays):
        return cbow_loss(*arrays, words, noise, trial.share, mean)[0]

    moved = inputs.copy(), outputs.copy()
    cbow_block(*moved, words, noise, trial.share, mean, alpha)
    for which, factor in ((0, n if mean else 1 / n), (1, 1)):
        for place in np.ndindex(10, 12):
            change = [a.copy() for a in (inputs, outputs) for _ in (0, 1)]
            change[2 * which][place] += 1e-5
            change[2 * which + 1][place] -= 1e-5
            up = loss((change[0], change[2])), loss((change[1], change[3]))
            slope = (up[0] - up[1]) / 2e-5
            step = (moved[which] - (inputs, outputs)[which])[place]
            assert step == pytest.approx(-alpha * factor * slope, abs=3e-6)
