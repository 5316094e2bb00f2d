"""What becomes of the layers in Keras: normalised, mixed, averaged over tokens."""

from collections.abc import Sequence
from typing import Any

from inlay.errors import ArgumentError
from inlay.hosts.keras import keras, ops

Tensor = Any
EPSILON = 1e-13  # under the root of the layer norm


@keras.saving.register_keras_serializable("inlay", "ScalarMix")
class ScalarMix(keras.layers.Layer):  # type: ignore[misc]  # optional, so untyped here
    """Mix `(batch, n_layers, ...)` into `(batch, ...)`: a softmax over the layers, times gamma.

    Behind `Elmo.pooled(texts)`, `(batch, n_layers, dim)`, it learns what `to_keras()` learns from
    the texts themselves, with the same numbers: a mean over tokens and a mix of layers may
    change places. So the biLM runs once, and each epoch costs next to nothing.

    Args:
        scalars: To begin with, one for each layer, before the softmax; None: zeros.
        gamma: To begin with.
        fixed: Which of "scalars" and "gamma" are never trained.
        **kwargs: Of any Keras layer.

    Source: Peters et al. 2018, equation 1.
    """

    def __init__(
        self,
        scalars: Sequence[float] | None = None,
        gamma: float = 1.0,
        *,
        fixed: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._fixed = list(fixed)
        self._start = None if scalars is None else [float(x) for x in scalars], float(gamma)

    def build(self, input_shape: Any) -> None:
        """Make the weights: one for each layer, and gamma."""
        scalars, gamma = self._start
        n = input_shape[1]
        start = [0.0] * n if scalars is None else scalars
        if len(start) != n:
            raise ArgumentError("scalars", expected=f"{n}, one for each layer", got=str(len(start)))
        self.scalars = self.add_weight(
            (n,),
            initializer=lambda shape, dtype=None: ops.cast(start, dtype),
            trainable="scalars" not in self._fixed,
            name="scalars",
        )
        self.gamma = self.add_weight(
            (),
            initializer=keras.initializers.Constant(gamma),
            trainable="gamma" not in self._fixed,
            name="gamma",
        )

    def call(self, inputs: Tensor) -> Tensor:
        """Mix."""
        return self.mix(ops.unstack(inputs, axis=1))

    def mix(self, layers: Sequence[Tensor]) -> Tensor:
        """Mix tensors of one shape; in float32 at least, as shares of layers are of one another."""
        exact = keras.backend.result_type(self.compute_dtype, "float32")
        shares = ops.cast(self.gamma, exact) * ops.softmax(ops.cast(self.scalars, exact))
        mixed = sum(shares[k] * ops.cast(layer, exact) for k, layer in enumerate(layers))
        return ops.cast(mixed, self.compute_dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Without the layers' axis."""
        return (input_shape[0], *input_shape[2:])

    def get_config(self) -> dict[str, Any]:
        """What it began with."""
        scalars, gamma = self._start
        config: dict[str, Any] = super().get_config()
        return config | {"scalars": scalars, "gamma": gamma, "fixed": self._fixed}


def layer_norm(layer: Any, mask: Any) -> Any:
    """Subtract one mean, divide by one deviation: of all positions and features of the batch."""
    layer = ops.cast(layer, keras.backend.result_type(layer.dtype, "float32"))
    here = ops.cast(ops.expand_dims(mask, -1), layer.dtype)
    n = ops.sum(here) * layer.shape[-1]
    mean = ops.sum(layer * here) / n
    variance = ops.sum(ops.square((layer - mean) * here)) / n
    return (layer - mean) * here / ops.sqrt(variance + EPSILON)


def mean_over_tokens(tensor: Any, mask: Any) -> Any:
    """`(batch, steps, dim)` to `(batch, dim)`; 0 for a text without tokens."""
    exact = keras.backend.result_type(tensor.dtype, "float32")  # half a number cannot count far
    here = ops.cast(ops.expand_dims(mask, -1), exact)
    mean = ops.sum(ops.cast(tensor, exact) * here, axis=1) / ops.maximum(ops.sum(here, axis=1), 1)
    return ops.cast(mean, tensor.dtype)
