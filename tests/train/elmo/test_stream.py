import numpy as np
import pytest

from inlay.encode.elmo.characters import character_ids
from inlay.errors import ArgumentError
from inlay.text import encode_corpus
from inlay.train.elmo.stream import NONE, Stream, Texts, Words

TEXTS = ["a b c", "", "b a", "c d e f g", "a", "b b"]


def read(texts, **settings):
    corpus = encode_corpus(texts, min_count=1, tokenizer="split")
    found = Texts.of(corpus.ids)
    return (
        corpus,
        found,
        Words.of(corpus, len(found.begins), **{"min_count": 1, "max_size": 100} | settings),
    )


def stream(texts, *, seed=0, **settings):
    corpus, found, words = read(texts)
    return Stream(corpus.ids, found, words, seed=seed, **settings), names_of(corpus, words)


def in_order(texts, it, epoch=0):
    """The texts as a stream has them in an epoch."""
    it.batch(epoch * it.pieces)
    full = [text for text in texts if text]
    return [full[i].split() for i in it._order]


def names_of(corpus, words):
    names = {0: "<S>", 1: "</S>", 2: "<UNK>", NONE: "-"}
    return names | {int(n): token for n, token in zip(words.number, corpus.tokens, strict=True)}


def rows(batches, names, part):
    """What each row of each direction says, over all batches."""
    whole = np.concatenate([getattr(batch, part) for batch in batches], 1)
    return [[" ".join(names[i] for i in row) for row in side.T.tolist()] for side in whole]


def test_both_directions_read_the_same_texts_and_predict_what_comes_next():
    it, names = stream(TEXTS, rows=1, steps=4)
    batches = [it.batch(i) for i in range(it.pieces)]
    texts = in_order(TEXTS, it)
    ahead = " ".join(" ".join(["<S>", *text]) for text in texts)
    back = " ".join(" ".join(["</S>", *text[::-1]]) for text in texts)
    assert rows(batches, names, "inputs") == [[ahead], [back]]
    ahead = " ".join(" ".join([*text, "</S>"]) for text in texts)
    back = " ".join(" ".join([*text[::-1], "<S>"]) for text in texts)
    assert rows(batches, names, "targets") == [[ahead], [back]]
    assert [batch.inputs.shape for batch in batches][-1] == (2, 2, 1)


def test_rows_are_the_text_cut_and_the_last_one_ends_early(monkeypatch):
    monkeypatch.setattr("inlay.train.elmo.stream.LEAST", 1)
    it, names = stream(TEXTS, rows=4, steps=3)
    assert (it.rows, it.row_length, it.pieces, it.positions) == (4, 5, 2, 18)
    batches = [it.batch(i) for i in range(it.pieces)]
    ahead = [row.split() for row in rows(batches, names, "targets")[0]]
    joined = [word for row in ahead for word in row]
    assert joined[:18] == [word for text in in_order(TEXTS, it) for word in [*text, "</S>"]]
    assert joined[18:] == ["-", "-"]
    assert sum(batch.words for batch in batches) == 18
    assert batches[0].fresh[0].all()  # rows begin at zero wherever the cut falls


def test_every_epoch_has_every_text_in_another_order():
    it, names = stream([f"t{i} x y" for i in range(50)], rows=3, steps=7, seed=5)

    def epoch(n):
        batches = [it.batch(n * it.pieces + i) for i in range(it.pieces)]
        joined = " ".join(rows(batches, names, "inputs")[0]).split()
        return [word for word in joined if word.startswith("t")]

    first, second, again = epoch(0), epoch(1), epoch(0)
    assert first == again
    assert first != second
    assert sorted(first[:50]) == sorted(second[:50]) == sorted(f"t{i}" for i in range(50))


def test_in_training_every_other_text_goes_on_from_the_one_before():
    it, _ = stream([f"t{i} x y" for i in range(50)], rows=1, steps=200)
    assert np.flatnonzero(it.batch(0).fresh[:, 0]).tolist() == list(range(0, 200, 8))


def test_a_small_corpus_has_fewer_rows():
    assert stream(["a b"], rows=64, steps=20)[0].rows == 1
    assert stream(["a b c"] * 100, rows=64, steps=20)[0].rows == 8  # of 50
    assert stream(["a b c"] * 100, rows=64, steps=80)[0].rows == 5
    assert stream(["a b c"] * 100, rows=64, steps=1)[0].rows == 8


