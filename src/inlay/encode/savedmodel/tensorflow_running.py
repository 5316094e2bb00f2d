"""Texts or ids through the function of a SavedModel, as arrays."""

from typing import Any

import numpy as np
import tensorflow as tf

from inlay.aliases import Array
from inlay.checks import described
from inlay.encode.savedmodel.tensorflow_graph import Endpoint
from inlay.encode.savedmodel.tensorflow_loading import said
from inlay.errors import ArgumentError, ArgumentTypeError

VECTORS = 2  # dimensions of an array with one vector for each text


def run(where: str, endpoint: Endpoint, key: str, inputs: Array, what: str) -> Array:
    """One vector for each text.

    Args:
        where: The folder, for messages.
        endpoint: The function.
        key: Which output.
        inputs: bytes `(n,)`, or ids `(n, tokens)`.
        what: What these are: "strings" or "ids".

    Returns:
        float32 `(n, dim)`.

    Raises:
        ArgumentError: TensorFlow fails, or gives something else.
    """
    try:
        found = endpoint(fitting(inputs, endpoint.input))[key]
    except (tf.errors.OpError, ValueError, TypeError) as error:
        raise ArgumentError(
            where,
            expected=f"a SavedModel that takes these {what}",
            got=said(error),
            hint="to_ids of the vocabulary that it was trained with" if what == "ids" else "",
        ) from error
    vectors = np.asarray(tf.cast(found, tf.float32).numpy())
    if vectors.ndim != VECTORS or len(vectors) != len(inputs):
        expected = f"{len(inputs)} vectors, (n, dim), as the output {key!r}"
        raise ArgumentError(where, expected=expected, got=f"shape {vectors.shape}")
    return vectors


def strings(where: str, inputs: Any) -> Any:
    """Texts as a tensor: of a list, or an array of any kind of strings.

    Raises:
        ArgumentTypeError: They are no strings.
    """
    if tf.is_tensor(inputs):
        return inputs
    array = np.asarray(inputs)
    texts = array.ravel().tolist()
    if not all(isinstance(text, str | bytes) for text in texts):
        got = described(inputs)
        raise ArgumentTypeError(where, expected="strings, (batch,) or (batch, 1)", got=got)
    return tf.reshape(tf.constant(texts, tf.string), array.shape)


def fitting(inputs: Any, spec: Any) -> Any:
    """Inputs as a tensor of the dtype and the rank that a function takes: texts may have an axis
    of 1 behind them, or none.
    """
    tensor = inputs if tf.is_tensor(inputs) else tf.convert_to_tensor(inputs)
    if tensor.dtype.name != spec.dtype:
        tensor = tf.cast(tensor, spec.dtype)
    rank = None if spec.shape is None else len(spec.shape)
    if spec.dtype == "string" and rank == 1 and tensor.shape.rank == 2 and tensor.shape[1] == 1:
        return tf.reshape(tensor, [-1])
    if spec.dtype == "string" and rank == 2 and tensor.shape.rank == 1:
        return tensor[:, None]
    return tensor
