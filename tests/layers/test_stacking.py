import pickle

import numpy as np
import pytest

from inlay import Table, Vocabulary
from inlay.core import HashingVocabulary
from inlay.errors import ArgumentError, ArgumentTypeError, ImmutableError
from inlay.layers import stack
from tests.data import shared
from tests.layers.stacks import BOTH, FIRST, MODES, NEITHER, SECOND, VOCAB, both, joined, tables


def test_a_token_is_looked_for_in_each_table():
    first, second = both().align(VOCAB).tables
    np.testing.assert_array_equal(first.vectors[[FIRST, BOTH]], tables()[0].vectors)
    np.testing.assert_array_equal(second.vectors[[BOTH, SECOND]], tables()[1].vectors)
    # Zero where another table has it, random where none has.
    assert not first.vectors[[SECOND, 0]].any()
    assert not second.vectors[[FIRST, 0]].any()
    for table in (first, second):
        assert table.vectors[[NEITHER, 1]].any(1).all()
        assert (table.pad_id, table.unk_id) == (0, 1)


def test_random_vectors_differ_from_table_to_table_and_not_from_call_to_call():
    same = Table(["a"], np.ones((1, 4), "float32") * [[1, 2, 3, 4]])
    for seed in (0, 7):
        aligned = stack([same, same]).align(["a", "b"], seed=seed)
        first, second = (table["b"] for table in aligned.tables)
        assert not np.array_equal(first, second)
        again = stack([same, same]).align(["a", "b"], seed=seed)
        np.testing.assert_array_equal(first, again.tables[0]["b"])
    assert not np.array_equal(first, stack([same]).align(["a", "b"]).tables[0]["b"])


def test_coverage_of_each_table_and_of_all_together():
    texts = ["both both first", "second neither neither neither"]
    coverage = both().align(Vocabulary.from_texts(texts)).coverage
    assert [found.n_found for found in coverage.each] == [2, 2]
    assert coverage.together.found_by == {"in 2 tables": 1, "in 1 table": 2}
    assert (coverage.together.n_types, coverage.together.n_found) == (4, 3)
    assert (coverage.together.n_tokens, coverage.together.n_tokens_found) == (7, 4)
    assert coverage.together.misses == (("neither", 3),)
    lines = str(coverage).splitlines()
    assert lines[0] == "table 1: types found: 2 of 4, 50.0% (2 exact)"
    assert lines[-3] == ("together: types found: 3 of 4, 75.0% (1 in 2 tables, 2 in 1 table)")
    assert both().coverage is None
    apart = [table.align(words) for table, words in zip(tables(), (["a"], ["b"]), strict=True)]
    assert stack(apart).coverage is None


@pytest.mark.parametrize("mode", ["concatenate", "average"])
def test_merged_is_one_table_of_the_joined_vectors(mode):
    table = both(mode).merged(VOCAB)
    np.testing.assert_allclose(table.vectors, joined(mode), rtol=1e-6)
    assert (table.pad_id, table.unk_id, table.dim) == (0, 1, both(mode).dim)
    assert table.coverage.filled.tolist() == [1, NEITHER]
    assert table.provenance["joined"] == mode


def test_tables_of_the_same_tokens_need_no_vocabulary():
    first, second = tables()
    other = Table(first.tokens, second.vectors)
    merged = stack([first, other]).merged()
    np.testing.assert_array_equal(merged.vectors, np.hstack([first.vectors, second.vectors]))
    assert merged.coverage is None
    chosen = [table.align(VOCAB, unknown="mean") for table in tables()]  # as the user wants it
    np.testing.assert_array_equal(
        stack(chosen).merged().vectors, np.hstack([table.vectors for table in chosen])
    )


@pytest.mark.parametrize("mode", ["concatenate", "average"])
def test_texts_become_the_mean_of_the_words_that_some_table_has(mode):
    found = both(mode).encode(["both neither second", ["first"], "neither", ""])
    vectors = joined(mode)
    np.testing.assert_allclose(found[0], vectors[[BOTH, SECOND]].mean(0), rtol=1e-5)
    np.testing.assert_allclose(found[1], vectors[FIRST], rtol=1e-6)
    assert not found[2:].any()
    assert both(mode).encode([]).shape == (0, both(mode).dim)


