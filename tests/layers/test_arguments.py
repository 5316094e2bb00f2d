"""What the makers of layers take and refuse; run with whatever is installed."""

import numpy as np
import pytest

import inlay
from inlay import Table, Vocabulary
from inlay.core import HashingVocabulary
from inlay.encode import FunctionEncoder
from inlay.encode.elmo import Elmo, Weights
from inlay.errors import ArgumentError, ArgumentTypeError, InlayError, MissingFileError
from tests.encode.elmo.test_network import TINY

MAKERS = {"to_torch": ("torch", inlay.to_torch), "to_keras": ("keras", inlay.to_keras)}
OTHERS = ("to_tensorflow", "to_jax")


@pytest.fixture(params=MAKERS)
def maker(request):
    package, make = MAKERS[request.param]
    pytest.importorskip(package)
    return make


def rows(layer):
    weight = layer.weight if hasattr(layer, "weight") else layer.get_weights()[0]
    return np.asarray(weight)


def test_a_vocabulary_says_whose_ids_the_layer_takes(maker, padded):
    vocab = Vocabulary(["t5", "t0", "nowhere"])
    found = rows(maker(padded, vocab))
    np.testing.assert_array_equal(found, padded.align(vocab).vectors)
    np.testing.assert_array_equal(found[vocab["t5"]], padded["t5"])
    assert not found[vocab.pad_id].any()
    np.testing.assert_array_equal(rows(maker(padded)), padded.vectors)


def test_a_hash_says_whose_ids_the_layer_takes(maker):
    hashes = HashingVocabulary(9)
    table = Table.random(hashes, 4)
    merged = maker(table, hashes, trainable=True).merged(hashes)
    np.testing.assert_array_equal(merged.vectors, table.vectors)
    assert (merged.tokens, merged.pad_id) == (table.tokens, 0)


def test_a_file_is_read(maker, padded, tmp_path):
    path = tmp_path / "table.safetensors"
    padded.save(path)
    vocab = Vocabulary(["t5"])
    for where in (path, str(path)):
        np.testing.assert_array_equal(rows(maker(where)), padded.vectors)
        np.testing.assert_array_equal(rows(maker(where, vocab))[vocab["t5"]], padded["t5"])


class Encoder:
    """Something that encodes and makes layers; it keeps what it was asked for."""

    def encode(self, texts):
        """Vectors of texts."""

    def to_torch(self, *, trainable, vocab_to_cache=None, name="own"):
        return {"vocab_to_cache": vocab_to_cache, "trainable": trainable, "name": name}

    to_keras = to_torch


class OfTexts(Encoder):
    """One that has no vocabulary."""

    def to_torch(self, *, trainable=True, by_reference=False):
        return {"trainable": trainable, "by_reference": by_reference}

    to_keras = to_torch


def test_an_encoder_makes_its_own_layer(maker):
    vocab = Vocabulary(["a"])
    name = {"name": "own"}
    assert maker(Encoder()) == {"vocab_to_cache": None, "trainable": False} | name
    whole = {"vocab_to_cache": vocab, "trainable": True}
    assert maker(Encoder(), vocab, trainable=True) == whole | name
    if maker is inlay.to_keras:
        assert maker(Encoder(), name="mine")["name"] == "mine"


def test_an_encoder_of_texts_is_asked_for_what_it_takes(maker):
    assert maker(OfTexts()) == {"trainable": False, "by_reference": False}
    found = maker(OfTexts(), trainable=True, by_reference=True)
    assert found == {"trainable": True, "by_reference": True}
    with pytest.raises(ArgumentError, match="vocab: expected None: the encoder takes texts"):
        maker(OfTexts(), Vocabulary(["a"]))
    with pytest.raises(ArgumentError, match="check: expected a table"):
        maker(OfTexts(), check="always")


def test_a_list_for_an_encoder_is_refused_for_its_first_word_would_be_no_token(maker):
    with pytest.raises(ArgumentTypeError, match="vocab: expected a Vocabulary for an encoder"):
        maker(Encoder(), ["a", "b"])


def test_an_encoder_trains_as_a_whole_or_not_at_all(maker):
    with pytest.raises(ArgumentError, match="rows: expected a table"):
        maker(Encoder(), trainable="rows", rows=["a"])
    with pytest.raises(ArgumentError, match=r"trainable: expected a table.*leave trainable out"):
        maker(Encoder(), trainable="delta")
    with pytest.raises(ArgumentError, match="by_reference: expected a table"):
        maker(Encoder(), by_reference=True)


@pytest.mark.parametrize("make", OTHERS)
def test_a_table_alone_is_what_others_take(make):
    with pytest.raises(ArgumentTypeError, match=rf"{make}: .*got an encoder.*inlay\.to_keras"):
        getattr(inlay, make)(Encoder())


class Frame:
    """Columns that other libraries turn into tensors: no encoder, whatever its methods."""

    def to_torch(self):
        """A tensor, not a layer."""

    to_keras = to_torch


