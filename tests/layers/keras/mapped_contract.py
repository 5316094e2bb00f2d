"""A Keras model over a table in files, on the backend that KERAS_BACKEND names."""

import json

import keras
import numpy as np
import pytest

from inlay import Table
from inlay.errors import ArgumentError, ArgumentTypeError, IdError
from inlay.layers.keras.blocks import MeanPooling
from inlay.layers.keras.mapped import MappedEmbedding
from inlay.layers.mapped_rows import MappedRows
from tests.layers.keras.embedding_contract import BACKEND, array

# Row 2 is padding. A text of padding alone, words that repeat, and a smaller batch.
BATCHES = [
    np.array([[0, 1, 2], [5, 5, 2], [3, 1, 4]]),
    np.array([[4, 0, 0, 2], [2, 2, 2, 2]]),
    np.array([[1, 3, 2], [5, 2, 2], [0, 0, 2]]),
]
ALIKE = BATCHES[::2]  # of one shape, for a host that compiles for each
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def targets(ids):
    return ids[:, :1].astype("float32") / 3 - 1


def rows_of(table, folder, optimizer="adagrad"):
    return MappedRows.create(table, folder, optimizer=optimizer, learning_rate=0.1)


def model_of(rows, optimizer=None, **settings):
    """The mean of the words' vectors, and a dense layer that begins with numbers of its own."""
    words = MappedEmbedding(rows, 12, name="words", **settings)
    ids = keras.Input((None,), dtype="int32")
    head = keras.layers.Dense(1, name="head", dtype="float32")
    # Of one policy: until Keras 3.13 a cast between two layers loses the mask.
    mean = MeanPooling(dtype=settings.get("dtype"))
    model = keras.Model(ids, head(mean(words(ids))))
    head.set_weights([np.linspace(-1, 1, 4, dtype="float32")[:, None], np.zeros(1, "float32")])
    eager = BACKEND == "tensorflow"  # a graph takes longer to make than to run
    model.compile(optimizer or keras.optimizers.SGD(0.05), "mse", run_eagerly=eager)
    return model, words


def trained(model, words, batches):
    losses = []
    for ids in batches:
        with words.step(model, ids) as positions:
            model.reset_metrics()  # until Keras 3.13 the loss is a mean over all calls
            losses.append(float(model.train_on_batch(positions, targets(ids))))
    return losses


def by_hand(rows, batches):
    """The same steps in numpy: losses, and the weights of the dense layer."""
    kernel, bias, losses = np.linspace(-1, 1, 4)[:, None], np.zeros(1), []
    for ids in batches:
        pulled, positions = rows.pull(ids)
        by = (ids != 2) / np.maximum((ids != 2).sum(1, keepdims=True), 1)
        mean = np.einsum("ij,ijk->ik", by, pulled[positions])
        error = mean @ kernel + bias - targets(ids)
        losses.append(float((error**2).mean()))
        of_error = 2 / len(ids) * error
        gradient = np.zeros(pulled.shape)
        np.add.at(gradient, positions, by[..., None] * (of_error @ kernel.T)[:, None])
        kernel, bias = kernel - 0.05 * mean.T @ of_error, bias - 0.05 * of_error.sum(0)
        rows.push(gradient)
    return losses, kernel, bias


@pytest.mark.parametrize("optimizer", ["sgd", "adagrad", "adam"])
def test_steps_are_those_that_the_gradient_says(padded, tmp_path, optimizer):
    ours, theirs = (rows_of(padded, tmp_path / name, optimizer) for name in "ab")
    model, words = model_of(ours)
    losses = trained(model, words, BATCHES * 3)
    wanted, kernel, bias = by_hand(theirs, BATCHES * 3)
    np.testing.assert_allclose(losses, wanted, rtol=1e-5)
    found = model.get_layer("head").get_weights()
    np.testing.assert_allclose(found[0], kernel, atol=1e-5)
    np.testing.assert_allclose(found[1], bias, atol=1e-5)
    np.testing.assert_allclose(ours.table.vectors, theirs.table.vectors, atol=1e-5)
    assert ours.steps == 9
    assert not ours.table.vectors[2].any()
    predicted = model.predict_on_batch(words.pull(BATCHES[0]))
    n = (BATCHES[0] != 2).sum(1, keepdims=True)
    mean = ours.table.vectors[BATCHES[0]].sum(1) / n
    np.testing.assert_allclose(array(predicted), mean @ found[0] + found[1], rtol=1e-5)


