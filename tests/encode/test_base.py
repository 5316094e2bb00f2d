"""What encoders do alike, beyond what `check_encoder` asks of each."""

import tracemalloc

import numpy as np
import pytest

from inlay.core import Table
from inlay.encode.base import TextEncoder, unit
from inlay.encode.folder import FILE, kind_in, read_folder, written_folder
from inlay.encode.static import StaticEncoder
from inlay.errors import (
    ArgumentError,
    ArgumentTypeError,
    FormatError,
    ImmutableError,
    UnknownNameError,
    UnsupportedError,
)
from tests.conformance.encoders import Tiny


class Lengths(TextEncoder):
    """Counts letters, and notes what it is given."""

    dim = 1

    def __init__(self):
        self.given = []

    def _block(self, texts, pool):
        self.given.append([len(text) for text in texts])
        return np.array([[len(text)] for text in texts], np.float32)


def test_batches_have_texts_of_like_lengths_and_results_stay_in_order():
    encoder = Lengths()
    texts = ["x" * n for n in (9, 1, 8, 2, 7, 3)]
    assert encoder.encode(iter(texts), batch_size=2)[:, 0].tolist() == [9, 1, 8, 2, 7, 3]
    assert encoder.given == [[1, 2], [3, 7], [8, 9]]


def test_without_a_size_a_block_is_what_the_encoder_is_given():
    encoder = Lengths()
    encoder.encode("x" * 9 for _ in range(2500))
    assert list(map(len, encoder.given)) == [1024, 1024, 452]
    encoder.given.clear()
    encoder.encode(["x" * 600_000] * 5)
    assert list(map(len, encoder.given)) == [2, 2, 1]


def test_a_sequence_that_lies_about_its_length():
    class Lying(list):
        def __len__(self):
            return self.said

    for said in (0, 2, 9):
        texts = Lying(["a", "bb", "ccc"])
        texts.said = said
        assert Lengths().encode(texts)[:, 0].tolist() == [1, 2, 3]


def test_texts_of_unknown_number_need_little_more_memory_than_their_vectors():
    class Wide(TextEncoder):
        dim = 1024

        def _block(self, texts, pool):
            return np.ones((len(texts), self.dim), np.float32)

    tracemalloc.start()
    vectors = Wide().encode(iter(["a"] * 12_345))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert vectors.nbytes <= peak < 1.3 * vectors.nbytes


def test_the_right_shape_is_asked_of_an_engine():
    class Wrong(Lengths):
        def _block(self, texts, pool):
            return super()._block(texts, pool)[1:]

    with pytest.raises(ArgumentError, match=r"encoder: expected vectors of shape \(2, 1\), got"):
        Wrong().encode(["a", "b"])


def test_not_a_number_is_told_of_by_its_text():
    class Bad(Lengths):
        def _block(self, texts, pool):
            vectors = super()._block(texts, pool)
            vectors[vectors == 7] = np.inf
            return vectors

    with pytest.raises(ArgumentError, match="text 40: expected a vector of finite numbers"):
        Bad().encode(["x"] * 40 + ["x" * 7, "x"], batch_size=1)


def test_vectors_of_length_one():
    vectors = np.array([[3, 4], [0, 0], [1e-30, 0], [3e38, 3e38]], np.float32)
    half = np.float32(0.5) ** 0.5
    expected = [[0.6, 0.8], [0, 0], [1, 0], [half, half]]
    np.testing.assert_allclose(unit(vectors), expected, rtol=1e-6)
    assert unit(vectors[:0]).shape == (0, 2)


def test_what_an_encoder_without_tokens_cannot():
    encoder = Lengths()
    assert not encoder.has_tokens
    assert Tiny().has_tokens
    for ask in (encoder.layers, encoder.tokens, encoder.tokenize, encoder.save):
        with pytest.raises(UnsupportedError, match=r"^Lengths\.\w+: expected an encoder"):
            ask("a")
    np.testing.assert_array_equal(encoder.pooled(["abc"]), [[[3]]])


