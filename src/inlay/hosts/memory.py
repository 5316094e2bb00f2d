"""When a framework can live in an array's memory, and the copy that it gets when it cannot."""

import contextlib
import mmap
from typing import Any

import numpy as np

from inlay.aliases import Array

KINDS = ("float16", "float32", "float64", "int8", "int16")
ALIGNMENT = 64  # bytes; TensorFlow ends the process over less, JAX copies


def can_share(array: Array, dtype: str, *, aligned: bool = True) -> bool:
    """Whether a tensor of `dtype` can live in an array's memory.

    Args:
        array: Must be writable: a write to memory that is not would end the process.
        dtype: The tensor's dtype.
        aligned: Whether the memory must start at a multiple of `ALIGNMENT`.
    """
    starts_well = not aligned or array.ctypes.data % ALIGNMENT == 0
    return array.dtype == dtype and array.flags.writeable and starts_well


def aligned_copy(array: Array, dtype: str) -> Array:
    """A copy that starts at a multiple of 64 bytes, in `dtype` if numpy has it, else float32."""
    kind = np.dtype(dtype if dtype in KINDS else "float32")
    raw = np.empty(array.size * kind.itemsize + ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % ALIGNMENT
    copy = raw[start : start + array.size * kind.itemsize].view(kind).reshape(array.shape)
    copy[...] = array
    return copy


def untouched_zeros(shape: tuple[int, ...], dtype: str = "float32") -> Array:
    """Zeros that take memory only in the pages that are written to.

    `numpy.zeros` takes 2 MB for the first number of each 2 MB, and `torch.zeros` takes all.
    """
    size = max(int(np.prod(shape)) * np.dtype(dtype).itemsize, 1)
    flags: dict[str, Any] = {}
    if hasattr(mmap, "MAP_PRIVATE"):  # else Python shares it with processes that are forked
        reserve = getattr(mmap, "MAP_NORESERVE", 0)
        flags["flags"] = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | reserve
    memory = mmap.mmap(-1, size, **flags)
    if hasattr(mmap, "MADV_NOHUGEPAGE"):
        with contextlib.suppress(OSError):  # of a kernel that has no huge pages
            memory.madvise(mmap.MADV_NOHUGEPAGE)
    zeros: Array = np.frombuffer(memory, dtype, int(np.prod(shape))).reshape(shape)
    return zeros
