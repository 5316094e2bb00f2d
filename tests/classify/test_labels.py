import warnings
from unicodedata import normalize

import numpy as np
import pytest

from inlay.classify.labels import (
    check_order,
    checked_labels,
    compared,
    warn_of_doubtful,
    warn_of_order,
)
from inlay.errors import ArgumentError, ArgumentTypeError, InlayWarning


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
        ([[1], [[2], [3, 4]]], "list"),
        (np.array([[1], [2]]), "ndarray"),
        ([1, 2**70], "64 bits"),
        ([1.0, np.inf], "fractions"),
        ("ab", "a list of labels"),
        ({"a": 1, "b": 2}, "a list of labels"),
        (["a", "\ud800"], r"label 1: expected text that UTF-8 can hold, got '\\ud800'"),
        (3, "a list of labels"),
    ],
)
def test_labels_that_cannot_be_learnt(labels, message):
    with pytest.raises((ArgumentError, ArgumentTypeError), match=message):
        checked_labels(labels, 2)


def test_no_texts_at_all():
    with pytest.raises(ArgumentError, match="no texts"):
        checked_labels([], 0)


def test_labels_in_the_place_of_texts_are_refused():
    texts, labels = [["a", "film"], "a bore", "a joy"], np.array(["pos", "neg", "pos"])
    check_order(texts, labels)
    check_order(["a", "b"], np.array(["neg", "pos"]))  # as many classes as texts
    check_order(["a", "a", "a"], np.array([1, 2, 3]))  # whole numbers are no texts
    with pytest.raises(ArgumentError, match=r"texts first, .* got 2 of them with 3 different"):
        check_order(labels, np.array(["a film", "a bore", "a joy"]))
    with pytest.raises(ArgumentError, match="got 1 of them with 2 different labels"):
        check_order([["a", "b"], ["a", "b"]], np.array(["x", "y"]))


class NAType:
    """What pandas' NA is called; it does not say whether it equals itself."""

    def __eq__(self, other):
        return self

    __ne__ = __eq__
    __hash__ = None

    def __bool__(self):
        raise TypeError("boolean value of NA is ambiguous")


def test_pandas_na_is_a_missing_label():
    with pytest.raises(ArgumentError, match="label 1"):
        checked_labels([1, NAType(), 2], 3)


