import numpy as np
import pytest

from inlay.errors import ArgumentError
from inlay.evaluate.at_k import Counts, at_k

CHANCES = np.array([[0.6, 0.3, 0.1], [0.2, 0.5, 0.3], [0.1, 0.1, 0.8]], np.float32)
CLASSES = ["a", "b", "c"]
WANTED = [["a", "c"], ["a"], ["c", "unknown"]]


def test_the_most_probable_labels_are_given():
    found = at_k(CHANCES, CLASSES, WANTED, k=2)
    assert (found.n_texts, found.k) == (3, 2)
    # Given: a b, b c, c and the first of the others that are equal, a.
    assert found.total == Counts(right=2, found=6, wanted=5)
    assert found.labels == {
        "a": Counts(1, 2, 2),
        "c": Counts(1, 2, 2),
        "unknown": Counts(0, 0, 1),
        "b": Counts(0, 2, 0),
    }
    assert [*found.labels] == ["a", "c", "unknown", "b"]


@pytest.mark.parametrize(
    ("k", "threshold", "total"),
    [
        (1, 0.0, Counts(2, 3, 5)),
        (1, 0.5, Counts(2, 3, 5)),  # a half is reached
        (1, 0.55, Counts(2, 2, 5)),
        (None, 0.0, Counts(4, 9, 5)),
        (9, 0.29, Counts(2, 5, 5)),
        (1, 1.0, Counts(0, 0, 5)),
    ],
)
def test_thresholds(k, threshold, total):
    assert at_k(CHANCES, CLASSES, WANTED, k=k, threshold=threshold).total == total


def test_shares_of_nothing_are_none():
    assert (Counts(0, 0, 2).precision, Counts(0, 0, 2).recall, Counts(0, 0, 2).f1) == (None, 0, 0)
    assert (Counts(0, 2, 0).precision, Counts(0, 2, 0).recall) == (0, None)
    assert Counts(0, 0, 0).f1 is None
    assert Counts(1, 2, 4).f1 == pytest.approx(2 * 0.5 * 0.25 / 0.75)


def test_bounds():
    for settings in ({"k": 0}, {"threshold": 2}):
        with pytest.raises(ArgumentError):
            at_k(CHANCES, CLASSES, WANTED, **settings)
