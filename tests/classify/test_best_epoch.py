"""Which epoch a classifier keeps: told by a model that only plays its epochs back."""

from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("keras")

import keras

from inlay.classify import keras_training as training
from inlay.classify.words import Words


class Played:
    """Stands for a model whose epochs are known: its one weight is the number of the epoch."""

    def __init__(self, epochs):
        self.epochs, self.stop_training = epochs, False
        self.weight = keras.Variable(np.float32(-1))
        self.trainable_variables = [self.weight]

    def compile(self, **settings):
        pass

    def fit(self, data, *, epochs, callbacks, **settings):
        callbacks = keras.callbacks.CallbackList(callbacks, model=self)
        callbacks.on_train_begin()
        history = {"val_accuracy": [], "val_loss": []}
        for epoch, (accuracy, loss) in enumerate(self.epochs[:epochs]):
            self.weight.assign(np.float32(epoch))
            callbacks.on_epoch_end(epoch, {"val_accuracy": accuracy, "val_loss": loss})
            history["val_accuracy"].append(accuracy)
            history["val_loss"].append(loss)
            if self.stop_training:
                break
        callbacks.on_train_end()
        return SimpleNamespace(history=history)


def kept(epochs, patience=2):
    """The epoch whose weights are there in the end, and how many were run."""
    model = Played(epochs)
    how = {"widths": np.array([8]), "batch_size": 1, "seed": 0}
    rows, labels = [np.array([1], np.int32)], np.array([0])
    data = training.Batches(Words(None, None, None), rows, labels, **how)
    bar = SimpleNamespace(update=lambda n: None, note=lambda **values: None)
    history = training.train(
        model, data, data, epochs=len(epochs), patience=patience, learning_rate=0.1, bar=bar
    )
    return int(keras.ops.convert_to_numpy(model.weight)), len(history["val_loss"])


@pytest.mark.parametrize(
    ("epochs", "best", "run"),
    [
        # The accuracy counts first, whatever the loss says.
        ([(0.7, 0.5), (0.8, 0.9), (0.7, 0.1)], 1, 3),
        # Of two with one accuracy, which a small development part often gives, the lower loss is
        # the surer: the higher one is where the model begins to learn its texts by heart.
        ([(0.8, 0.5), (0.8, 0.4), (0.8, 0.6)], 1, 3),
        ([(0.8, 0.4), (0.8, 0.5), (0.8, 0.6)], 0, 3),
        # Of equals the first: what comes later has only learned more by heart.
        ([(0.8, 0.4), (0.8, 0.4), (0.7, 0.4)], 0, 3),
        # It waits `patience` epochs after the best one, and an epoch that is better starts anew.
        ([(0.5, 0.5), (0.4, 0.5), (0.6, 0.5), (0.5, 0.5), (0.5, 0.4), (0.9, 0.1)], 2, 5),
    ],
)
def test_the_best_epoch_is_the_most_accurate_then_the_one_of_least_loss(epochs, best, run):
    assert kept(epochs) == (best, run)
