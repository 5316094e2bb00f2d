import numpy as np
import pytest

from inlay.classify.checks import checked_labels, checked_texts
from inlay.errors import ArgumentError, ArgumentTypeError


def test_texts_are_kept_as_they_are():
    texts = ["a <br /> b", "", ["c", "d"], ("e",)]
    assert checked_texts(iter(texts)) == texts
    assert checked_texts(np.array(["a", "b"], dtype=object)) == ["a", "b"]


@pytest.mark.parametrize("wrong", [None, float("nan"), 3, ["a", 1], b"bytes"])
def test_a_text_that_is_none_is_named_by_its_position(wrong):
    with pytest.raises(ArgumentTypeError, match="text 1"):
        checked_texts(["fine", wrong])


def test_one_string_is_not_a_list_of_texts():
    with pytest.raises(ArgumentTypeError, match=r"\[text\]"):
        checked_texts("a good film")


@pytest.mark.parametrize("missing", [None, float("nan"), np.float64("nan"), np.float32("nan")])
def test_a_missing_label_is_named_by_its_position(missing):
    with pytest.raises(ArgumentError, match="label 2"):
        checked_labels(["pos", "neg", missing], 3)
    with pytest.raises(ArgumentError, match="label 0"):
        checked_labels([missing, 1, 0], 3)


def test_kinds_of_labels():
    assert checked_labels(["b", "a"], 2).tolist() == ["b", "a"]
    assert checked_labels(np.array([3, 1], np.int8), 2).dtype == np.int8
    assert checked_labels([True, False], 2).dtype == bool
    assert checked_labels([1.0, 0.0], 2).tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["a", "a"], "only"),
        (["a"], "2, one for each text"),
        ([0.5, 1.0], "fractions"),
        (["a", 1], "int and str"),
        ([[1], [2]], "list"),
    ],
)
def test_labels_that_cannot_be_learnt(labels, message):
    with pytest.raises((ArgumentError, ArgumentTypeError), match=message):
        checked_labels(labels, 2)


def test_no_texts_at_all():
    with pytest.raises(ArgumentError, match="no texts"):
        checked_labels([], 0)
