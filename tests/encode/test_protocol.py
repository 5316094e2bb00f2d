import numpy as np
import pytest

from inlay import Table, Vocabulary
from inlay.encode import Encoder, LayeredEncoder, WordEncoder
from inlay.encode.elmo import Elmo, Weights
from inlay.encode.protocol import check_encoder, is_encoder, settings_of
from inlay.errors import ArgumentError, ArgumentTypeError
from tests.encode.elmo.test_network import TINY
from tests.encode.features_fake import Fake, Plain


@pytest.fixture
def elmo():
    return Elmo(TINY, Weights.random(TINY, 3))


def test_which_part_of_the_contract_who_has(elmo):
    assert [isinstance(elmo, part) for part in (Encoder, WordEncoder, LayeredEncoder)] == [True] * 3
    assert isinstance(Fake(), LayeredEncoder)
    assert isinstance(Plain(), Encoder)
    assert not isinstance(Plain(), WordEncoder)


def test_elmo_gives_what_the_contract_says(elmo):
    texts = ["a good film", "", "good"]
    vectors = elmo.encode(texts)
    assert (vectors.dtype, vectors.shape) == (np.float32, (3, elmo.dim))
    assert not vectors[1].any()
    words, mask = elmo.tokens(texts)
    assert (words.dtype, words.shape) == (np.float32, (3, 3, elmo.dim))
    assert (mask.dtype, mask.sum(1).tolist()) == (bool, [3, 0, 1])
    assert not words[~mask].any()
    assert elmo.tokenize("a good film") == ["a", "good", "film"]
    pooled = elmo.pooled(texts)
    assert (pooled.dtype, pooled.shape) == (np.float32, (3, elmo.n_layers, elmo.dim))
    np.testing.assert_array_equal(elmo.mix(np.moveaxis(pooled, 1, 0)), vectors)
    assert [layers.shape[1] for layers in elmo.layers(texts)] == [3, 0, 1]


@pytest.mark.parametrize(
    "value",
    [
        None,
        "a path",
        3,
        Encoder,
        Elmo,
        np.zeros((2, 2)),
        Table(["a"], np.ones((1, 2), np.float32)),
        Vocabulary(["a"]),
    ],
)
def test_what_is_no_encoder(value):
    assert not is_encoder(value)
    with pytest.raises(ArgumentTypeError, match=r"x: expected an encoder: .*load_encoder"):
        check_encoder("x", value)


def test_to_be_an_encoder_costs_no_hash():
    class Costly(Plain):
        @property
        def hash(self):
            raise AssertionError("the weights were read")

    assert is_encoder(Costly())


def test_settings_come_as_a_file_gives_them_back():
    plain = Plain()
    assert settings_of(plain) == {}
    plain.settings = {"widths": (1, 2)}
    assert settings_of(plain) == {"widths": [1, 2]}


@pytest.mark.parametrize("settings", [{"f": len}, 3, {"x": {1, 2}}, "ab"])
def test_settings_that_no_file_can_hold(settings):
    plain = Plain()
    plain.settings = settings
    with pytest.raises(ArgumentTypeError, match=r"encoder\.settings: expected a dict of JSON"):
        settings_of(plain)


def test_a_stateful_elmo_has_no_settings_to_go_by(elmo):
    with pytest.raises(ArgumentError, match="stateless"):
        settings_of(Elmo(TINY, elmo.weights, stateful=True))
