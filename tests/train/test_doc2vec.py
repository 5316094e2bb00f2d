import pickle
import re
import sys

import numpy as np
import pytest

import inlay
from inlay.encode.paragraph import ParagraphEncoder
from inlay.encode.paragraph.network import Network
from inlay.errors import ArgumentError, ArgumentTypeError, InlayError
from inlay.text import encode_corpus
from inlay.train import doc2vec
from tests.train.test_word2vec import FRUIT, TOOLS

KINDS = {
    "dbow": {},
    "dbow and words": {"words": True},
    "dm": {"architecture": "dm"},
    "dm side by side": {"architecture": "dm", "concatenate": True, "window": 2},
}
START = inlay.Table(["b", "pear"], np.ones((2, 16), np.float32) / 16)
kinds = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())


def two_topics(n=300, seed=0):
    """Texts of 4 to 15 words, each about fruit or about tools, and which it is."""
    rng = np.random.default_rng(seed)
    is_tool = rng.random(n) < 0.5
    return [list(rng.choice(TOOLS if tool else FRUIT, rng.integers(4, 16))) for tool in is_tool], (
        is_tool
    )


def learn(corpus, **settings):
    defaults = {"vector_size": 16, "min_count": 1, "sample": 0, "workers": 1, "epochs": 5}
    return doc2vec(corpus, **(defaults | settings))


def apart(vectors, is_tool):
    """The share of vectors that lie on the side of their topic's mean."""
    means = [vectors[is_tool == which].mean(axis=0) for which in (False, True)]
    side = (vectors - (means[0] + means[1]) / 2) @ (means[1] - means[0]) > 0
    return (side == is_tool).mean()


def test_topics_come_apart_and_new_texts_join_them():
    texts, is_tool = two_topics()
    encoder = learn(texts, epochs=30, alpha=0.05, words=True)
    assert apart(encoder.documents.vectors, is_tool) > 0.99
    new, which = two_topics(60, seed=1)
    middle = encoder.documents.vectors.mean(axis=0)
    vectors = encoder.encode(new) - middle
    near = encoder.documents.vectors - middle
    found = is_tool[(vectors @ near.T).argmax(axis=1)]
    assert (found == which).mean() > 0.95
    nearest = [name for name, _ in encoder.words.most_similar("pear", topn=7)]
    assert sorted(nearest) == sorted(set(FRUIT) - {"pear"})
    losses = encoder.provenance["losses"]
    assert losses[-1] < 0.8 * losses[0]


@kinds
def test_what_comes_out(kind):
    texts, _ = two_topics(40)
    encoder = learn([*texts, [], ["once"]], min_count=2, **kind)
    assert isinstance(encoder, ParagraphEncoder)
    assert encoder.documents.shape == (42, 16)
    assert encoder.documents.tokens.tolist() == [str(i) for i in range(42)]
    assert np.isfinite(encoder.documents.vectors).all()
    assert not encoder.documents.vectors[40:].any()  # neither has a word
    assert encoder.documents.vectors[:40].any(axis=1).all()
    assert (encoder.words is None) == (kind == {})
    if encoder.words is not None:
        assert encoder.words.shape == (16, 16)
        assert encoder.words.counts.tolist() == encoder.outputs.counts.tolist()
    slots = 5 if kind.get("concatenate") else 1
    assert encoder.outputs.shape == (16, 16 * slots)
    assert encoder.encode([*texts[:2], ["once"]]).any(axis=1).tolist() == [True, True, False]


@kinds
def test_one_worker_does_the_same_twice(kind):
    texts, _ = two_topics(40)
    first, again = (learn(texts, deterministic=True, **kind) for _ in range(2))
    assert first.hash == again.hash
    np.testing.assert_array_equal(first.documents.vectors, again.documents.vectors)
    other = learn(texts, seed=1, **kind)
    assert other.hash != first.hash
    assert not np.array_equal(first.documents.vectors, other.documents.vectors)


@kinds
def test_deterministic_means_the_same_for_any_number_of_workers(kind, monkeypatch):
    monkeypatch.setattr(sys.modules["inlay.train.doc2vec_work"], "APART", 200)
    texts, is_tool = two_topics(400)  # of two rounds and a half
    tags = [f"{'tool' if tool else 'fruit'} {i // 2}" for i, tool in enumerate(is_tool)]
    one, two, three = (
        learn(texts, tags=tags, deterministic=True, workers=workers, epochs=3, **kind)
        for workers in (1, 2, 3)
    )
    assert one.hash == two.hash == three.hash
    np.testing.assert_array_equal(one.documents.vectors, three.documents.vectors)
    np.testing.assert_array_equal(one.documents.vectors, two.documents.vectors)
    assert "workers" not in one.provenance


