"""Labels that are probably mistakes are kept as they are, and warned of with their line."""

import warnings

import pytest

from inlay import read_labelled
from inlay.errors import InlayWarning

ROWS = [f"film {i},{'pos' if i % 2 else 'neg'}" for i in range(100)]


def write(tmp_path, rows, name="r.csv"):
    path = tmp_path / name
    path.write_text("\n".join(["text,label", *rows]) + "\n")
    return path


def test_a_row_that_fell_apart(tmp_path):
    rows = [*ROWS[:40], "a film, and a good one,pos", *ROWS[40:]]
    expected = r"r\.csv:42: the label ' and a good one' begins or ends with a space, which"
    with pytest.warns(InlayWarning, match=expected):
        data = read_labelled(write(tmp_path, rows))
    assert data.labels[40] == " and a good one"  # reading changes nothing
    rows[40] = "a film,and a good one,pos"
    expected = r"r\.csv:42: the label 'and a good one' comes once, and each of the 2 others 50 t"
    with pytest.warns(InlayWarning, match=expected):
        read_labelled(write(tmp_path, rows))


def test_labels_that_differ_by_a_space(tmp_path):
    rows = [*ROWS, *["x, pos"] * 30]
    expected = (
        r"r\.csv:102: the label ' pos' begins .* \(29 other rows are like that\).* than 'pos'\."
    )
    with pytest.warns(InlayWarning, match=expected):
        assert read_labelled(write(tmp_path, rows)).classes == [" pos", "neg", "pos"]


def test_several_rare_ones_are_one_warning(tmp_path):
    rows = [*ROWS, "a,ops", "b,ops", "c,nge", f"d,{'y' * 60}"]
    with pytest.warns(InlayWarning) as caught:
        read_labelled(write(tmp_path, rows))
    assert len(caught) == 1
    assert "r.csv:102: the label 'ops' comes twice (2 other labels are like that)" in str(
        caught[0].message
    )


def test_one_other_is_told_in_the_singular(tmp_path):
    with pytest.warns(InlayWarning, match=r"\(1 other row is like that\), which makes"):
        read_labelled(write(tmp_path, [*ROWS, "x, pos", "y, pos"]))
    expected = r"'c' comes once \(1 other label is like that\), and the other 50 times or more\."
    with pytest.warns(InlayWarning, match=expected):
        read_labelled(write(tmp_path, [*(["x,a"] * 50), "y,c", "z,d"]))


@pytest.mark.parametrize(
    "rows",
    [
        ROWS,
        [f"film {i},{i % 40}" for i in range(100)],  # many classes, all rare
        [f"film {i},{i % 7}" for i in range(100)] + ["a,8"],  # none comes often
        ["a,x", "b,y"],
    ],
)
def test_nothing_is_said_of_others(tmp_path, rows):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(read_labelled(write(tmp_path, rows))) == len(rows)


def test_the_other_kinds_of_rows_too(tmp_path):
    lines = [f"__label__{'pos' if i % 2 else 'neg'} film" for i in range(60)] + ["__label__x a"]
    (tmp_path / "r.txt").write_text("\n".join(lines))
    with pytest.warns(InlayWarning, match=r"r\.txt:61: the label 'x' comes once"):
        read_labelled(tmp_path / "r.txt")
