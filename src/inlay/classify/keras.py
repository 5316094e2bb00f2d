"""The classifier's networks, in Keras 3 on any of its backends."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.encode.elmo.keras_mix import ScalarMix
from inlay.hosts.keras import as_array, keras, ops
from inlay.layers.keras.blocks import MeanPooling

BLOCK = 1024  # rows whose sum is taken at once
Tensor = Any  # a KerasTensor; Keras has no types of its own
Model = Callable[..., Tensor]


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


def linear(vector: Tensor, n_classes: int, *, seed: int = 0) -> Tensor:
    """One dense layer on a vector for each text: logistic regression, with its softmax.

    It starts from zeros. Random weights, on vectors of length 1, would outweigh what a few hundred
    steps learn.

    Args:
        vector: float `(batch, dim)`.
        n_classes: How many scores to give.
        seed: There for `build`: nothing is random.

    Returns:
        Scores before softmax, float `(batch, n_classes)`.
    """
    return keras.layers.Dense(n_classes, kernel_initializer="zeros", name="scores")(vector)


def mlp(vector: Tensor, n_classes: int, *, units: int = 256, seed: int = 0) -> Tensor:
    """A hidden layer on a vector for each text, as in the tutorials on ELMo and on TF Hub.

    Arguments and result are those of `linear`; `units` is the width of the hidden layer, and
    `seed` that of the initial weights.
    """
    hidden = keras.layers.Dense(
        units,
        activation="relu",
        kernel_initializer=keras.initializers.GlorotUniform(seed=seed + 1),
        name="hidden",
    )(vector)
    return keras.layers.Dense(
        n_classes, kernel_initializer=keras.initializers.GlorotUniform(seed=seed), name="scores"
    )(hidden)


BY_TOKEN: dict[str, Callable[..., Tensor]] = {"cnn": cnn, "mean": mean}
BY_TEXT: dict[str, Callable[..., Tensor]] = {"linear": linear, "mlp": mlp}


def build(
    model: str | Model,
    dim: int,
    n_classes: int,
    *,
    seed: int,
    by_token: bool = True,
    n_layers: int | None = None,
) -> Any:
    """Everything above the embedding as a Keras model.

    Args:
        model: A name in `BY_TOKEN` or `BY_TEXT`, which take a seed, or a function like them.
        dim: Numbers in a vector.
        n_classes: How many scores to give.
        seed: The seed of the initial weights.
        by_token: Whether it is given `(vectors, mask)`, with a vector for each token; otherwise
            it is given one vector for each text.
        n_layers: Vectors that stand in the place of each, and are mixed first. None: one.

    Returns:
        `(vectors, mask) -> scores` or `vectors -> scores`. With layers to mix, vectors are
        `(batch, tokens, n_layers, dim)` or `(batch, n_layers, dim)`.
    """
    if isinstance(model, str):
        model = partial((BY_TOKEN if by_token else BY_TEXT)[model], seed=seed)
    each = (dim,) if n_layers is None else (n_layers, dim)
    vectors = keras.Input((None, *each) if by_token else each, dtype="float32", name="vectors")
    seen = vectors if by_token else Centred(name="centred")(vectors)
    mixed = seen if n_layers is None else _mixed(seen)
    if not by_token:
        return keras.Model(vectors, model(mixed, n_classes), name="body")
    mask = keras.Input((None,), dtype="bool", name="mask")
    ops.logical_not(mask)  # Keras 3.12 refuses an input that nothing uses
    return keras.Model([vectors, mask], model(mixed, mask, n_classes), name="body")


class Centred(keras.layers.Layer):  # type: ignore[misc]  # optional, so untyped here
    """Subtract a mean, multiply by one number: as they are, until `settle` has seen vectors.

    Encoders differ in the length of their vectors, and means of words in a large part that all
    have in common. Steps of one size serve all, if neither is there.
    """

    def build(self, input_shape: Any) -> None:
        """Make what never trains."""
        shape = tuple(input_shape[1:])
        self.mean = self.add_weight(shape, initializer="zeros", trainable=False, name="mean")
        self.scale = self.add_weight((), initializer="ones", trainable=False, name="scale")

    def call(self, inputs: Tensor) -> Tensor:
        """Centre."""
        return (inputs - self.mean) * self.scale

    def settle(self, rows: Sequence[Array]) -> None:
        """Let the vectors of rows have the mean 0, and a mean square length of 1.

        Args:
            rows: float32 `(1, dim)` or `(1, n_layers, dim)` each.
        """
        total, square = np.zeros(self.mean.shape), 0.0
        for begin in range(0, len(rows), BLOCK):
            block = np.concatenate(rows[begin : begin + BLOCK]).astype(np.float64)
            total, square = total + block.sum(axis=0), square + float((block**2).sum())
        mean = total / len(rows)
        length = (square / len(rows) - float((mean**2).sum())) / (mean.size // mean.shape[-1])
        self.mean.assign(mean.astype(np.float32))
        if length > 1e-12:  # else all are alike
            self.scale.assign(np.float32(length**-0.5))


def _mixed(layers: Tensor) -> Tensor:
    """`(batch, [tokens,] n_layers, dim)` without the layers' axis: a mix that is learned."""
    if len(layers.shape) == 4:
        layers = ops.transpose(layers, (0, 2, 1, 3))
    return ScalarMix(name="mix")(layers)


def weights_of(body: Any) -> dict[str, Array]:
    """Arrays by name, in the order of the layers; the number in front makes names unique."""
    return {
        f"{i:03d} {variable.path}": np.asarray(as_array(variable), order="C")
        for i, variable in enumerate(body.weights)
        if variable.dtype.startswith(("float", "bfloat"))
    }


def n_trainable(model: Any) -> int:
    """How many numbers training changes."""
    return sum(int(np.prod(variable.shape)) for variable in model.trainable_variables)