def test_learned_apart_topics_come_apart_too(monkeypatch):
    monkeypatch.setattr(sys.modules["inlay.train.doc2vec_work"], "APART", 250)
    texts, is_tool = two_topics(600)
    settings = {"deterministic": True, "epochs": 20, "alpha": 0.05}
    encoder = learn(texts, words=True, **settings)
    assert apart(encoder.documents.vectors, is_tool) > 0.99
    nearest = [name for name, _ in encoder.words.most_similar("pear", topn=7)]
    assert sorted(nearest) == sorted(set(FRUIT) - {"pear"})
    # A tag of half of all texts is in each piece, and must not go eight times as far.
    topics = ["tool" if tool else "fruit" for tool in is_tool]
    shared, usual = (
        learn(texts, tags=topics, **settings | {"deterministic": given}) for given in (True, False)
    )
    lengths = [np.linalg.norm(each.documents.vectors, axis=1) for each in (shared, usual)]
    assert (lengths[0] < 1.5 * lengths[1]).all()
    assert (lengths[0] > 0.5 * lengths[1]).all()


@pytest.mark.parametrize("kind", [*KINDS.values()][1:], ids=[*KINDS][1:])
@pytest.mark.parametrize("deterministic", [True, False])
def test_words_go_on_from_a_table(kind, deterministic):
    texts, _ = two_topics(40)
    given = {"deterministic": deterministic, "epochs": 2, **kind}
    rows = np.random.default_rng(0).normal(size=(3, 16)).astype(np.float32)
    start = inlay.Table(["pear", FRUIT[0], "elsewhere"], rows)

    def moved(**more):
        encoder = learn(texts, start=start, **given, **more)
        assert "elsewhere" not in encoder.words.tokens.tolist()
        known = encoder.words.vectors[encoder.words.tokens.find_many(["pear", FRUIT[0]])]
        assert encoder.provenance["start"]["words"] == 3
        return np.linalg.norm(known - rows[:2], axis=1), encoder

    free, encoder = moved()
    assert (free > 0).all()
    assert (free < np.linalg.norm(rows[:2], axis=1) / 2).all()
    half, other = moved(start_rate=[0, 1, 1])
    assert half[0] == 0 < half[1]
    assert (other.documents.vectors != encoder.documents.vectors).any()
    assert np.linalg.norm(other.words.vectors, axis=1).min() > 0
    pulled, _ = moved(pull=10.0)
    assert (pulled < 0.8 * free).all()


def test_context_vectors_go_on_too():
    texts, _ = two_topics(40)
    context = np.ones((1, 16), np.float32)
    parts = {"context": inlay.Table(["pear"], context)}
    start = inlay.Table(["pear"], context, parts=parts)
    encoder = learn(texts, start=start, words=True, epochs=1, alpha=1e-4, min_alpha=0)
    row = encoder.outputs.tokens.index("pear")
    np.testing.assert_allclose(encoder.outputs.vectors[row], context[0], atol=0.05)
    assert np.abs(np.delete(encoder.outputs.vectors, row, axis=0)).max() < 0.05


def test_several_workers_learn_as_well():
    texts, is_tool = two_topics(1500)
    encoder = learn(texts, workers=3, epochs=20, alpha=0.05)
    assert apart(encoder.documents.vectors, is_tool) > 0.99
    assert encoder.provenance["workers"] == 3


def test_every_form_of_a_corpus_gives_the_same(tmp_path):
    texts, _ = two_topics(30)
    texts[7] = []
    lines = [" ".join(words) for words in texts]
    (tmp_path / "corpus.txt").write_text("\n".join(lines) + "\n")
    first = learn(texts)
    encoded = encode_corpus(texts, min_count=1, every_text=True)
    defaults = {"min_count": 5}
    for source, more in (
        (lines, {}),
        (iter(lines), {}),
        (tmp_path / "corpus.txt", {}),
        (encoded, defaults),
    ):
        again = learn(source, **more)
        np.testing.assert_array_equal(again.documents.vectors, first.documents.vectors)


