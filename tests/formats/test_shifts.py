"""The probe of neighbours: it finds a shift, and sees none where there is none."""

import json

import numpy as np
import pytest

from inlay import load
from inlay.formats.shifts import best_shift, like_pairs
from tests.data import shared

RNG = np.random.default_rng(1)
STEMS = ["".join(letters) for letters in RNG.choice(list("abcdefghijkl"), (200, 6))]
FORMS = [form for stem in dict.fromkeys(STEMS) for form in (stem, f"{stem}s")]


def matrix_of(tokens, noise=0.5, dim=16):
    """A vector for each stem, and something of its own for each form."""
    stems = {}
    rows = [stems.setdefault(token.rstrip("s"), RNG.normal(size=dim)) for token in tokens]
    return (np.array(rows) + noise * RNG.normal(size=(len(tokens), dim))).astype(np.float32)


@pytest.fixture(scope="module")
def table():
    tokens = list(RNG.permutation(FORMS))
    return tokens, matrix_of(tokens)


def probed(tokens, matrix):
    return best_shift(tokens, len(matrix), matrix.shape[1], lambda size: matrix[:size])


@pytest.mark.parametrize("by", range(-3, 4))
def test_a_shift_is_found(table, by):
    tokens, matrix = table
    n = len(matrix)
    off = ["?"] * max(by, 0) + tokens[max(-by, 0) : n - max(by, 0)]
    shift = probed(off, matrix)
    assert shift.by == by
    assert shift.cosine > shift.unshifted + 0.3 or by == 0
    assert shift.example[1].rstrip("s") == shift.example[0].rstrip("s")


@pytest.mark.parametrize("noise", [1e3, 1e6])
def test_noise_says_nothing(table, noise):
    assert probed(table[0], matrix_of(table[0], noise)) is None


def test_chance_says_nothing():
    """In few pairs of short vectors one shift is often far better than the others, by chance."""
    tokens = [f"{word}{end}" for word in STEMS[:40] for end in ("", "s")]
    for seed in range(50):
        assert probed(tokens, np.random.default_rng(seed).normal(size=(80, 2))) is None


def test_a_list_that_is_altogether_another_says_nothing(table):
    tokens, matrix = table
    assert probed(list(RNG.permutation(tokens)), matrix) is None


def test_few_pairs_say_nothing(table):
    tokens, matrix = table
    assert probed(["?", *tokens[:50]], matrix[:51]) is None


def test_numbers_that_are_not_finite_say_nothing(table):
    tokens, matrix = table
    for strange in (np.nan, np.inf, np.float32(3e38)):
        assert probed(tokens, np.full_like(matrix, strange)) is None
    assert probed(tokens, np.zeros_like(matrix)) is None


def test_rows_that_grow_evenly_are_no_shift():
    tokens = [str(i) for i in range(100, 999)]
    matrix = np.arange(899 * 4, dtype=np.float32).reshape(899, 4) + 1
    assert probed(tokens, matrix) is None


def test_only_the_first_rows_are_read():
    asked = []

    def first_rows(size):
        asked.append(size)
        return np.ones((size, 4096), np.float32)

    tokens = FORMS * 200
    assert (
        best_shift([f"{t}{i}" for i, t in enumerate(tokens)] + FORMS, 10**7, 4096, first_rows)
        is None
    )
    assert best_shift(FORMS + tokens, 10**7, 4096, first_rows) is None
    assert asked == [4096]


def test_no_token_is_in_two_pairs():
    words = [
        "film",
        "films",
        "filming",
        "FILM",
        "Film",
        "영화관",
        "영화제",
        "영화인",
        "2001",
        "1999",
        "a",
    ]
    pairs = like_pairs(words)
    assert [(words[a], words[b]) for a, b in pairs] == [
        ("film", "Film"),
        ("영화관", "영화제"),
        ("2001", "1999"),
    ]


def test_a_word_that_waits_for_another_may_be_taken_meanwhile():
    assert like_pairs(["filmmakings", "filmmaking", "filmmaker"]) == [(1, 0)]


RIGHT = (
    "glove-6B/derived/glove.6B.50d.7849.txt",
    "glove-6B/100d.7201krap.txt",
    "glove-6B/sherrylilmj/glove.6B.300d.trimmed.npz",
    "glove-twitter-25d/glove.twitter.27B.25d.11925.txt",
    "glove-840B-char/glove.840B.300d-char.txt",
    "googlenews-1000/googlenews.unit.300d.1000.txt",
    "word2vec-medallia/tokensModel.bin",
    "gensim-fixtures/crime-and-punishment.bin",
    "gensim-fixtures/euclidean_vectors.bin",
    "gensim-fixtures/lee_fasttext.bin",
    "gensim-fixtures/lee_fasttext_new.bin",
    "gensim-fixtures/non_ascii_fasttext.bin",
    "gensim-fixtures/word2vec_pre_kv_c",
    "fasttext-lid176/lid.176.ftz",
    "model2vec-minilm",
)


@pytest.mark.parametrize("path", RIGHT)
def test_right_tables_are_not_suspected(path):
    table = load(shared(path))
    tokens, matrix = table.tokens.tolist(), table.matrix
    shift = probed(tokens, matrix)
    assert shift is None or shift.by == 0
    if shift is not None:  # then it would have been seen
        assert probed(["?", *tokens[:-1]], matrix).by == 1


def test_right_checkpoints_are_not_suspected(recwarn):
    korean = load(shared("ckpt-tf2-ko-yugwonwon"))
    assert len(korean) == 4305
    for folder, tokens in (
        ("ckpt-tf1-zh-sentiment-cnn", "data/vocab.txt"),
        ("ckpt-tf1-cnews-wordcnn", "data/cnews/cnews.vocab.txt"),
    ):
        place = shared(folder)
        load(place / "checkpoints/textcnn", name="embedding", tokens=place / tokens)
    songci = shared("npy-zh-songci-w2v")
    words = json.loads((songci / "dictionary.json").read_text(encoding="utf-8"))
    assert len(load(songci / "embedding.npy", tokens=words)) == 5000
    assert not recwarn.list


def test_the_real_list_that_is_a_line_off():
    folder = shared("ckpt-tf2-w2v-adriens63") / "w2v_skip_gram_1" / "log_dir"
    with pytest.raises(
        ValueError, match=r"got 4096, .* from index 1 on fit.*Try: tokens=lines\[1:"
    ):
        load(folder)
    lines = (folder / "metadata.tsv").read_text(encoding="utf-8").split("\n")
    with pytest.warns(
        UserWarning, match=r"off by 1 .*Try: tokens=dict\(zip\(tokens\[1:\], range\(4095"
    ):
        load(folder, tokens=lines[:4095])
    right = load(folder, tokens=lines[1:4096])
    assert right.similarity("time", "times") > 0.1
