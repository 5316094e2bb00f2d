"""Pieces of texts inside a TensorFlow graph, by a call back into Python."""

from typing import Any

import tensorflow as tf

from inlay.aliases import Array
from inlay.encode.use.pieces import Pieces


def ids_of(texts: Any, pieces: Pieces, max_length: int | None) -> Any:
    """The ids of a tensor of strings `(n,)` or `(n, 1)`: int32 `(n, pieces)`.

    No SavedModel can hold such a call.
    """

    def split(every: Array) -> Array:
        decoded: list[str | list[str]] = [text.decode("utf-8", "replace") for text in every]
        return pieces.padded(decoded, max_length)

    ids = tf.numpy_function(split, [tf.reshape(texts, [-1])], tf.int32)
    ids.set_shape([texts.shape[0], None if max_length is None else max_length + 2])
    return ids
