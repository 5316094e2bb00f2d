"""GloVe that goes on from a table: what it begins with, when that moves, and what is added."""

import numpy as np
import pytest

from inlay import Table
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.text import encode_corpus
from inlay.train import word2vec
from tests.train.test_glove import learn, many_words
from tests.train.test_word2vec import FRUIT, MORE, TOOLS, two_topics


@pytest.fixture(scope="module")
def first():
    return learn(two_topics(300), x_max=20, epochs=25)


def test_a_table_is_gone_on_from_with_new_words(first):
    more = learn(MORE, start=first, x_max=20)
    assert set(more.tokens) == {*FRUIT, *TOOLS, "kiwi", "unheard"}
    assert more.tokens[:2] == ["kiwi", "plum"]  # in the order of the new corpus
    same = [word for word in first.tokens if (more[word] == first[word]).all()]
    assert sorted(same) == sorted({*TOOLS, *FRUIT[5:]})  # the corpus has none of them
    context, before = more.parts["context"], first.parts["context"]
    assert context.tokens is more.tokens
    assert [w for w in first.tokens if (context[w] == before[w]).all()] == same
    assert (more.counts[more.find("saw")], more.counts[more.find("kiwi")]) == (0, 600)
    assert more.similarity("kiwi", "fig") > more.similarity("kiwi", "saw") + 0.05
    assert (more.provenance["start"]["words"], more.provenance["model"]) == (16, "GloVe")


def test_what_came_stays_for_an_epoch_in_which_new_words_are_learned(first):
    seen = []
    learn(MORE, start=first, epochs=3, callbacks=[lambda epoch: seen.append(epoch.table())])
    for word in FRUIT[:5]:
        for of in (lambda table: table, lambda table: table.parts["context"]):
            held, later = of(seen[0])[word], of(seen[1])[word]
            np.testing.assert_allclose(held, of(first)[word], atol=1e-6)
            assert abs(later - held).max() > 1e-3
    assert abs(seen[0]["kiwi"]).max() > 2 / 14  # further than chance put it


def test_an_epoch_alone_moves_all(first):
    more = learn(MORE, start=first, epochs=1)
    assert abs(more["plum"] - first["plum"]).max() > 1e-3


def test_it_begins_near_and_a_small_rate_stays_there(first):
    """For the biases fit before the vectors move: whatever the rate, they are not torn away."""
    corpus, how = two_topics(300, seed=1), {"x_max": 20, "epochs": 2}
    more = [
        learn(corpus, **how, **m) for m in ({}, {"start": first}, {"start": first, "eta": 5e-3})
    ]
    far = [
        abs(table.vectors - first.vectors[first.tokens.find_all(table.tokens)]).max()
        for table in more
    ]
    losses = [table.provenance["losses"][1] for table in more]
    assert far[1] < 0.1 * far[0]
    assert far[2] < 0.2 * far[1]
    assert max(losses[1:]) < 0.03 * losses[0]


@pytest.mark.parametrize("kind", ["no context", "word2vec"])
def test_vectors_of_another_kind_are_halved(first, kind):
    start = Table(first.tokens, first.vectors)
    if kind == "word2vec":
        start = word2vec(two_topics(50), vector_size=14, min_count=1, workers=1)
    seen = []
    learn(MORE, start=start, epochs=2, callbacks=[lambda epoch: seen.append(epoch.table())])
    for word in ("plum", "saw"):
        np.testing.assert_allclose(seen[0][word], start[word], atol=1e-6)
        np.testing.assert_allclose(seen[0].parts["context"][word], start[word] / 2, atol=1e-6)


def test_the_same_bytes_for_any_number_of_workers_and_after_a_stop(tmp_path):
    start = learn(many_words(seed=1, n=1300), epochs=1)
    corpus = encode_corpus(many_words(), min_count=1)
    whole = learn(corpus, start=start, epochs=3)

    def stop(epoch):
        if epoch.number == at:
            raise ZeroDivisionError

    for at in (1, 2):
        common = {"epochs": 3, "folder": tmp_path / str(at), "checkpoint_every": 0, "start": start}
        with pytest.raises(ZeroDivisionError):
            learn(corpus, callbacks=[stop], **common)
        again = learn(corpus, workers=3, **common)
        np.testing.assert_array_equal(again.vectors, whole.vectors)
        assert again.provenance == whole.provenance
    with pytest.raises(ArgumentError, match="another start digest"):
        learn(corpus, **common | {"start": learn(many_words(seed=2), epochs=1)})


@pytest.mark.parametrize(
    ("start", "message"),
    [
        ("table.bin", "start: expected a Table"),
        (Table(["a"], np.ones((1, 12), "f")), "start: expected vectors of 14 .*vector_size=12"),
    ],
    ids=["a path", "another size"],
)
def test_starts_that_cannot_be(start, message):
    with pytest.raises((ArgumentError, ArgumentTypeError), match=message):
        learn(MORE, start=start)