def test_a_column_that_was_shuffled_alone_is_told():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"text": list("abcdef"), "label": [1, 0] * 3})
    mixed = frame.sample(frac=1, random_state=1)
    with pytest.warns(InlayWarning, match="same index in another order, and are taken by position"):
        warn_of_order(mixed["text"], frame["label"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_order(mixed["text"], mixed["label"])
        warn_of_order(mixed["text"], frame["label"].to_numpy())
        warn_of_order(list("abc"), ["x", "y", "z"])  # lists have an `index` too
        warn_of_order(frame["text"][:3], frame["label"][3:])


def test_labels_of_a_series():
    pandas = pytest.importorskip("pandas")
    for labels in ([1, 0], ["b", "a"], [True, False]):
        assert checked_labels(pandas.Series(labels), 2).tolist() == labels
    assert checked_labels(pandas.Series(["b", "a"], dtype="category"), 2).tolist() == ["b", "a"]
    assert checked_labels(pandas.Series([3, 1], dtype="Int64"), 2).tolist() == [3, 1]
    with pytest.raises(ArgumentError, match="label 0"):
        checked_labels(pandas.Series([None, 1], dtype="Int64"), 2)


def test_labels_that_are_rare_or_differ_by_white_space_are_told():
    labels = np.array(["pos", "neg", "pos", "neg", " pos", "odd"])
    with pytest.warns(InlayWarning, match="white space") as told:
        warn_of_doubtful(labels, held_out=False)
    (message,) = [str(each.message) for each in told]
    assert message.startswith("the labels ' pos' (text 4) and 'pos' differ by white space alone")
    rare = r"one text only, .* never held out: ' pos' \(text 4\), 'odd' \(text 5\)\. Try"
    with pytest.warns(InlayWarning, match=rare), pytest.warns(InlayWarning, match="white space"):
        warn_of_doubtful(labels, held_out=True)
    with pytest.warns(InlayWarning, match=r"4 \(text 4\) and 7 more\."):
        warn_of_doubtful(np.arange(12), held_out=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_doubtful(np.array([1, 2, 1, 2]), held_out=True)
        warn_of_doubtful(np.array([1, 2]), held_out=False)
        warn_of_doubtful(np.array([" a", "b"]), held_out=False)  # alone, it is what it is


def test_labels_that_are_no_class_count_as_wrong_and_are_told():
    predicted, classes = np.array(["a", "b", "a"]), np.array(["a", "b"])
    assert compared(predicted, ["a", "b", "b"], classes).tolist() == [True, True, False]
    with pytest.warns(InlayWarning, match=r"2 of 3 texts .* never saw, 'c', \['a'\], and count"):
        assert compared(predicted, ["c", "b", ["a"]], classes).tolist() == [False, True, False]
    with pytest.warns(InlayWarning, match="1 of 3 texts"):
        found = compared(predicted, [np.array(["a"]), "b", "a"], classes)
    assert found.tolist() == [False, True, True]
    numbers = np.array([0, 1, 0]), np.array([0, 1])
    assert compared(numbers[0], np.array([0, 1, 1]), numbers[1]).tolist() == [True, True, False]
    with pytest.raises(ArgumentError, match=r"knows: 0, 1, got none of them, str '0' first.*type"):
        compared(numbers[0], ["0", "1", "0"], numbers[1])
    with pytest.raises(ArgumentError, match="labels: expected 3, one for each text, got 1"):
        compared(predicted, ["a"], classes)
    with pytest.raises(ArgumentError, match="texts: expected texts to judge by, got none"):
        compared(predicted[:0], [], classes)


@pytest.mark.parametrize("labels", [np.eye(2), [[1, 0], [0, 1]], [["a"], ["b"]]])
def test_a_text_has_one_label(labels):
    with pytest.raises(ArgumentTypeError, match=r"labels\.argmax\(axis=1\) of one-hot .* model="):
        checked_labels(labels, 2)
    with pytest.raises(ArgumentTypeError, match=r"got int and str\. Try: str\(label\) for all"):
        checked_labels([1, "a"], 2)


def test_tensors_are_no_numbers():
    class Scalar:
        """As an item of a tensor is, whose string is `tensor(1)`."""

        def tolist(self):
            return 1

    with pytest.raises(ArgumentTypeError, match=r"got Scalar\. Try: labels\.tolist\(\)\."):
        checked_labels([Scalar(), Scalar()], 2)


def test_labels_that_differ_by_how_letters_are_composed_are_told():
    parts = normalize("NFD", "\uae0d\uc815")
    labels = np.array(["\uae0d\uc815", "\ubd80\uc815", parts])
    with pytest.warns(InlayWarning, match="as text 2 has it, in decomposed ones, which are two"):
        warn_of_doubtful(labels, held_out=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_doubtful(labels[1:], held_out=False)


@pytest.mark.parametrize(
    ("label", "hint"),
    [
        ("__label__caf\xe9", "label.removeprefix('__label__') for all of them"),
        (" caf\xe9", "label.strip() for all of them"),
        (normalize("NFD", "caf\xe9"), "unicodedata.normalize('NFC', label) for all of them"),
        ("tea", "labels of the type that it was fitted with"),
        (1, "labels of the type that it was fitted with"),
    ],
)
def test_labels_that_are_no_classes_are_told_what_they_may_be(label, hint):
    with pytest.raises(ArgumentError, match="classes that the classifier knows") as told:
        compared(np.array(["bar"]), [label], np.array(["bar", "caf\xe9"]))
    assert told.value.hint == hint
