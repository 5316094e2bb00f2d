import json
import sys

import numpy as np
import pytest

import inlay
from inlay.errors import ArgumentError, ArgumentTypeError, UnknownNameError
from inlay.text import Corpus, encode_corpus
from inlay.train import glove
from tests.kernels.test_cooccurrence import brute
from tests.train.test_word2vec import FRUIT, TOOLS, two_topics


def learn(corpus, **settings):
    # One width of vectors in most tests: each other one is compiled.
    defaults = {"vector_size": 14, "min_count": 1, "window": 5, "epochs": 10, "workers": 1}
    if isinstance(corpus, Corpus):  # encoded already
        del defaults["min_count"]
    return glove(corpus, **(defaults | settings))


def many_words(n=1200, size=400, seed=0):
    """Sentences of enough words that there are several stripes."""
    rng = np.random.default_rng(seed)
    share = 1 / np.arange(1, n + 1)
    return [[f"w{w}" for w in rng.choice(n, 25, p=share / share.sum())] for _ in range(size)]


def test_topics_come_apart_and_the_loss_falls():
    table = learn(two_topics(600), x_max=20, epochs=25)
    assert table.vectors.shape == (16, 14)
    for word, others in (("pear", FRUIT), ("saw", TOOLS)):
        nearest = [name for name, _ in table.most_similar(word, topn=7)]
        assert sorted(nearest) == sorted(set(others) - {word})
    losses = table.provenance["losses"]
    assert len(losses) == 25
    assert losses[-1] < losses[5] < losses[0]


def test_a_matrix_of_low_rank_is_learned():
    """Words of one topic stand near each other alone: log x is a block matrix."""
    table = learn(two_topics(600), x_max=1, epochs=60, window=7, eta=0.2)
    assert table.provenance["losses"][-1] < 0.02


def test_pieces_of_a_round_have_nothing_in_common_and_all_are_everything(monkeypatch):
    work = sys.modules["inlay.train.glove_work"].Cells
    seen = []
    piece = work.piece

    def recorded(self, epoch, number, *rest):
        seen.append((epoch, number, *self.stripes(epoch, number)))
        done = piece(self, epoch, number, *rest)
        total.append(done.units)
        assert (self.together, self.pieces) == (16, 256)
        return done

    total = []
    monkeypatch.setattr(work, "piece", recorded)
    corpus = encode_corpus(many_words(), min_count=1)
    learn(corpus, epochs=2)
    cells = brute(corpus.ids.tolist(), 5)
    for epoch in (0, 1):
        of = seen[epoch * 256 : epoch * 256 + 256]
        assert [(e, n) for e, n, _, _ in of] == [(epoch, n) for n in range(256)]
        assert len({(a, b) for _, _, a, b in of}) == 256
        for first in range(0, 256, 16):
            rows, columns = zip(*[(a, b) for _, _, a, b in of[first : first + 16]], strict=True)
            assert len(set(rows)) == len(set(columns)) == 16
        assert sum(total[epoch * 256 : epoch * 256 + 256]) == len(cells)
    assert [s[2:] for s in seen[:256]] != [s[2:] for s in seen[256:]]


@pytest.mark.parametrize("workers", [2, 5])
def test_the_same_bytes_for_any_number_of_workers(workers):
    corpus = encode_corpus(many_words(), min_count=1)
    one = learn(corpus, epochs=2, deterministic=True)
    several = learn(corpus, epochs=2, workers=workers)
    np.testing.assert_array_equal(one.vectors, several.vectors)
    np.testing.assert_array_equal(one.parts["context"].vectors, several.parts["context"].vectors)
    assert one.provenance == several.provenance
    assert "workers" not in one.provenance


def test_the_same_bytes_for_a_corpus_that_is_counted_in_parts():
    corpus = encode_corpus(many_words(), min_count=1)
    whole, parts = (learn(corpus, epochs=1, memory=memory) for memory in (1.0, 3e-5))
    np.testing.assert_array_equal(whole.vectors, parts.vectors)
    assert whole.provenance == parts.provenance


