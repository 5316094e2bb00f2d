"""With a single bucket, each n-gram has the same row: no hash is needed to know the mean."""

import numpy as np
import pytest
from fuzz.others import VECTORS, foreign, key_vectors, npy, old_vectors, pickled

from inlay import load
from inlay.errors import FormatError

WORDS = ["ab", "abcd", "a", "", "é영"]
GRAMS = [2, 4, 1, 0, 2]  # of three characters, `<` and `>` among them
ROW = np.array([[3, -1, 0.5]], np.float32)
MEANS = (VECTORS + np.array(GRAMS)[:, None] * ROW) / (np.array(GRAMS)[:, None] + 1)


def fasttext(**changed):
    """FastText's KeyedVectors of gensim 4."""
    state = {"index_to_key": WORDS, "vectors_vocab": VECTORS, "vectors_ngrams": ROW}
    state |= {"min_n": 3, "max_n": 3, "bucket": 1, "__ignoreds": ["vectors", "buckets_word"]}
    made = key_vectors(**state | changed)
    if "vectors" not in changed:
        del made.vectors
    return made


def test_vectors_of_words_are_made_of_their_parts(make):
    path = make(pickled(fasttext()), "x.kv")
    table = load(path)
    assert table.tokens.tolist() == WORDS
    assert np.abs(table.matrix - MEANS).max() < 1e-6
    assert table.can_compose
    assert "xyz" not in table
    assert np.array_equal(table["xyz"], ROW[0])
    kept = load(path, keep=["é영", "ab"])
    assert np.array_equal(kept.matrix, table.matrix[[0, 4]])
    assert np.array_equal(kept["unseen"], ROW[0])
    model = foreign("gensim.models.fasttext.FastText", wv=fasttext())
    assert np.array_equal(load(make(pickled(model))).matrix, table.matrix)


def test_parts_beside_the_pickle(make):
    apart = fasttext(__numpys=["vectors_vocab", "vectors_ngrams"])
    del apart.vectors_vocab, apart.vectors_ngrams
    make(npy(VECTORS), "x.kv.vectors_vocab.npy")
    make(npy(ROW), "x.kv.vectors_ngrams.npy")
    table = load(make(pickled(apart), "x.kv"))
    assert np.abs(table.matrix - MEANS).max() < 1e-6
    assert np.array_equal(table["xyz"], ROW[0])


@pytest.mark.parametrize("changed", [{"bucket": 0}, {"max_n": 0}, {"min_n": 4}])
def test_without_ngrams_words_have_their_own_rows(make, changed):
    table = load(make(pickled(fasttext(**changed))))
    assert np.array_equal(table.matrix, VECTORS)
    assert not table.can_compose


def test_models_of_gensim_3(make):
    parts = {"vectors_ngrams": ROW, "min_n": 3, "max_n": 3, "bucket": 5, "hash2index": {}}
    table = load(make(pickled(old_vectors(compatible_hash=True, **parts))))
    assert np.array_equal(table.matrix, VECTORS)  # which the file has
    assert table.can_compose is False
    every = parts | {"hash2index": dict.fromkeys(range(5), 0)}
    table = load(make(pickled(old_vectors(compatible_hash=True, **every))))
    assert np.array_equal(table.matrix, VECTORS)
    assert np.array_equal(table["unseen"], ROW[0])
    assert not load(make(pickled(old_vectors(compatible_hash=False, **every)))).can_compose
    assert not load(make(pickled(old_vectors(**every)))).can_compose


BROKEN = [
    ({"bucket": 2}, "2 rows of n-grams, got float32 of shape .1, 3."),
    ({"bucket": 2**31}, "a number of buckets"),
    ({"min_n": -1}, "lengths of n-grams"),
    ({"max_n": 10**6}, "lengths of n-grams"),
    ({"max_n": None}, "lengths of n-grams"),
    ({"vectors_ngrams": None}, "1 rows of n-grams, got none"),
    ({"vectors_ngrams": ROW[:, :2]}, "rows of one width"),
    ({"hash2index": {0: 1}}, "2 rows of n-grams"),
    ({"hash2index": {1: 0}}, "rows of 1 buckets"),
    ({"hash2index": {0: -1}}, "rows of 1 buckets"),
    ({"hash2index": {"a": 0}}, "rows of buckets"),
    ({"vectors_vocab": VECTORS[:4]}, "a vector for each of 5 words, got 4"),
]


@pytest.mark.parametrize(("changed", "message"), BROKEN, ids=[str(c) for c, _ in BROKEN])
def test_what_cannot_be_read(make, changed, message):
    with pytest.raises(FormatError, match=message):
        load(make(pickled(fasttext(**changed))))


@pytest.mark.parametrize("options", [{"bucket": 50}, {"bucket": 2000, "min_n": 1, "max_n": 9}])
def test_it_is_what_gensim_gives(tmp_path, options):
    models = pytest.importorskip("gensim.models")
    texts = [["the", "good", "film"], ["a", "bad", "é", "film"], ["the", "영화"]] * 5
    saved = models.FastText(texts, vector_size=12, min_count=1, seed=1, workers=1, **options)
    for limit in (10**7, 1):
        saved.save(str(tmp_path / "x.model"), sep_limit=limit)
        table = load(tmp_path / "x.model")
        assert table.tokens.tolist() == saved.wv.index_to_key
        assert np.abs(table.matrix - saved.wv.vectors).max() < 1e-6
        for word in ("unseen", "영화관", "ééé", "x", "a" * 90):
            assert np.abs(table[word] - saved.wv[word]).max() < 1e-6