def test_files_are_loaded(tmp_path):
    for i, table in enumerate(tables()):
        table.save(tmp_path / f"{i}.safetensors")
    found = stack([tmp_path / "0.safetensors", str(tmp_path / "1.safetensors")])
    np.testing.assert_array_equal(found.merged(VOCAB).vectors, both().merged(VOCAB).vectors)


@pytest.mark.parametrize("mode", MODES)
def test_a_stack_is_pickled_and_never_changes(mode):
    given = both(mode)
    again = pickle.loads(pickle.dumps(given))
    assert (again.mode, again.dim) == (mode, {"concatenate": 7}.get(mode, 4))
    np.testing.assert_array_equal(again.tables[1].vectors, given.tables[1].vectors)
    with pytest.raises(ImmutableError, match="Stack"):
        given.dim = 3


def test_the_width_of_a_mix():
    assert both("mix", dim=9).dim == 9
    with pytest.raises(ArgumentError, match='mode="mix"'):
        both("average", dim=9)


def test_what_is_wrong_is_said():
    with pytest.raises(ArgumentError, match="at least one table"):
        stack([])
    with pytest.raises(ArgumentTypeError, match=r"tables, item 1: .*got int 3"):
        stack([tables()[0], 3])
    with pytest.raises(ArgumentTypeError, match="a list of tables"):
        stack("glove.txt")
    with pytest.raises(ArgumentError, match="'concatenate', 'average', 'mix' or 'scalar_mix'"):
        both("concat")
    with pytest.raises(ArgumentError, match="a layer, which learns"):
        both("scalar_mix", dim=9).merged(VOCAB)
    with pytest.raises(ArgumentError, match="a layer, which learns"):
        both("mix").encode(["a"])
    with pytest.raises(ArgumentError, match=r"table 2 with other tokens.*to_torch\(stack, vocab\)"):
        both().merged()
    first = tables()[0]
    with pytest.raises(ArgumentError, match="tables of 2 and 1 tokens"):
        stack([first, Table(["both"], np.ones((1, 2), "float32"))]).merged()
    zero = np.zeros((2, 2), "float32")
    with pytest.raises(ArgumentError, match="another pad_id"):
        stack([first, Table(first.tokens, zero, pad_id=0)]).merged()


def test_a_table_alone_is_no_list_of_tables():
    table = tables()[0]
    with pytest.raises(ArgumentTypeError, match=r"a list of tables, got Table.*stack\(\["):
        stack(table)


def test_real_vectors_of_three_kinds():
    files = [
        shared("glove-6B", "derived", "glove.6B.50d.7849.txt"),
        shared("glove-twitter-25d", "glove.twitter.27B.25d.11925.txt"),
        shared("gensim-fixtures", "lee_fasttext.bin"),
    ]
    vocab = Vocabulary(["the", "lol", "zzzzq"])
    aligned = stack(files, "average").align(vocab)
    # What a fastText model composes, it has.
    assert aligned.coverage.together.found_by == {
        "in 3 tables": 1,
        "in 2 tables": 1,
        "in 1 table": 1,
    }
    glove, twitter, fasttext = (
        np.pad(t.vectors, [(0, 0), (0, 50 - t.dim)]) for t in aligned.tables
    )
    found = aligned.merged().vectors
    np.testing.assert_allclose(found[2], (glove + twitter + fasttext)[2] / 3, rtol=1e-5)
    np.testing.assert_allclose(found[3], (twitter + fasttext)[3] / 2, rtol=1e-5)
    np.testing.assert_array_equal(found[4], fasttext[4])


def test_a_hash_has_no_words_to_look_for():
    with pytest.raises(ArgumentTypeError, match="cannot be turned back"):
        both().align(HashingVocabulary(6))
