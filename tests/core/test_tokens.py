import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inlay.core import tokens as module
from inlay.core.tokens import Tokens
from inlay.errors import ArgumentError, ArgumentTypeError, FormatError, IdError

texts = st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=40)


@settings(deadline=None)  # the first compiles
@given(texts, texts)
def test_finds_what_a_dict_finds(words, queries):
    tokens = Tokens.from_list(words)
    first = {}
    for row, word in enumerate(words):
        first.setdefault(word, row)
    assert tokens.tolist() == words
    expected = [first.get(query, -1) for query in words + queries]
    assert [tokens.find(query) for query in words + queries] == expected
    assert tokens.find_many(words + queries).tolist() == expected
    assert tokens.first_rows().tolist() == [first[word] for word in words]


def test_kernels_and_plain_python_agree(monkeypatch):
    words = [f"wörd{i % 700}" for i in range(1000)]
    queries = [*words[::3], "absent", "", "\ud83d"]
    small = Tokens.from_list([*words, "?"])
    slots, first = small.slots, small.first_rows()
    rows = [small.find(query) for query in queries]
    monkeypatch.setattr(module, "SMALL", 0)
    one_by_one = Tokens(small.blob, small.offsets).find_many(queries)
    assert one_by_one.tolist() == rows
    monkeypatch.setattr(module, "FEW", 0)
    large = Tokens.from_list([*words, "?"])
    assert np.array_equal(large.slots, slots)
    assert np.array_equal(large.first_rows(), first)
    assert large.find_many(queries).tolist() == rows


def test_is_a_sequence():
    tokens = Tokens.from_list(["a", "bé", "", "c"])
    assert (tokens[0], tokens[-1], tokens[2], tokens[1:]) == ("a", "c", "", ["bé", "", "c"])
    assert list(reversed(tokens)) == ["c", "", "bé", "a"]
    assert "bé" in tokens
    assert "x" not in tokens
    assert 3 not in tokens
    assert tokens.index("c") == 3
    assert tokens == Tokens.from_list(["a", "bé", "", "c"])
    assert tokens != Tokens.from_list(["ab", "é", "", "c"])
    assert repr(tokens) == "Tokens(4: 'a', 'bé', '', ...)"
    assert tokens[np.int64(1)] == "bé"
    for wrong in (4, -5):
        with pytest.raises(IdError, match="a row from -4 to 3"):
            tokens[wrong]
    for wrong in ("a", 1.0, np.array([0, 1]), None):
        with pytest.raises(ArgumentTypeError, match=r"tokens\.find\(token\)"):
            tokens[wrong]


def test_copies_and_pickles_with_the_index_that_was_built():
    tokens = Tokens.from_list(["a", "bé"])
    assert "slots" not in vars(pickle.loads(pickle.dumps(tokens)))
    assert tokens.find("bé") == 1
    for made in (copy.copy(tokens), copy.deepcopy(tokens), pickle.loads(pickle.dumps(tokens))):
        assert made == tokens
        assert np.array_equal(vars(made)["slots"], tokens.slots)
        assert made.find("bé") == 1


def test_damage_is_reported_by_the_name_that_was_given():
    tokens = Tokens(np.frombuffer(b"\xff", np.uint8), np.array([0, 1]), name="v.safetensors")
    for made in (tokens, pickle.loads(pickle.dumps(tokens))):
        with pytest.raises(FormatError, match=r"v\.safetensors: expected token 0 in UTF-8"):
            made[0]


def test_a_dict_is_made_only_when_asked_for():
    tokens = Tokens.from_list(["a", "b"])
    tokens.find("b")
    assert "as_dict" not in vars(tokens)
    assert tokens.as_dict == {"a": 0, "b": 1}


def test_refuses_what_utf8_cannot_hold():
    with pytest.raises(ArgumentError, match="item 1: expected text that UTF-8 can hold"):
        Tokens.from_list(["a", "\ud800"])
    with pytest.raises(ArgumentTypeError, match="item 0: expected a string, got int 3"):
        Tokens.from_list([3])
    assert Tokens.from_list(["a"]).find("\ud800") == -1


@pytest.mark.parametrize(
    "given", [[], [""], ["", ""], ["é", "", "가나"], ["\0"], ["a\0", "b"], ["\0", "", "\0\0é"]]
)
def test_whatever_strings_there_are_is_packed(given):
    blob, offsets = module.pack(given)
    assert offsets.size == len(given) + 1
    assert list(Tokens(blob, offsets)) == given


@pytest.mark.parametrize(
    "offsets", [[0, 9], [2, 1], [0, -1], [-5, 1]], ids=["beyond", "falling", "minus", "before"]
)
def test_damaged_offsets_are_an_error_and_read_nothing_outside(offsets):
    tokens = Tokens(np.frombuffer(b"ab", np.uint8), np.array(offsets, np.int64))
    with pytest.raises(FormatError, match="tokens: expected"):
        tokens[0]
    with pytest.raises(FormatError, match="offsets that rise"):
        tokens.check()


def test_damaged_slots_end_the_search(monkeypatch):
    good = Tokens.from_list(["a", "b"])
    full = Tokens(good.blob, good.offsets, np.ones(4, np.uint32))
    assert full.find("zzz") == -1
    beyond = Tokens(good.blob, good.offsets, np.full(4, 77, np.uint32))
    with pytest.raises(FormatError, match="row below 2"):
        beyond.find("a")
    monkeypatch.setattr(module, "SMALL", 0)
    monkeypatch.setattr(module, "FEW", 0)
    assert full.find_many(["zzz", "a"]).tolist() == [-1, 0]
    with pytest.raises(FormatError, match="an index of rows below 2, got 76"):
        beyond.find_many(["a"])


def test_distinct():
    with pytest.raises(ArgumentError, match="'b' at 1 and 2"):
        Tokens.from_list(["a", "b", "b"]).check_distinct()
