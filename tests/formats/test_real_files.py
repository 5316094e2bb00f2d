"""Files that others made, against readers that others wrote."""

import dataclasses

import numpy as np
import pytest

from inlay import load
from inlay.errors import FormatError
from inlay.formats import FastTextVec, format_of
from tests.data import shared


def by_hand(path, header, encoding="utf-8"):
    """The plainest reader there is."""
    lines = path.read_text(encoding, "surrogateescape").rstrip("\n").split("\n")[header:]
    fields = [line.rstrip(" ").split(" ") for line in lines]
    return [f[0] for f in fields], np.array([f[1:] for f in fields], np.float64).astype(np.float32)


TEXTS = [
    ("glove-6B/100d.7201krap.txt", 0),
    ("glove-6B/derived/glove.6B.50d.7849.txt", 0),
    ("glove-840B-char/glove.840B.300d-char.txt", 0),
    ("glove-twitter-25d/glove.twitter.27B.25d.11925.txt", 0),
    ("googlenews-1000/googlenews.unit.300d.1000.txt", 0),
    ("gensim-fixtures/test_glove.txt", 0),
    ("gensim-fixtures/crime-and-punishment.vec", 1),
    ("gensim-fixtures/lee_fasttext.vec", 1),
    ("gensim-fixtures/toy-model.vec", 1),
    ("gensim-fixtures/high_precision.kv.txt", 1),
    ("gensim-fixtures/EN.1-10.cbow1_wind5_hs0_neg10_size300_smpl1e-05.txt", 1),
    ("gensim-fixtures/IT.1-10.cbow1_wind5_hs0_neg10_size300_smpl1e-05.txt", 1),
    ("gensim-fixtures/word2vec_pre_kv_c", 1),
    ("magnitude-fixtures/glove.txt", 0),
    ("magnitude-fixtures/fasttext.vec", 1),
    ("magnitude-fixtures/large.txt", 1),
    ("magnitude-fixtures/zero.txt", 1),
    ("finalfusion-fixtures/embeddings.txt", 0),
    ("finalfusion-fixtures/embeddings.dims.txt", 1),
    ("fasttext-dl4j/cbow.model.vec", 1),
    ("fasttext-dl4j/supervised.model.vec", 1),
    ("word2vec-medallia/tokensModel.txt", 1),
]


@pytest.mark.parametrize(("name", "header"), TEXTS, ids=[name for name, _ in TEXTS])
def test_text(name, header):
    path = shared(*name.split("/"))
    table = load(path)
    tokens, matrix = by_hand(path, header)
    assert table.tokens.tolist() == tokens
    assert table.matrix.tobytes() == matrix.tobytes()


@pytest.mark.parametrize(
    ("binary", "text", "tolerance"),
    [
        ("word2vec-medallia/tokensModel.bin", "word2vec-medallia/tokensModel.txt", 6e-7),
        ("magnitude-fixtures/word2vec.bin", "magnitude-fixtures/word2vec.txt", 0),
        ("gensim-fixtures/high_precision.kv.bin", "gensim-fixtures/high_precision.kv.txt", 3e-7),
    ],
)
def test_binary_is_the_same_as_text(binary, text, tolerance):
    one, two = load(shared(*binary.split("/"))), load(shared(*text.split("/")))
    assert one.provenance["format"] == "word2vec-binary"
    assert one.tokens == two.tokens
    assert np.abs(one.matrix - two.matrix).max() <= tolerance


def test_binary_is_what_gensim_reads():
    models = pytest.importorskip("gensim.models")
    path = shared("gensim-fixtures", "euclidean_vectors.bin")
    theirs = models.KeyedVectors.load_word2vec_format(str(path), binary=True)
    ours = load(path)
    assert ours.tokens.tolist() == theirs.index_to_key
    assert np.array_equal(ours.matrix, theirs.vectors)


@pytest.mark.parametrize("suffix", ["", ".gz", ".bz2", ".xz", ".zip", ".tar.gz"])
def test_every_packing(suffix):
    table = load(shared("allennlp-embeddings", f"fake_embeddings.5d.txt{suffix}"))
    assert len(table) == 15
    assert table["àèìòù"].tolist() == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("suffix", [".zip", ".tar.gz"])
def test_an_archive_of_several(suffix):
    path = shared("allennlp-embeddings", f"multi-file-archive{suffix}")
    with pytest.raises(FormatError, match=r"2 files: .*fake_embeddings.5d.txt.* Try: member="):
        load(path)
    assert len(load(path, member="folder/fake_embeddings.5d.txt")) == 15


@pytest.mark.parametrize(
    ("name", "where"),
    [("bin", "word 2"), ("dims", "line 3"), ("txt", "line 2")],
)
def test_a_token_that_is_not_utf8(name, where):
    path = shared("finalfusion-fixtures", f"utf8-incomplete.{name}")
    with pytest.raises(
        FormatError, match=f"utf8-incomplete.{name}, {where}: expected text in UTF-8"
    ):
        load(path)
    loose = dataclasses.replace(format_of(path), errors="replace")
    assert load(path, format=loose).tokens.tolist() == ["meren", "zee\ufffdn", "rivieren"]


def test_a_header_that_promises_more_rows():
    path = shared("gensim-fixtures", "pretrained.vec")
    with pytest.raises(FormatError, match="expected 3 rows, as line 1 says, got 1"):
        load(path)
    assert load(path, format=FastTextVec(header="ignore")).tokens.tolist() == ["dummy"]


def test_matrices_with_lists_of_tokens():
    glove = load(shared("glove-6B", "sherrylilmj", "glove.6B.300d.trimmed.npz"))  # words.txt
    assert (len(glove), glove.dim, glove.matrix.dtype) == (2253, 300, np.float64)
    assert (glove.tokens[0], glove.tokens[-1]) == ("turned", "waited")
    folder = shared("npy-zh-songci-w2v")
    matrix = np.load(folder / "embedding.npy")
    for vocabulary in ("dictionary.json", "reverse_dictionary.json"):
        table = load(folder / "embedding.npy", tokens=folder / vocabulary)
        assert table.tokens[:4] == ["UNK", "。", "\n", "，"]
        assert np.array_equal(table["凡"], matrix[1381])


def test_a_pickle_is_never_opened():
    folder = shared("tencent-zh-char-200d")
    for tokens in (None, folder / "vocab.pkl"):
        with pytest.raises(FormatError, match=r"none. Try: tokens=|a Python pickle"):
            load(folder / "embedding_Tencent.npz", tokens=tokens)
    with pytest.raises(FormatError, match="a Python pickle"):
        load(folder / "vocab.pkl")
