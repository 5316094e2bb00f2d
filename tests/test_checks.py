import numpy as np
import pytest

from inlay import Table, Vocabulary, checks
from inlay.errors import ArgumentError, ArgumentTypeError, InlayWarning
from inlay.text import LabelledTexts


@pytest.mark.parametrize("value", [3, np.int64(3), np.uint8(3)])
def test_whole_numbers_of_any_kind_become_ints(value):
    found = checks.whole("dim", value)
    assert found == 3
    assert type(found) is int


@pytest.mark.parametrize("value", [True, np.True_, 3.0, np.float32(3), "3", None, np.array([3, 4])])
def test_what_is_no_whole_number_is_refused_by_type(value):
    with pytest.raises(ArgumentTypeError, match="dim: expected a whole number, 1 or more, got"):
        checks.whole("dim", value)


def test_bounds_of_whole_numbers():
    assert checks.whole("n", 0, least=0) == 0
    assert checks.whole("n", 5, most=5) == 5
    with pytest.raises(ArgumentError, match="n: expected a whole number, 1 or more, got 0"):
        checks.whole("n", 0)
    with pytest.raises(ArgumentError, match="from 1 to 5, got 6"):
        checks.whole("n", 6, most=5)
    assert checks.whole_or_none("n", None) is None
    with pytest.raises(ArgumentError, match="n: expected"):
        checks.whole_or_none("n", 0)


@pytest.mark.parametrize("value", [0.5, np.float32(0.5), np.array(0.5)])
def test_numbers_become_floats(value):
    assert checks.number("share", value, above=0, below=1) == 0.5
    assert type(checks.number("share", value)) is float


def test_bounds_of_numbers():
    assert checks.number("x", 1, most=1) == 1
    assert checks.number("x", 0, least=0) == 0
    with pytest.raises(ArgumentError, match="above 0 and below 1, got 1"):
        checks.number("x", 1, above=0, below=1)
    with pytest.raises(ArgumentError, match="from 0 up to, but not including, 1, got 1"):
        checks.number("x", 1, least=0, below=1)
    with pytest.raises(ArgumentError, match="above 0, got 0"):
        checks.number("x", 0, above=0)
    with pytest.raises(ArgumentError, match="from 0 to 1, got 2"):
        checks.number("x", 2, least=0, most=1)
    with pytest.raises(ArgumentError, match="from 0, got -1"):
        checks.number("x", -1, least=0)
    for value in (float("nan"), float("inf")):
        with pytest.raises(ArgumentError, match="a number, got"):
            checks.number("x", value)
    for wrong in ("0.5", True, None, [1.0], np.ones(1)):
        with pytest.raises(ArgumentTypeError, match="x: expected a number"):
            checks.number("x", wrong)


def test_flags_are_true_or_false_and_nothing_with_a_truth_value():
    assert checks.flag("freeze", np.True_) is True
    assert checks.flag("freeze", False) is False
    for value in (1, "yes", None, [], object()):
        with pytest.raises(ArgumentTypeError, match="freeze: expected True or False, got"):
            checks.flag("freeze", value)


def test_choices():
    assert checks.choice("pool", "mean", ("mean", "max")) == "mean"
    assert checks.choice("pool", np.str_("max"), ("mean", "max")) == "max"
    assert checks.choice("trainable", False, ("mix", "all", False)) is False
    with pytest.raises(ArgumentError, match="pool: expected 'mean', 'sum' or 'max', got str 'x'"):
        checks.choice("pool", "x", ("mean", "sum", "max"))
    with pytest.raises(ArgumentError, match="got int 0"):
        checks.choice("trainable", 0, ("mix", "all", False))
    with pytest.raises(ArgumentError, match=r"got ndarray of shape \(2,\)"):
        checks.choice("pool", np.array(["mean", "max"]), ("mean", "max"))


def test_one_string_is_not_many_texts():
    with pytest.raises(ArgumentTypeError, match=r"Try: put it in a list: \[text\]"):
        checks.many_texts("texts", "a good film")
    with pytest.raises(ArgumentTypeError, match="texts: expected a list of texts, got int 3"):
        checks.many_texts("texts", 3)
    assert list(checks.many_texts("texts", (t for t in ["a"]))) == ["a"]


class Frame:
    """What a DataFrame is to who goes through it: the names of its columns."""

    columns = ("text", "label")
    shape = (3, 2)

    def __iter__(self):
        return iter(self.columns)


@pytest.mark.parametrize("texts", [Frame(), {"text": ["a"], "label": [1]}])
def test_the_names_of_a_tables_columns_do_not_pass_for_texts(texts):
    with pytest.raises(ArgumentTypeError, match=r"texts: expected a list of texts, got .*column"):
        checks.many_texts("texts", texts)


