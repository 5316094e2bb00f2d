import numpy as np
import pytest

from inlay.encode.elmo.characters import batch_to_ids, character_ids
from inlay.errors import ArgumentError, ArgumentTypeError

BEGIN, END, FILL = 259, 260, 261


def word(*characters):
    """What a word of these characters must be."""
    ids = [BEGIN, *characters, END]
    return ids + [FILL] * (50 - len(ids))


@pytest.mark.parametrize("k", [0, 1])
def test_the_reference_characters(golden, k):
    batch = golden.batches[k]
    ids = batch_to_ids(batch.sentences)
    assert ids.dtype == np.int32
    assert np.array_equal(ids, batch.char_ids)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cat", word(100, 98, 117)),
        ("", word()),
        ("\x00", word(1)),
        ("\U0010ffff", word(0xF4 + 1, 0x8F + 1, 0xBF + 1, 0xBF + 1)),
        ("é", word(0xC3 + 1, 0xA9 + 1)),
        ("e\u0301", word(102, 0xCC + 1, 0x81 + 1)),  # not normalised
        ("😀", word(0xF0 + 1, 0x9F + 1, 0x98 + 1, 0x80 + 1)),
        ("\ud83d", word(0xED + 1, 0xA0 + 1, 0xBD + 1)),  # half of a pair
        ("<S>", word(257)),
        ("</S>", word(258)),
        ("<s>", word(61, 116, 63)),
        ("x" * 48, word(*[121] * 48)),
        ("x" * 49, word(*[121] * 48)),
        ("x" * 5000, word(*[121] * 48)),
        ("x" * 47 + "é", word(*[121] * 47, 0xC3 + 1)),  # cut in half
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_words(text, expected):
    assert character_ids([text])[0].tolist() == expected


def test_a_word_is_the_same_beside_others():
    words = ["a", "<S>", "", "x" * 60, "é"]
    together = character_ids(words)
    assert np.array_equal(together, np.concatenate([character_ids([word]) for word in words]))
    assert together.min() > 0


def test_shorter_words():
    assert character_ids(["cat", "</S>"], 4).tolist() == [[259, 100, 98, 260], [259, 258, 260, 261]]


def test_no_words():
    assert character_ids([]).shape == (0, 50)


def test_a_text_ends_in_zeros():
    ids = batch_to_ids([["a", "b"], [], ["c"]])
    assert ids.any(axis=2).tolist() == [[True, True], [False, False], [True, False]]


@pytest.mark.parametrize(("batch", "shape"), [([], (0, 0, 50)), ([[], []], (2, 0, 50))])
def test_nothing(batch, shape):
    assert batch_to_ids(batch).shape == shape


def test_a_fixed_width_cuts_and_fills():
    batch = [["a", "b", "c"], ["d"]]
    assert np.array_equal(batch_to_ids(batch, max_length=2), batch_to_ids([["a", "b"], ["d"]]))
    assert batch_to_ids(batch, max_length=7).any(axis=2).sum(axis=1).tolist() == [3, 1]
    assert batch_to_ids(batch, max_length=7).shape == (2, 7, 50)
    assert batch_to_ids(batch, max_length=0).shape == (2, 0, 50)
    with pytest.raises(ArgumentError, match="max_length"):
        batch_to_ids(batch, max_length=-1)
    for name, value in (("max_length", "5"), ("max_length", 2.0), ("word_length", "a")):
        with pytest.raises(ArgumentTypeError, match=f"{name}: expected a whole number"):
            batch_to_ids(batch, **{name: value})
    with pytest.raises(ArgumentError, match="word_length: expected a whole number, 3 or more"):
        batch_to_ids(batch, word_length=2)
    with pytest.raises(ArgumentTypeError, match="batch: expected a list of texts"):
        batch_to_ids(None)


def test_a_pad_token_is_no_token_wherever_it_is():
    batch = [["--PAD--", "a", "--PAD--", "b"], ["--PAD--"]]
    ids = batch_to_ids(batch, pad_token="--PAD--")
    assert ids.any(axis=2).tolist() == [[False, True, False, True], [False] * 4]
    assert np.array_equal(ids[0, [1, 3]], character_ids(["a", "b"]))
    assert batch_to_ids(batch).any(axis=2).tolist() == [[True] * 4, [True, False, False, False]]
    assert batch_to_ids([["a"]], pad_token="--PAD--").all()
    assert not batch_to_ids([["", "a"]], pad_token="")[0, 0].any()


def test_an_iterator_of_tuples_and_arrays():
    texts = [("a", "b"), np.array(["c", "é"])]
    assert np.array_equal(batch_to_ids(iter(texts)), batch_to_ids([["a", "b"], ["c", "é"]]))


@pytest.mark.parametrize(
    "batch",
    [
        ["a film"],
        "ab",
        [["a", None]],
        [[None]],
        [["a", 3]],
        [["a", b"b"]],
        [[["a"]]],
        [None],
        [{"a"}],
        [3],
    ],
    ids=repr,
)
@pytest.mark.parametrize("pad_token", [None, "a"])
def test_what_are_no_lists_of_strings(batch, pad_token):
    with pytest.raises(ArgumentTypeError):
        batch_to_ids(batch, pad_token=pad_token)


@pytest.mark.parametrize("words", [[None], [3], [b"a"], [["a"]]], ids=repr)
def test_what_are_no_words(words):
    with pytest.raises(ArgumentTypeError, match="words: expected strings"):
        character_ids(words)
