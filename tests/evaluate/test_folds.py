import numpy as np
import pytest

pytest.importorskip("sklearn")

from inlay.errors import ArgumentError
from inlay.evaluate.folds import folds_of

LABELS = np.array(["a"] * 40 + ["b"] * 20)
FREE = {"n_train": None, "n_test": None, "seed": 0}


def folds(n=4, **changed):
    return list(folds_of(LABELS, n, **FREE | changed))


def test_each_text_is_judged_by_once_and_classes_keep_their_shares():
    found = folds()
    assert sorted(np.concatenate([test for _, test in found])) == list(range(60))
    for train, test in found:
        assert sorted([*train, *test]) == list(range(60))
        assert (LABELS[test] == "b").sum() == 5
        assert list(train) != sorted(train)
        assert list(test) != sorted(test)


def test_the_seed_decides_and_only_so_many_are_judged_by():
    for (train, test), (again, same) in zip(folds(seed=3), folds(seed=3), strict=True):
        np.testing.assert_array_equal(train, again)
        np.testing.assert_array_equal(test, same)
    assert set(folds(seed=3)[0][1]) != set(folds(seed=4)[0][1])
    assert [len(test) for _, test in folds(n_test=6)] == [6] * 4


def test_with_few_texts_or_one_fold_each_is_drawn_anew():
    drawn = folds(3, n_train=5, n_test=30)
    assert [(len(train), len(test)) for train, test in drawn] == [(10, 30)] * 3
    assert all((LABELS[train] == "b").sum() == 5 for train, _ in drawn)
    assert set(drawn[0][0]) != set(drawn[1][0])
    ((train, test),) = folds(1)
    assert (len(train), len(test)) == (48, 12)
    assert not set(train) & set(test)


def test_a_class_needs_a_text_for_each_fold():
    with pytest.raises(ArgumentError, match=r"class b: expected 21 texts or more.* got 20\."):
        folds(21)
    assert len(folds(20)) == 20
