"""What the blocks over padded texts promise in Keras, on the backend that KERAS_BACKEND names."""

import keras
import numpy as np
import pytest

from inlay import to_keras
from inlay.errors import ArgumentError
from inlay.layers.keras.blocks import (
    AttentionPooling,
    MaskedConv1D,
    MaxPooling,
    MeanPooling,
    RequireMask,
)

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    # PyTorch, of windows of an even width, under a Keras that pads by PyTorch's own means.
    pytest.mark.filterwarnings("ignore:.*Using padding='same' with even kernel:UserWarning"),
]

LENGTHS = (3, 1, 0, 2) * 2
FRONTS = (0, 0, 0, 0, 2, 3, 1, 3)  # places of padding before each text
POOLS = [MeanPooling, MaxPooling, AttentionPooling]


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)


def batch():
    """Texts of negative numbers alone, and NaN for padding, which must not be seen."""
    rng = np.random.default_rng(0)
    texts = [-rng.random((n, 4), "float32") - 0.1 for n in LENGTHS]
    vectors = np.full((len(texts), 6, 4), np.nan, "float32")
    for row, front, text in zip(vectors, FRONTS, texts, strict=True):
        row[front : front + len(text)] = text
    return texts, vectors, ~np.isnan(vectors[..., 0])


def pooled(pool, text):
    """What a layer should make of one text, by numpy."""
    if not len(text):
        return np.zeros(4)
    if isinstance(pool, MeanPooling):
        return text.mean(0)
    if isinstance(pool, MaxPooling):
        return text.max(0)
    kernel, bias, query = map(array, pool.weights)
    scores = np.exp(np.tanh(text @ kernel + bias) @ query)[:, 0]
    return scores @ text / scores.sum()


@pytest.mark.parametrize("make", POOLS)
def test_a_pooled_text_is_what_it_is_alone(make):
    pool = make()
    texts, vectors, mask = batch()
    found = array(pool(vectors, mask=mask))
    np.testing.assert_allclose(found, [pooled(pool, text) for text in texts], atol=1e-6)
    if make is AttentionPooling:
        weights = array(pool.attention(vectors, mask))
        assert not weights[~mask].any()
        np.testing.assert_allclose(weights.sum(1), mask.any(1), atol=1e-6)


@pytest.mark.parametrize("padding", ["same", "valid", "causal"])
@pytest.mark.parametrize(("size", "dilation"), [(2, 1), (3, 2)])
def test_a_convolved_text_is_what_it_is_alone(padding, size, dilation):
    settings = dict(padding=padding, dilation_rate=dilation, bias_initializer="ones")
    layer, plain = (kind(3, size, **settings) for kind in (MaskedConv1D, keras.layers.Conv1D))
    plain.build((None, None, 4))
    texts, vectors, mask = batch()
    found, left = array(layer(vectors, mask=mask)), array(layer.compute_mask(vectors, mask))
    plain.set_weights(layer.get_weights())
    reach = (size - 1) * dilation if padding == "valid" else 0
    assert found.shape == (8, 6 - reach, 3) == layer.compute_output_shape(vectors.shape)
    assert not found[~left].any()
    for i, (text, front) in enumerate(zip(texts, FRONTS, strict=True)):
        n = max(len(text) - reach, 0)
        assert left[i].sum() == n
        assert left[i, front : front + n].all()
        if n:
            np.testing.assert_allclose(found[i][left[i]], array(plain(text[None]))[0], atol=1e-6)


IDS = np.array([[0, 1, 3], [4, 2, 2], [2, 2, 2], [5, 0, 2]])
NOTHING = np.full((4, 2), 2)  # is padding
BEHIND, IN_FRONT = (np.concatenate(parts, 1) for parts in ((IDS, NOTHING), (NOTHING, IDS)))