def test_tags_share_vectors():
    texts, is_tool = two_topics(60)
    topics = ["tools" if tool else "fruit" for tool in is_tool]
    named = learn(texts, tags=topics)
    assert sorted(named.documents.tokens.tolist()) == ["fruit", "tools"]
    both = learn(texts, tags=[[topic, i] for i, topic in enumerate(topics)], epochs=30)
    assert len(both.documents) == 62
    assert set(both.documents.tokens.tolist()) == {"fruit", "tools", *map(str, range(60))}
    nearest = both.documents.most_similar("tools", topn=5)
    assert all(is_tool[int(name)] for name, _ in nearest if name.isdigit())
    alone = learn(texts, tags=[topics[:1], *([f"t{i}"] for i in range(1, 60))])
    assert len(alone.documents) == 60


@pytest.mark.parametrize(
    ("tags", "more", "error", "match"),
    [
        (["a"], {}, ArgumentError, "tags: expected tags for 3 texts, .* got 1"),
        (["a", [], "b"], {}, ArgumentError, "tags, item 1: expected a tag or several"),
        (["a", None, "b"], {}, ArgumentTypeError, "tags, item 1: expected a string or a whole"),
        ([["a"], [2.5], "b"], {}, ArgumentTypeError, "tags, item 1: expected a string or a whole"),
        ("abc", {}, ArgumentTypeError, "tags: expected"),
        (
            ["a", ["b", "c"], "d"],
            {"architecture": "dm", "concatenate": True},
            ArgumentError,
            "tags, item 1: expected one tag, with concatenate=True",
        ),
    ],
)
def test_tags_that_do_not_fit(tags, more, error, match):
    with pytest.raises(error, match=match):
        learn([["a", "b"]] * 3, tags=tags, **more)


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"architecture": "cbow"}, "architecture: expected"),
        ({"words": True, "architecture": "dm"}, "words: expected False with 'dm'"),
        ({"concatenate": True}, "concatenate: expected False with 'dbow'.*architecture='dm'"),
        ({"alpha": 0.5}, "alpha: expected below 0.46 for 5 noise words"),
        ({"alpha": 0}, "alpha: expected"),
        ({"min_alpha": 0.1}, "min_alpha: expected"),
        ({"vector_size": 0}, "vector_size: expected"),
        ({"sample": 1}, "sample: expected"),
        ({"min_count": 9}, r"expected a word that occurs 9 times"),
        ({"start_rate": 0.5}, "start_rate: expected nothing, without start="),
        ({"pull": 1.0, "words": True}, "pull: expected nothing, without start="),
        ({"start": START}, "start: expected nothing with 'dbow' alone.*words=True"),
        ({"start": START, "words": True, "vector_size": 8}, "start: expected vectors of 8 numbers"),
    ],
)
def test_settings_that_cannot_be(settings, match):
    with pytest.raises(InlayError, match=match):
        learn([["a", "b"]] * 3, **settings)


def test_a_corpus_that_is_numbered_already_has_its_own_settings():
    encoded = encode_corpus([["a", "b"]] * 3, min_count=1, every_text=True)
    with pytest.raises(ArgumentError, match="min_count: expected nothing, for the corpus is enc"):
        doc2vec(encoded, min_count=2)


def test_a_corpus_that_has_lost_texts_is_refused():
    encoded = encode_corpus([["a", "b"], ["c"], ["a", "b"]], min_count=2)
    with pytest.raises(ArgumentError, match=r"an end for every text, .*every_text=True"):
        doc2vec(encoded, vector_size=8)


def test_a_set_of_texts_has_no_numbers():
    with pytest.raises(ArgumentTypeError, match=r"a set, .* Try: sorted\(corpus\)"):
        doc2vec({"a b", "b a"}, vector_size=8, min_count=1)


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("documents", [], "tags=[d.tags for d in documents]"),
        ("dm", 1, 'architecture="dm"'),
        ("dm", 0, 'architecture="dbow"'),
        ("dbow_words", 1, "words=True"),
        ("dm_concat", 1, "concatenate=True"),
        ("hs", 1, "negative sampling"),
        ("size", 100, "vector_size="),
    ],
)
def test_names_of_others(name, value, hint):
    with pytest.raises(ArgumentTypeError, match=re.escape(hint)):
        doc2vec(["a b"], **{name: value})
    with pytest.raises(InlayError, match=re.escape("inlay.train.doc2vec(corpus)")):
        _ = inlay.train.Doc2Vec