def test_texts_and_labels_together_do_not_pass_for_two_texts():
    both = LabelledTexts(["a film", "b"], ["pos", "neg"], ["1", "2"])
    with pytest.raises(
        ArgumentTypeError, match=r"texts: expected a list of texts.* Try: texts\.texts"
    ):
        checks.many_texts("texts", both)


def test_what_is_gone_through_is_named():
    with pytest.raises(ArgumentTypeError, match=r"labels: expected a list of labels.*\[label\]"):
        checks.many("labels", "pos", "labels")
    with pytest.raises(ArgumentTypeError, match="labels: expected a list of labels"):
        checks.many("labels", np.array("pos"), "labels")


def test_every_text_comes_as_it_is_asked_for():
    texts = checks.every_text("texts", iter(["a b", ["a", "b"], None]), hint="leave it out")
    assert next(texts) == "a b"
    assert next(texts) == ["a", "b"]
    with pytest.raises(ArgumentTypeError, match=r"text 2: expected a string .* Try: leave it out"):
        next(texts)
    with pytest.raises(ArgumentTypeError, match="texts: expected a list of texts"):
        checks.every_text("texts", "a b")
    for texts in ({"a", "b"}, frozenset()):
        with pytest.raises(ArgumentTypeError, match=r"another order .* Try: sorted\(texts\)"):
            checks.every_text("texts", texts)


def test_a_text_is_a_string_or_a_list_of_strings():
    assert checks.one_text("text 0", "a b") == "a b"
    assert checks.one_text("text 0", np.array(["a", "b"])) == ["a", "b"]
    for wrong in (None, float("nan"), b"a", ["a", 1], np.array([1, 2])):
        with pytest.raises(ArgumentTypeError, match="text 7: expected a string or a list of"):
            checks.one_text("text 7", wrong)
    for row in (("a b", "pos"), ("a b",), ("a", "b", "c")):  # of zip, of a cursor, of tokens
        with pytest.raises(ArgumentTypeError, match=r"got tuple .*row\[0\] .*list\(tokens\)"):
            checks.one_text("text 0", row, hint="leave it out")


def test_long_values_are_cut_in_messages():
    assert len(checks.described("x" * 1000)) < 80


@pytest.mark.parametrize(
    "tokens", [["a", "b"], ("a", "b"), np.array(["a", "b"]), iter("ab"), {"a": 1, "b": 2}.keys()]
)
def test_tokens_become_a_list_of_plain_strings(tokens):
    found = checks.many_tokens("tokens", tokens)
    assert found == ["a", "b"]
    assert {type(token) for token in found} == {str}


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        ("ab", "tokens: expected a list of tokens, got str 'ab'. Try: put it in a list"),
        ({"a": 0}, r"tokens: expected a list of tokens, got dict .*list\(tokens\)"),
        ({"a"}, r"a set, which has another order in each process\. Try: sorted\(tokens\)"),
        (5, r"got int 5\. Try: rows\[5\]"),
        (np.array("a"), "expected a list of tokens, got ndarray"),
        ([1], r"tokens, item 0: expected a string, got int 1\. Try: rows\[5\]"),
        (["a", float("nan")], "tokens, item 1: expected a string, got nan"),
        (np.array([["a", "b"]]), "tokens, item 0: expected a string, got list"),
        ([b"a"], "got bytes"),
    ],
)
def test_what_is_no_list_of_tokens(tokens, message):
    with pytest.raises(ArgumentTypeError, match=message):
        checks.many_tokens("tokens", tokens, hint="rows[5]")


def test_a_warning_stands_at_the_line_of_the_user():
    table = Table(["a"], [[1.0]], provenance={"tokenizer": "lower"})
    with pytest.warns(InlayWarning, match="split by the tokenizer 'lower'") as told:
        table.align(Vocabulary(["a"]))
    assert told[0].filename == __file__
    with pytest.warns(InlayWarning, match="^directly$") as told:
        checks.warn("directly")
    assert told[0].filename == __file__


def test_what_is_shown_is_short():
    assert checks.shown("a") == "'a'"
    assert checks.shown("x" * 60) == repr("x" * 60)
    assert checks.shown("x" * 61) == repr("x" * 60) + "..."
    assert checks.shown(b"x" * 99) == repr(b"x" * 60) + "..."
    assert checks.shown([1] * 99) == repr([1] * 99)[:60] + "..."


@pytest.mark.parametrize("name", ["texts", "labels"])
def test_a_column_of_a_table_is_no_list(name):
    """Each of its rows would pass for a text that is tokenised already, of one token."""
    with pytest.raises(
        ArgumentTypeError, match=rf"{name}: .* shape \(2, 1\)\. Try: {name}.ravel\(\)"
    ):
        checks.many(name, np.array([["a good film"], ["a bore"]]), name)
    assert list(checks.many(name, np.array([["a", "film"], ["a", "bore"]]), name))
