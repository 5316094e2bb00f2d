"""Keras itself, on a backend that is here, and what each backend does its own way."""

import functools
import importlib
import warnings
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from inlay.aliases import Array
from inlay.checks import described, text_or_none
from inlay.errors import ArgumentError, ArgumentTypeError, IdError, InlayError
from inlay.hosts import ids as host_ids
from inlay.hosts import memory
from inlay.hosts.backends import BACKENDS, load_keras
from inlay.hosts.ids import ALIGNED, check_values, wrong_dtype

# All of inlay takes Keras from here, so that its backend is chosen before it is imported.
keras: Any = load_keras("a Keras layer")
ops: Any = keras.ops

Error = TypeVar("Error", bound=InlayError)


def can_share(array: Array, dtype: str) -> bool:
    """Whether a variable of `dtype` can live in an array's memory."""
    return memory.can_share(array, dtype, aligned=needs_alignment())


def needs_alignment() -> bool:
    """Whether memory to be shared must start at a multiple of 64 bytes."""
    return _backend() != "torch"


def as_tensor(array: Array, dtype: str) -> Any:
    """A tensor in an array's memory, if `can_share`; a cast one if the dtype is another."""
    array = np.asarray(array)  # a memmap's plain self: JAX knows no subclasses
    host = _host()
    tensor = ops.convert_to_tensor(array) if host is None else host.as_tensor(array)
    return tensor if array.dtype == dtype else ops.cast(tensor, dtype)


def as_bfloat16(bits: Array) -> Any:
    """A tensor of bfloat16 in the memory of its bits, an int16 array, if `can_share`."""
    host = _host()
    if host is None:
        wide = (bits.view(np.uint16).astype(np.uint32) << np.uint32(16)).view(np.float32)
        return ops.cast(wide, "bfloat16")
    return host.as_bfloat16(bits)


def as_array(tensor: Any) -> Array:
    """A tensor's or variable's numbers; they may be its own memory."""
    with warnings.catch_warnings():
        # numpy 2 warns of the `__array__` that TensorFlow and torch have.
        warnings.simplefilter("ignore", DeprecationWarning)
        return np.asarray(ops.convert_to_numpy(ops.convert_to_tensor(tensor)))


def detach(variable: Any) -> None:
    """Move a variable that shares an array's memory into its own: one copy."""
    match _backend():
        case "tensorflow":
            variable.assign(_host().copied(variable.value))
        case "torch":
            _host().detach(variable.value)  # `assign` would write in place
        case _:
            variable.assign(ops.copy(variable.value))


def adopt(variable: Any, tensor: Any) -> None:
    """Have a variable live in the memory of a tensor of its shape and dtype. Copies nothing."""
    if _backend() == "torch":
        variable.value.data = tensor  # `assign` would write in place
    else:
        variable.assign(tensor)


def checks_survive_jit() -> bool:
    """XLA drops TensorFlow's assertions; JAX calls back; torch is not compiled by default."""
    return _backend() != "tensorflow"


def check_arguments(
    name: Any, dtype: Any = None, regularizer: Any = None, constraint: Any = None
) -> None:
    """Refuse what no Keras layer can be called, or be made of.

    Raises:
        ArgumentTypeError: `name` is no string.
        ArgumentError: `name` has a slash, `dtype` is neither a dtype nor a policy, or Keras knows
            no such regulariser or constraint.
    """
    text_or_none("name", name)
    if name is not None and "/" in name:
        raise ArgumentError("name", expected="a name without a slash", got=described(name))
    try:
        keras.dtype_policies.get(dtype)
    except (ValueError, TypeError):
        expected = "a dtype, or a policy such as 'mixed_bfloat16'"
        raise ArgumentError("dtype", expected=expected, got=described(dtype)) from None
    for kind, given, known in (
        ("regularizer", regularizer, keras.regularizers),
        ("constraint", constraint, keras.constraints),
    ):
        try:
            known.get(given)
        except (ValueError, TypeError):
            expected = f"a {kind} of Keras, or the name of one"
            raise ArgumentError(
                f"embeddings_{kind}", expected=expected, got=described(given)
            ) from None