def test_same_seed_same_vectors_other_seed_others():
    corpus = two_topics(100)
    first, again, other = (learn(corpus, seed=seed).vectors for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert abs(first - other).max() > 1e-3


def test_what_was_stopped_goes_on_to_the_same_result(tmp_path):
    corpus = encode_corpus(many_words(), min_count=1)
    whole = learn(corpus, epochs=3)

    def stop(epoch):
        if epoch.number == 2:
            raise ZeroDivisionError

    common = {"epochs": 3, "folder": tmp_path / "f", "checkpoint_every": 0}
    with pytest.raises(ZeroDivisionError):
        learn(corpus, callbacks=[stop], **common)
    again = learn(corpus, workers=2, **common)
    np.testing.assert_array_equal(again.vectors, whole.vectors)
    assert again.provenance == whole.provenance
    with pytest.raises(ArgumentError, match="eta"):
        learn(corpus, eta=0.01, **common)


def test_a_folder_keeps_the_numbered_corpus_too(tmp_path, monkeypatch):
    path, numbered = tmp_path / "corpus.txt", []
    path.write_text("\n".join(map(" ".join, many_words())))
    module = sys.modules["inlay.text.corpus"]
    number = module._number
    monkeypatch.setattr(module, "_number", lambda *a: numbered.append(1) or number(*a))
    first, again = (learn(path, folder=tmp_path / "f") for _ in range(2))
    np.testing.assert_array_equal(again.vectors, first.vectors)
    assert len(numbered) == 1
    assert (tmp_path / "f" / "corpus.safetensors").is_file()


@pytest.mark.parametrize("block", [3, 1 << 14])
def test_vectors_are_those_of_words_and_contexts_together(block, monkeypatch):
    """And stand where the model was."""
    corpus, found, seen = two_topics(100), [], []
    work = sys.modules["inlay.train.glove_work"]
    monkeypatch.setattr(work, "BLOCK", block)
    monkeypatch.setattr(
        work.Cells,
        "check",
        lambda w: found.append((w.layout.places(), w.model, [m.copy() for m in w.model])),
    )
    table = learn(corpus, callbacks=[lambda epoch: seen.append(epoch.table())])
    (places, model, kept), context = found[0], table.parts["context"]
    assert context.tokens is table.tokens  # which a file holds once
    words, contexts = (m.reshape(-1, 2, 16)[:, 0, :14] for m in kept)
    for one in (table, seen[-1]):
        np.testing.assert_array_equal(one.parts["context"].vectors, contexts[places])
        np.testing.assert_array_equal(one.vectors, words[places] + contexts[places])
    assert all(np.shares_memory(part.matrix, model.words) for part in (table, context))
    assert not np.shares_memory(seen[-1].matrix, model.words)
    assert abs(table.vectors - learn(corpus, symmetric=False).vectors).max() > 1e-2


def test_provenance_says_how_and_is_json():
    table = learn(["b a b c b a"] * 2, seed=np.int64(7), window=np.int8(2))
    assert table.tokens.tolist() == ["b", "a", "c"]
    assert table.counts.tolist() == [6, 4, 2]
    made = json.loads(json.dumps(table.provenance))
    assert (made["model"], made["corpus_words"], made["tokenizer"]) == ("GloVe", 12, "words")
    assert (made["settings"]["seed"], made["settings"]["window"]) == (7, 2)
    assert made["settings"]["exponent"] == 0.75
    assert made["inlay"] == inlay.__version__


def test_a_corpus_that_was_encoded_before():
    encoded = encode_corpus(["A b. A b."], min_count=2, tokenizer="lower")
    made = learn(encoded).provenance
    assert (made["tokenizer"], made["settings"]["min_count"]) == ("lower", None)
    with pytest.raises(ArgumentError, match=r"max_size: expected nothing, .* encode_corpus"):
        learn(encoded, max_size=3)


@pytest.mark.parametrize("size", [1, 3, 50])
def test_vectors_of_any_size(size):
    table = learn(two_topics(60), vector_size=size, epochs=3)
    assert table.vectors.shape == (16, size)
    assert np.isfinite(table.vectors).all()
    losses = table.provenance["losses"]
    assert losses[-1] < losses[0]


def test_two_words_and_one():
    assert np.isfinite(learn(["a b"] * 9).vectors).all()
    assert np.isfinite(learn(["a a a"] * 9).vectors).all()


@pytest.mark.parametrize(
    ("corpus", "said"),
    [
        ([], "expected a corpus with words"),
        (["a", "b", ""], "expected texts with two words or more"),
        ("no/such.txt", "no/such.txt"),
    ],
)
def test_nothing_to_learn_from(corpus, said):
    with pytest.raises((ArgumentError, FileNotFoundError), match=said):
        learn(corpus)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("vector_size", 0),
        ("window", 0),
        ("epochs", 0),
        ("eta", 0),
        ("eta", float("nan")),
        ("x_max", 0),
        ("exponent", -1),
        ("memory", 0),
        ("seed", -1),
        ("workers", 0),
        ("min_count", 1.5),
        ("symmetric", 1),
        ("distance_weighting", "no"),
        ("deterministic", 1),
        ("patience", 2),
    ],
)
def test_settings_are_checked(name, value):
    with pytest.raises((ArgumentError, ArgumentTypeError), match=f"^{name}: expected"):
        learn(["a b"], **{name: value})


def test_vectors_that_grew_without_bound_are_an_error():
    with pytest.raises(ArgumentError, match=r"^eta: .* grew without bound.* a lower eta"):
        learn(two_topics(60), eta=1e6)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("alpha", "exponent= for the paper's alpha"),
        ("learning_rate", "eta="),
        ("iter", "epochs="),
        ("window_size", "window="),
        ("threads", "workers="),
        ("sentences", r"glove\(corpus\)"),
    ],
)
def test_words_of_others_are_answered(name, said):
    with pytest.raises(ArgumentTypeError, match=f"Try: {said}"):
        glove(["a b"], **{name: 1})
    with pytest.raises(UnknownNameError, match=r"inlay.train.glove\(corpus\)"):
        _ = inlay.train.GloVe
