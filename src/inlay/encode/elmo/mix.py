"""The scalar mix: layers weighted by a softmax, times gamma.

Source: Peters et al. 2018, equation 1.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Mix:
    """The numbers of one mix.

    Attributes:
        scalars: One for each layer, before the softmax; the words' own layer first.
        gamma: What the sum is multiplied by.
    """

    scalars: tuple[float, ...]
    gamma: float = 1.0

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
