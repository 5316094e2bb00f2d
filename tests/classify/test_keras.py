"""The networks themselves, on whatever backend the tests run with."""

import numpy as np
import pytest

pytest.importorskip("keras")

import keras

from inlay import Table
from inlay.classify import keras as net
from inlay.classify import keras_training as training
from inlay.classify.keras_table import final_vectors, with_table
from inlay.classify.vectors import PAD_ID
from inlay.classify.words import Words

DIM, CLASSES = 6, 3
RNG = np.random.default_rng(0)
TABLE = Table(
    ["<pad>", *"abcdefgh"],
    np.concatenate([np.zeros((1, DIM)), RNG.normal(size=(8, DIM))]).astype(np.float32),
    pad_id=PAD_ID,
)


@pytest.fixture(scope="module", params=["cnn", "mean"])
def model(request):
    body = net.build(request.param, DIM, CLASSES, seed=1)
    body.get_layer("scores").bias.assign([0.1, 0.2, 0.3])
    if request.param == "cnn":
        body.get_layer("filters_3").bias.assign(np.ones(100))  # what padding alone would score
    return with_table(body, TABLE, "static")


@pytest.mark.parametrize("n_words", [0, 1, 2, 4, 5, 7])
def test_padding_that_follows_changes_nothing(model, n_words):
    words = RNG.integers(1, 9, n_words)
    few, many = (np.zeros((1, width), np.int32) for width in (8, 40))
    few[0, :n_words] = many[0, :n_words] = words
    np.testing.assert_allclose(training.scores(model, few), training.scores(model, many), atol=1e-6)


def test_an_empty_text_scores_by_the_bias(model):
    np.testing.assert_allclose(
        training.scores(model, np.zeros((1, 8), np.int32)), [[0.1, 0.2, 0.3]], atol=1e-6
    )


@pytest.mark.parametrize("words", [[3], [3, 1, 8]])
def test_cnn_by_hand(words):
    """Equations 1 to 4 of Kim 2014 in numpy, windows over the edges of the text included."""
    body = net.build(net.cnn, DIM, CLASSES, seed=2)
    for width in (3, 4, 5):
        body.get_layer(f"filters_{width}").bias.assign(RNG.normal(size=100) * 0.3)
    ids = np.array([words + [0] * 8], np.int32)
    x = TABLE.vectors[words]
    pooled = []
    for width in (3, 4, 5):
        layer = body.get_layer(f"filters_{width}")
        kernel, bias = (keras.ops.convert_to_numpy(w) for w in (layer.kernel, layer.bias))
        padded = np.pad(x, ((width - 1, width - 1), (0, 0)))
        windows = [padded[i : i + width] for i in range(len(x) + width - 1)]
        maps = [np.einsum("wd,wdf->f", window, kernel) + bias for window in windows]
        pooled.append(np.maximum(np.max(maps, axis=0), 0))
    dense = body.get_layer("scores")
    expected = np.concatenate(pooled) @ keras.ops.convert_to_numpy(dense.kernel)
    got = training.scores(with_table(body, TABLE, "static"), ids)
    np.testing.assert_allclose(got, expected[None], atol=1e-5)


def test_mean_by_hand():
    body = net.build(net.mean, DIM, CLASSES, seed=2)
    ids = np.array([[3, 1, 8, 0, 0, 0, 0, 0]], np.int32)
    kernel = keras.ops.convert_to_numpy(body.get_layer("scores").kernel)
    expected = TABLE.vectors[ids[0, :3]].mean(axis=0) @ kernel
    got = training.scores(with_table(body, TABLE, "static"), ids)
    np.testing.assert_allclose(got, expected[None], atol=1e-5)


