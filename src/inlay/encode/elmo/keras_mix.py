"""The scalar mix as a Keras layer of its own: what is left to learn when the biLM is frozen."""

from collections.abc import Sequence
from typing import Any

from inlay.encode.elmo.keras_bilm import scalar_mix
from inlay.errors import ArgumentError
from inlay.hosts.keras import keras, ops

Tensor = Any


@keras.saving.register_keras_serializable("inlay", "ScalarMix")
class ScalarMix(keras.layers.Layer):  # type: ignore[misc]  # optional, so untyped here
    """Mix `(batch, n_layers, ...)` into `(batch, ...)`: a softmax over the layers, times gamma.

    Behind `Elmo.pooled(texts)`, `(batch, n_layers, dim)`, it learns what `to_keras()` learns from
    the texts themselves, with the same numbers: a mean over tokens and a mix of layers may
    change places. So the biLM runs once, and each epoch costs next to nothing.

    Args:
        scalars: To begin with, one for each layer, before the softmax; None: zeros.
        gamma: To begin with.
        **kwargs: Of any Keras layer.

    Source: Peters et al. 2018, equation 1.
    """

    def __init__(
        self, scalars: Sequence[float] | None = None, gamma: float = 1.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self._start = None if scalars is None else [float(x) for x in scalars], float(gamma)

    def build(self, input_shape: Any) -> None:
        """Make the weights: one for each layer, and gamma."""
        scalars, gamma = self._start
        n = input_shape[1]
        start = [0.0] * n if scalars is None else scalars
        if len(start) != n:
            raise ArgumentError("scalars", expected=f"{n}, one for each layer", got=str(len(start)))
        self.scalars = self.add_weight(
            (n,), initializer=lambda shape, dtype=None: ops.cast(start, dtype), name="scalars"
        )
        self.gamma = self.add_weight(
            (), initializer=keras.initializers.Constant(gamma), name="gamma"
        )

    def call(self, inputs: Tensor) -> Tensor:
        """Mix."""
        layers = ops.unstack(inputs, axis=1)
        return scalar_mix(layers, ops.convert_to_tensor(self.scalars), self.gamma)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Without the layers' axis."""
        return (input_shape[0], *input_shape[2:])

    def get_config(self) -> dict[str, Any]:
        """What it began with."""
        scalars, gamma = self._start
        config: dict[str, Any] = super().get_config()
        return config | {"scalars": scalars, "gamma": gamma}