def test_words_that_are_not_predicted_are_read():
    corpus, found, words = read(TEXTS, max_size=5)
    assert words.vocabulary == ["<S>", "</S>", "<UNK>", "b", "a"]
    assert words.counts.tolist() == [5, 5, 6, 4, 3]
    it = Stream(corpus.ids, found, words, rows=1, steps=100, seed=0)
    names, texts = names_of(corpus, words), in_order(TEXTS, it)
    read_in = " ".join(" ".join(["<S>", *text]) for text in texts)
    assert rows([it.batch(0)], names, "inputs")[0] == [read_in]
    known = [[word if word in "ab" else "<UNK>" for word in text] for text in texts]
    predicted = " ".join(" ".join([*text, "</S>"]) for text in known)
    assert rows([it.batch(0)], names, "targets")[0] == [predicted]
    assert read(TEXTS, min_count=4)[2].vocabulary == ["<S>", "</S>", "<UNK>", "b"]


def test_characters_are_those_of_the_words():
    corpus, _, words = read(["x 가나 <S> </S> <UNK>", "x " + "y" * 60])
    for token in corpus.tokens:
        number = words.number[corpus.tokens.index(token)]
        expected = character_ids([token])[0]
        np.testing.assert_array_equal(words.characters[number], expected)
        assert words.lengths[number] == (expected != 261).sum()
    assert [words.number[corpus.tokens.index(t)] for t in ("<S>", "</S>", "<UNK>")] == [0, 1, 2]


def test_nothing_to_predict():
    with pytest.raises(ArgumentError, match="corpus: expected words to predict, got nothing but"):
        read(["<UNK> <S>", "</S>"])
    with pytest.raises(ArgumentError, match="min_count: expected at most 2"):
        read(["<UNK>"] * 9 + ["a a"], min_count=3)
    with pytest.raises(ArgumentError, match=r"words without line breaks.* got 'a\\nb'"):
        read([["c", "a\nb"]])


def test_no_word_that_is_frequent_enough():
    with pytest.raises(ArgumentError, match=r"min_count: expected at most 4, .* got 5"):
        read(TEXTS, min_count=5)


@pytest.mark.parametrize("end", ["", "\n"])
def test_texts_of_a_file_with_blank_lines(tmp_path, end):
    path = tmp_path / "corpus.txt"
    path.write_text("a b\n\n\nc\nd e f" + end, encoding="utf-8")
    texts = Texts.of(encode_corpus(path, min_count=1).ids)
    assert texts.lengths.tolist() == [2, 1, 3]


def test_held_out_texts_are_a_share_of_the_words_and_not_trained_on():
    texts = Texts.of(encode_corpus(["a b c d"] * 100, min_count=1).ids)
    train, held = texts.split(0.1, 10**6, seed=0)
    assert (len(train.begins), len(held.begins)) == (90, 10)
    assert set(train.begins) | set(held.begins) == set(texts.begins)
    assert len(texts.split(0.5, 12, seed=0)[1].begins) == 3  # no more than 12 words
    other = texts.split(0.1, 10**6, seed=1)[1]
    assert set(other.begins) != set(held.begins)
    assert len(texts.split(0, 10, seed=0)[1].begins) == 0


def test_a_long_text_is_not_held_out_whole():
    texts = Texts.of(encode_corpus(["a b c", "a " * 5000], min_count=1).ids)
    for seed in range(12):  # the short one, whatever comes first
        assert texts.split(0.01, 20_000, seed)[1].lengths.tolist() == [3]
    books = Texts.of(encode_corpus(["a " * 100] * 4, min_count=1).ids)
    train, held = books.split(0.25, 30, seed=0)
    assert held.lengths.tolist() == [30]
    assert train.lengths.tolist() == [100, 100, 100, 70]
    assert train.begins[-1] == held.begins[0] + 30


def test_one_text_cannot_be_divided():
    texts = Texts.of(encode_corpus(["a b c d"] * 2, min_count=1).ids)
    with pytest.raises(ArgumentError, match="held_out: expected 0 for a corpus of one text"):
        texts.pick(np.array([0])).split(0.1, 10, seed=0)
