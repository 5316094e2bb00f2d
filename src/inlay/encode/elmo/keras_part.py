"""What the parts of an ELMo in Keras have in common: arrays by their official names."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.encode.elmo.options import Options
from inlay.hosts.keras import keras, ops


class Part(keras.layers.Layer):  # type: ignore[misc]  # optional, so untyped here
    """Some of an ELMo's arrays as variables. It is asked from within the layer around it.

    Args:
        options: The shape of the network.
        shapes: The shape of each array, by its official name.
        learns: Whether the variables are trained, if the layer around them is.
        **kwargs: `name` and `dtype` of any Keras layer.
    """

    def __init__(
        self,
        options: Options,
        shapes: Mapping[str, tuple[int, ...]],
        *,
        learns: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.options, self.learns = options, learns
        self._shapes = dict(shapes)
        self._variables_by_name: dict[str, Any] = {}

    def make(self, start: Mapping[str, Array]) -> None:
        """Make the variables, copies of arrays; NaN where there is nothing to start from."""
        for name, shape in self._shapes.items():
            self._variables_by_name[name] = self._variable(name, shape, start.get(name))
        self.built = True

    def get(self, name: str) -> Any:
        """An array as a tensor, by its official name."""
        return ops.convert_to_tensor(self._variables_by_name[name])

    def arrays(self) -> dict[str, Array]:
        """The numbers as they are now, float32, by their official names."""
        return {
            name: ops.convert_to_numpy(ops.cast(variable, "float32"))
            for name, variable in self._variables_by_name.items()
        }

    def _variable(self, name: str, shape: tuple[int, ...], value: Array | None) -> Any:
        def numbers(shape: tuple[int, ...], dtype: str | None = None) -> Any:
            # NaN, so that a layer that was never loaded cannot pass for one that works; and else
            # a copy, for torch and JAX may keep the array itself.
            array = np.array(np.full(shape, np.nan) if value is None else value, np.float32)
            return ops.cast(ops.convert_to_tensor(array), dtype)

        return self.add_weight(
            shape, initializer=numbers, trainable=self.learns, name=name.replace("/", "_")
        )
