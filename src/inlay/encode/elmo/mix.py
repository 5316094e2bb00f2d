"""The scalar mix: layers weighted by a softmax, times gamma.

Source: Peters et al. 2018, equation 1.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from inlay.errors import ArgumentError

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Mix:
    """The numbers of one mix.

    Attributes:
        scalars: One for each layer, before the softmax; the words' own layer first.
        gamma: What the sum is multiplied by.

    Raises:
        ArgumentError: A number that is none, or not finite.
    """

    scalars: tuple[float, ...]
    gamma: float = 1.0

    def __post_init__(self) -> None:
        try:
            scalars, gamma = tuple(map(float, self.scalars)), float(self.gamma)
        except (TypeError, ValueError):
            scalars, gamma = (), math.nan
        if not scalars or not all(map(math.isfinite, (*scalars, gamma))):
            got = f"{self.scalars!r:.60}, {self.gamma!r:.20}"
            raise ArgumentError(
                "mix", expected="a finite number for each layer, and gamma", got=got
            )
        object.__setattr__(self, "scalars", scalars)
        object.__setattr__(self, "gamma", gamma)

    @property
    def shares(self) -> Array:
        """The layers' weights, gamma included: float32 `(n_layers,)`."""
        powers = np.exp(np.array(self.scalars) - max(self.scalars))
        shares: Array = self.gamma * powers / powers.sum()
        return shares.astype(np.float32)

    def __call__(self, layers: Array) -> Array:
        """Mix float32 `(n_layers, ...)` into `(...)`, layer after layer."""
        shares = self.shares
        mixed: Array = shares[0] * layers[0]
        for share, layer in zip(shares[1:], layers[1:], strict=True):
            mixed += share * layer
        return mixed