@pytest.mark.parametrize(
    ("make", "name", "value"),
    [
        ("to_torch", "sparse", True),
        ("to_torch", "max_norm", 1.0),
        ("to_torch", "check", "off"),
        ("to_keras", "check", "always"),
        ("to_keras", "pull", 0.1),
        ("to_keras", "mask", False),
    ],
)
def test_what_an_encoder_does_not_obey_is_refused(make, name, value):
    with pytest.raises(ArgumentError, match=f"{name}: expected a table"):
        getattr(inlay, make)(Encoder(), trainable=True, **{name: value})


@pytest.mark.parametrize(
    ("x", "hint"),
    [
        (Vocabulary(["a"]), r"NAME\(table, vocab\)"),
        (HashingVocabulary(10), r"NAME\(table, vocab\).*NAME\(Table\.random\(vocab, dim\), train"),
        (np.eye(2, dtype="float32"), r"NAME\(Table\(tokens, array\)\)"),
        ({"a": [1.0]}, r"NAME\(Table\(list\(d\), np.array\(list\(d.values\(\)\)\)\)\)"),
        (None, "NAME: expected a Table, an encoder, or a file of vectors, got None"),
        (
            FunctionEncoder(len),
            r"got FunctionEncoder.*Try: encoder\.encode\(texts\), and the vectors",
        ),
        (Frame(), "got Frame"),
        (["a", "b"], r"got list \['a', 'b'\]"),
    ],
)
def test_what_is_no_table_is_told_what_to_write(maker, x, hint):
    with pytest.raises(ArgumentTypeError, match=hint.replace("NAME", maker.__name__)):
        maker(x)


def test_what_the_hint_says_works(maker):
    words = {"a": [1.0, 2.0], "b": [3.0, 4.0]}
    table = Table(list(words), np.array(list(words.values())))
    np.testing.assert_array_equal(rows(maker(table)), [[1, 2], [3, 4]])


def test_a_name_longer_than_any_file_has(maker):
    with pytest.raises(MissingFileError, match=rf"{maker.__name__}: .* of 5,000 characters"):
        maker("x" * 5000)


def test_a_folder_holds_no_table(maker, tmp_path):
    with pytest.raises(ArgumentError, match=r"a file of vectors, got the folder .*load_encoder"):
        maker(tmp_path)


@pytest.mark.parametrize("value", [True, False, np.True_])
def test_the_second_argument_is_no_flag(maker, padded, value):
    with pytest.raises(ArgumentTypeError, match=f"vocab: .*Try: trainable={value}"):
        maker(padded, value)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        ("to_torch", "trainable"),
        ("to_torch", "sparse"),
        ("to_keras", "trainable"),
        ("to_keras", "mask"),
    ],
)
@pytest.mark.parametrize("value", [1, None, "no", np.array([True])])
def test_flags_are_true_or_false(padded, make, name, value):
    with pytest.raises(ArgumentTypeError, match=rf"{name}: expected True(,| or) False"):
        getattr(inlay, make)(padded, **{name: value})


@pytest.mark.parametrize(
    ("make", "wrong", "right"),
    [
        ("to_torch", {"freeze": False}, "freeze=False. Try: trainable=True"),
        ("to_torch", {"requires_grad": False}, "Try: trainable=False"),
        ("to_torch", {"check_ids": True}, 'Try: check="always"'),
        ("to_torch", {"rows": [1]}, 'rows: .*a layer that trains no row.*Try: trainable="rows"'),
        ("to_keras", {"trainable": True, "rows": [1]}, "rows: .*trains every row"),
        ("to_keras", {"check": True}, 'check: .*Try: check="always"'),
        ("to_torch", {"max_norm": 1.0}, "max_norm: expected None for a frozen layer.*trainable="),
        ("to_torch", {"padding_idx": 0}, "the table's pad_id"),
        ("to_keras", {"freeze": False}, "freeze=False. Try: trainable=True"),
        ("to_keras", {"mask_zero": True}, "mask= of to_keras"),
        ("to_keras", {"weights": [np.eye(2)]}, r"Table\(tokens, array\)"),
        ("to_keras", {"nonsense": 3}, "no argument but x, vocab, .* nonsense=int 3"),
    ],
)
def test_words_of_others_are_told_ours(padded, make, wrong, right):
    with pytest.raises((ArgumentError, ArgumentTypeError), match=right):
        getattr(inlay, make)(padded, **wrong)


@pytest.mark.parametrize("name", [3, b"words", "a/b"])
def test_a_name_is_a_string_that_keras_takes(padded, name):
    pytest.importorskip("keras")
    elmo = Elmo(TINY, Weights.random(TINY))
    for make in (
        lambda: inlay.to_keras(padded, name=name),
        lambda: inlay.to_keras(elmo, name=name),
        lambda: elmo.to_keras(name=name),
    ):
        with pytest.raises(InlayError, match="name: expected a "):
            make()


@pytest.mark.parametrize("dtype", ["foo", 5, "mixed_foo"])
def test_a_dtype_is_one_or_a_policy(dtype):
    pytest.importorskip("keras")
    with pytest.raises(ArgumentError, match="dtype: expected a dtype, or a policy"):
        Elmo(TINY, Weights.random(TINY)).to_keras(dtype=dtype)