def test_model_and_rows_go_on_together_after_a_kill(padded, tmp_path):
    whole = rows_of(padded, tmp_path / "whole", "adam")
    model, words = model_of(whole, keras.optimizers.Adam(0.05))
    wanted = trained(model, words, ALIKE * 2)

    rows = rows_of(padded, tmp_path / "rows", "adam")
    model, words = model_of(rows, keras.optimizers.Adam(0.05))
    trained(model, words, ALIKE)
    model.save(tmp_path / "model.keras")
    rows.checkpoint()
    trained(model, words, ALIKE)
    del rows, model, words  # killed: no word of the last two steps

    model = keras.models.load_model(tmp_path / "model.keras")
    words = model.get_layer("words")
    assert words.rows is None
    with pytest.raises(ArgumentError, match=r"get_layer\('words'\)\.rows = MappedRows\.open"):
        words.pull([[1]])
    narrow = Table(padded.tokens, padded.vectors[:, :2], pad_id=2)
    for other, named in (
        (rows_of(padded, tmp_path / "other"), "after 2 steps, as the model was saved, got rows a"),
        (rows_of(narrow, tmp_path / "narrow"), "of 4 numbers, .* got rows of 2"),
    ):
        with pytest.raises(ArgumentError, match=named):
            words.rows = other
    words.rows = MappedRows.open(tmp_path / "rows")
    np.testing.assert_allclose(trained(model, words, ALIKE), wanted[2:], rtol=1e-5)
    np.testing.assert_allclose(words.rows.table.vectors, whole.table.vectors, atol=1e-6)


def test_it_is_small_and_says_what_is_padding(padded, make, tmp_path):
    rows = rows_of(padded, tmp_path / "rows")
    model, words = model_of(rows)
    trained(model, words, BATCHES[:1])
    assert len(json.dumps(words.get_config())) < 500
    positions = words.pull([[3, 2, 0]])
    assert positions.dtype == np.int32
    assert array(words.compute_mask(positions)).tolist() == [[True, False, True]]
    np.testing.assert_array_equal(array(words(positions)), rows.table.vectors[[[3, 2, 0]]])
    assert model.count_params() == 13 * 4 + 5
    assert sum(variable.shape == (13, 4) for variable in model.optimizer.variables) == 0
    rows = rows_of(make(pad_id=None), tmp_path / "all")
    words = MappedEmbedding(rows, 3)
    assert words.compute_mask(words.pull([2])) is None
    np.testing.assert_array_equal(array(words(words.pull([2, 0])))[0], rows.table.vectors[2])


def test_a_step_in_16_bits_moves_rows_of_32(padded, tmp_path):
    rows = rows_of(padded, tmp_path / "rows")
    model, words = model_of(rows, dtype="mixed_bfloat16")
    trained(model, words, BATCHES[:1])
    assert keras.backend.standardize_dtype(words(words.pull([1])).dtype) == "bfloat16"
    moved = (rows.table.vectors != padded.vectors).any(1)
    assert moved.tolist() == [True, True, False, True, True, True]


def test_ids_in_the_place_of_positions_are_seen(padded, tmp_path):
    model, words = model_of(rows_of(padded, tmp_path / "rows"))
    words.pull([[1, 3]])
    assert np.isnan(array(model.predict_on_batch(np.array([[1, 3]])))).all()
    trained(model, words, BATCHES[:1])
    assert np.isnan(array(model.predict_on_batch(np.array([[1, 3]])))).all()


def test_what_is_wrong_is_said(padded, tmp_path):
    rows = rows_of(padded, tmp_path / "rows")
    model, words = model_of(rows)
    untrained = pytest.raises(ArgumentError, match=r"a step of training in the block.*train_on_b")
    with untrained, words.step(model, BATCHES[0]) as positions:
        model.predict_on_batch(positions)
    for wrong in (
        {"use_ema": True},
        {"gradient_accumulation_steps": 2},
        {"loss_scale_factor": 8.0},
    ):
        model.compile(keras.optimizers.Adam(**wrong), "mse")
        with pytest.raises(ArgumentError, match=next(iter(wrong))):
            words.step(model, BATCHES[0]).__enter__()
    model.compile(keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam()), "mse")
    with pytest.raises(ArgumentError, match=r"scale the loss.*mixed_bfloat16"):
        words.step(model, BATCHES[0]).__enter__()
    for call, error, named in (
        (lambda: words.pull([[6]]), IdError, "got 6"),
        (lambda: MappedEmbedding(rows, 2).pull([0, 1, 3]), ArgumentError, "size: expected 3"),
        (lambda: MappedEmbedding(padded, 2), ArgumentTypeError, "MappedRows.create"),
        (lambda: MappedEmbedding(rows, 0), ArgumentError, "size"),
    ):
        with pytest.raises(error, match=named):
            call()
    assert rows.steps == 0
    np.testing.assert_array_equal(rows.table.vectors, padded.vectors)
