"""fastText that goes on from a table: whose rows it begins with, and which of them move."""

import numpy as np
import pytest

import inlay
from inlay import Table
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.kernels.subword_training import Parts
from inlay.train import fasttext, word2vec
from inlay.train.start import Start
from inlay.train.subword_start import SubwordStart

TEXTS = ["the cat sat on the mat", "the dog sat on the rug", "나무 가 있다"] * 20
MORE = ["the cats sit on a mat", "a catfish swims", "나무가 있다"] * 20
SMALL = {"vector_size": 12, "min_count": 1, "workers": 1, "bucket": 3000, "sample": 0.0}
SMALL |= {"tokenizer": "split", "epochs": 2}


def learn(texts, **settings):
    return fasttext(texts, **SMALL | settings)


@pytest.fixture(scope="module")
def first():
    return learn(TEXTS)


def rows_of(table):
    """The row of each bucket."""
    subwords = table._subwords
    buckets, places = subwords.ngrams.kept
    return dict(zip(buckets.tolist(), subwords.rows[places], strict=True))


@pytest.mark.parametrize("deterministic", [False, True])
def test_a_table_is_gone_on_from_with_new_words(first, deterministic):
    more = learn(MORE, start=first, deterministic=deterministic)
    assert set(more.tokens) == {*first.tokens, *" ".join(MORE).split()}
    assert more.tokens[:2] == ["a", "catfish"]  # in the order of the new corpus
    assert more.counts[more.find("rug")] == 0
    near = abs(more["rug"] - first["rug"]).max()
    assert near < 1e-6 < abs(more["cat"] - first["cat"]).max()  # nothing shares an n-gram with it
    assert rows_of(first).keys() < rows_of(more).keys()
    assert (more.provenance["start"]["words"], more.provenance["start"]["pull"]) == (10, 0)
    assert more.can_compose
    context, before = more.parts["context"], first.parts["context"]
    assert context.tokens == more.tokens
    np.testing.assert_array_equal(context["sat"], before["sat"])
    assert 0 < abs(context["mat"] - before["mat"]).max() < 0.5 * abs(before["mat"]).max()


def test_words_begin_where_they_were(first):
    """Whatever their n-grams become: the word's own row is what is missing."""
    still = learn(MORE, start=first, alpha=1e-30, epochs=1)
    for word in first.tokens:
        np.testing.assert_allclose(still[word], first[word], atol=1e-6)
    new = still["cats"]
    again = learn(MORE, alpha=1e-30, epochs=1)["cats"]
    assert np.linalg.norm(new - first["cats"]) < 0.5 * np.linalg.norm(again - first["cats"])


@pytest.mark.parametrize("deterministic", [False, True])
def test_rows_at_rate_0_stay_to_the_bit_and_others_learn(first, deterministic):
    rates = np.ones(len(first))
    rates[first.find("cat")] = 0
    how = {"start": first, "deterministic": deterministic, "workers": 2}
    for rate in (rates, 0):
        more = learn(MORE, start_rate=rate, **how)
        np.testing.assert_array_equal(more["cat"], first["cat"])
        assert (abs(more["mat"] - first["mat"]).max() == 0) == (rate is not rates)
        assert abs(more["swims"]).max() > 0.01
    before, after = rows_of(first), rows_of(more)
    assert all((after[bucket] == row).all() for bucket, row in before.items())
    assert (more.vectors[[more.find(word) for word in first.tokens]] == first.vectors).all()


def test_an_n_gram_is_as_slow_as_the_slowest_of_its_words():
    parts = Parts(np.array([0, 2, 4, 6]), np.array([0, 1, 2, 1, 3, 4], np.int32), None)
    start = SubwordStart(Table(["a", "b"], np.zeros((2, 1), "f")), np.array([0.5, 0.2], "f"), 0.0)
    begun = np.array([1, 1, 1, 0, 0, 1], bool)  # the last row is of no word of the table
    found = start.row_factors(parts, np.array([0, 1, -1]), begun)
    np.testing.assert_allclose(found, [0.5, 0.2, 0.2, 1, 1, 0.5])