def test_what_is_made_anew_does_not_travel():
    class Made(Lengths):
        MADE = ("engine",)

    encoder = Made()
    encoder.engine = object()
    assert "engine" not in encoder.__getstate__()


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ({"normalize_embeddings": True}, "normalize="),
        ({"show_progress_bar": False}, "progress="),
        ({"convert_to_tensor": True}, "leave it out: vectors are NumPy's; torch.from_numpy"),
        ({"convert_to_numpy": True}, "leave it out"),
        ({"max_length": 9}, r"load_encoder\(path, max_length=...\)"),
        ({"batchsize": 9}, "batch_size="),
    ],
)
def test_the_names_of_others_are_answered_by_ours(given, hint):
    with pytest.raises(ArgumentTypeError, match=f"^encode: expected no argument .* Try: {hint}"):
        Lengths().encode(["a"], **given)


def test_a_batch_size_without_its_name():
    with pytest.raises(ArgumentTypeError, match=r"only texts without a name.* got int 32\.$"):
        Lengths().encode(["a"], 32)


@pytest.mark.parametrize("name", ["max_length", "max_seq_length", "tokenizer", "pool"])
def test_the_settings_of_an_encoder_are_those_with_which_it_was_made(name):
    encoder = StaticEncoder(Table(["a"], np.ones((1, 1), "f4")), max_length=3)
    before = dict(vars(encoder))
    with pytest.raises(ImmutableError, match=f"^StaticEncoder.{name}: expected no change"):
        setattr(encoder, name, 128)
    assert vars(encoder) == before
    encoder.notes = "mine"  # which is nobody's setting


def test_a_folder_says_its_kind(tmp_path):
    folder = tmp_path / "saved"
    assert kind_in(folder) is None
    for dim in (3, 4):
        Tiny(dim).save(folder)
    assert kind_in(folder) == "tiny"
    assert read_folder(folder, "tiny") == {"dim": 4, "max_length": None}
    assert sorted(file.name for file in folder.iterdir()) == [FILE, "notes.json"]
    with pytest.raises(FormatError, match=r"of the kind other, saved by inlay, got .*kind tiny"):
        read_folder(folder, "other")


@pytest.mark.parametrize(
    "text", ["", "[", "[]", "3", '{"format": "inlay encoder"}', '{"format": "x", "kind": "tiny"}']
)
def test_a_damaged_note_is_no_kind(tmp_path, text):
    (tmp_path / FILE).write_text(text)
    assert kind_in(tmp_path) is None
    with pytest.raises(FormatError):
        read_folder(tmp_path, "tiny")


def test_a_write_that_fails_leaves_what_was_there(tmp_path):
    Tiny(3).save(tmp_path / "saved")
    with pytest.raises(ZeroDivisionError), written_folder(tmp_path / "saved", "tiny", {}):
        raise ZeroDivisionError
    assert read_folder(tmp_path / "saved", "tiny")["dim"] == 3
    assert [path.name for path in tmp_path.iterdir()] == ["saved"]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").touch()
    with pytest.raises(ArgumentError, match=r"or a saved encoder, got notes\.txt, so it stays"):
        Tiny().save(tmp_path / "mine")


@pytest.mark.parametrize(
    ("name", "hint"),
    [("to_keras", r"encoder.encode\(texts\), and the vectors"), ("similarity", r".* a @ b\.T")],
)
def test_what_an_encoder_is_asked_for_by_others_names(name, hint):
    encoder = Lengths()
    assert not hasattr(encoder, name)
    with pytest.raises(UnknownNameError, match=rf"Lengths\.{name}: .* Try: {hint}"):
        getattr(encoder, name)
    with pytest.raises(AttributeError, match=r"^'Lengths' object has no attribute 'nothing'$"):
        _ = encoder.nothing


def test_an_error_inside_a_property_is_its_own():
    class Broken(Lengths):
        @property
        def similarity_of(self):
            raise AttributeError("inside")

    with pytest.raises(AttributeError, match=r"^inside$"):
        _ = Broken().similarity_of


@pytest.mark.parametrize(
    ("text", "hint"),
    [(b"a", r"text\.decode\(\)"), (float("nan"), "leave out"), (None, "leave out missing texts")],
)
def test_what_is_no_text_is_told_what_to_do(text, hint):
    with pytest.raises(ArgumentTypeError, match=f"^text 1: expected a string .* Try: {hint}"):
        Lengths().encode(["a", text])
