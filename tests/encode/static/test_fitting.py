"""What is learned, against the papers' own few lines of numpy, and scikit-learn."""

import numpy as np
import pytest

from inlay import Table
from inlay.encode.static import StaticEncoder
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.tokenizers import words
from tests.encode.static.tables import FLOATS, WORDS, composing, table

RNG = np.random.default_rng(2)
TEXTS = [" ".join(RNG.choice([*WORDS[:30], "xyzzy"], RNG.integers(1, 12))) for _ in range(60)]


def sif_by_the_paper(texts, p, a, components):
    """Algorithm 1 of Arora, Liang and Ma, with all vectors in one matrix."""
    get = dict(zip(WORDS, FLOATS.astype(float), strict=True)).get
    rows = []
    for text in texts:
        known = [word for word in words(text) if word in WORDS]
        total = sum((a / (a + p(word)) * get(word) for word in known), np.zeros(5))
        rows.append(total / max(len(known), 1))
    x = np.array(rows)
    _, _, directions = np.linalg.svd(x, full_matrices=False)
    for u in directions[:components]:
        x = x - np.outer(x @ u, u)
    return x


@pytest.mark.parametrize(("a", "components"), [(1e-3, 1), (1e-2, 3), (1e-3, 0)])
def test_sif_is_the_papers(a, components):
    every = [word for text in TEXTS for word in words(text)]
    encoder = StaticEncoder(table(), pool="sif").fit(TEXTS, a=a, components=components)
    expected = sif_by_the_paper(TEXTS, lambda word: every.count(word) / len(every), a, components)
    np.testing.assert_allclose(encoder.encode(TEXTS), expected, atol=2e-6 * abs(expected).max())
    about = encoder.fitted.about
    assert about == {
        "a": a,
        "components": components,
        "counts": "texts",
        "texts": 60,
        "words": len(every),
    }
    plain = StaticEncoder(table()).encode(TEXTS)
    np.testing.assert_array_equal(encoder.encode(TEXTS, pool="mean"), plain)


def test_defaults_are_the_papers():
    found = StaticEncoder(table(), pool="sif").fit(TEXTS)
    assert (found.fitted.about["a"], len(found.fitted.directions)) == (1e-3, 1)


@pytest.mark.parametrize("counts", ["table", "zipf"])
@pytest.mark.parametrize("with_texts", [True, False])
def test_sif_with_probabilities_from_elsewhere(counts, with_texts):
    given = table()
    p = given.counts / given.counts.sum()
    if counts == "zipf":
        p = 1 / np.arange(1, len(WORDS) + 1)
        p /= p.sum()
    k = int(with_texts)
    expected = sif_by_the_paper(TEXTS, lambda word: p[WORDS.index(word)], 1e-3, k)
    encoder = StaticEncoder(given, pool="sif")
    encoder.fit(TEXTS if with_texts else None, counts=counts, components=k)
    np.testing.assert_allclose(encoder.encode(TEXTS), expected, atol=2e-6 * abs(expected).max())
    assert encoder.fitted.about["counts"] == counts


def test_without_texts_the_tables_counts_come_before_zipfs_law():
    uncounted = Table(WORDS, FLOATS)
    for given, expected in ((table(), "table"), (uncounted, "zipf")):
        found = StaticEncoder(given, pool="sif").fit(components=0)
        assert found.fitted.about["counts"] == expected
    special = Table(["<pad>", *WORDS], np.vstack([np.zeros((1, 5), "f4"), FLOATS]), pad_id=0)
    weights = [StaticEncoder(t, pool="sif").fit(components=0) for t in (special, uncounted)]
    one, other = (encoder.fitted.weights[0] for encoder in weights)
    np.testing.assert_array_equal(one[1:], other)  # padding has no rank


def test_tfidf_is_scikit_learns():
    """`TfidfVectorizer` of its defaults, but for the length: `smooth_idf`, natural logarithm."""
    sklearn = pytest.importorskip("sklearn.feature_extraction.text")
    peer = sklearn.TfidfVectorizer(tokenizer=words, token_pattern=None, lowercase=False, norm=None)
    weights = peer.fit_transform(TEXTS).toarray()
    known = [word for word in peer.get_feature_names_out() if word in WORDS]
    weights = weights[:, [peer.vocabulary_[word] for word in known]]
    vectors = weights @ FLOATS[[WORDS.index(word) for word in known]].astype(float)
    total = weights.sum(1, keepdims=True)
    expected = vectors / np.where(total, total, 1)
    found = StaticEncoder(table(), pool="tfidf").fit(TEXTS)
    np.testing.assert_allclose(found.encode(TEXTS), expected, atol=1e-6)
    assert found.fitted.about == {"texts": 60, "words": sum(len(words(t)) for t in TEXTS)}


