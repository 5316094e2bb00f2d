import numpy as np
import pytest

from inlay.kernels import paragraph, paragraph_bag_reading
from tests.kernels import paragraph_reference as reference
from tests.kernels import test_paragraph_reading as means
from tests.kernels.test_halves import unpacked
from tests.kernels.test_paragraph import CASES, ids_of

# The generator wraps around; plain numpy says so.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered")

read = paragraph_bag_reading.read


class Made(means.Made):
    """A small model, and the reference from the same vectors and draws."""

    def __init__(self, dim=12, *, n_noise=8, block=8):
        super().__init__(dim, n_noise=n_noise)
        self.block = block

    def read(self, run, texts, *, alpha=0.02, rates=2):
        """The vectors of texts, and how many words were kept."""
        ids = ids_of(texts)
        states, documents = self.begin(ids)
        step = paragraph_bag_reading.Step(
            *(np.full(rates, alpha, np.float32), self.block, self.n_noise),
            np.float32(5 / self.n_noise),
        )
        model = paragraph.Model(documents, self.words.reshape(-1), self.outputs.reshape(-1))
        scratch = paragraph_bag_reading.make_scratch(ids.size, self.n_noise)
        scratch.errors[:] = np.nan  # of what was before
        pool = np.append(self.pool, self.pool[: self.n_noise])
        kept = run(ids, self.keep, model, pool, scratch, states, step, self.half)
        rows = documents.reshape(-1, 2 * self.half)
        assert not np.nan_to_num(rows[:, self.dim :]).any()
        return rows[:, : self.dim], kept

    def expected(self, texts, *, alpha=0.02, rates=2):
        states, documents = self.begin(ids_of(texts))
        rows = documents.reshape(-1, 2 * self.half)[:, : self.dim]
        outputs = unpacked(self.outputs, self.dim)
        v = reference.Vectors(*(each.astype(np.float64) for each in (rows, outputs, outputs)))
        s = reference.Settings(self.pool.tolist(), self.n_noise, 5, alpha)
        reference.read_bags(texts, v, s, states, rates, self.block)
        return v.documents


@pytest.mark.parametrize("plain", [False, True], ids=["compiled", "plain"])
@pytest.mark.parametrize("texts", CASES.values(), ids=CASES.keys())
def test_a_step_is_the_formula(texts, plain):
    means.check_read(Made(), texts, read.py_func if plain else read)


@pytest.mark.parametrize("dim", [1, 33, 70])
def test_any_number_of_dimensions(dim):
    means.check_read(Made(dim), CASES["many blocks"], read)


@pytest.mark.parametrize(("n_noise", "block"), [(4, 8), (12, 3), (16, 1)])
def test_any_number_of_noise_words_and_fewer_words_a_step(n_noise, block):
    made = Made(n_noise=n_noise, block=block)
    means.check_read(made, CASES["many blocks"], read)


def test_noise_words_go_on_at_the_front_behind_the_last():
    made = Made()
    made.pool = made.pool[:21].copy()
    means.check_read(made, CASES["many blocks"], read)


def test_a_text_is_read_alike_wherever_it_stands():
    made, texts = Made(), [[1, 2, 3], [], [4, 5, 6, 7, 8, 9], [1, 2, 3]]
    together = made.read(read, texts)[0]
    np.testing.assert_array_equal(together[0], together[3])
    assert not together[1].any()
    for text, found in zip(texts, together, strict=True):
        np.testing.assert_array_equal(made.read(read, [text])[0][0], found)


def test_words_are_thinned_out():
    made, text = Made(), [1, 2] * 30
    made.keep[1] = 0
    assert made.read(read, [text], rates=3)[1] == 90


@pytest.mark.parametrize("n_noise", [8, 12])
def test_a_spoilt_vector_is_not_hidden_and_spoils_no_other_text(n_noise):
    made = Made(n_noise=n_noise)
    made.outputs[0, 0] = np.nan
    made.pool[made.pool == 0] = 1
    found = made.read(read, [[1, 0, 2], [1, 2, 3]])[0]
    assert np.isnan(found[0]).any()
    assert np.isfinite(found[1]).all()