def dense(ids: Any) -> Any:
    """Ids with a place for each zero, if they are a sparse tensor of TensorFlow or JAX."""
    is_sparse = type(ids).__name__ in ("SparseTensor", "BCOO")
    return ops.convert_to_tensor(ids, sparse=False) if is_sparse else ids


def is_text(inputs: Any) -> bool:
    """Whether a tensor or array holds strings."""
    if isinstance(inputs, np.ndarray):
        return inputs.dtype.kind in "USO"
    return bool(keras.backend.standardize_dtype(inputs.dtype) == "string")


def check_no_text(where: str, inputs: Any) -> None:
    """Raise an ArgumentTypeError for texts where ids belong."""
    first = inputs
    while isinstance(first, list | tuple) and first:
        first = first[0]
    kind = first.dtype.kind if isinstance(first, np.ndarray) else ""
    if isinstance(first, str | bytes) or kind in ("U", "S"):
        got, hint = described(inputs), "vocab.encode(texts)"
        raise plain(ArgumentTypeError(where, expected="ids", got=got, hint=hint))


def check_dtype(where: str, ids: Any) -> None:
    """Raise an IdError if ids, an array or a tensor, are not whole numbers."""
    dtype = str(keras.backend.standardize_dtype(ids.dtype))
    if "int" not in dtype:
        hint = 'keras.Input(shape, dtype="int32"), or ids.astype("int32")'
        raise plain(wrong_dtype(where, "whole-number", dtype, hint))


def check_width(where: str, inputs: Any, size: int) -> None:
    """Raise an IdError if the type of ids, an array or a tensor, does not hold every id."""
    try:
        host_ids.check_width(where, _name_of(getattr(inputs, "dtype", "")), size)
    except IdError as error:
        raise plain(error) from None


@functools.cache
def _name_of(dtype: Any) -> str:
    return str(getattr(dtype, "name", str(dtype))).rpartition(".")[2]  # "torch.int8" has none


def check_range(
    where: str,
    ids: Any,
    size: int,
    *,
    hint: str = ALIGNED,
    tokens: Sequence[str] | None = None,
) -> bool:
    """Raise an IdError if an id is out of range; False if a graph's ids have no numbers yet."""
    if isinstance(ids, keras.KerasTensor) or _is_traced(ids):
        return False
    found = ids if isinstance(ids, np.ndarray) else as_array(ids)
    try:
        check_values(where, found, size, hint=hint, tokens=tokens)
    except IdError as error:
        raise plain(error) from None
    return True


def check_if_at_hand(
    where: str, ids: Any, size: int, *, tokens: Sequence[str] | None = None
) -> None:
    """Do what `check_range` does if nothing has to be waited for: ids in the processor's memory."""
    if _name_of(ids.dtype) == "bool":  # a mask
        check_dtype(where, ids)
    if isinstance(ids, np.ndarray):
        if ids.dtype.kind in "iuf":
            check_range(where, ids, size, tokens=tokens)
    elif not isinstance(ids, keras.KerasTensor):
        host = _host()
        if host is not None and host.is_at_hand(ids):
            check_range(where, ids, size, tokens=tokens)


def is_of_torch(ids: Any) -> bool:
    """Whether ids are a tensor of PyTorch, with whole numbers: its look-up refuses wrong ones."""
    return _backend() == "torch" and bool(_host().has_whole_numbers(ids))


def checked(where: str, ids: Any, size: int, *, tokens: Sequence[str] | None = None) -> Any:
    """Return ids; raise, now or when the graph runs, if one is out of range."""
    if check_range(where, ids, size, tokens=tokens) or isinstance(ids, keras.KerasTensor):
        return ids
    return _host().check_later(where, ids, size, tokens=tokens)


def plain(error: Error) -> Error:
    """Mark an error as complete: Keras turns those it cannot rebuild into a RuntimeError."""
    error._keras_call_info_injected = True  # type: ignore[attr-defined]
    return error


def _backend() -> str:
    return str(keras.backend.backend())


def _host() -> Any:
    """The file of Keras' backend; None for one that has none (numpy, OpenVINO)."""
    name = _backend()
    return importlib.import_module(f"inlay.hosts.{name}") if name in BACKENDS else None


def _is_traced(tensor: Any) -> bool:
    return _backend() in ("tensorflow", "jax") and bool(_host().is_traced(tensor))