def test_a_model_trains_and_saves_and_padding_changes_nothing(padded, tmp_path):
    keras.utils.set_random_seed(0)
    ids = keras.Input((None,), dtype="int32")
    x = MaskedConv1D(4, 2, padding="same")(to_keras(padded, trainable=True)(ids))
    x = keras.layers.Bidirectional(keras.layers.LSTM(2, return_sequences=True))(x)
    x = MaskedConv1D(4, 2)(x)
    model = keras.Model(ids, keras.layers.Concatenate()([make()(x) for make in POOLS]))
    model.compile(keras.optimizers.SGD(0.1), "mse", jit_compile=keras.backend.backend() == "jax")
    model.fit(BEHIND, np.ones((4, 12)), batch_size=4, verbose=0)
    wanted = model.predict(BEHIND, verbose=0)
    assert np.isfinite(wanted).all()
    assert wanted[0].all()  # the one text that is as long as the windows
    assert not wanted[2].any()  # without words
    assert not array(model.layers[1].embeddings)[2].any()
    np.testing.assert_allclose(model.predict(IN_FRONT, verbose=0), wanted, atol=1e-6)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again.predict(IN_FRONT, verbose=0), wanted, atol=1e-6)


def test_a_maximum_is_never_that_of_padding(padded):
    padded.storage[...] = -abs(padded.storage)
    layer = to_keras(padded)
    found = array(MaxPooling()(layer(BEHIND)))
    kept = [[word for word in text if word != 2] for text in IDS]
    wanted = [padded.vectors[text].max(0) if text else np.zeros(4) for text in kept]
    np.testing.assert_array_equal(found, wanted)


def test_numbers_of_16_bits_are_summed_in_32():
    vectors, mask = np.full((1, 3000, 4), 60, "float32"), np.ones((1, 3000), bool)
    for make in (MeanPooling, AttentionPooling):
        found = make(dtype="mixed_float16")(vectors, mask=mask)
        assert keras.backend.standardize_dtype(found.dtype) == "float16"
        assert abs(array(found) - 60).max() < 0.1


def test_texts_of_no_places():
    for layer in (
        *(make() for make in POOLS),
        MaskedConv1D(4, 2),
        MaskedConv1D(4, 2, padding="same"),
    ):
        assert not array(layer(np.ones((2, 0, 4), "float32"), mask=np.ones((2, 0), bool))).any()


@pytest.mark.parametrize("make", [*POOLS, lambda **settings: MaskedConv1D(2, 2, **settings)])
def test_a_mask_that_was_lost_is_an_error(padded, make):
    lost = to_keras(padded)(keras.Input((3,), dtype="int32")) * 1.0
    with pytest.raises(ArgumentError, match=r"expected a mask.*mask_required=False"):
        make()(lost)
    with pytest.raises(ArgumentError, match=r"expected a mask"):
        make()(np.ones((1, 2, 4), "float32"))
    with pytest.raises(ArgumentError, match=r"a mask of shape \(1, 2\).*\(1, 2, 1\)"):
        make()(np.ones((1, 2, 4), "float32"), mask=np.ones((1, 2, 1), bool))
    assert make(mask_required=False)(lost) is not None
    whole = make(mask_required=False)
    assert whole.get_config()["mask_required"] is False
    vectors = np.ones((1, 2, 4), "float32")
    marked = whole(vectors, mask=np.ones((1, 2), bool))
    np.testing.assert_array_equal(array(whole(vectors)), array(marked))


def test_a_layer_of_keras_is_kept_from_what_has_lost_its_mask(padded, tmp_path):
    words, ids = to_keras(padded), keras.Input((3,), dtype="int32")
    with pytest.raises(ArgumentError, match=r"RequireMask 'seen': expected a mask.*leave it out"):
        RequireMask(name="seen")(words(ids) * 1.0)
    layer = keras.layers.SimpleRNN(2)
    model = keras.Model(ids, layer(RequireMask()(words(ids))))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    given = np.array([[0, 1, 2], [3, 2, 2]])
    vectors = padded.vectors[given]
    wanted = array(layer(vectors, mask=given != 2))
    np.testing.assert_allclose(array(model(given)), wanted, atol=1e-6)
    np.testing.assert_allclose(array(again(given)), wanted, atol=1e-6)
    assert abs(wanted - array(layer(vectors))).max() > 1e-3


def test_what_would_depend_on_padding_is_refused():
    with pytest.raises(ArgumentError, match="strides"):
        MaskedConv1D(2, 2, strides=2)
    with pytest.raises(ArgumentError, match="channels_last"):
        MaskedConv1D(2, 2, data_format="channels_first")
