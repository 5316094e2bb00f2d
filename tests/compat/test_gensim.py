"""`inlay.compat.gensim` against gensim itself: the same calls on the same files."""

import numpy as np
import pytest

import inlay
from inlay.compat.gensim.models import KeyedVectors
from inlay.errors import (
    UnknownNameError,
)
from tests.data import shared

pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated .init_sims")
WORDS = "king queen man woman boy girl film movie good great The the of a Apple pear".split()


def key_vectors(gensim):
    return gensim.models.KeyedVectors


@pytest.fixture(scope="module")
def gensim():
    gensim = pytest.importorskip("gensim")
    pytest.importorskip("gensim.models")
    return gensim


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Words in five dimensions, of which some differ in case only, as word2vec writes them."""
    path = tmp_path_factory.mktemp("vectors") / "small.txt"
    matrix = np.random.default_rng(3).normal(size=(len(WORDS), 5)).astype("float32")
    inlay.save(inlay.Table(WORDS, matrix), path, format="word2vec")
    return path


PLACES = ["written", "googlenews", "medallia"]


@pytest.fixture(scope="module", params=PLACES)
def both(request, gensim, written, tmp_path_factory):
    """A file as we read it and as gensim does, and the words that tests ask for."""
    binary = request.param == "medallia"
    path = written
    if request.param == "googlenews":
        real = shared("googlenews-1000", "googlenews.unit.300d.1000.txt")
        path = tmp_path_factory.mktemp("real") / "real.txt"
        inlay.save(inlay.load(real), path, format="word2vec")
    if binary:
        path = next(p for p in shared("word2vec-medallia").rglob("*.bin*") if p.is_file())
    theirs = key_vectors(gensim).load_word2vec_format(str(path), binary=binary)
    return KeyedVectors.load_word2vec_format(path, binary=binary), theirs


def words(kv, *rows):
    return [kv.index_to_key[row] for row in rows]


# Every call takes the vectors and four of their words.
CALLS = {
    "len": lambda kv, w: len(kv),
    "contains": lambda kv, w: [w[0] in kv, "no such word" in kv, 3 in kv, 10**9 in kv],
    "getitem": lambda kv, w: kv[w[0]],
    "getitem of several": lambda kv, w: kv[[w[0], w[2]]],
    "getitem of a row": lambda kv, w: kv[3],
    "vectors": lambda kv, w: kv.vectors,
    "vector_size": lambda kv, w: kv.vector_size,
    "index_to_key": lambda kv, w: list(kv.index_to_key),
    "index_to_key, sliced": lambda kv, w: kv.index_to_key[2:5],
    "key_to_index": lambda kv, w: dict(kv.key_to_index),
    "get_index": lambda kv, w: [kv.get_index(w[1]), kv.get_index("no", -1), kv.get_index(4)],
    "has_index_for": lambda kv, w: [kv.has_index_for(w[1]), kv.has_index_for("no")],
    "get_vector": lambda kv, w: kv.get_vector(w[3]),
    "get_vector at length 1": lambda kv, w: kv.get_vector(w[3], norm=True),
    "get_normed_vectors": lambda kv, w: kv.get_normed_vectors(),
    "get_mean_vector": lambda kv, w: kv.get_mean_vector(w),
    "get_mean_vector, weighted": lambda kv, w: kv.get_mean_vector(w, weights=[1, -2, 0.5, 3]),
    "get_mean_vector, as they are": lambda kv, w: kv.get_mean_vector(w, pre_normalize=False),
    "get_mean_vector, normed": lambda kv, w: kv.get_mean_vector(w, post_normalize=True),
    "get_mean_vector, one missing": lambda kv, w: kv.get_mean_vector([*w, "no such word"]),
    "get_mean_vector, of vectors": lambda kv, w: kv.get_mean_vector([w[0], kv[w[1]] * 3]),
    "most_similar": lambda kv, w: kv.most_similar(w[0]),
    "most_similar, analogy": lambda kv, w: kv.most_similar(
        positive=[w[0], w[1]], negative=[w[2]], topn=4
    ),
    "most_similar, weighted": lambda kv, w: kv.most_similar(
        [(w[0], 2.0), w[1]], [(w[2], -0.3)], topn=5
    ),
    "most_similar, word and vector": lambda kv, w: kv.most_similar([w[0], kv[w[1]] * 5], topn=3),
    "most_similar, all": lambda kv, w: kv.most_similar([w[0]], topn=None),
    "most_similar, none": lambda kv, w: kv.most_similar([w[0]], topn=0),
    "most_similar, restricted": lambda kv, w: kv.most_similar(w[0], restrict_vocab=6),
    "most_similar, clipped": lambda kv, w: kv.most_similar(
        [w[0]], topn=5, clip_start=2, clip_end=9
    ),
    "most_similar, by row": lambda kv, w: kv.most_similar([2, (4, 0.5)], topn=5),
    "most_similar_cosmul": lambda kv, w: kv.most_similar_cosmul([w[0], w[1]], [w[2]], topn=6),
    "most_similar_cosmul, all": lambda kv, w: kv.most_similar_cosmul(w[0], topn=None),
    "similar_by_word": lambda kv, w: kv.similar_by_word(w[1], topn=3),
    "similar_by_key": lambda kv, w: kv.similar_by_key(w[1], topn=3, restrict_vocab=9),
    "similar_by_vector": lambda kv, w: kv.similar_by_vector(kv[w[1]], topn=3),
    "most_similar_to_given": lambda kv, w: kv.most_similar_to_given(w[0], w[1:]),
    "similarity": lambda kv, w: kv.similarity(w[0], w[1]),
    "distance": lambda kv, w: kv.distance(w[0], w[1]),
    "distances": lambda kv, w: kv.distances(w[0]),
    "distances to some": lambda kv, w: kv.distances(w[0], w[1:]),
    "distances of a vector": lambda kv, w: kv.distances(kv[w[0]] * 2, w),
    "cosine_similarities": lambda kv, w: kv.cosine_similarities(kv[w[0]], kv[w]),
    "n_similarity": lambda kv, w: kv.n_similarity(w[:2], w[2:]),
    "relative_cosine_similarity": lambda kv, w: kv.relative_cosine_similarity(w[0], w[1], topn=5),
    "closer_than": lambda kv, w: kv.closer_than(w[0], w[1]),
    "rank": lambda kv, w: kv.rank(w[0], w[1]),
    "rank_by_centrality": lambda kv, w: kv.rank_by_centrality([*w, "no such word"]),
    "rank_by_centrality, as they are": lambda kv, w: kv.rank_by_centrality(w, use_norm=False),
    "doesnt_match": lambda kv, w: kv.doesnt_match(w),
    "vectors_for_all": lambda kv, w: kv.vectors_for_all([w[2], "no such", w[0], w[2]]).vectors,
    "vectors_for_all, keys": lambda kv, w: list(
        kv.vectors_for_all([w[2], "no such", w[0], w[2]]).index_to_key
    ),
}


def check_same(ours, theirs):
    """Equal to float32's rounding, whatever the two consist of."""
    if isinstance(theirs, dict):
        assert ours == theirs
    elif isinstance(theirs, str):
        assert str(ours) == theirs
    elif isinstance(theirs, list) and theirs and isinstance(theirs[0], tuple):
        check_same_ranking(ours, theirs)
    elif isinstance(theirs, list | tuple):
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            check_same(one, other)
    else:
        if isinstance(theirs, np.ndarray):
            assert ours.shape == theirs.shape
            assert ours.dtype == theirs.dtype or theirs.dtype == np.float64
        np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=2e-6)


