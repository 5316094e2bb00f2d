"""Dropout that can be repeated."""

import torch
from torch import Tensor


class Dropout:
    """Sets a share of numbers to zero and scales the others up; the same ones for the same seed."""

    def __init__(self, share: float, seed: int, device: torch.device) -> None:
        self.share, self.generator = share, torch.Generator(device).manual_seed(seed)

    def __call__(self, x: Tensor) -> Tensor:
        """Apply it."""
        if self.share == 0:
            return x
        keep = torch.empty_like(x).bernoulli_(1 - self.share, generator=self.generator)
        return x * keep.mul_(1 / (1 - self.share))
