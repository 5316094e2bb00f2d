"""Adam over named tensors, some of which have gradients for a few rows only."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from inlay.aliases import Array

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
        rows: dict[str, Array],
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
            scale: Gradients are multiplied by this first,
            clip_norm: and then together made no longer than this.
            run: Works on many things at once: `map`, or that of a pool of threads.
        """
        from inlay.kernels.adam import adam

        norms = list(run(lambda g: float(torch.linalg.vector_norm(g)), gradients.values()))
        scale *= min(1.0, clip_norm / max(scale * float(np.linalg.norm(norms)), TINY))
        start = float(np.sqrt(1 - BETA2 ** (number + 1)) / (1 - BETA1 ** (number + 1)))
        numbers = [np.float32(x) for x in (rate * start, BETA1, BETA2, scale, TINY)]

        def update(name: str) -> None:
            kept = [self.moments[f"{name}/{moment}"] for moment in "mv"]
            value, gradient, first, second = (
                _matrix(tensor) for tensor in (self.parameters[name], gradients[name], *kept)
            )
            some = rows.get(name, np.arange(len(value)))
            adam(value, some, gradient, first, second, *numbers)

        list(run(update, gradients))


def _matrix(tensor: Tensor) -> Array:
    """The numbers themselves, with two axes."""
    width = tensor.shape[-1] if tensor.dim() > 1 else 1
    matrix: Array = tensor.detach().contiguous().view(-1, width).numpy()
    return matrix
