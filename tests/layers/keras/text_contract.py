"""What a Keras layer of strings promises, on the backend that KERAS_BACKEND names."""

import pickle

import keras
import numpy as np
import pytest

from inlay import Table, Vocabulary, to_keras
from inlay.core import HashingVocabulary, TextToIds
from inlay.errors import ArgumentError, ArgumentTypeError, NotFittedError
from inlay.layers.keras.text import TextLayer

BACKEND = keras.backend.backend()
only_tensorflow = pytest.mark.skipif(BACKEND != "tensorflow", reason="strings in a model")
TEXTS = ["A good film", "a bad FILM!", "영화가 정말 좋아요", "房间很好 👍🏽"]
TO_IDS = TextToIds(Vocabulary.from_texts(TEXTS[:3], tokenizer="lower"), max_length=4)
HASHES = TextToIds(HashingVocabulary(50, tokenizer="characters"), max_length=3, pad_side="start")
OWN = TextToIds(Vocabulary(["good", "film"], tokenizer=str.split), max_length=3)


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)


def strings(texts):
    import tensorflow as tf

    return tf.constant(texts)


def model(to_ids, shape=(), **settings):
    inputs = keras.Input(shape, dtype="string")
    ids = TextLayer(to_ids, name="text", **settings)(inputs)
    matrix = np.random.default_rng(0).normal(size=(len(to_ids.vocab), 4)).astype("float32")
    matrix[0] = 0
    table = Table([f"t{i}" for i in range(len(matrix))], matrix, pad_id=0)
    pooled = keras.layers.GlobalAveragePooling1D()(to_keras(table, trainable=True)(ids))
    return keras.Model(inputs, keras.layers.Dense(1)(pooled))


@pytest.mark.parametrize("to_ids", [TO_IDS, HASHES])
def test_texts_in_any_form_become_ids(to_ids):
    layer = TextLayer(to_ids)
    some = np.array(TEXTS, object)
    encoded = [text.encode() for text in TEXTS]
    for texts in (
        TEXTS,
        some,
        some[:, None],
        np.array(TEXTS),
        np.array(encoded),
        np.array([*encoded], object),
    ):
        ids = layer(texts)
        assert keras.ops.is_tensor(ids)
        assert str(array(ids).dtype) == "int32"
        np.testing.assert_array_equal(array(ids), to_ids(TEXTS))
    np.testing.assert_array_equal(array(layer(TEXTS[0])), to_ids(TEXTS)[0])


def test_in_a_pipeline_it_is_a_part_of_the_graph():
    tf = pytest.importorskip("tensorflow")
    batches = tf.data.Dataset.from_tensor_slices(TEXTS).batch(3).map(TextLayer(TO_IDS))
    assert batches.element_spec == tf.TensorSpec((None, 4), tf.int32)
    np.testing.assert_array_equal(np.concatenate([*batches]), TO_IDS(TEXTS))
    np.testing.assert_array_equal(TextLayer(TO_IDS)(tf.constant(TEXTS)), TO_IDS(TEXTS))


@pytest.mark.skipif(BACKEND == "tensorflow", reason="it has strings")
def test_a_model_without_strings_refuses_the_layer():
    with pytest.raises(
        ArgumentTypeError, match=rf"on TensorFlow only, .* on {BACKEND}. Try: layer"
    ):
        model(TO_IDS)


def test_a_layer_of_a_saved_model_has_its_vocabulary(tmp_path):
    """Whatever the backend: a subclassed model may hold it, and call it with texts."""
    layer = TextLayer(HASHES, in_python=True, name="text")
    folder = tmp_path / "assets"
    folder.mkdir()
    layer.save_assets(str(folder))
    config = keras.saving.serialize_keras_object(layer)
    assert "characters" not in repr(config)
    again = TextLayer.from_config({**layer.get_config(), "to_ids": "in the assets"})
    assert (again.name, again.in_python, again.max_length) == ("text", True, 3)
    with pytest.raises(NotFittedError, match=r"layer 'text': expected a vocabulary, .* Try: keras"):
        again(TEXTS)
    again.load_assets(str(folder))
    np.testing.assert_array_equal(array(again(TEXTS)), HASHES(TEXTS))
    copied = TextLayer.from_config(layer.get_config())
    assert copied.to_ids is HASHES


