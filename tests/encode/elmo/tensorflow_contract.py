"""`ElmoLayer` on strings inside a TensorFlow graph; see test_keras.py."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from inlay.encode.elmo.characters import batch_to_ids, character_ids
from inlay.encode.elmo.options import Options
from inlay.encode.elmo.tensorflow_text import character_ids_of, distinct_words, tokens_of
from inlay.encode.elmo.weights import Weights
from inlay.errors import ArgumentTypeError
from tests.encode.elmo.golden import ATOL
from tests.encode.elmo.keras_contract import made

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

OPTIONS = Options(6, 4, 1, 3.0, 3.0, True, 3, ((1, 2), (3, 3)), 1, "relu")
WORDS = [
    *["film", "", "<S>", "</S>", "<s>", "don't", "été", "영화", "😀", "--PAD--", "a\0b", "\0"],
    *["x" * n for n in (47, 48, 49, 500)],
    *["é" * 24 + "z", "x" + "é" * 24, "电" * 16, "x电" * 12, "<S>" * 20],
]
TEXTS = ["a  film , a  good film ", "", "--PAD-- one", " ", "tab\there"]
SPLIT = [[word for word in text.split(" ") if word] for text in TEXTS]


def layer_of(**settings):
    weights = Weights.random(OPTIONS, seed=1)
    return made(OPTIONS, weights, **({"dropout": 0} | settings))


def check_close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=0, atol=ATOL)


@pytest.mark.parametrize("word_length", [50, 9, 3])
def test_characters_are_those_outside_the_graph(word_length):
    inside = tf.function(lambda words: character_ids_of(words, word_length))
    found = inside(tf.constant(WORDS)).numpy()
    np.testing.assert_array_equal(found, character_ids(WORDS, word_length))
    assert found.dtype == np.int32
    assert inside(tf.constant([], tf.string)).shape == (0, word_length)


@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
def test_texts_are_split_at_spaces(shape):
    found = tokens_of(tf.reshape(TEXTS, shape)).numpy()
    words = [[word.decode() for word in row if word] for row in found]
    assert words == SPLIT
    assert found.shape == (5, 6)
    assert tokens_of(tf.reshape(TEXTS, shape), 2).numpy().tolist()[0] == [b"a", b"film"]


def test_each_distinct_word_is_read_once():
    ids, index = distinct_words(tf.constant(TEXTS), 50, None)
    assert len(ids) == len({word for words in SPLIT for word in words} | {""})
    where = np.array(
        [[bool(word) for word in row] for row in tokens_of(tf.constant(TEXTS)).numpy()]
    )
    np.testing.assert_array_equal(ids.numpy()[index][where], batch_to_ids(SPLIT)[where])


@pytest.mark.parametrize("pad_token", [None, "--PAD--"])
def test_strings_are_their_ids(pad_token):
    layer = layer_of(output_key="all", pad_token=pad_token)
    expected = layer(batch_to_ids(SPLIT))
    tokens = [row + [""] * (6 - len(row)) for row in SPLIT]
    apart = [["", *row[:3], "", *row[3:]] for row in tokens]  # tokens may lie anywhere
    for strings in (TEXTS, [[text] for text in TEXTS], tokens, tf.constant(tokens)):
        found = layer(strings)
        for name in expected:
            check_close(found[name], expected[name])
    check_close(layer(apart)["default"], expected["default"])
    assert expected["mask"].numpy().sum() == (9 if pad_token is None else 8)


def test_max_length_cuts_strings():
    layer = layer_of(output_key="elmo", max_length=2)
    expected = layer(batch_to_ids(SPLIT, max_length=2))
    check_close(layer(tf.constant(TEXTS)), expected)
    check_close(layer(tf.constant([row + [""] * (6 - len(row)) for row in SPLIT])), expected)


@pytest.mark.parametrize("texts", [["a film"], [["a film"]], tf.constant(["a film"])])
def test_whole_texts_of_an_encoder_that_splits_otherwise_are_refused(texts):
    layer = layer_of(tokenizer="words")
    with pytest.raises(ArgumentTypeError, match=r'splits at spaces.* by words.*"split"'):
        layer(texts)
    with pytest.raises(ArgumentTypeError, match="whole texts"):
        keras.layers.deserialize(keras.layers.serialize(layer))(keras.Input((), dtype="string"))
    apart = [["a", "film"]]
    check_close(layer(tf.constant(apart)), layer(batch_to_ids(apart)))


def test_no_texts():
    found = layer_of(output_key="all")(tf.zeros([0], tf.string))
    assert found["default"].shape == (0, 8)
    assert found["elmo"].shape == (0, 0, 8)
    assert not layer_of()(tf.constant(["", " "])).numpy().any()


def test_cached_words_are_ids():
    with pytest.raises(ArgumentTypeError, match="vocab_to_cache, got strings"):
        layer_of(vocab_to_cache=["", "a"])(tf.constant(["a"]))


@pytest.mark.parametrize("output_key", ["default", "elmo"])
def test_the_old_tutorial_trains_and_reloads(output_key, tmp_path):
    texts = keras.Input((1,), dtype="string")
    layer = layer_of(output_key=output_key, pad_token="--PAD--", dropout=0.2)
    x = layer(texts)
    assert x.shape == ((None, 8) if output_key == "default" else (None, None, 8))
    if output_key == "elmo":
        x = keras.layers.GlobalAveragePooling1D()(x)  # by the mask of tokens
    x = keras.layers.Dense(16, activation="relu")(x)
    model = keras.Model(texts, keras.layers.Dense(1, activation="sigmoid")(x))
    model.compile("adam", "binary_crossentropy", run_eagerly=output_key == "default")
    keep = [text for text, words in zip(TEXTS, SPLIT, strict=True) if words]
    strings = tf.constant([[text] for text in keep])
    model.fit(strings, np.array([1, 0, 1]), epochs=2, verbose=0)
    assert sum(int(np.prod(v.shape)) for v in layer.trainable_variables) == 3
    assert all(np.asarray(v).all() for v in layer.trainable_variables)  # all have moved
    if output_key == "elmo":
        model.save(tmp_path / "model.keras")
        again = keras.models.load_model(tmp_path / "model.keras")
        assert again.layers[1] is not layer
        check_close(again(strings), model.predict(strings, verbose=0))


def test_a_saved_model_for_serving_takes_strings(tmp_path):
    texts = keras.Input((1,), dtype="string")
    model = keras.Model(texts, layer_of()(texts))
    model.export(tmp_path / "served", verbose=False)
    served = tf.saved_model.load(tmp_path / "served")
    strings = tf.constant([[text] for text in TEXTS])
    check_close(served.serve(strings), model(strings))
    check_close(served.serve(strings[:1]), model(strings[:1]))