def test_two_channels_share_their_filters():
    """Kim adds the channels' results before the bias and ReLU."""
    body = net.build(lambda *a: net.cnn(*a, widths=(3,)), DIM, CLASSES, seed=3)
    both = with_table(body, TABLE, "multichannel")
    moved = np.where(TABLE.vectors == 0, 0, TABLE.vectors + np.float32(0.5))
    both.get_layer("trained").embeddings.assign(moved)
    kernel, bias = body.get_layer("filters_3").get_weights()
    ids = np.array([[1, 2, 3, 4, 5]], np.int32)
    maps = []
    for channel in (TABLE.vectors, moved):
        padded = np.pad(channel[ids[0]], ((2, 2), (0, 0)))
        maps.append([np.einsum("wd,wdf->f", padded[i : i + 3], kernel) for i in range(7)])
    pooled = np.maximum(np.max(np.sum(maps, axis=0) + bias, axis=0), 0)
    expected = pooled @ body.get_layer("scores").get_weights()[0]
    np.testing.assert_allclose(training.scores(both, ids), expected[None], atol=1e-5)
    final = final_vectors(both, TABLE, "multichannel")
    np.testing.assert_allclose(final, TABLE.vectors + moved, rtol=1e-6)


@pytest.mark.parametrize(
    ("variant", "trained"), [("rand", 1), ("static", 0), ("non-static", 1), ("multichannel", 1)]
)
def test_what_trains(variant, trained):
    body = net.build(net.cnn, DIM, CLASSES, seed=0)
    filters = 100 * DIM * (3 + 4 + 5) + 300 + 300 * CLASSES + CLASSES
    model = with_table(body, TABLE, variant)
    assert net.n_trainable(model) == filters + trained * TABLE.vectors.size


def test_training_bounds_the_weights_of_each_class_and_leaves_padding_zero():
    body = net.build(lambda *a: net.cnn(*a, max_norm=0.5), DIM, CLASSES, seed=0)
    model = with_table(body, TABLE, "non-static")
    rows = [RNG.integers(1, 9, n).astype(np.int32) for n in (2, 5, 7)] * 4
    data = batches(rows, np.tile([0, 1, 2], 4), 5)
    bar = Counted()
    history = training.train(model, data, None, epochs=20, patience=3, learning_rate=0.05, bar=bar)
    norms = np.linalg.norm(body.get_layer("scores").get_weights()[0], axis=0)
    assert norms.max() <= 0.5 + 1e-5
    assert norms.max() > 0.45  # the bound was reached, so it was tested
    vectors = final_vectors(model, TABLE, "non-static")
    assert not vectors[PAD_ID].any()
    assert np.abs(vectors[1:] - TABLE.vectors[1:]).max() > 1e-3
    assert history["loss"][-1] < history["loss"][0]
    assert bar.n == 20 * 3


def batches(rows, labels, batch_size):
    """Batches of ids, all eight wide."""
    inputs, how = Words(None, TABLE, None), {"widths": np.array([8]), "seed": 0}
    return training.Batches(inputs, rows, labels, batch_size=batch_size, **how)


class Counted:
    """A progress bar that counts."""

    n = 0

    def update(self, n):
        self.n += n

    def note(self, **values):
        pass


def test_batches_weigh_each_text_once():
    rows = [np.full(n, 1, np.int32) for n in (1, 2, 3, 4, 5, 6, 7)]
    data = batches(rows, np.arange(7), 3)
    seen = [(ids, labels, weights) for ids, labels, weights in (data[i] for i in range(len(data)))]
    assert {ids.shape for ids, _, _ in seen} == {(3, 8)}
    labels = np.concatenate([labels[weights > 0] for _, labels, weights in seen])
    assert sorted(labels.tolist()) == list(range(7))
    assert sum(weights.sum() for _, _, weights in seen) == 7
    for ids, labels, weights in seen:
        real = weights > 0
        assert ((ids != PAD_ID).sum(axis=1)[real] == labels[real] + 1).all()


def test_the_best_epoch_is_put_back():
    body = net.build(net.mean, DIM, 2, seed=0)
    model = with_table(body, TABLE, "static")
    rows = [np.array([1 + i % 8], np.int32) for i in range(16)]
    labels = np.arange(16) % 2
    train = batches(rows, labels, 4)
    wrong = batches(rows, 1 - labels, 16)  # gets worse as we learn
    history = training.train(
        model, train, wrong, epochs=30, patience=4, learning_rate=0.3, bar=Counted()
    )
    accuracies = history["val_accuracy"]
    assert len(accuracies) < 30
    ids, dev_labels, _ = wrong[0]
    now = float((training.scores(model, ids).argmax(axis=1) == dev_labels).mean())
    assert now == pytest.approx(max(accuracies))
    assert max(accuracies) > accuracies[-1]
