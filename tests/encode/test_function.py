"""Functions of a user's own as encoders."""

import pickle

import numpy as np
import pytest

from inlay import Table
from inlay.encode import FunctionEncoder, as_encoder, load_encoder
from inlay.encode.features import write_features
from inlay.encode.static import StaticEncoder
from inlay.errors import ArgumentError, ArgumentTypeError, MissingFileError, UnsupportedError
from inlay.sources import Source
from tests.conformance.encoders import Tiny, letters
from tests.encode.features_fake import Plain

TEXTS = ["a good film", "", ["a", "film"]]


def lengths(texts):
    return [[len(text), 1] for text in texts]


class Model:
    """As another library has one: an `encode`, and no hash."""

    def encode(self, sentences):
        return np.array([[len(sentence)] for sentence in sentences], np.float16)


class Tensor:
    """As other libraries have them: an array on request."""

    def __init__(self, rows):
        self.rows = rows

    def __array__(self, dtype=None, copy=None):
        return np.array(self.rows, dtype)


def test_whatever_is_an_array_will_do():
    for convert in (list, np.array, Tensor, lambda rows: np.array(rows, np.int8)):
        encoder = FunctionEncoder(lambda texts, convert=convert: convert(lengths(texts)))
        found = encoder.encode(TEXTS)
        assert found.dtype == np.float32
        assert found.tolist() == [[11, 1], [0, 1], [2, 1]]
        assert encoder.dim == 2


def test_the_dimension_is_asked_for_once_and_not_before():
    asked = []

    def function(texts):
        asked.append(list(texts))
        return lengths(texts)

    encoder = FunctionEncoder(function)
    assert asked == []
    assert (encoder.dim, encoder.dim) == (2, 2)
    assert len(asked) == 1
    assert FunctionEncoder(function, 2).encode([]).shape == (0, 2)
    assert len(asked) == 1


def test_texts_reach_the_function_as_they_were_given_in_batches_of_the_size():
    asked = []

    def function(texts):
        asked.append(texts)
        return lengths(texts)

    FunctionEncoder(function, 2).encode(TEXTS, batch_size=2)
    assert sorted(map(len, asked)) == [1, 2]
    assert ["a", "film"] in [text for texts in asked for text in texts]


@pytest.mark.parametrize(
    ("answer", "got"),
    [
        ([[1.0]] * 2, r"\(3, 2\) from the function, got shape \(2, 1\)"),
        ([[1.0, 2.0]] * 2, r"\(3, 2\) from the function, got shape \(2, 2\)"),
        ([1.0, 2.0, 3.0], r"an array \(n, dim\) of numbers from the function, got float64 \(3,\)"),
        ([[1.0], [1.0, 2.0], [3.0]], "an array of numbers from the function, got list"),
        ([["a", "b"]] * 3, r"an array \(n, dim\) of numbers from the function, got <U1"),
        ([[1j, 2j]] * 3, "of numbers from the function, got complex128"),
        (None, r"of numbers from the function"),
        ([[1.0, 2.0], [np.nan, 1.0], [1.0, 1.0]], "^text 1: .*finite numbers.*NaN or infinity"),
        ([[1.0, 2.0], [1.0, 1.0], [1e300, 1.0]], "^text 2: .*finite numbers.*NaN or infinity"),
    ],
)
def test_what_is_no_answer(answer, got):
    with pytest.raises(ArgumentError, match=got):
        FunctionEncoder(lambda texts: answer, 2, name="mine").encode(TEXTS)


def test_what_the_function_raises_is_its_own():
    def function(texts):
        raise KeyError("its own")

    with pytest.raises(KeyError, match="its own"):
        FunctionEncoder(function, 2).encode(TEXTS)


def test_features_need_a_name(tmp_path):
    path = tmp_path / "f.safetensors"
    with pytest.raises(ArgumentError, match=r"a name.*Try: .*FunctionEncoder\(function, n"):
        write_features(FunctionEncoder(letters), TEXTS, path)
    assert not path.exists()
    first = write_features(FunctionEncoder(letters, name="letters-1"), TEXTS, path)
    np.testing.assert_array_equal(first.vectors[:, 0], letters(TEXTS))
    with pytest.raises(ArgumentError, match="another encoder hash"):
        write_features(FunctionEncoder(letters, name="letters-2"), TEXTS, path)
    with pytest.raises(UnsupportedError, match="a vector for each token"):
        write_features(FunctionEncoder(letters, name="l"), TEXTS, tmp_path / "g.x", pool=None)


def test_a_name_stands_for_the_function_and_its_size():
    assert FunctionEncoder(letters, name="a").hash == FunctionEncoder(letters, 7, name="a").hash
    names = [FunctionEncoder(letters, name="b").hash, FunctionEncoder(lengths, name="a").hash]
    assert FunctionEncoder(letters, name="a").hash not in names
    encoder = FunctionEncoder(letters, name="a")
    assert pickle.loads(pickle.dumps(encoder)).hash == encoder.hash
    assert repr(encoder) == "FunctionEncoder('a')"
    assert repr(FunctionEncoder(letters)) == "FunctionEncoder('letters')"


def test_what_is_no_function():
    with pytest.raises(ArgumentTypeError, match="function: expected a callable, got int 3"):
        FunctionEncoder(3)
    with pytest.raises(ArgumentTypeError, match="name: expected a string"):
        FunctionEncoder(letters, name=3)


def test_as_encoder(tmp_path):
    table = Table(["a", "film"], np.eye(2, dtype=np.float32))
    table.save(tmp_path / "t.safetensors")
    for whole in (Tiny(), Plain()):
        assert as_encoder(whole) is whole
    for given in (table, tmp_path / "t.safetensors", str(tmp_path / "t.safetensors")):
        encoder = as_encoder(given)
        assert isinstance(encoder, StaticEncoder)
        assert encoder.encode(["a film"]).tolist() == [[0.5, 0.5]]
    assert as_encoder(lengths).encode(["film"]).tolist() == [[4, 1]]
    assert as_encoder(Model()).encode(["film"]).tolist() == [[4]]


@pytest.mark.filterwarnings("ignore:.*nobody publishes")
def test_a_source_of_vectors_is_an_encoder(tmp_path, monkeypatch):
    monkeypatch.setenv("INLAY_CACHE", str(tmp_path / "cache"))
    (tmp_path / "v.txt").write_text("a 1 0\nfilm 0 1\n")
    source = Source(name="mine", url=(tmp_path / "v.txt").as_uri())
    assert as_encoder(source).encode(["a film"]).tolist() == [[0.5, 0.5]]


@pytest.mark.parametrize("value", [None, 3, Tiny, int, np.eye(2), ["a"]])
def test_what_is_no_encoder(value):
    with pytest.raises(ArgumentTypeError, match=r"^embedding: expected an encoder, its path"):
        as_encoder(value, where="embedding")


def test_a_path_with_nothing_there(tmp_path):
    for ask in (as_encoder, load_encoder):
        with pytest.raises(MissingFileError, match="no such file or folder"):
            ask(tmp_path / "nothing")
