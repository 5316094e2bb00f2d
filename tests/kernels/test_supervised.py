import numpy as np
import pytest

from inlay.kernels import supervised as sv
from inlay.kernels.rows import row_lanes, row_width
from inlay.kernels.sampling import make_noise

DIM, N_ROWS = 12, 9
# The nodes on the way of three labels to the root of a tree, and on which side it goes on.
PATHS = [([3], [1]), ([1, 2, 3], [0, 1, 0]), ([1, 2, 3], [1, 1, 0])]


def both(kernel):
    return pytest.mark.parametrize("run", [kernel, kernel.py_func], ids=["compiled", "plain"])


# The generator wraps around; plain numpy says so.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered")


def flat(matrix, n_rows):
    found = np.zeros((n_rows, row_width(DIM)), np.float32)
    found[: len(matrix), :DIM] = matrix
    return found.reshape(-1)


def as_texts(texts):
    """`Texts` of pairs: rows with how often each is there, and labels."""
    rows, weights, ends, labels, label_ends, totals = [], [], [0], [], [0], []
    for counted, of_text in texts:
        pairs = [*counted.items()]
        pairs += [(pairs[0][0] if pairs else 0, 0)] * (-len(pairs) % 4)
        rows += [row for row, _ in pairs]
        weights += [n for _, n in pairs]
        labels += of_text
        ends.append(len(rows))
        label_ends.append(len(labels))
        totals.append(sum(counted.values()) + 1)  # one row of zeros
    return sv.Texts(
        np.array(rows, np.int32),
        np.array(weights, np.uint8),
        np.array(ends),
        np.array(totals, np.int32),
        np.array(labels, np.int32),
        np.array(label_ends),
    )


TEXTS = [
    ({0: 1, 3: 2, 5: 1}, [0]),
    ({3: 1, 4: 1, 6: 3, 7: 1, 8: 1}, [2]),
    ({}, [1]),
    ({1: 1}, []),
    ({2: 4}, [1]),
]


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def terms(scores, loss, labels):
    """The outputs that a loss looks at, with whether each is right."""
    if loss == sv.HS:
        return [*zip(*PATHS[labels[0]], strict=True)]
    return [(k, k in labels) for k in range(len(scores))]


def reference_loss(inputs, outputs, text, loss):
    """The loss of one text in float64: the definition."""
    counted, labels = text
    total = sum(counted.values()) + 1
    h = sum(n * inputs[row] for row, n in counted.items()) / total
    scores = outputs @ h
    if loss == sv.SOFTMAX:
        return np.log(np.exp(scores).sum()) - scores[labels[0]]
    return -sum(
        np.log(sigmoid(scores[k] if right else -scores[k]))
        for k, right in terms(scores, loss, labels)
    )


def gradient(inputs, outputs, text, loss, eps=1e-5):
    """By finite differences."""
    found = []
    for matrix in (inputs, outputs):
        slope = np.zeros_like(matrix)
        for at in np.ndindex(matrix.shape):
            old = matrix[at]
            sides = []
            for value in (old + eps, old - eps):
                matrix[at] = value
                sides.append(reference_loss(inputs, outputs, text, loss))
            matrix[at] = old
            slope[at] = (sides[0] - sides[1]) / (2 * eps)
        found.append(slope)
    return found


def start(n_outputs):
    rng = np.random.default_rng(0)
    return rng.normal(size=(N_ROWS, DIM)), rng.normal(size=(n_outputs, DIM))


