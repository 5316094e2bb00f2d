"""The few things that each backend of Keras does its own way: memory shared, ids checked."""

import warnings
from typing import Any

import keras
import numpy as np

from inlay.aliases import Array
from inlay.errors import IdError
from inlay.hosts.ids import check_values
from inlay.optional import require

ALIGNMENT = 64  # bytes; TensorFlow ends the process over less, JAX copies


def can_share(array: Array, dtype: str) -> bool:
    """Whether a variable of `dtype` can live in an array's memory."""
    aligned = _backend() == "torch" or array.ctypes.data % ALIGNMENT == 0
    return array.dtype == dtype and array.flags.writeable and aligned


def aligned_copy(array: Array, dtype: str) -> Array:
    """A copy that starts at a multiple of 64 bytes, in `dtype` if numpy has it, else float32."""
    kind = np.dtype(dtype if dtype in ("float16", "float32", "float64") else "float32")
    raw = np.empty(array.size * kind.itemsize + ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % ALIGNMENT
    copy = raw[start : start + array.size * kind.itemsize].view(kind).reshape(array.shape)
    copy[...] = array
    return copy


def as_tensor(array: Array, dtype: str) -> Any:
    """A tensor in an array's memory: writable, aligned as `ALIGNMENT` says. Copies nothing."""
    array = np.asarray(array)  # a memmap's plain self: JAX knows no subclasses
    match _backend():
        case "tensorflow":
            tf = _require("tensorflow")
            tensor = tf.experimental.dlpack.from_dlpack(array.__dlpack__())
        case "jax":
            tensor = _require("jax").device_put(array, may_alias=True)
        case "torch":
            tensor = _require("torch").from_numpy(array)
        case _:
            tensor = keras.ops.convert_to_tensor(array)
    return tensor if array.dtype == dtype else keras.ops.cast(tensor, dtype)


def as_array(tensor: Any) -> Array:
    """A tensor's or variable's numbers; they may be its own memory."""
    with warnings.catch_warnings():
        # numpy 2 warns of the `__array__` that TensorFlow and torch have.
        warnings.simplefilter("ignore", DeprecationWarning)
        return np.asarray(keras.ops.convert_to_numpy(keras.ops.convert_to_tensor(tensor)))


def detach(variable: Any) -> None:
    """Move a variable that shares an array's memory into its own: one copy."""
    match _backend():
        case "tensorflow":
            tf = _require("tensorflow")
            variable.assign(tf.raw_ops.DeepCopy(x=variable.value))
        case "torch":
            variable.value.data = variable.value.data.clone()  # `assign` would write in place
        case _:
            variable.assign(keras.ops.copy(variable.value))


def checks_survive_jit() -> bool:
    """XLA drops TensorFlow's assertions; JAX calls back; torch is not compiled by default."""
    return _backend() != "tensorflow"


def checked(where: str, ids: Any, input_dim: int) -> Any:
    """Return ids of any integer dtype; raise, now or when the graph runs, if one is wrong."""
    backend = _backend()
    if backend == "tensorflow" and _is_graph_tensor(ids):
        return _assert_in_graph(where, ids, input_dim)
    if backend == "jax" and isinstance(ids, _require("jax").core.Tracer):
        jax = _require("jax")
        jax.debug.callback(lambda seen: check_values(where, np.asarray(seen), input_dim), ids)
        return ids
    try:
        check_values(where, ids if isinstance(ids, np.ndarray) else as_array(ids), input_dim)
    except IdError as error:
        raise plain(error) from None
    return ids


def plain(error: IdError) -> IdError:
    """Mark an error as complete: Keras turns those it cannot rebuild into a RuntimeError."""
    error._keras_call_info_injected = True  # type: ignore[attr-defined]
    return error


def _backend() -> str:
    return str(keras.backend.backend())


def _require(module: str) -> Any:
    return require(module, extra=module, need="a Keras layer on this backend")


def _is_graph_tensor(ids: Any) -> bool:
    tf = _require("tensorflow")
    return tf.is_tensor(ids) and not hasattr(ids, "numpy")


def _assert_in_graph(where: str, ids: Any, input_dim: int) -> Any:
    tf = _require("tensorflow")
    wrong = (ids < 0) | (ids >= input_dim)
    message = f"{where}: expected ids from 0 to {input_dim - 1}, got"
    found = [message, tf.boolean_mask(ids, wrong), "at", tf.where(wrong)]
    check = tf.debugging.Assert(tf.logical_not(tf.reduce_any(wrong)), found, summarize=10)
    with tf.control_dependencies([check]):
        return tf.identity(ids)
