import numpy as np
import pytest

from inlay.classify.splits import held_out, random_split
from inlay.errors import ArgumentError

LABELS = np.array(["a"] * 100 + ["b"] * 20 + ["c"])


def test_each_class_is_held_out_in_its_share_and_none_is_emptied():
    held = held_out(LABELS, 0.2, np.random.default_rng(0))
    assert [int(held[name == LABELS].sum()) for name in "abc"] == [20, 4, 0]


def test_split_by_number_takes_as_many_of_each_class():
    labels = LABELS[:-1]
    train, test = random_split(labels, 15, None, np.random.default_rng(0))
    assert [int((labels[train] == name).sum()) for name in "ab"] == [15, 15]
    assert sorted([*train, *test]) == list(range(120))


def test_split_by_share_and_at_most_so_many_to_judge_by():
    labels = LABELS[:-1]
    train, test = random_split(labels, None, 10, np.random.default_rng(0))
    assert [int((labels[train] == name).sum()) for name in "ab"] == [80, 16]
    assert len(test) == 10
    assert not set(train) & set(test)


@pytest.mark.parametrize("n_train", [0, 1, 20, None])
def test_a_class_too_small_is_named(n_train):
    with pytest.raises(ArgumentError, match=r"class [abc]"):
        random_split(LABELS, n_train, None, np.random.default_rng(0))
