import numpy as np
import pytest

from inlay.kernels import hierarchical, huffman, sampling
from tests.kernels.training import Trial
from tests.train.reference import Chance, against, against_loss, centres, sigmoid, subsample

# The generator wraps around; plain numpy says so.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered")
both = pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "plain"])

LONG = [(i * 7) % 10 for i in range(37)]
CASES = {
    "sentences": {"sentences": [LONG, [4], [1, 2], LONG[:5]]},
    "the same word over and over": {"sentences": [[3] * 12 + [1, 3, 2, 3]], "window": 6},
    "one word between two fours": {
        "sentences": [[0, 1, 2, 3, 4, 4, 5, 6, 7, 8]],
        "shrink": False,
        "window": 9,
    },
    "a window that does not shrink": {"sentences": [LONG], "shrink": False, "window": 4},
    "the sum": {"sentences": [LONG], "mean": False},
    "one number in the last register": {"sentences": [LONG], "dim": 9},
    "long paths": {"sentences": [[(i * 37) % 400 for i in range(50)]], "vocab_size": 400},
    "two words": {"sentences": [[0, 1, 1, 0, 1]], "vocab_size": 2},
}


def fours(words, places):
    """Up to four different words at a time."""
    group = []
    for p in places:
        if len(group) == 4 or words[p].word in group:
            yield group
            group = []
        group.append(words[p].word)
    if group:
        yield group


def four_steps(inputs, outputs, group, points, signs, rate):
    """Errors of all vectors as they were; then node by node."""
    old = inputs[group].copy()
    path = list(zip(points, signs, strict=True))
    errors = [rate * sign * sigmoid(-sign * (old @ outputs[y])) for y, sign in path]
    for y, error in zip(points, errors, strict=True):
        inputs[group] += error[:, None] * outputs[y]
        outputs[y] += error @ old


def steps(trial, tree, ids, cbow):
    """The vectors after one piece, step by step, and its loss."""
    s, chance = trial.settings, Chance(3)
    inputs, outputs = trial.copies()
    words = subsample(ids, np.ones(len(inputs)), chance)
    loss, terms, rate = 0.0, 0, s["alpha"]
    for c, near in centres(words, chance, window=s["window"], shrink=s["shrink"]):
        path = slice(*tree.starts[words[c].word : words[c].word + 2])
        points, signs = tree.points[path].tolist(), (1.0 - 2 * tree.codes[path]).tolist()
        groups = [[words[p].word for p in near]] if cbow and near else fours(words, near)
        for group in groups:
            rows = inputs[group]
            if cbow:
                rows = (rows.mean(axis=0) if s["mean"] else rows.sum(axis=0))[None]
            if c % sampling.MEASURED == 0:
                terms += len(rows)
                loss += sum(against_loss(h, outputs, points, signs) for h in rows)
            if cbow:
                step, _ = against(rows[0], outputs, points, signs, rate)
                np.add.at(inputs, group, step if s["mean"] else step / len(group))
            else:
                four_steps(inputs, outputs, group, points, signs, rate)
    return inputs, outputs, len(words), loss, terms


@both
@pytest.mark.parametrize("kernel", ["train", "train_cbow"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_update_is_the_formula_step_by_step(compiled, kernel, case):
    case = {"vocab_size": 10, "dim": 12} | case
    ids = [i for sentence in case.pop("sentences") for i in (*sentence, -1)]
    tree = huffman.make_tree(1000 // np.arange(1, case["vocab_size"] + 1))
    run = getattr(hierarchical, kernel)
    trial = Trial(
        hierarchical, run if compiled else run.py_func, n_noise=huffman.longest(tree), **case
    )
    inputs, outputs, kept, loss, terms = steps(trial, tree, ids, kernel == "train_cbow")
    found = trial.train(ids, tree)
    trial.check(inputs, outputs)
    assert found[::2] == (kept, terms)
    assert found[1] == pytest.approx(loss, rel=3e-4)


@pytest.mark.parametrize("kernel", [hierarchical.train, hierarchical.train_cbow])
def test_a_thread_changes_its_own_copies_of_the_last_nodes(kernel):
    ids, first, by = [1, 4, 2, 3, 0, 9, 5, 0, 1, 8, -1], 5, 7
    tree = huffman.make_tree(np.arange(10, 0, -1))
    plain, trial = (
        Trial(hierarchical, kernel, vocab_size=10, dim=12, n_noise=huffman.longest(tree))
        for _ in range(2)
    )
    begun = trial.outputs.copy()
    trial.outputs = np.vstack([begun, begun[:2], begun[first:]])  # two rows of nobody between them
    assert trial.train(ids, tree, own=(first, by)) == plain.train(ids, tree)
    np.testing.assert_array_equal(trial.inputs, plain.inputs)
    np.testing.assert_array_equal(trial.outputs[:first], plain.outputs[:first])
    np.testing.assert_array_equal(trial.outputs[first:12], np.vstack([begun[first:], begun[:2]]))
    np.testing.assert_array_equal(trial.outputs[12:], plain.outputs[first:])


@pytest.mark.parametrize("kernel", [hierarchical.train, hierarchical.train_cbow])
def test_nothing_is_learned_of_one_word_or_of_none(kernel):
    tree = huffman.make_tree(np.array([9]))
    trial = Trial(hierarchical, kernel, vocab_size=1, dim=12, n_noise=0)
    before = trial.copies()
    assert trial.train([0] * 9, tree) == (9, 0, 0)
    assert trial.train([], tree) == (0, 0, 0)
    trial.check(*before)


@pytest.mark.parametrize("kernel", [hierarchical.train, hierarchical.train_cbow])
def test_a_spoilt_vector_is_not_hidden(kernel):
    tree = huffman.make_tree(np.arange(10, 0, -1))
    trial = Trial(hierarchical, kernel, vocab_size=10, dim=12, n_noise=huffman.longest(tree))
    trial.inputs[4, 0] = np.nan
    assert np.isnan(trial.train([1, 4, 2, 3, -1], tree)[1])
    assert np.isnan(trial.inputs[4, 0])