@only_tensorflow
def test_a_model_takes_strings(tmp_path):
    made = model(TO_IDS)
    made.compile("adam", "mse")
    assert not made.layers[1].supports_jit  # XLA has no strings
    texts = strings(TEXTS)
    before = made.predict(texts, verbose=0)
    assert model(TO_IDS, (1,))(texts[:, None]).shape == (4, 1)
    by_ids = keras.Sequential(made.layers[2:])(TO_IDS(TEXTS))
    np.testing.assert_allclose(before, by_ids, rtol=1e-5)
    made.fit(texts, np.ones(4), verbose=0)
    after = made.predict(texts, verbose=0)
    assert (after != before).all()
    made.save(tmp_path / "m.keras")
    for other in (keras.models.load_model(tmp_path / "m.keras"), pickle.loads(pickle.dumps(made))):
        np.testing.assert_array_equal(other(texts), made(texts))
    cloned = keras.models.clone_model(made)
    cloned.set_weights(made.get_weights())
    np.testing.assert_array_equal(cloned(texts), made(texts))


@only_tensorflow
def test_an_exported_model_takes_strings_and_refuses_python(tmp_path):
    import tensorflow as tf

    made = model(TO_IDS)
    made.export(tmp_path / "model", verbose=False)
    again = tf.saved_model.load(str(tmp_path / "model"))
    np.testing.assert_allclose(again.serve(strings(TEXTS)), made(strings(TEXTS)), rtol=1e-5)
    if keras.__version__ < "3.13":
        return  # what Keras exported did not look at the layer's module
    with pytest.raises(ArgumentError, match="in_python: expected False in a SavedModel"):
        model(OWN, in_python=True).export(tmp_path / "other", verbose=False)


@only_tensorflow
def test_a_tokenizer_that_a_file_cannot_hold_is_set_again(tmp_path):
    with pytest.raises(ArgumentError, match="expected one that a graph"):
        model(OWN)
    made = model(OWN, in_python=True)
    made.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    with pytest.raises(Exception, match="the callable that this vocabulary was built with"):
        again(strings(TEXTS))
    again.get_layer("text").to_ids = OWN
    np.testing.assert_array_equal(again(strings(TEXTS)), made(strings(TEXTS)))


@only_tensorflow
@pytest.mark.parametrize(
    ("shape", "dtype"), [((), "int32"), ((2,), "string"), ((None,), "string"), ((1, 1), "string")]
)
def test_inputs_that_are_no_texts_are_refused(shape, dtype):
    inputs = keras.Input(shape, dtype=dtype)
    with pytest.raises(
        ArgumentTypeError, match=r"expected strings \(batch,\), .* Try: keras.Input"
    ):
        TextLayer(TO_IDS)(inputs)


def test_what_is_no_text_to_ids():
    with pytest.raises(ArgumentTypeError, match="to_ids: expected a TextToIds, got Vocabulary"):
        TextLayer(TO_IDS.vocab)
    with pytest.raises(ArgumentTypeError, match=r"expected a Table, .* Try: .*TextLayer\(to_ids\)"):
        to_keras(TO_IDS)
    table = Table(["good"], np.ones((1, 2), "float32"))
    with pytest.raises(ArgumentTypeError, match=r"vocab: .* got a TextToIds. Try: vocab=to_ids"):
        to_keras(table, TO_IDS)
    with pytest.raises((ArgumentTypeError, ArgumentError), match="expected"):
        TextLayer(TO_IDS)([1, 2])
    with pytest.raises(ArgumentError, match=r"max_length: expected None.*got 7, and 4 there"):
        TextLayer(TO_IDS, max_length=7)
    with pytest.raises(ArgumentTypeError, match="max_length: expected a whole number"):
        TextLayer(max_length="4")
    assert TextLayer(TO_IDS, max_length=4).max_length == 4
