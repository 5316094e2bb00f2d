"""A Keras layer of a table in whole numbers, int8 or int4, as Keras makes them."""

from typing import Any

from inlay.errors import ArgumentError


class Quantised:
    """What a layer has above `keras.layers.Embedding` so that it can be quantised."""

    def quantize(self, mode: str, type_check: bool = True, **kwargs: Any) -> None:
        """Make whole numbers of the matrix: see `keras.layers.Embedding`.

        Args:
            mode: `"int8"` or `"int4"`.
            type_check: Of Keras, which would refuse every subclass; here it changes nothing.
            **kwargs: Of Keras' own method.
        """
        layer: Any = self
        layer._own()
        super().quantize(mode, type_check=False, **kwargs)  # type: ignore[misc]

    def quantized_call(self, *args: Any, **kwargs: Any) -> Any:
        """Look up ids in whole numbers; padding is cut off, as everywhere."""
        layer: Any = self
        return layer._cut(args[0], super().quantized_call(*args, **kwargs))  # type: ignore[misc]

    def _check_not_quantised(self) -> None:
        layer: Any = self
        if layer.quantization_mode:  # a policy for which Keras expects whole numbers from a file
            raise wrong_policy(layer)


def wrong_policy(layer: Any) -> ArgumentError:
    """The error of a layer that is to be made of vectors, with a policy of other numbers."""
    return ArgumentError(
        "dtype",
        expected="a policy of floating-point numbers, such as 'mixed_bfloat16'",
        got=repr(layer.dtype_policy.name),
        hint="dtype='float32'",
    )
