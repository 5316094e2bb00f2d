import numpy as np
import pytest

from inlay.kernels import paragraph, paragraph_join, paragraph_mean, paragraph_memory
from inlay.kernels import sampling as sg
from inlay.kernels.rows import row_width
from tests.kernels import paragraph_reference as reference

# The generator wraps around; plain numpy says so.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered")

KERNELS = {
    "bag": paragraph.bag,
    "mean": paragraph_mean.mean,
    "join": paragraph_join.join,
}
N_NOISE = {"bag": 16, "mean": 8, "join": 4}
ALL, SEED, WINDOW, VOCAB, TAGS = 2**32 - 1, 7, 3, 12, 4

CASES = {
    "a text": [[1, 2, 3, 4, 5]],
    "texts of many lengths, one empty": [[3], [], list(range(11)), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
    "words that are repeated": [[2, 2, 2, 3, 2, 2, 2, 2, 2, 2, 2], [0] * 9],
    "many blocks": [[(7 * i + i // 5) % VOCAB for i in range(61)]],
}


class Made:
    """A small model, its kernel, and the reference, from the same vectors and draws."""

    def __init__(self, kind, dim=12, *, negative=5, limit=1e9, scale=0.5):
        self.kind, self.dim, self.row = kind, dim, row_width(dim)
        self.slots = 1 + 2 * WINDOW if kind == "join" else 1
        rng = np.random.default_rng(1)
        shapes = (TAGS, dim), (VOCAB + 1, dim), (VOCAB, self.slots * dim)
        self.vectors = reference.Vectors(*(rng.normal(scale=scale, size=each) for each in shapes))
        self.noise = sg.make_noise(np.arange(VOCAB, 0, -1.0))
        self.n_noise, self.negative, self.limit = N_NOISE[kind], negative, limit

    def scratch(self, size=64):
        if self.kind == "bag":
            return paragraph.make_scratch(size, self.n_noise, self.dim)
        return paragraph_memory.make_scratch(size, WINDOW, self.n_noise, self.dim, self.slots)

    def flat(self):
        """The vectors as the kernels take them."""
        arrays = []
        for array in self.vectors:
            padded = np.zeros((array.size // self.dim, self.row), np.float32)
            padded[:, : self.dim] = array.reshape(-1, self.dim)
            arrays.append(padded.reshape(-1))
        return paragraph.Model(*arrays)

    def unpadded(self, model):
        return [
            flat.reshape(-1, self.row)[:, : self.dim].reshape(like.shape)
            for flat, like in zip(model, self.vectors, strict=True)
        ]

    def train(self, run, texts, tags, *, alpha=0.02, learns=True, rates=1, block=8, states=None):
        """The kernel's answer, and the vectors after it."""
        model, ids = self.flat(), ids_of(texts)
        offsets = np.append(0, np.cumsum([len(each) for each in tags]))
        step = paragraph.Step(
            *(np.full(rates, alpha, np.float32), WINDOW, block),
            *(np.float32(self.negative / self.n_noise), np.float32(self.limit), 0, learns),
        )
        states = np.array([SEED], np.uint64) if states is None else states
        found = run(
            *(ids, np.full(VOCAB, ALL, np.uint32)),
            paragraph.Tags(offsets, np.array([t for each in tags for t in each], np.int32)),
            *(model, self.noise, self.scratch(), states, step, paragraph.lanes_of(self.dim)),
        )
        padding = [flat.reshape(-1, self.row)[:, self.dim :] for flat in model]
        assert not np.nan_to_num(np.concatenate(padding)).any()  # zeros, but where a row is spoilt
        return found, self.unpadded(model)

    def expected(self, texts, tags, *, alpha=0.02, block=8):
        v = reference.Vectors(*(array.copy() for array in self.vectors))
        settings = reference.Settings(
            self.noise, self.n_noise, self.negative, alpha, WINDOW, self.limit
        )
        if self.kind == "bag":
            reference.bag(ids_of(texts), tags, v, settings, SEED, block)
        else:
            joined = self.kind == "join"
            reference.memory(ids_of(texts), tags, v, settings, SEED, joined=joined)
        return v


def ids_of(texts):
    return np.array([i for text in texts for i in (*text, -1)], np.int32)


def own_tags(texts):
    return [[i] for i in range(len(texts))]


def check_agree(found, expected):
    for got, wanted in zip(found, expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("plain", [False, True], ids=["compiled", "plain"])
@pytest.mark.parametrize("kind", KERNELS)
@pytest.mark.parametrize("texts", CASES.values(), ids=CASES.keys())
def test_a_step_is_the_formula(kind, texts, plain):
    made = Made(kind)
    run = KERNELS[kind].py_func if plain else KERNELS[kind]
    (kept, loss, terms), found = made.train(run, texts, own_tags(texts))
    assert kept == sum(map(len, texts))
    assert terms > 0
    assert 0 < loss / terms < 20
    check_agree(found, made.expected(texts, own_tags(texts)))
    assert np.abs(found[0] - made.vectors[0]).max() > 1e-3


@pytest.mark.parametrize("kind", ["bag", "mean"])
def test_texts_with_several_tags_and_a_tag_of_several_texts(kind):
    made, texts, tags = Made(kind), [[1, 2, 3], [4, 5, 6, 7]], [[0, 2], [2, 1]]
    found = made.train(KERNELS[kind], texts, tags)[1]
    check_agree(found, made.expected(texts, tags))
    np.testing.assert_array_equal(found[0][3], made.vectors[0][3].astype(np.float32))


@pytest.mark.parametrize(("kind", "dim"), [("bag", 33), ("mean", 33), ("mean", 70), ("join", 1)])
def test_any_number_of_dimensions(kind, dim):
    made, texts = Made(kind, dim), CASES["many blocks"]
    check_agree(made.train(KERNELS[kind], texts, [[0]])[1], made.expected(texts, [[0]]))


@pytest.mark.parametrize(("kind", "limit"), [("mean", 9), ("mean", 2.5), ("join", 9)])
def test_fewer_words_a_step_where_one_is_repeated(kind, limit):
    made, texts = Made(kind, limit=limit), CASES["words that are repeated"]
    found = made.train(KERNELS[kind], texts, own_tags(texts))[1]
    check_agree(found, made.expected(texts, own_tags(texts)))


def test_blocks_of_fewer_words():
    made, texts = Made("bag"), CASES["many blocks"]
    found = made.train(paragraph.bag, texts, [[0]], block=3)[1]
    check_agree(found, made.expected(texts, [[0]], block=3))


def test_a_new_text_changes_nothing_of_the_words():
    made, texts = Made("join"), CASES["many blocks"]
    (_, _, terms), found = made.train(KERNELS["join"], texts, [[0]], learns=False, alpha=1e-3)
    before = [array.astype(np.float32) for array in made.vectors]
    np.testing.assert_array_equal(found[1], before[1])
    np.testing.assert_array_equal(found[2], before[2])
    assert terms == 0
    # At a small rate the words change so little that the vector of the text is as in training.
    wanted = made.expected(texts, [[0]], alpha=1e-3)[0][0] - made.vectors[0][0]
    got = found[0][0] - before[0][0]
    assert np.abs(got - wanted).max() < 0.05 * np.abs(wanted).max()


def test_a_state_for_each_text_makes_it_independent_of_the_others():
    made, texts = Made("join"), [[1, 2, 3], [4, 5, 6, 7, 8, 9], [1, 2, 3]]
    states = np.empty(3, np.uint64)
    paragraph.seed_texts(ids_of(texts), states)
    assert states[0] == states[2] != states[1]
    given = {"learns": False, "rates": 5}
    together = made.train(KERNELS["join"], texts, own_tags(texts), states=states.copy(), **given)
    for i, text in enumerate(texts):
        alone = made.train(KERNELS["join"], [text], [[i]], states=states[i : i + 1].copy(), **given)
        np.testing.assert_array_equal(alone[1][0][i], together[1][0][i])
    assert together[0][0] == 5 * 12


@pytest.mark.parametrize("plain", [False, True], ids=["compiled", "plain"])
def test_seeds_and_beginnings(plain):
    seed_texts, begin_texts = paragraph.seed_texts, paragraph.begin_texts
    if plain:
        seed_texts, begin_texts = seed_texts.py_func, begin_texts.py_func
    states = np.zeros(5, np.uint64)
    seed_texts(np.array([1, 2, -1, 2, 1, -1, -1, 1, -1, 1, 2, -1], np.int32), states)
    assert len(set(states.tolist())) == 4
    assert states[0] == states[4]
    assert (states == 0).tolist() == [False, False, True, False, False]
    before, vectors = states.copy(), np.zeros(5 * 16, np.float32)
    begin_texts(vectors, states, 12)
    rows = vectors.reshape(5, 16)
    assert (np.abs(rows[:, :12]) <= 0.5 / 12).all()
    assert not rows[2].any()  # a text without a word
    assert 0.25 / 12 < np.abs(rows[rows.any(axis=1), :12]).mean() * 4 / 3 < 0.5 / 12
    assert not rows[:, 12:].any()
    np.testing.assert_array_equal(rows[0], rows[4])
    assert (states != before).tolist() == [True, True, False, True, True]


def test_words_are_thinned_out():
    made = Made("bag")
    ids, keep = ids_of([[1, 2] * 30]), np.full(VOCAB, ALL, np.uint32)
    keep[1] = 0
    step = paragraph.Step(
        np.full(1, 0.02, np.float32), 3, 8, np.float32(0.3), np.float32(9), 0, True
    )
    tags = paragraph.Tags(np.arange(2), np.zeros(1, np.int32))
    rest = made.flat(), made.noise, made.scratch(), np.array([SEED], np.uint64), step
    assert paragraph.bag(ids, keep, tags, *rest, paragraph.lanes_of(12))[0] == 30


@pytest.mark.parametrize("kind", KERNELS)
def test_a_spoilt_vector_is_not_hidden(kind):
    made = Made(kind)
    made.vectors[2][4, 0] = np.nan
    found = made.train(KERNELS[kind], [[1, 4, 2]], [[0]])[1]
    assert np.isnan(found[0][0]).any()


def test_the_references_take_the_gradient():
    """Finite differences of the loss of one step: of the vector of the text, and of a word's."""
    made = Made("bag", 5)
    noise, words = [3, 5, 1, 3] * 4, [3, 2, 7]
    targets, is_pair = [*noise, *words], np.arange(19) >= 16
    share = 5 / 16 * np.array([sum(word != each for word in words) for each in targets])

    def loss(d, outputs):
        return reference.loss_of(outputs[targets] @ d, is_pair, share)

    v, alpha = reference.Vectors(*(array.copy() for array in made.vectors)), 1e-7
    settings = reference.Settings(made.noise, 16, 5, alpha)
    reference.bag_step(v, 1, noise, words, settings)
    d, outputs, _ = made.vectors[0][1], made.vectors[2], None
    for i in range(5):
        by = 1e-5 * (np.arange(5) == i)
        slope = (loss(d + by, outputs) - loss(d - by, outputs)) / 2e-5
        np.testing.assert_allclose((v.documents[1] - d)[i] / alpha, -slope, rtol=1e-4, atol=1e-6)
        more, less = outputs.copy(), outputs.copy()
        more[3] += by
        less[3] -= by
        slope = (loss(d, more) - loss(d, less)) / 2e-5
        np.testing.assert_allclose((v.outputs - outputs)[3, i] / alpha, -slope, rtol=1e-4)


@pytest.mark.parametrize("joined", [False, True], ids=["mean", "join"])
def test_the_reference_of_the_memory_takes_the_gradient(joined):
    """As above, for a text of two words; a mean's parts each get the whole of its gradient."""
    made = Made("join" if joined else "mean", 4)
    words, noise, b = [1, 2], [3, 4, 5, 6] * 4, WINDOW

    def loss(v):
        total = 0.0
        for p, word in enumerate(words):
            parts = reference.parts_of(words, [0], p, b, v, joined=joined)
            rows = [array[row] for array, row in parts]
            h = np.concatenate(rows) if joined else np.mean(rows, axis=0)
            share = np.array([5 / 4] * 4 + [0.0])
            logits = v.outputs[[*noise[:4], word]] @ h
            total += reference.loss_of(logits, np.arange(5) == 4, share)
        return total

    v, alpha = reference.Vectors(*(array.copy() for array in made.vectors)), 1e-7
    settings = reference.Settings(made.noise, 4, 5, alpha, WINDOW)
    reference.memory_step(v, [0], noise, words, (0, 2, b), settings, joined=joined)
    whole = 1 if joined else 2  # parts of each mean: the text and one word
    for which, row, times in ((0, 0, whole), (1, 2, whole), (2, 1, 1), (2, 4, 1)):
        for i in range(3):
            slopes = []
            for sign in (1, -1):
                moved = reference.Vectors(*(array.copy() for array in made.vectors))
                moved[which][row, i] += sign * 1e-5
                slopes.append(loss(moved) * sign)
            got = (v[which] - made.vectors[which])[row, i] / alpha
            np.testing.assert_allclose(got, -times * sum(slopes) / 2e-5, rtol=1e-4, atol=1e-6)
