"""Adam over named tensors, some of which have gradients for a few rows only."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from inlay.hosts.torch import arrays, kernel_serves

Gradients = dict[str, Tensor]
Map = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]

BETA1, BETA2, TINY = 0.9, 0.999, 1e-8


class Adam:
    """The optimiser of Kingma and Ba 2015. Rows without a gradient stay, and so do their moments.

    Attributes:
        moments: The running means of gradients and of their squares, `NAME/m` and `NAME/v`.
    """

    def __init__(self, parameters: dict[str, Tensor]) -> None:
        self.parameters = parameters
        self.moments = {
            f"{name}/{moment}": torch.zeros_like(tensor, requires_grad=False)
            for name, tensor in parameters.items()
            for moment in "mv"
        }

    def apply(
        self,
        gradients: Gradients,
        rows: dict[str, Tensor],
        *,
        number: int,
        rate: float,
        scale: float,
        clip_norm: float,
        run: Map,
    ) -> None:
        """Take one step.

        Args:
            gradients: By name.
            rows: For names with a gradient for some rows, which: int64, each once.
            number: Of the step, from 0.
            rate: The learning rate.
            scale: What gradients are multiplied by first.
            clip_norm: What length they have together after that, at most.
            run: Works on many things at once: `map`, or that of a pool of threads.
        """
        norms = list(run(lambda g: float(torch.linalg.vector_norm(g)), gradients.values()))
        scale *= min(1.0, clip_norm / max(scale * float(np.linalg.norm(norms)), TINY))
        start = float(np.sqrt(1 - BETA2 ** (number + 1)) / (1 - BETA1 ** (number + 1)))
        numbers = rate * start, BETA1, BETA2, scale, TINY

        def update(name: str) -> None:
            kept = [self.moments[f"{name}/{moment}"] for moment in "mv"]
            value, gradient, first, second = (
                _matrix(tensor) for tensor in (self.parameters[name], gradients[name], *kept)
            )
            some = rows.get(name)
            if some is None:
                some = torch.arange(len(value), device=value.device)
            _update(value, some, gradient, first, second, *numbers)

        list(run(update, gradients))


def _update(
    values: Tensor,
    rows: Tensor,
    gradient: Tensor,
    first: Tensor,
    second: Tensor,
    rate: float,
    beta1: float,
    beta2: float,
    scale: float,
    tiny: float,
) -> None:
    """What `inlay.kernels.adam.adam` says, on any device."""
    if kernel_serves(values):
        from inlay.kernels.adam import adam

        numbers = map(np.float32, (rate, beta1, beta2, scale, tiny))
        adam(*arrays(values, rows, gradient, first, second), *numbers)
        return
    scaled = gradient * scale
    m = first[rows].lerp_(scaled, 1 - beta1)
    v = second[rows].lerp_(scaled.square(), 1 - beta2)
    values.index_add_(0, rows, m / (v.sqrt() + tiny), alpha=-rate)
    first[rows], second[rows] = m, v


def _matrix(tensor: Tensor) -> Tensor:
    """The numbers themselves, with two axes."""
    width = tensor.shape[-1] if tensor.dim() > 1 else 1
    return tensor.detach().contiguous().view(-1, width)
