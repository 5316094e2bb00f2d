"""What JAX needs: arrays in numpy's memory, ids checked when compiled code runs."""

from typing import Any

import jax
import numpy as np

from inlay.aliases import Array
from inlay.hosts.ids import check_values


def as_tensor(array: Array) -> Any:
    """A JAX array in an array's memory if that is aligned, see `inlay.hosts.memory`."""
    return jax.device_put(array, may_alias=True)


def is_traced(tensor: Any) -> bool:
    """Whether an array is only being traced, so that it has no numbers yet."""
    return isinstance(tensor, jax.core.Tracer)


def check_later(where: str, ids: Any, size: int) -> Any:
    """Return ids that are looked at when the compiled code runs."""
    jax.debug.callback(lambda seen: check_values(where, np.asarray(seen), size), ids)
    return ids