@pytest.mark.parametrize(
    ("texts", "tokenizer", "new"),
    [
        (["아주 좋은 영화였다", "정말 지루한 영화였다"] * 5, "words", "좋은 영화였다"),
        (["房间很干净", "服务不好"] * 5, "characters", "房间不好"),
    ],
    ids=["Korean", "Chinese"],
)
def test_korean_and_chinese(texts, tokenizer, new):
    encoder = learn(texts, tokenizer=tokenizer)
    assert encoder.settings["tokenizer"] == tokenizer
    assert encoder.encode([new]).any()
    assert encoder.known([new])[0][0] >= 2


@pytest.mark.parametrize("size", [1, 3, 50])
def test_odd_sizes_and_a_vocabulary_of_one(size):
    for kind in ({}, {"architecture": "dm"}):
        encoder = learn([["a"], ["a"] * 30], vector_size=size, **kind)
        assert encoder.documents.shape == (2, size)
        assert np.isfinite(encoder.encode([["a"] * 50])).all()


def test_texts_that_a_piece_cuts_are_learned_whole(monkeypatch):
    texts, is_tool = two_topics(200)
    monkeypatch.setattr(sys.modules["inlay.train.doc2vec_work"], "PIECE", 7)
    encoder = learn(texts, epochs=30, alpha=0.05)
    assert apart(encoder.documents.vectors, is_tool) > 0.99


@pytest.mark.parametrize("deterministic", [True, False])
def test_a_training_goes_on_from_its_folder(tmp_path, deterministic):
    texts, _ = two_topics(60)
    whole = learn(texts, deterministic=deterministic)

    def stop(epoch):
        if epoch.number == 3:
            raise KeyboardInterrupt

    folder = {"folder": tmp_path, "deterministic": deterministic}
    with pytest.raises(KeyboardInterrupt):
        learn(texts, callbacks=[stop], **folder)
    resumed = learn(texts, **folder)
    assert resumed.hash == whole.hash
    np.testing.assert_array_equal(resumed.documents.vectors, whole.documents.vectors)
    with pytest.raises(InlayError, match="tags"):
        learn(texts, tags=["a"] * 60, **folder)
    with pytest.raises(InlayError, match="deterministic"):
        learn(texts, folder=tmp_path, deterministic=not deterministic)


@pytest.mark.parametrize("deterministic", [True, False])
def test_each_piece_has_chance_of_its_own(monkeypatch, deterministic):
    states, learn_from = [], Network.learn

    def spied(network, piece, *given, **more):
        states.append(int(piece.states[0]))
        return learn_from(network, piece, *given, **more)

    monkeypatch.setattr(Network, "learn", spied)
    monkeypatch.setattr(sys.modules["inlay.train.doc2vec_work"], "PIECE", 100)
    learn(two_topics(40)[0], deterministic=deterministic, epochs=2)
    assert len(states) == len(set(states)) > 6


def test_a_folder_keeps_the_numbered_corpus_too(tmp_path):
    path, folder = tmp_path / "corpus.txt", tmp_path / "f"
    path.write_text("\n".join(" ".join(words) for words in two_topics(60)[0]))
    first = learn(path, folder=folder, epochs=1)
    kept = [file for file in folder.rglob("*") if file.stem != "checkpoint" and file.is_file()]
    times = [file.stat().st_mtime_ns for file in kept]
    assert kept
    again = learn(path, folder=folder, epochs=2, resume=False)
    assert [file.stat().st_mtime_ns for file in kept] == times
    assert again.provenance["corpus"] == first.provenance["corpus"]


def test_it_goes_to_workers_and_into_classifiers():
    texts, is_tool = two_topics(60)
    encoder = learn([" ".join(words) for words in texts], epochs=20, alpha=0.05)
    same = pickle.loads(pickle.dumps(encoder))
    np.testing.assert_array_equal(same.encode(texts[:3]), encoder.encode(texts[:3]))
    lines, topics = [" ".join(words) for words in texts], np.where(is_tool, "tool", "fruit")
    found = inlay.compare(lines, topics, embeddings={"paragraphs": encoder}, progress=False)
    assert "paragraphs" in str(found)
