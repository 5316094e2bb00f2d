import json

import numpy as np
import pytest

pytest.importorskip("scipy")

from inlay.errors import ArgumentError
from inlay.evaluate import Comparison, Row

LINEAR, NET = (0.80, 0.82, 0.78, 0.81, 0.79), (0.83, 0.86, 0.80, 0.82, 0.84)


def compared(*rows, n_train=80, n_test=20, **fitted):
    rows = [Row(name, tuple(found), 1.0, None) for name, found in rows]
    return Comparison(tuple(rows), n_train, n_test, fitted)


def test_mean_and_standard_deviation():
    row = Row("x", (0.70, 0.72, 0.74, 0.76, 0.78), 1.0, None)
    assert row.mean == pytest.approx(0.74)
    assert row.sd == pytest.approx(0.001**0.5)  # sum of squares 0.004, by 4
    assert np.isnan(Row("x", (0.7,), 1.0, None).sd)


def test_the_corrected_resampled_t_test():
    found = compared(("linear", LINEAR), ("net", NET))
    # Differences 3, 4, 2, 1 and 5 points: mean 3, variance 2.5. By 1/5 + 20/80 and the square root:
    # 3 / 1.06066 = 2.8284, of which P(|t| > 2.8284) for 4 degrees of freedom is 0.04742.
    difference = found.difference("net", "linear")
    assert difference.mean == pytest.approx(0.03)
    assert difference.p == pytest.approx(0.04742, abs=1e-5)
    other_way = found.difference("linear", "net")
    assert other_way.mean == pytest.approx(-0.03)
    assert other_way.p == pytest.approx(difference.p)
    # A plain t test, which takes folds for independent, has less than a third of it.
    assert (
        compared(("linear", LINEAR), ("net", NET), n_test=0).difference("net", "linear").p < 0.014
    )


def test_differences_that_are_the_same_in_each_fold():
    rows = ("a", (0.5, 0.6)), ("b", (0.5, 0.6)), ("c", (0.7, 0.8))
    found = compared(*rows)
    assert found.difference("a", "b") == (0.0, 1.0)
    assert found.difference("c", "a").p == 0.0
    assert np.isnan(compared(("a", (0.5,)), ("b", (0.6,))).difference("a", "b").p)
    with pytest.raises(ArgumentError, match="name: expected one of 'a', 'b', 'c', got 'd'"):
        found.difference("a", "d")


def test_several_rows_are_corrected_for_by_holm():
    noisy = tuple(np.add(LINEAR, (0.05, -0.05, 0.04, -0.04, 0.01)))
    slightly = tuple(np.add(LINEAR, (0.02, 0.01, 0.0, 0.02, 0.03)))
    found = compared(("linear", LINEAR), ("net", NET), ("noisy", noisy), ("slightly", slightly))
    alone = {name: found.difference(name, "linear").p for name in ("net", "noisy", "slightly")}
    assert alone["net"] < alone["slightly"] < alone["noisy"]
    p = {row["name"]: row["p"] for row in found.to_dict()["rows"]}
    assert p["linear"] is None
    assert p["net"] == pytest.approx(3 * alone["net"])
    assert p["slightly"] == pytest.approx(max(2 * alone["slightly"], p["net"]))
    assert p["noisy"] == pytest.approx(max(alone["noisy"], p["slightly"]))


def test_rows_within_chance_of_the_best_are_told():
    clearly = tuple(np.add(LINEAR, (0.20, 0.21, 0.20, 0.19, 0.20)))
    nearly = tuple(np.add(clearly, (0.01, -0.02, 0.01, -0.01, 0.0)))
    assert compared(("linear", LINEAR), ("net", clearly)).level_with_best == []
    rows = ("linear", LINEAR), ("net", clearly), ("other", nearly)
    found = compared(*rows)
    assert (found.best, found.level_with_best) == ("net", ["other"])
    assert found.to_dict()["level_with_best"] == ["other"]
    # p is 0.047 alone; of two pairs of rows it is told from chance no more.
    assert compared(("linear", LINEAR), ("net", NET)).level_with_best == []
    third = compared(("linear", LINEAR), ("net", NET), ("again", LINEAR))
    assert third.level_with_best == ["linear", "again"]
    assert compared(("a", (0.5,)), ("b", (0.9,))).level_with_best == ["a"]


ROWS = (
    Row("linear", (0.8, 0.9, 0.85), 0.25, 1_234_567),
    Row("a | net", (0.9, 0.95, 0.94), 12.0, None),
)


def test_as_a_table():
    assert str(Comparison(ROWS, 100, 50)).splitlines() == [
        "         accuracy, %  s.d.  difference      p  seconds  trainable",
        "linear          85.0   5.0                         0.2  1,234,567",
        "a | net         93.0   2.6        +8.0  0.080     12.0",
        "3 folds: 100 texts to learn from, 50 to judge by",
        "difference: from linear, in points of accuracy",
        "p: corrected resampled t test, Holm's correction for several rows",
    ]
    one = Comparison((Row("x", (0.5,), 1.0, None),), 1_000, 1)
    assert str(one).splitlines() == [
        "   accuracy, %  seconds",
        "x         50.0      1.0",
        "1 fold: 1,000 texts to learn from, 1 to judge by",
    ]
    two = compared(("a", (0.5,)), ("b", (0.75,)), n_train=80, n_test=20)
    assert str(two).splitlines() == [
        "   accuracy, %  difference  seconds",
        "a         50.0                  1.0",
        "b         75.0       +25.0      1.0",
        "1 fold: 80 texts to learn from, 20 to judge by",
        "difference: from a, in points of accuracy",
    ]
    assert [row["p"] for row in two.to_dict()["rows"]] == [None, None]
    sure = compared(("a", (0.5, 0.6)), ("b", (0.7, 0.8)))
    assert "<0.001" in str(sure)


def test_as_markdown():
    assert Comparison(ROWS, 100, 50).to_markdown().splitlines() == [
        "|  | accuracy, % | s.d. | difference | p | seconds | trainable |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        "| linear | 85.0 | 5.0 |  |  | 0.2 | 1,234,567 |",
        r"| a \| net | **93.0** | 2.6 | +8.0 | 0.080 | 12.0 |  |",
        "",
        "3 folds: 100 texts to learn from, 50 to judge by. difference: from linear, in points of "
        "accuracy. p: corrected resampled t test, Holm's correction for several rows.",
    ]


def test_as_json():
    found = Comparison(ROWS, 100, 50, {"linear": object(), "a | net": object()})
    found = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert (found["best"], found["baseline"], found["best_classifier"]) == (
        "a | net",
        "linear",
        None,
    )
    assert (found["n_train"], found["n_test"], found["n_folds"]) == (100, 50, 3)
    linear, net = found["rows"]
    assert (linear["accuracy"], linear["n_trainable"]) == (pytest.approx(0.85), 1_234_567)
    assert (linear["difference"], linear["p"]) == (None, None)
    assert net["difference"] == pytest.approx(0.08)
    t = 0.08 / (0.0007 * (1 / 3 + 50 / 100)) ** 0.5  # of differences 10, 5 and 9 points
    assert net["p"] == pytest.approx(1 - t / (t**2 + 2) ** 0.5)  # for two degrees of freedom
    assert net["sd"] == pytest.approx(np.std(ROWS[1].accuracies, ddof=1))
    one = Comparison((Row("x", (0.5,), 1.0, None),), 1, 1).to_dict()
    assert one["rows"][0]["sd"] is None
