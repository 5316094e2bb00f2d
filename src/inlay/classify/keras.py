"""The classifier's networks, and their training, in Keras 3 on any of its backends."""

import itertools
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.classify.batches import plan, rectangle
from inlay.classify.settings import Variant
from inlay.classify.vectors import PAD_ID
from inlay.core import Table
from inlay.hosts.keras import as_array, keras, ops
from inlay.jobs.progress import Progress
from inlay.layers import to_keras
from inlay.layers.keras.blocks import MeanPooling
from inlay.optional import require

Tensor = Any  # a KerasTensor; Keras has no types of its own
Model = Callable[[Tensor, Tensor, int], Tensor]


def cnn(
    vectors: Tensor,
    mask: Tensor,
    n_classes: int,
    *,
    widths: Sequence[int] = (3, 4, 5),
    maps: int = 100,
    dropout: float = 0.5,
    max_norm: float = 3.0,
    seed: int = 0,
) -> Tensor:
    """Convolutions over the words, the maximum of each over the text, and one dense layer.

    A filter sees every window that holds at least one word, those that hang over the edges of
    the text included, and none of padding only: so a text shorter than the widest filter
    works, and how much padding follows changes nothing. An empty text scores by the bias.

    Args:
        vectors: float `(batch, tokens, dim)`, zeros where there is padding.
        mask: bool `(batch, tokens)`, False where there is padding.
        n_classes: How many scores to give.
        widths: Words that a filter sees.
        maps: Filters of each width.
        dropout: Share of the pooled features left out in training.
        max_norm: Bound on the length of each class' weights.
        seed: The seed of the initial weights and of dropout.

    Returns:
        Scores before softmax, float `(batch, n_classes)`.

    Source: Kim 2014, Convolutional neural networks for sentence classification, section 2.
    """
    seen = ops.expand_dims(ops.cast(mask, "float32"), -1)
    pooled = []
    for width in widths:
        over_edges = keras.layers.ZeroPadding1D(width - 1)
        filters = keras.layers.Conv1D(
            maps,
            width,
            activation="relu",
            kernel_initializer=keras.initializers.GlorotUniform(seed=seed + width),
            name=f"filters_{width}",
        )(over_edges(vectors))
        # 1 where the window holds a word. ReLU has no value below 0, so a zero never wins.
        real = keras.layers.MaxPooling1D(width, strides=1)(over_edges(seen))
        pooled.append(keras.layers.GlobalMaxPooling1D()(filters * real))
    features = ops.concatenate(pooled, axis=-1) if len(pooled) > 1 else pooled[0]
    features = keras.layers.Dropout(dropout, seed=seed)(features)
    return keras.layers.Dense(
        n_classes,
        kernel_initializer=keras.initializers.GlorotUniform(seed=seed),
        kernel_constraint=keras.constraints.MaxNorm(max_norm, axis=0),
        name="scores",
    )(features)


def mean(
    vectors: Tensor, mask: Tensor, n_classes: int, *, dropout: float = 0.3, seed: int = 0
) -> Tensor:
    """The average of the words' vectors and one dense layer: quick, and blind to word order.

    Arguments and result are those of `cnn`; dropout leaves out whole words. An empty text
    scores by the bias.

    Source: Iyyer et al. 2015, Deep unordered composition rivals syntactic methods for text
    classification, sections 2 and 3; Joulin et al. 2017.
    """
    words = keras.layers.Dropout(dropout, noise_shape=(None, None, 1), seed=seed)(vectors)
    average = MeanPooling()(words, mask=mask)
    return keras.layers.Dense(
        n_classes, kernel_initializer=keras.initializers.GlorotUniform(seed=seed), name="scores"
    )(average)


NETWORKS: dict[str, Callable[..., Tensor]] = {"cnn": cnn, "mean": mean}


def build(model: str | Model, dim: int, n_classes: int, *, seed: int) -> Any:
    """Everything above the embedding as a Keras model `(vectors, mask) -> scores`.

    Args:
        model: A name in `NETWORKS`, which take a seed, or a function like them.
        dim: Numbers in a vector.
        n_classes: How many scores to give.
        seed: The seed of the initial weights.
    """
    if isinstance(model, str):
        model = partial(NETWORKS[model], seed=seed)
    vectors = keras.Input((None, dim), dtype="float32", name="vectors")
    mask = keras.Input((None,), dtype="bool", name="mask")
    ops.logical_not(mask)  # Keras 3.12 refuses an input that nothing uses
    return keras.Model([vectors, mask], model(vectors, mask, n_classes), name="body")