def test_idf_is_its_formula():
    found = StaticEncoder(table(), pool="tfidf").fit(["good good film", "good", "xyzzy"])
    weights = dict(zip(WORDS, found.fitted.weights[0], strict=True))
    expected = {n: np.log(4 / (1 + n)) + 1 for n in (0, 1, 2)}
    np.testing.assert_allclose(
        [weights["good"], weights["film"], weights["a"], found.fitted.unseen],
        [expected[2], expected[1], expected[0], expected[0]],
        rtol=1e-6,
    )


@pytest.mark.parametrize("pool", ["sif", "tfidf"])
def test_words_that_are_composed_count_as_never_seen(pool):
    given = composing()
    texts = ["good zzz film", "good film", "zzz"]
    encoder = StaticEncoder(given, pool=pool)
    encoder.fit(texts, **({"components": 0} if pool == "sif" else {}))
    weights = {"zzz": encoder.fitted.unseen}
    weights |= {w: encoder.fitted.weights[0][WORDS.index(w)] for w in ("good", "film")}
    some = texts[0].split()
    total = sum(weights[word] * given[word] for word in some)
    by = 3 if pool == "sif" else sum(weights.values())
    np.testing.assert_allclose(encoder.encode(texts)[0], total / by, rtol=1e-5)


@pytest.mark.filterwarnings("ignore:.*have no vector:inlay.errors.InlayWarning")
def test_several_tables_are_weighted_each_by_its_own_words():
    other = Table(["xyzzy", "good"], np.float32([[1, 2], [3, 5]]))
    both = StaticEncoder([table(), other], pool="sif").fit(TEXTS, components=0)
    for one, columns in ((table(), slice(5)), (other, slice(5, 7))):
        alone = StaticEncoder(one, pool="sif").fit(TEXTS, components=0)
        np.testing.assert_array_equal(both.encode(TEXTS)[:, columns], alone.encode(TEXTS))


def test_texts_may_come_from_anywhere():
    """A list, lists of tokens, an iterator that can be read but once."""
    vectors = [
        StaticEncoder(table(), pool="sif").fit(texts).encode(TEXTS)
        for texts in (TEXTS, iter(TEXTS), [words(text) for text in TEXTS], tuple(TEXTS))
    ]
    for other in vectors[1:]:
        np.testing.assert_array_equal(other, vectors[0])


def test_it_can_learn_again():
    encoder = StaticEncoder(table(), pool="sif").fit(TEXTS)
    first, name = encoder.encode(TEXTS), encoder.hash
    assert encoder.fit(TEXTS[:9]) is encoder
    assert encoder.hash != name
    assert not np.array_equal(encoder.encode(TEXTS), first)


@pytest.mark.parametrize(
    ("pool", "given", "match"),
    [
        ("mean", {"texts": TEXTS}, "fit: expected an encoder whose pool is learned.*'mean'"),
        ("sif", {}, r"texts: expected texts on which the common.*fit\(components=0\)"),
        ("sif", {"texts": []}, "texts: expected texts to learn on, got none"),
        ("sif", {"texts": [], "counts": "zipf"}, "texts: expected texts to learn on, got none"),
        ("sif", {"counts": "texts", "components": 0}, "texts: expected texts whose words"),
        ("sif", {"texts": TEXTS, "a": 0}, "a: expected a number above 0"),
        ("sif", {"texts": TEXTS, "components": 6}, "components: expected at most 5"),
        ("sif", {"texts": TEXTS, "counts": "corpus"}, "counts: expected 'texts'"),
        ("tfidf", {"texts": TEXTS, "a": 0.1}, "a: expected None.*'sif' alone"),
        ("tfidf", {"texts": TEXTS, "components": 0}, "components: expected None"),
        ("tfidf", {}, "texts: expected texts whose words are counted, got none"),
    ],
)
def test_what_is_refused(pool, given, match):
    with pytest.raises(ArgumentError, match=match):
        StaticEncoder(table(), pool=pool).fit(**given)


def test_counts_that_a_table_does_not_have():
    with pytest.raises(ArgumentError, match=r"counts: expected a table with counts.*zipf"):
        StaticEncoder(Table(WORDS, FLOATS), pool="sif").fit(TEXTS, counts="table")
    with pytest.raises(ArgumentTypeError, match="Try: components="):
        StaticEncoder(table(), pool="sif").fit(TEXTS, npc=2)
    with pytest.raises(ArgumentTypeError, match=r"texts: .*put it in a list"):
        StaticEncoder(table(), pool="sif").fit("a good film")
