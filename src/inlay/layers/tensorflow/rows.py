"""Rows of a variable in TensorFlow: looked up, and changed, without touching the others."""

from typing import Any

import tensorflow as tf

from inlay.errors import ArgumentError


def lookup(variable: Any, ids: Any) -> Any:
    """Rows by ids, with a gradient that is an `IndexedSlices`.

    Read from the variable itself: a tensor of its value would have to be copied before the
    variable can change.
    """
    return tf.gather(variable.value, tf.where(ids < 0, ids + variable.shape[0], ids))


def is_by_rows(gradient: Any) -> bool:
    """Whether a gradient is that of rows."""
    return isinstance(gradient, tf.IndexedSlices)


def compact(gradient: Any, size: int) -> tuple[Any, Any]:
    """The ids of a gradient, each once, and the sums of their rows."""
    if tf.distribute.get_strategy().num_replicas_in_sync > 1:
        raise ArgumentError(
            "optimizer",
            expected="one replica",
            got="a distribution strategy of several, whose rows nobody adds up",
            hint="keras.optimizers.Adam",
        )
    ids, places = tf.unique(gradient.indices)
    return ids, tf.math.unsorted_segment_sum(gradient.values, places, tf.size(ids))


def take(variable: Any, ids: Any) -> Any:
    """Rows of a variable."""
    return variable.value.sparse_read(ids)


def put(variable: Any, ids: Any, rows: Any) -> None:
    """Change rows of a variable in their place."""
    variable.value.scatter_update(tf.IndexedSlices(rows, ids))
