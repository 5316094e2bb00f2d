import numpy as np
import pytest

from inlay.kernels import halves, paragraph, paragraph_reading
from inlay.kernels import sampling as sg
from tests.kernels import paragraph_reference as reference
from tests.kernels.test_halves import packed, unpacked
from tests.kernels.test_paragraph import ALL, CASES, VOCAB, WINDOW, ids_of

# The generator wraps around; plain numpy says so.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered")

POOL = 300


class Made:
    """A small model, and the reference from the same vectors and draws."""

    def __init__(self, dim=12, *, n_noise=4, limit=1e9, window=WINDOW):
        self.dim, self.n_noise, self.limit, self.window = dim, n_noise, limit, window
        self.half = np.int64(halves.half_width(dim))
        rng = np.random.default_rng(1)
        words, outputs = rng.normal(scale=0.5, size=(2, VOCAB + 1, dim)).astype(np.float32)
        words[-1] = outputs[-1] = 0
        self.words, self.outputs = (
            packed(halves.pack_rows, words),
            packed(halves.pack_rows, outputs),
        )
        noise = sg.make_noise(np.arange(VOCAB, 0, -1.0))
        self.pool = np.empty(POOL, np.int32)
        sg.draw_noise(noise.accept, noise.alias, np.uint64(5), self.pool, 0, POOL)
        self.keep = np.full(VOCAB, ALL, np.uint32)

    def begin(self, ids):
        n = np.count_nonzero(ids < 0)
        states, documents = np.empty(n, np.uint64), np.zeros(n * 2 * self.half, np.float32)
        paragraph.seed_texts(ids, states)
        paragraph.begin_texts(documents, states, self.dim)
        return states, documents

    def read(self, run, texts, *, alpha=0.02, rates=2):
        """The vectors of texts, and how many words were kept."""
        ids = ids_of(texts)
        states, documents = self.begin(ids)
        step = paragraph_reading.Step(
            *(np.full(rates, alpha, np.float32), self.window, np.float32(5 / self.n_noise)),
            np.float32(self.limit),
        )
        model = paragraph.Model(documents, self.words.reshape(-1), self.outputs.reshape(-1))
        made = paragraph_reading.make_scratch(ids.size, self.window, self.n_noise, self.dim)
        scratch = made._replace(errors=np.full_like(made.errors, np.nan))  # of what was before
        pool = np.append(self.pool, self.pool[: 4 * self.n_noise])
        kept = run(ids, self.keep, model, pool, scratch, states, step, self.half)
        rows = documents.reshape(-1, 2 * self.half)
        assert not np.nan_to_num(rows[:, self.dim :]).any()
        return rows[:, : self.dim], kept

    def expected(self, texts, *, alpha=0.02, rates=2):
        states, documents = self.begin(ids_of(texts))
        rows = documents.reshape(-1, 2 * self.half)[:, : self.dim]
        words, outputs = (unpacked(each, self.dim) for each in (self.words, self.outputs))
        v = reference.Vectors(*(each.astype(np.float64) for each in (rows, words, outputs)))
        noise = self.pool.tolist()
        s = reference.Settings(noise, self.n_noise, 5, alpha, self.window, self.limit)
        reference.read(texts, v, s, states, rates)
        return v.documents


def check_read(made, texts, run=paragraph_reading.read, **settings):
    found, kept = made.read(run, texts, **settings)
    assert kept == 2 * sum(map(len, texts))
    np.testing.assert_allclose(found, made.expected(texts, **settings), rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("plain", [False, True], ids=["compiled", "plain"])
@pytest.mark.parametrize("texts", CASES.values(), ids=CASES.keys())
def test_a_step_is_the_formula(texts, plain):
    read = paragraph_reading.read
    check_read(Made(), texts, read.py_func if plain else read)


@pytest.mark.parametrize("dim", [1, 33, 70])
def test_any_number_of_dimensions(dim):
    check_read(Made(dim), CASES["many blocks"])


@pytest.mark.parametrize(("n_noise", "window"), [(8, 1), (12, 11)])
def test_any_number_of_noise_words_and_any_window(n_noise, window):
    check_read(Made(n_noise=n_noise, window=window), CASES["many blocks"])


@pytest.mark.parametrize("limit", [9, 2.5, 0.5])
def test_fewer_words_a_step_where_one_is_repeated(limit):
    check_read(Made(limit=limit), CASES["words that are repeated"])


def test_a_text_is_read_alike_wherever_it_stands():
    made, texts = Made(), [[1, 2, 3], [4, 5, 6, 7, 8, 9], [1, 2, 3]]
    together = made.read(paragraph_reading.read, texts)[0]
    np.testing.assert_array_equal(together[0], together[2])
    for text, found in zip(texts, together, strict=True):
        np.testing.assert_array_equal(made.read(paragraph_reading.read, [text])[0][0], found)


def test_words_are_thinned_out():
    made, text = Made(), [1, 2] * 30
    made.keep[1] = 0
    assert made.read(paragraph_reading.read, [text], rates=3)[1] == 90


def test_a_spoilt_vector_is_not_hidden_and_spoils_no_other_text():
    made = Made()
    made.outputs[4, 0] = np.nan
    made.pool[made.pool == 4] = 0
    found = made.read(paragraph_reading.read, [[1, 4, 2], [1, 2, 3]])[0]
    assert np.isnan(found[0]).any()
    assert np.isfinite(found[1]).all()
