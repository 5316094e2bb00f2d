"""What JAX needs: arrays in numpy's memory, ids checked when compiled code runs."""

import inspect
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from inlay.aliases import Array
from inlay.hosts.ids import check_values


def as_tensor(array: Array) -> Any:
    """A JAX array in an array's memory if that is aligned, see `inlay.hosts.memory`."""
    # JAX 0.4.30 has no such argument, but `asarray` shares there, as it does not today.
    can_ask = "may_alias" in inspect.signature(jax.device_put).parameters
    return jax.device_put(array, may_alias=True) if can_ask else jax.numpy.asarray(array)


def as_bfloat16(bits: Array) -> Any:
    """A JAX array of bfloat16 in the memory of its bits, an int16 array."""
    return as_tensor(bits.view(jax.numpy.bfloat16))


def is_traced(tensor: Any) -> bool:
    """Whether an array is only being traced, so that it has no numbers yet."""
    return isinstance(tensor, jax.core.Tracer)


def is_at_hand(tensor: Any) -> bool:
    """Whether a tensor has numbers, in the processor's memory."""
    known = isinstance(tensor, jax.Array) and not is_traced(tensor)
    return known and all(device.platform == "cpu" for device in tensor.devices())


def check_later(where: str, ids: Any, size: int, *, tokens: Sequence[str] | None = None) -> Any:
    """Return ids that are looked at when the compiled code runs."""
    jax.debug.callback(lambda seen: check_values(where, np.asarray(seen), size, tokens=tokens), ids)
    return ids
