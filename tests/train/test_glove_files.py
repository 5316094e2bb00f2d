import struct

import numpy as np
import pytest

from inlay.errors import ArgumentError, ArgumentTypeError, FormatError, MissingFileError
from inlay.text import encode_corpus
from inlay.train import glove
from inlay.train.glove_files import (
    RECORD,
    read_pairs,
    read_vectors,
    read_vocab,
    write_cooccurrences,
    write_vocab,
)
from tests.kernels.test_cooccurrence import brute
from tests.train.test_glove import learn, many_words


@pytest.fixture
def files(tmp_path):
    """A corpus, and its two files."""
    corpus = encode_corpus(many_words(300, 100), min_count=1)
    write_vocab(corpus, tmp_path / "vocab.txt")
    write_cooccurrences(corpus, tmp_path / "pairs.bin", window=5)
    return corpus, tmp_path / "pairs.bin", tmp_path / "vocab.txt"


@pytest.mark.parametrize("how", [{}, {"symmetric": False, "memory": 1e-6, "workers": 3}], ids=str)
def test_records_are_those_pair_by_pair_in_order(tmp_path, how):
    corpus = encode_corpus(many_words(300, 30), min_count=1)
    n = write_cooccurrences(corpus, tmp_path / "pairs.bin", window=4, **how)
    raw = (tmp_path / "pairs.bin").read_bytes()
    records = list(struct.iter_unpack("<iid", raw))
    expected = brute(corpus.ids.tolist(), 4, symmetric=how.get("symmetric", True))
    assert n == len(records) == len(expected)
    assert [(i - 1, j - 1) for i, j, _ in records] == sorted(expected)
    for i, j, value in records:
        assert value == pytest.approx(expected[i - 1, j - 1], rel=1e-13)


def test_a_vocabulary_comes_back(files):
    corpus, _, vocab = files
    first = vocab.read_text("utf-8").splitlines()[0]
    assert first == f"{corpus.tokens[0]} {corpus.counts[0]}"
    tokens, counts = read_vocab(vocab)
    assert tokens == corpus.tokens
    np.testing.assert_array_equal(counts, corpus.counts)


def test_pairs_that_were_counted_train_to_the_same_loss_shuffled_or_not(files):
    corpus, pairs, vocab = files
    alone = learn(corpus, epochs=4)
    records = np.fromfile(pairs, RECORD)
    found = learn_pairs(read_pairs(pairs, vocab))
    np.random.default_rng(0).shuffle(records)
    records.tofile(pairs)
    shuffled = learn_pairs(read_pairs(pairs, vocab), memory=1e-5)
    for table in (found, shuffled):
        assert table.tokens.tolist() == alone.tokens.tolist()
        np.testing.assert_array_equal(table.counts, alone.counts)
        losses = table.provenance["losses"]
        np.testing.assert_allclose(losses, alone.provenance["losses"], rtol=0.02)
    made = found.provenance
    assert made["settings"]["window"] is made["settings"]["min_count"] is made["tokenizer"] is None
    assert made["corpus"] != shuffled.provenance["corpus"]


def learn_pairs(pairs, **settings):
    return glove(pairs, vector_size=14, epochs=4, workers=1, **settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [("window", 3), ("symmetric", False), ("min_count", 1), ("tokenizer", "lower")],
)
def test_what_was_to_be_said_when_pairs_were_counted_is_refused(files, name, value):
    pairs = read_pairs(*files[1:])
    with pytest.raises(ArgumentError, match=f"^{name}: expected nothing, for the pairs are"):
        glove(pairs, **{name: value})


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ((301, 1, 1.0), "record 3: expected the number of one of the 275 words, from 1, got 301"),
        ((1, 0, 1.0), "record 3: expected the number of one of the 275 words, from 1, got 0"),
        ((1, 1, 0.0), "record 3: expected a number above 0, got 0"),
        ((1, 1, float("nan")), "record 3: expected a number above 0, got nan"),
        ((1, 1, float("inf")), "record 3: expected a number above 0, got inf"),
    ],
    ids=str,
)
def test_a_record_that_cannot_be(files, record, said):
    _, path, vocab = files
    records = np.fromfile(path, RECORD)[:5]
    records[2] = record
    records.tofile(path)
    with pytest.raises(FormatError, match=said):
        learn_pairs(read_pairs(path, vocab))


def test_files_that_are_something_else(files, tmp_path):
    _, path, vocab = files
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(FormatError, match="records of 16 bytes"):
        read_pairs(path, vocab)
    path.write_bytes(b"")
    with pytest.raises(FormatError, match="records of 16 bytes"):
        read_pairs(path, vocab)
    with pytest.raises(MissingFileError):
        read_pairs(tmp_path / "none", vocab)
    for text in ("a 1\nb\n", "a 1\nb x\n", "a 1\na 2\n", "", " 3\n"):
        vocab.write_text(text, "utf-8")
        with pytest.raises(FormatError, match=r"vocab\.txt"):
            read_vocab(vocab)
    spaced = encode_corpus([["a b", "c"]], min_count=1)
    with pytest.raises(ArgumentError, match="without white space, got 'a b'"):
        write_vocab(spaced, vocab)


def test_vectors_of_the_original(tmp_path):
    (tmp_path / "vocab.txt").write_text("one 5\ntwo 3\n", "utf-8")
    numbers = np.arange(2 * 2 * 4, dtype="<f8")  # three numbers and a bias
    numbers.tofile(tmp_path / "vectors.bin")
    table = read_vectors(tmp_path / "vectors.bin", tmp_path / "vocab.txt")
    assert table.tokens.tolist() == ["one", "two"]
    assert table.vectors.tolist() == [[8, 10, 12], [16, 18, 20]]
    assert table.parts["context"].vectors.tolist() == [[8, 9, 10], [12, 13, 14]]
    assert table.counts.tolist() == [5, 3]
    (tmp_path / "vectors.bin").write_bytes(bytes(8 * 17))
    with pytest.raises(FormatError, match="two vectors of float64 for each of 2 words"):
        read_vectors(tmp_path / "vectors.bin", tmp_path / "vocab.txt")


def test_what_is_given_without_a_name_or_by_another_one(files, tmp_path):
    corpus, pairs, vocab = files
    calls = [
        lambda: read_pairs(pairs, vocab, 5),
        lambda: read_vocab(vocab, 5),
        lambda: write_vocab(corpus, tmp_path / "v", 5),
        lambda: write_cooccurrences(corpus, tmp_path / "p", 5),
        lambda: read_vectors(pairs, vocab, 5),
    ]
    for call in calls:
        with pytest.raises(ArgumentTypeError, match=r"expected only .* without a name.* got int 5"):
            call()
