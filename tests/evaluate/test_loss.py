import math

import numpy as np
import pytest

from inlay import Table, load
from inlay.errors import ArgumentError, FormatError
from inlay.evaluate.loss import loss, read_pairs, spearman
from tests.data import shared


@pytest.fixture
def table():
    matrix = np.random.default_rng(0).standard_normal((9000, 8)).astype(np.float32)
    matrix[5] = 0
    return Table([f"w{i}" for i in range(9000)], matrix)


def by_hand(before, after, rows, topn):
    """The share of neighbours kept, by all cosines of a row at a time."""
    kept = []
    for row in rows:
        token = before.tokens[row]
        old, new = ([t for t, _ in x.most_similar(token, topn=topn)] for x in (before, after))
        kept.append(len({*old} & {*new}) / topn)
    return np.mean(kept)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "int8"])
def test_the_loss_is_what_it_says(table, dtype):
    after = table.astype(dtype)
    found = loss(table, after, sample=50, topn=7, seed=3)
    a, b = np.delete(table.vectors, 5, 0), np.delete(after.vectors, 5, 0)
    cosines = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    assert found.cosine_mean == pytest.approx(cosines.mean(), abs=1e-6)
    assert found.cosine_min == pytest.approx(cosines.min(), abs=1e-6)
    rows = np.delete(np.arange(9000), 5)
    sample = np.random.default_rng(3).choice(rows, 50, replace=False)
    assert found.neighbours_kept == pytest.approx(by_hand(table, after, sample, 7), abs=1e-9)
    assert (found.dtype, found.topn, found.n_sample) == (dtype, 7, 50)
    assert (found.bytes_before, found.bytes_after) == (288_000, after.stored_bytes)


def test_nothing_is_lost_of_the_same(table):
    found = loss(table, table, sample=20)
    assert (round(found.cosine_min, 9), found.neighbours_kept) == (1, 1)
    one = Table(["a"], np.ones((1, 2), np.float32))
    assert loss(one, one.astype("int8")).neighbours_kept == 1
    none = Table([], np.ones((0, 2), np.float32))
    assert loss(none, none).cosine_mean == 1


def test_a_vector_that_has_become_zeros_counts_as_turned(table):
    matrix = np.array(table.matrix)
    matrix[7] = 0
    assert loss(table, Table(table.tokens, matrix), sample=5).cosine_min == 0


def test_other_tokens_are_refused(table):
    with pytest.raises(ArgumentError, match="the same tokens in the same order"):
        loss(table, Table(["a"], np.ones((1, 8), np.float32)))


@pytest.mark.parametrize("separator", ["\t", ",", " ", " \t"])
def test_pairs(tmp_path, separator):
    path = tmp_path / "p.txt"
    rows = [("word 1", "word 2", "score"), ("cat", "dog", "7.5\r"), ("a", "b", "1", "more")]
    path.write_text("\n".join(separator.join(row) for row in rows) + "\n\n")
    assert read_pairs(path)[-2:] == [("cat", "dog", 7.5), ("a", "b", 1.0)]
    path.write_text("no pairs\n")
    with pytest.raises(FormatError, match="two words and how alike they are"):
        read_pairs(path)


def test_spearman_is_scipys():
    stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(0)
    for _ in range(20):
        x, y = rng.integers(0, 6, (2, 30)).tolist()
        assert spearman(x, y) == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)
    assert math.isnan(spearman([1, 2], [1, 2]))
    assert math.isnan(spearman([1, 1, 1], [1, 2, 3]))


def test_real_vectors_and_pairs():
    table = load(shared("glove-6B", "100d.7201krap.txt"))
    pairs = [shared("eval-wordsim-en", "EN-WS-353-ALL.txt"), shared("eval-ko", "WS353_korean.csv")]
    found = loss(table, table.astype("int8"), pairs=pairs)
    assert found.cosine_min > 0.9998
    assert found.neighbours_kept > 0.98
    english, korean = found.agreement
    assert (english.n_pairs, english.n_known, korean.n_known) == (353, 129, 0)
    assert english.before == pytest.approx(english.after, abs=0.01)
    assert english.before > 0.6
    assert math.isnan(korean.before)
