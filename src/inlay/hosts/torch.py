"""What PyTorch needs: tensors in an array's memory, memory of their own, ids checked."""

import functools
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ParamSpec, TypeVar

import numpy as np
import torch
from torch import Tensor

from inlay.aliases import Array
from inlay.checks import described
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.hosts.ids import ALIGNED, check_values, wrong_dtype
from inlay.hosts.memory import untouched_zeros

P = ParamSpec("P")
R = TypeVar("R")
# Since PyTorch 2.3. Found once, for each look-up asks it.
_is_compiling: Callable[[], bool] | None = getattr(torch.compiler, "is_compiling", None)
IDS = "torch.from_numpy(ids), of vocab.encode(texts) or batch_to_ids(lists of tokens)"


def eager(function: Callable[P, R]) -> Callable[P, R]:
    """A function that `torch.compile` leaves as it is.

    As a decorator, `torch.compiler.disable` would import `torch._dynamo` at once, for a second.
    """
    if _is_compiling is None:
        disabled: Callable[P, R] = torch.compiler.disable(function)
        return disabled

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        if _is_compiling():
            result: R = torch.compiler.disable(function)(*args, **kwargs)
            return result
        return function(*args, **kwargs)

    return call


def no_graph(layer: str, hint: str) -> ArgumentError:
    """The error for a layer that `torch.jit` and `torch.export` cannot take down."""
    return ArgumentError(
        "torch.jit or torch.export",
        expected="a layer that does the same whatever it is given",
        got=layer,
        hint=hint,
    )


def is_taken_down() -> bool:
    """Whether this call is being recorded, so that what it decides would hold for all others."""
    is_exporting = getattr(torch.compiler, "is_exporting", bool)  # since PyTorch 2.7
    return bool(torch.jit.is_tracing() or is_exporting())


def is_compiling() -> bool:
    """Whether `torch.compile` or `torch.export` is taking this call down."""
    if _is_compiling is None:
        return "torch._dynamo" in sys.modules
    return _is_compiling()


def is_at_hand(tensor: Any) -> bool:
    """Whether a tensor has numbers, in the processor's memory."""
    return isinstance(tensor, Tensor) and tensor.device.type == "cpu" and not is_compiling()


def has_whole_numbers(tensor: Any) -> bool:
    """Whether something is a tensor of whole numbers, whatever they are."""
    known = isinstance(tensor, Tensor)
    return known and not (tensor.dtype.is_floating_point or tensor.dtype.is_complex)


def as_tensor(array: Array) -> Tensor:
    """A tensor in an array's memory, which must be writable. Copies nothing."""
    return torch.from_numpy(array)


def zeros_like(tensor: Tensor) -> Tensor:
    """Zeros that, in the processor's memory, take none before they are written to."""
    if tensor.device.type != "cpu":
        return torch.zeros_like(tensor)
    zeros = torch.from_numpy(untouched_zeros((tensor.nbytes,), "uint8"))
    return zeros.view(tensor.dtype).view(tensor.shape)


def as_bfloat16(bits: Array) -> Tensor:
    """A tensor of bfloat16 in the memory of its bits, an int16 array."""
    return torch.from_numpy(bits).view(torch.bfloat16)


def detach(parameter: Tensor) -> None:
    """Move what shares an array's memory into its own: one copy, and the same object."""
    parameter.data = parameter.data.clone()


def kernel_serves(tensor: Tensor) -> bool:
    """Whether a kernel of ours may work on a tensor: it is float32, in the processor's memory."""
    return bool(tensor.device.type == "cpu" and tensor.dtype == torch.float32)


def arrays(*tensors: Tensor) -> Iterator[Array]:
    """The memory of tensors, without a graph, for a kernel to read and to write."""
    return (tensor.detach().numpy() for tensor in tensors)


def check_tensor(where: str, ids: Any, expected: str = "ids in a tensor", hint: str = IDS) -> None:
    """Raise an ArgumentTypeError for ids, or texts, that have not been made a tensor."""
    if isinstance(ids, str | list | tuple | dict | int | float | np.ndarray | np.generic | None):
        raise ArgumentTypeError(where, expected=expected, got=described(ids), hint=hint)


def check_optimiser(optimiser: Any) -> None:
    """Raise an ArgumentTypeError for what has no groups of parameters."""
    if not hasattr(optimiser, "param_groups"):
        expected, got = "an optimiser of PyTorch", described(optimiser)
        raise ArgumentTypeError("optimiser", expected=expected, got=got, hint="torch.optim.Adam")


def check_dtype(where: str, ids: Tensor) -> None:
    """Raise an IdError if ids are not whole numbers of any size."""
    dtype = ids.dtype
    if dtype.is_floating_point or dtype.is_complex or dtype == torch.bool:
        raise wrong_dtype(where, "whole-number", dtype, "ids.long()")


@eager
def check_range(
    where: str,
    ids: Tensor,
    size: int | None,
    *,
    hint: str = ALIGNED,
    tokens: Sequence[str] | None = None,
) -> None:
    """Do what `check_values` does; on a GPU the ids come to the host only if one is wrong."""
    if ids.device.type != "cpu":
        wide = ids.long()  # a byte cannot be compared with a larger number
        if not bool(((wide < 0) | (wide >= size) if size is not None else wide < 0).any()):
            return
    check_values(where, ids.numpy(force=True), size, hint=hint, tokens=tokens)
