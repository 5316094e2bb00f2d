"""What TensorFlow needs: tensors in an array's memory, ids checked inside a graph."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from inlay.aliases import Array


def as_tensor(array: Array) -> Any:
    """A tensor in an array's memory: writable and aligned, see `inlay.hosts.memory`."""
    return tf.experimental.dlpack.from_dlpack(array.__dlpack__())


def as_bfloat16(bits: Array) -> Any:
    """A tensor of bfloat16 in the memory of its bits, an int16 array."""
    return tf.bitcast(as_tensor(bits), tf.bfloat16)


def copied(tensor: Any) -> Any:
    """The tensor in memory of its own; `tf.identity` would share it."""
    return tf.raw_ops.DeepCopy(x=tensor)


def is_traced(tensor: Any) -> bool:
    """Whether a tensor belongs to a graph, so that it has no numbers yet."""
    return bool(tf.is_tensor(tensor)) and not hasattr(tensor, "numpy")


def is_at_hand(tensor: Any) -> bool:
    """Whether a tensor has numbers, in the processor's memory."""
    eager = isinstance(tensor, tf.Tensor) and hasattr(tensor, "numpy")
    return eager and "GPU" not in tensor.device


def check_later(where: str, ids: Any, size: int, *, tokens: Sequence[str] | None = None) -> Any:
    """Return ids of a graph that are looked at when it runs. XLA leaves that out."""
    wrong = (ids < 0) | (ids >= size)
    message = f"{where}: expected ids from 0 to {size - 1}, got"
    found = [message, tf.boolean_mask(ids, wrong), "at", tf.where(wrong)]
    check = tf.debugging.Assert(tf.logical_not(tf.reduce_any(wrong)), found, summarize=10)
    with tf.control_dependencies([check]):
        return tf.identity(ids)
