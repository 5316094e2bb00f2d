"""The training of a classifier in Keras 3, on any of its backends."""

import itertools
import warnings
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.classify.batches import plan
from inlay.classify.inputs import Inputs, lengths_of
from inlay.hosts.keras import as_array, keras
from inlay.jobs.progress import Progress
from inlay.optional import require


class Batches(keras.utils.PyDataset):  # type: ignore[misc]  # optional, so untyped here
    """Texts as rows, and class numbers, in batches of few shapes, in a new order every epoch."""

    def __init__(
        self,
        inputs: Inputs,
        rows: Sequence[Array],
        labels: Array,
        *,
        widths: Array,
        batch_size: int,
        seed: int,
    ) -> None:
        super().__init__()
        self.inputs, self.rows, self.labels, self.widths = inputs, rows, labels, widths
        self.n_rows = min(batch_size, len(rows))
        self.lengths = lengths_of(rows)
        self.rng = np.random.default_rng(seed)
        self.on_epoch_end()

    def on_epoch_end(self) -> None:
        """Mix again."""
        self.batches = plan(self.lengths, self.widths, self.n_rows, self.rng)

    def __len__(self) -> int:
        return -(-len(self.rows) // self.n_rows)

    def __getitem__(self, i: int) -> tuple[Any, Array, Array]:
        """What the model is given, labels and weights `(n_rows,)`: 0 for rows that fill up."""
        chosen = self.batches[i]
        width = int(self.widths[np.searchsorted(self.widths, self.lengths[chosen].max())])
        given = self.inputs.rectangle([self.rows[k] for k in chosen], width, self.n_rows)
        labels = np.zeros(self.n_rows, np.int32)
        labels[: len(chosen)] = self.labels[chosen]
        weights = np.zeros(self.n_rows, np.float32)
        weights[: len(chosen)] = 1
        return given, labels, weights


def train(
    model: Any,
    data: Batches,
    dev: Batches | None,
    *,
    epochs: int,
    patience: int,
    learning_rate: float,
    bar: Progress,
) -> dict[str, list[float]]:
    """Fit by Adam; with a development part, stop `patience` epochs after its best one.

    The weights of the best epoch are put back.

    Returns:
        Loss and accuracies of each epoch.
    """
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        weighted_metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
        # XLA on a CPU makes TensorFlow slower, and torch is not compiled by default;
        # JAX cannot do without.
        jit_compile=keras.backend.backend() == "jax",
    )
    history = model.fit(
        _feed(data),
        epochs=epochs,
        validation_data=None if dev is None else _feed(dev),
        callbacks=[_BestEpoch(patience, bar)],
        shuffle=False,  # `data` mixes by its own seed; Keras would by Python's global one
        verbose=0,
    )
    return {name: [float(x) for x in values] for name, values in history.history.items()}


def _feed(data: Batches) -> Any:
    """What `fit` takes: on TensorFlow a tf.data set that says that widths differ.

    Keras would take the width of the first two batches, if they agree, for that of all.
    """
    if keras.backend.backend() != "tensorflow":
        return data
    tf = require("tensorflow", extra="tensorflow", need="training on this backend")
    passes = itertools.count()

    def batches() -> Iterator[tuple[Any, Array, Array]]:
        if next(passes) > 0:
            data.on_epoch_end()
        yield from (data[i] for i in range(len(data)))

    signature = keras.tree.map_structure(partial(_any_width, tf, data.inputs.by_token), data[0])
    stream = tf.data.Dataset.from_generator(batches, output_signature=signature)
    return stream.apply(tf.data.experimental.assert_cardinality(len(data)))


def _any_width(tf: Any, by_token: bool, array: Array) -> Any:
    """What TensorFlow is told of an array: batches differ in size, and in width if by tokens."""
    fixed = array.shape[2 if by_token else 1 :]
    return tf.TensorSpec((*[None] * (array.ndim - len(fixed)), *fixed), array.dtype)


class _BestEpoch(keras.callbacks.Callback):  # type: ignore[misc]  # optional, so untyped here
    """Keras' EarlyStopping without its copy of the frozen weights, and a progress bar."""

    def __init__(self, patience: int, bar: Progress) -> None:
        super().__init__()
        self.patience, self.bar = patience, bar
        self.best: tuple[float, float] | None = None
        self.best_weights: list[Array] = []
        self.waited = 0

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self.bar.update(1)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        logs = logs or {}
        self.bar.note(**{name: f"{value:.3f}" for name, value in logs.items()})
        if "val_accuracy" not in logs:
            return
        score = logs["val_accuracy"], -logs["val_loss"]
        if self.best is None or score > self.best:
            self.best, self.waited = score, 0
            # Copies: torch would hand out the memory that training writes to.
            self.best_weights = [as_array(v).copy() for v in self.model.trainable_variables]
            return
        self.waited += 1
        self.model.stop_training = self.waited >= self.patience

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        for variable, value in zip(self.model.trainable_variables, self.best_weights, strict=False):
            variable.assign(value)


def scores(model: Any, given: Any) -> Array:
    """Scores of one rectangle, float32 `(batch, n_classes)`."""
    with warnings.catch_warnings():
        # TensorFlow and Keras warn of new shapes; ours are few and on purpose.
        warnings.simplefilter("ignore")
        return np.asarray(model.predict_on_batch(given))