def with_table(body: Any, table: Table, variant: Variant) -> Any:
    """The model `ids -> scores` on top of a table: static, trained, or both.

    Two channels under the filters they share are one channel of their sum, because a
    convolution is linear in its input (Kim adds the channels' results, equation 2).
    """
    ids = keras.Input((None,), dtype="int32", name="ids")
    channels = []
    if variant in ("static", "multichannel"):
        channels.append(to_keras(table, trainable=False, mask=False, name="static")(ids))
    if variant != "static":
        channels.append(to_keras(table, trainable=True, mask=False, name="trained")(ids))
    vectors = channels[0] if len(channels) == 1 else keras.layers.Add()(channels)
    return keras.Model(ids, body([vectors, ops.not_equal(ids, table.pad_id)]))


def final_vectors(model: Any, table: Table, variant: Variant) -> Array:
    """The vectors that a trained model sees, float32 `(len(table), dim)`."""
    if variant == "static":
        return table.vectors
    trained = as_array(model.get_layer("trained").embeddings)
    return table.vectors + trained if variant == "multichannel" else trained


class Batches(keras.utils.PyDataset):  # type: ignore[misc]  # optional, so untyped here
    """Encoded texts and class numbers in batches of few shapes, in a new order every epoch."""

    def __init__(
        self, rows: Sequence[Array], labels: Array, widths: Array, batch_size: int, *, seed: int
    ) -> None:
        super().__init__()
        self.rows, self.labels, self.widths = rows, labels, widths
        self.n_rows = min(batch_size, len(rows))
        self.lengths = np.fromiter(map(len, rows), np.int64, len(rows))
        self.rng = np.random.default_rng(seed)
        self.on_epoch_end()

    def on_epoch_end(self) -> None:
        """Mix again."""
        self.batches = plan(self.lengths, self.widths, self.n_rows, self.rng)

    def __len__(self) -> int:
        return -(-len(self.rows) // self.n_rows)

    def __getitem__(self, i: int) -> tuple[Array, Array, Array]:
        """Ids `(n_rows, width)`, labels and weights `(n_rows,)`: 0 for rows that fill up."""
        chosen = self.batches[i]
        width = int(self.widths[np.searchsorted(self.widths, self.lengths[chosen].max())])
        ids = rectangle([self.rows[k] for k in chosen], width, PAD_ID, self.n_rows)
        labels = np.zeros(self.n_rows, np.int32)
        labels[: len(chosen)] = self.labels[chosen]
        weights = np.zeros(self.n_rows, np.float32)
        weights[: len(chosen)] = 1
        return ids, labels, weights


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

    def batches() -> Iterator[tuple[Array, Array, Array]]:
        if next(passes) > 0:
            data.on_epoch_end()
        yield from (data[i] for i in range(len(data)))

    shapes = ((None, None), tf.int32), ((None,), tf.int32), ((None,), tf.float32)
    signature = tuple(tf.TensorSpec(*shape) for shape in shapes)
    stream = tf.data.Dataset.from_generator(batches, output_signature=signature)
    return stream.apply(tf.data.experimental.assert_cardinality(len(data)))


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


def scores(model: Any, ids: Array) -> Array:
    """Scores of one rectangle of ids, float32 `(batch, n_classes)`."""
    with warnings.catch_warnings():
        # TensorFlow and Keras warn of new shapes; ours are few and on purpose.
        warnings.simplefilter("ignore")
        return np.asarray(model.predict_on_batch(ids))


def weights_of(body: Any) -> dict[str, Array]:
    """Arrays by name, in the order of the layers; the number in front makes names unique."""
    return {
        f"{i:03d} {variable.path}": np.ascontiguousarray(as_array(variable))
        for i, variable in enumerate(body.weights)
        if variable.dtype.startswith(("float", "bfloat"))
    }


def n_trainable(model: Any) -> int:
    """How many numbers training changes."""
    return sum(int(np.prod(variable.shape)) for variable in model.trainable_variables)