def run_on(run, texts, order, inputs, outputs, loss, *, first=0.3, last=0.3, n_labels=None, **step):
    n = len(outputs) if n_labels is None else n_labels
    model = sv.Model(flat(inputs, N_ROWS), flat(outputs, -(-len(outputs) // 4) * 4))
    tree = sv.Tree(
        np.cumsum([0, *(len(nodes) for nodes, _ in PATHS)]),
        np.array([node for nodes, _ in PATHS for node in nodes], np.int32),
        np.array([code for _, codes in PATHS for code in codes], np.uint8),
    )
    settings = {"negative": 2, "seed": np.uint64(1)} | step
    found = run(
        np.array(order),
        as_texts(texts),
        model,
        tree,
        make_noise(np.arange(n, 0, -1.0)),
        sv.make_scratch(n, DIM),
        sv.Step(loss, np.float32(first), np.float32(last), n, **settings),
        row_lanes(DIM),
    )
    width = row_width(DIM)
    for array in model:  # the padding stays zero
        assert not array.reshape(-1, width)[:, DIM:].any()
    assert not model.outputs.reshape(-1, width)[len(outputs) :].any()
    new = (array.reshape(-1, width)[:, :DIM] for array in model)
    return found, *new


@both(sv.train)
@pytest.mark.parametrize("loss", [sv.SOFTMAX, sv.HS, sv.OVA])
def test_a_step_follows_the_gradient(run, loss):
    inputs, outputs = start(5)
    expected = reference_loss(inputs, outputs, TEXTS[1], loss)
    found, rows, others = run_on(run, TEXTS, [1], inputs, outputs, loss)
    assert found == (pytest.approx(expected, rel=1e-5), 1)
    by_rows, by_outputs = gradient(inputs, outputs, TEXTS[1], loss)
    np.testing.assert_allclose(rows, inputs - 0.3 * by_rows, atol=2e-6)
    np.testing.assert_allclose(others[:5], outputs - 0.3 * by_outputs, atol=2e-6)


@both(sv.train)
def test_a_text_may_have_several_labels_each_told_by_itself(run):
    inputs, outputs = start(6)
    text = ({1: 1, 2: 1}, [0, 4, 5])
    _, rows, others = run_on(run, [text], [0], inputs, outputs, sv.OVA)
    by_rows, by_outputs = gradient(inputs, outputs, text, sv.OVA)
    np.testing.assert_allclose(rows, inputs - 0.3 * by_rows, atol=2e-6)
    np.testing.assert_allclose(others[:6], outputs - 0.3 * by_outputs, atol=2e-6)


@both(sv.train)
def test_of_several_labels_the_other_losses_draw_one(run):
    inputs, outputs = start(4)
    text, seen = ({1: 1}, [1, 3]), set()
    for seed in range(8):
        seed = np.uint64(seed << 60)
        *_, others = run_on(run, [text], [0], inputs, outputs, sv.SOFTMAX, seed=seed)
        h = inputs[1] / 2
        seen.add(int(np.argmax((others - outputs) @ h)))
    assert seen == {1, 3}


@both(sv.train)
def test_the_rate_falls_from_text_to_text(run):
    inputs, outputs = start(5)
    found = run_on(run, TEXTS, [0, 2, 3, 4, 1], inputs, outputs, sv.SOFTMAX, first=0.5, last=0.0)
    whole, n = 0.0, 0
    for i, text in enumerate([0, 2, 3, 4, 1]):
        if TEXTS[text][0] and TEXTS[text][1]:
            whole += reference_loss(inputs, outputs, TEXTS[text], sv.SOFTMAX)
            by_rows, by_outputs = gradient(inputs, outputs, TEXTS[text], sv.SOFTMAX)
            rate, n = 0.5 * (1 - i / 5), n + 1
            inputs, outputs = inputs - rate * by_rows, outputs - rate * by_outputs
    assert found[0] == (pytest.approx(whole, rel=1e-4), 3)
    assert n == 3
    np.testing.assert_allclose(found[1], inputs, atol=1e-5)
    np.testing.assert_allclose(found[2][:5], outputs, atol=1e-5)


@both(sv.train)
def test_noise_is_other_labels_by_their_weights(run):
    inputs, outputs = start(4)
    outputs[:] = 0  # so that each draw moves a label by the same step: the sigmoid is 1/2
    moved = np.zeros(4)
    for seed in range(40):
        seed = np.uint64(seed * 0x9E3779B97F4A7C15 % 2**64)
        step = {"negative": 1, "seed": seed, "first": 1e-4, "last": 1e-4}
        *_, others = run_on(run, [({1: 1}, [2])], [0], inputs, outputs, sv.NS, **step)
        moved += others @ inputs[1] / (inputs[1] @ inputs[1]) / (1e-4 / 4)
    # The label itself by every step; the others, of the weights 4, 3 and 1, share 40 draws.
    np.testing.assert_allclose(moved[2], 40, rtol=1e-3)
    assert moved[[0, 1, 3]].sum() == pytest.approx(-40, rel=1e-3)
    assert -moved[3] < -moved[1] < 40
    assert -moved[0] > 10


@both(sv.mean_rows)
def test_means_of_rows(run):
    table = np.arange(12, dtype=np.float32).reshape(4, 3)
    none, codes = np.empty(0, np.float32), np.empty((0, 0), np.uint8)
    given = (table, codes, none, 0, codes[:, :0].reshape(-1), none)
    out = np.full((3, 3), np.nan, np.float32)
    rows, ends = np.array([0, 2, 2, 1], np.int32), np.array([0, 3, 3, 4])
    run(rows, ends, np.array([3, 0, 2], np.int32), given, out)
    expected = [(table[0] + 2 * table[2]) / 3, np.zeros(3), table[1] / 2]
    np.testing.assert_allclose(out, expected, rtol=1e-6)
