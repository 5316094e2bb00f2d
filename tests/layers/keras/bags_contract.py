"""What Keras' `EmbeddingBag` promises, on the backend that KERAS_BACKEND names."""

import keras
import numpy as np
import pytest

from inlay import to_keras
from inlay.errors import ArgumentError, ArgumentTypeError, IdError
from inlay.layers.keras.bags import EmbeddingBag
from inlay.layers.keras.optimizers import LazyAdam
from inlay.layers.keras.rows import train_rows
from tests.layers.test_bags import IDS, OF_PLACES, OF_ROWS, WEIGHTED, expected

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)


@pytest.mark.parametrize("by_rows", [False, True])
def test_bags_are_those_of_the_words(padded, by_rows):
    padded.storage[...] = -abs(padded.storage)
    layer = to_keras(padded, trainable=True)
    layer.by_rows = by_rows
    for mode, rows, places in WEIGHTED:
        bag = EmbeddingBag(layer, mode, row_weights=OF_ROWS if rows else None)
        found = bag(IDS, OF_PLACES) if places else bag(IDS)
        wanted = expected(padded.vectors, mode, rows, places)
        np.testing.assert_allclose(array(found), wanted, rtol=1e-5, err_msg=f"{mode} {rows}")


def test_padding_of_a_layer_of_keras():
    layer = keras.layers.Embedding(4, 3, mask_zero=True)
    ids = np.array([[1, 3, 0], [0, 0, 0]])
    means, maxima = EmbeddingBag(layer)(ids), EmbeddingBag(layer, "max")(ids)
    table = layer.get_weights()[0]
    np.testing.assert_allclose(array(means), [table[[1, 3]].mean(0), np.zeros(3)], rtol=1e-5)
    np.testing.assert_allclose(array(maxima), [table[[1, 3]].max(0), np.zeros(3)], rtol=1e-5)


def model_of(layer, mode, *, bag, optimizer):
    keras.utils.set_random_seed(0)
    ids = keras.Input((4,), dtype="int32")
    if bag:
        pooled = EmbeddingBag(layer, mode)(ids)
    elif mode == "max":
        pooled = keras.layers.GlobalMaxPooling1D()(layer(ids))
    else:
        pooled = keras.layers.GlobalAveragePooling1D()(layer(ids))
    model = keras.Model(ids, keras.layers.Dense(1)(pooled))
    if isinstance(optimizer, LazyAdam):
        train_rows(model)
    model.compile(optimizer, loss="mse", run_eagerly=True)
    return model


@pytest.mark.parametrize("mode", ["mean", "max"])
@pytest.mark.parametrize("by_rows", [False, True])
def test_it_trains_as_a_look_up_with_pooling(make, mode, by_rows):
    tables = []
    for bag in (True, False):
        layer = to_keras(make(pad_id=None), trainable=True)
        optimizer = LazyAdam(0.1) if by_rows else keras.optimizers.SGD(0.1)
        model = model_of(layer, mode, bag=bag, optimizer=optimizer)
        model.fit(IDS, np.arange(4.0)[:, None], batch_size=2, shuffle=False, verbose=0)
        tables.append(layer.get_weights()[0])
    np.testing.assert_allclose(*tables, atol=1e-5)


def test_a_saved_model_is_the_same(padded, tmp_path):
    ids, weights = keras.Input((None,), dtype="int32"), keras.Input((None,))
    bag = EmbeddingBag(to_keras(padded), row_weights=OF_ROWS, name="bag")
    model = keras.Model([ids, weights], bag(ids, weights))
    assert model.output_shape == (None, 4)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    batch = [IDS, OF_PLACES]
    np.testing.assert_array_equal(again.predict(batch, verbose=0), model.predict(batch, verbose=0))
    np.testing.assert_allclose(
        model.predict(batch, verbose=0), expected(padded.vectors, "mean", 1, 1), rtol=1e-5
    )
    assert [w.path for w in again.trainable_variables] == []


def test_ids_of_a_byte_and_texts_of_no_tokens(padded):
    for mode in ("mean", "sum", "max"):
        bag = EmbeddingBag(to_keras(padded), mode)
        found, wanted = array(bag(IDS.astype("uint8"))), expected(padded.vectors, mode)
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(array(bag(IDS[:, :0])), np.zeros((4, 4)))


def test_what_is_wrong_is_said(padded):
    with pytest.raises(ArgumentTypeError, match=r"inlay\.to_keras"):
        EmbeddingBag(padded)
    with pytest.raises(ArgumentError, match="'mean', 'sum' or 'max'"):
        EmbeddingBag(to_keras(padded), "median")
    with pytest.raises(ArgumentError, match="got 'max'"):
        EmbeddingBag(to_keras(padded), "max", row_weights=OF_ROWS)
    with pytest.raises(ArgumentError, match="one table"):
        EmbeddingBag(to_keras(padded, trainable="rows", rows=[1]))
    with pytest.raises(IdError, match="got 7"):
        EmbeddingBag(to_keras(padded))(np.array([[7]]))
    with pytest.raises(ArgumentError, match=r"^ids: .*\(texts, tokens\), got 1 dimensions"):
        EmbeddingBag(to_keras(padded))(IDS[0])  # and no RuntimeError of Keras
    with pytest.raises(ArgumentError, match="got 'max'"):
        EmbeddingBag(to_keras(padded), "max")(IDS, OF_PLACES)
    with pytest.raises(IdError, match=r"whole-number.*bool"):
        EmbeddingBag(to_keras(padded))(IDS == 2)
    with pytest.raises(ArgumentError, match="each of 6 rows"):
        EmbeddingBag(to_keras(padded), row_weights=[1.0])