def test_a_lower_rate_and_a_pull_keep_vectors_near_to_where_they_began(first):
    far = [
        np.linalg.norm(learn(MORE, start=first, **how)["cat"] - first["cat"])
        for how in ({}, {"start_rate": 0.1}, {"pull": 30}, {"pull": 1e9})
    ]
    assert far[1] < 0.5 * far[0]
    assert far[2] < 0.5 * far[0]
    assert far[3] < 1e-5


def test_a_model_of_another_trainer_has_a_row_for_every_bucket(first, tmp_path):
    first.save(tmp_path / "v.bin")
    model = inlay.load(tmp_path / "v.bin", limit=4)
    more = learn(MORE, start=model, start_rate=0)
    assert len(rows_of(more)) == 3000
    for word in ("zebra", "dogs", *model.tokens):  # no word of either corpus is like the first
        np.testing.assert_allclose(more[word], first[word], atol=1e-6)
    assert "dog" not in more
    before, after = rows_of(first), rows_of(more)
    assert all((after[bucket] == row).all() for bucket, row in before.items())


@pytest.mark.parametrize("block", [3, 1 << 14])
def test_rows_that_no_word_has_stand_between_those_that_are_learned(first, block, monkeypatch):
    """Whatever the size of the blocks that they move in."""
    monkeypatch.setattr("inlay.train.subwords.BLOCK", block)
    rows = np.random.default_rng(5).random((3000, 12), np.float32)
    model = first._with(first.vectors, {})  # as one of another trainer, with all buckets
    ngrams = first._subwords.ngrams._replace(kept=None, zeros=False)
    model._set(_subwords=type(first._subwords)(ngrams, rows))
    more = learn(MORE, start=model, start_rate=0)
    np.testing.assert_array_equal(more._subwords.rows, rows)
    assert more._subwords.rows.base is more.matrix.base is not None  # in the model's memory


def test_words_alone_go_on_from_any_table():
    plain = word2vec(TEXTS, vector_size=12, min_count=1, workers=1, tokenizer="split")
    more = learn(MORE, start=plain, max_n=0, start_rate=0)
    np.testing.assert_array_equal(more["cat"], plain["cat"])
    assert not more.can_compose


def test_where_it_starts_is_part_of_the_training(first, tmp_path):
    """Of n-grams, too."""
    rows = first._subwords.rows.copy()
    rows[0, 0] += 1
    digests = []
    for each in (first._subwords.rows, rows):
        table = first._with(first.vectors, {})
        table._set(_subwords=type(first._subwords)(first._subwords.ngrams, each))
        digests.append(SubwordStart(table, None, 0.0).digest())
    assert digests[0] == SubwordStart(first, None, 0.0).digest() != digests[1]
    assert Start(first, None, 0.0).digest() not in digests
    learn(MORE, start=first, folder=tmp_path)
    with pytest.raises(ArgumentError, match="another start digest"):
        learn(MORE, start=table, folder=tmp_path)


def test_n_grams_of_another_method_are_refused(first):
    other = first._with(first.vectors, {})
    pruned = first._subwords.ngrams._replace(zeros=False)  # as in a model that was made smaller
    other._set(_subwords=type(first._subwords)(pruned, first._subwords.rows))
    with pytest.raises(ArgumentError, match="got those of another method"):
        learn(MORE, start=other)
    assert "dog" in learn(MORE, start=other, max_n=0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"start": "table.bin"}, "start: expected a Table"),
        ({"start_rate": 0.5}, "start_rate: expected nothing, without start="),
        ({"vector_size": 16, "start": None}, r"start: expected vectors of 16 .* vector_size=12"),
        (
            {"min_n": 2, "start": None},
            r"start: .*min_n=2.* got those of min_n=3, .* Try: min_n=3, m",
        ),
        ({"jamo": True, "start": None}, r"start: .* jamo=True, .* Try: .*, jamo=False\."),
        (
            {"start": Table(["a"], np.ones((1, 12), "f"))},
            r"start: expected a table with the rows of n-grams.* Try: max_n=0, for words alone, or",
        ),
    ],
    ids=str,
)
def test_starts_that_cannot_be(first, settings, message):
    if settings.get("start", settings) is None:
        settings = settings | {"start": first}
    with pytest.raises((ArgumentError, ArgumentTypeError), match=message):
        learn(TEXTS, **settings)
