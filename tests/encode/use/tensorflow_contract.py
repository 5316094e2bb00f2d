"""`UseLayer` on strings inside a TensorFlow graph; see test_keras.py."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from inlay.errors import ArgumentTypeError
from tests.encode.use.tiny import TEXTS, tiny

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.mark.parametrize("shape", [(), (1,)])
def test_a_model_of_strings_trains_and_is_saved(tmp_path, shape):
    encoder = tiny(max_length=4)
    texts = keras.Input(shape, dtype="string")
    vectors = encoder.to_keras(trainable=True)(texts)
    model = keras.Model(texts, keras.layers.Dense(1)(vectors))
    model.compile(keras.optimizers.Adam(0.05), "mse")
    inputs = tf.reshape(tf.constant(TEXTS), (-1, *shape))
    model.fit(inputs, np.ones(len(TEXTS)), verbose=0)
    model.save(tmp_path / "model.keras")
    found = model.predict(inputs, verbose=0)
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again.predict(inputs, verbose=0), found, atol=1e-6)


def test_strings_in_a_graph_have_the_vectors_of_texts():
    layer = tiny().to_keras()
    found = tf.function(layer)(tf.constant(TEXTS))
    np.testing.assert_allclose(found, tiny().encode(TEXTS), atol=2e-6)
    np.testing.assert_allclose(layer(tf.constant(TEXTS)), found, atol=1e-6)
    with pytest.raises(ArgumentTypeError, match=r"strings \(batch,\), got \(None, 3\)"):
        layer(keras.Input((3,), dtype="string"))
