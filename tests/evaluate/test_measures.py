import pytest

from inlay.evaluate.measures import confusion, wilson


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    # By scipy.stats.binomtest(right, n).proportion_ci(method="wilson").
    [
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (9, 10, 0.5958, 0.9821),
        (50, 100, 0.4038, 0.5962),
    ],
)
def test_wilson(right, n, low, high):
    assert wilson(right, n) == pytest.approx((low, high), abs=5e-5)


def test_confusion_has_rows_of_truth():
    assert confusion(["a", "a", "b"], ["a", "c", "c"]) == (
        ["a", "b", "c"],
        [[1, 0, 1], [0, 0, 1], [0, 0, 0]],
    )