def check_same_ranking(ours, theirs):
    """Of keys whose values differ by less than the rounding, either may come first."""
    listed = [
        [sorted(pair, key=lambda part: not isinstance(part, str)) for pair in ranking]
        for ranking in (ours, theirs)
    ]
    keys, values = ([[pair[i] for pair in ranking] for ranking in listed] for i in (0, 1))
    np.testing.assert_allclose(values[0], values[1], rtol=2e-5, atol=2e-6)
    for key, other, value in zip(*keys, values[0], strict=True):
        near = np.isclose(values[1], value, rtol=0, atol=1e-6).sum() > 1
        assert key == other or near


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_every_call_gives_what_gensim_gives(both, call):
    ours, theirs = both
    asked = words(theirs, 0, 1, 7, 11)
    check_same(call(ours, asked), call(theirs, asked))


def test_every_public_method_is_compared_or_answers_with_another_name(gensim):
    """A new version of gensim may have more: they are looked at here."""
    compared = {name.split(",")[0].split(" ")[0] for name in CALLS}
    elsewhere = {"evaluate_word_analogies", "evaluate_word_pairs", "get_vecattr", "wmdistance"}
    elsewhere |= {"load", "load_word2vec_format", "save", "save_word2vec_format"}
    kv = KeyedVectors(inlay.Table(["a"], np.ones((1, 2), "float32")))
    internal = {"add_lifecycle_event", "allocate_vecattrs", "log_accuracy"}
    internal |= {"log_evaluate_word_pairs", "similarity_unseen_docs"}
    for name in dir(key_vectors(gensim)):
        if name.startswith("_") or name in compared | elsewhere | internal:
            continue
        with pytest.raises(UnknownNameError, match=f"got '{name}'. Try: "):
            getattr(kv, name)
