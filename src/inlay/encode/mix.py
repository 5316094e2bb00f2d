"""The scalar mix: layers weighted by a softmax, times gamma.

Source: Peters et al. 2018, equation 1.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.checks import described
from inlay.errors import ArgumentError


@dataclass(frozen=True)
class Mix:
    """The numbers of one mix.

    Attributes:
        scalars: One for each layer, before the softmax; the words' own layer first.
        gamma: What the sum is multiplied by.

    Raises:
        ArgumentError: Something that is no number.
    """

    scalars: tuple[float, ...]
    gamma: float = 1.0

    def __post_init__(self) -> None:
        given: Any = self.scalars
        if isinstance(given, str):  # whose characters may all be digits
            raise ArgumentError("mix", expected="numbers", got=described(given))
        try:
            object.__setattr__(self, "scalars", tuple(map(float, given)))
            object.__setattr__(self, "gamma", float(self.gamma))
        except (TypeError, ValueError) as error:
            raise ArgumentError("mix", expected="numbers", got=str(error)) from error

    def fits(self, n_layers: int) -> bool:
        """Whether it has a number for each layer, and all are finite."""
        finite = all(map(math.isfinite, (*self.scalars, self.gamma)))
        return finite and len(self.scalars) == n_layers

    @property
    def shares(self) -> Array:
        """The layers' weights, gamma included: float32 `(n_layers,)`."""
        powers = np.exp(np.array(self.scalars) - max(self.scalars))
        shares: Array = self.gamma * powers / powers.sum()
        return shares.astype(np.float32)

    def __call__(self, layers: Array) -> Array:
        """Mix float32 `(n_layers, ...)` into `(...)`, layer after layer.

        Raises:
            ArgumentError: Another number of layers.
        """
        shares = self.shares
        if getattr(layers, "shape", ())[:1] != shares.shape:
            raise ArgumentError(
                "layers",
                expected=f"an array of {len(shares)} layers, ({len(shares)}, ...)",
                got=described(layers),
                hint="one text of encoder.layers(texts)",
            )
        mixed: Array = shares[0] * layers[0]
        for share, layer in zip(shares[1:], layers[1:], strict=True):
            mixed += share * layer
        return mixed
