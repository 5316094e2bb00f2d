"""A Keras layer that takes strings. Importing this registers it for loading."""

import os
import sys
from typing import Any, Self

import numpy as np

from inlay.checks import described, flag, whole_or_none
from inlay.core import TextToIds
from inlay.errors import ArgumentError, ArgumentTypeError, InlayError, NotFittedError
from inlay.hosts.keras import keras, ops, plain
from inlay.hosts.keras_numbers import Numbers

FILE = "text_to_ids.json"
INPUT = 'keras.Input((), dtype="string")'


@keras.saving.register_keras_serializable("inlay", "TextLayer")
class TextLayer(keras.layers.Layer):  # type: ignore[misc]  # optional, so untyped here
    """Strings to ids, as the first layer of a model.

    On TensorFlow it is part of the graph: a model with `keras.Input((), dtype="string")` trains,
    predicts and exports with strings. Give `fit` and `predict` the texts as `tf.constant(texts)`
    or a `tf.data.Dataset`, for Keras refuses most arrays of strings.

    JAX and PyTorch have no strings, so there the layer cannot be a part of a model. It is called
    with texts before the model, or mapped over a `tf.data.Dataset`.

    A saved model holds the `TextToIds` as a file beside the weights.

    Args:
        to_ids: Vocabulary, tokenizer, length and sides. None: they come from a saved model.
        in_python: Whether TensorFlow calls back into Python to split texts: see `TextModule`.
        max_length: For a layer without `to_ids`: the one of those that will come.
        **kwargs: `name` of any Keras layer.

    Raises:
        ArgumentError: On TensorFlow, the tokenizer has no form in a graph, and `in_python` is
            False.
    """

    def __init__(
        self,
        to_ids: TextToIds | None = None,
        *,
        in_python: bool = False,
        max_length: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.in_python = flag("in_python", in_python)
        self.max_length = whole_or_none("max_length", max_length)
        self.supports_jit = not _on_tensorflow()  # XLA has no strings
        self._to_ids: TextToIds | None = None
        self._module: Any = None
        if to_ids is not None:
            self.to_ids = to_ids
            if max_length not in (None, to_ids.max_length):
                raise ArgumentError(
                    "max_length",
                    expected="None, for the TextToIds has its own",
                    got=f"{max_length}, and {to_ids.max_length} there",
                    hint=f"TextToIds(vocab, max_length={max_length})",
                )
        self.built = True

    @property
    def to_ids(self) -> TextToIds | None:
        """Texts to ids; None until a saved model brings it.

        Set it where a saved model could not hold the tokenizer, before the model is used.
        """
        return self._to_ids

    @to_ids.setter
    def to_ids(self, to_ids: Any) -> None:
        if not isinstance(to_ids, TextToIds):
            hint, got = "TextToIds(vocab, max_length=...)", described(to_ids)
            raise ArgumentTypeError("to_ids", expected="a TextToIds", got=got, hint=hint)
        self._module = self._made(to_ids) if _on_tensorflow() else None
        self._to_ids, self.max_length = to_ids, to_ids.max_length

    def _made(self, to_ids: TextToIds) -> Any:
        from inlay.layers.tensorflow.text import TextModule

        return TextModule(to_ids, in_python=self.in_python)

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Turn texts into ids.

        Args:
            inputs: Strings `(n,)` or `(n, 1)`: a list, an array, a tensor of TensorFlow's.
            *args: Keras' own.
            **kwargs: Keras' own.

        Returns:
            int32 `(n, tokens)`: a tensor of the backend; of TensorFlow if the inputs are one.
        """
        if isinstance(inputs, keras.KerasTensor):
            self._check_symbolic(inputs)
            return super().__call__(inputs, *args, **kwargs)
        to_ids, texts = self._loaded(), _listed(inputs)
        if _on_tensorflow():
            from inlay.layers.tensorflow.text import strings

            return super().__call__(strings(texts), *args, **kwargs)
        if _is_tensorflows(inputs):
            self._module = self._module or self._made(to_ids)
            return self._module(inputs)
        ids = to_ids([texts])[0] if isinstance(texts, str) else to_ids(texts)
        return ops.convert_to_tensor(ids)

    def call(self, inputs: Any) -> Any:
        """Look up the tokens of a tensor of strings."""
        assert self._module is not None
        try:
            return self._module(inputs)
        except InlayError as error:
            raise plain(error) from None

    def compute_output_spec(self, inputs: Any) -> Any:
        """`(batch, max_length)` of int32."""
        return keras.KerasTensor(self.compute_output_shape(inputs.shape), dtype="int32")

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, int | None]:
        """`(batch, max_length)`, of which either may be None."""
        return input_shape[0], self.max_length

    def _loaded(self) -> TextToIds:
        if self._to_ids is None:
            raise plain(
                NotFittedError(
                    f"layer {self.name!r}",
                    expected="a vocabulary, which is not in a layer's config",
                    got="none",
                    hint="keras.models.load_model(path), or layer.to_ids = TextToIds(vocab, ...)",
                )
            )
        return self._to_ids

    def _check_symbolic(self, inputs: Any) -> None:
        where = f"layer {self.name!r}"
        if not _on_tensorflow():
            raise plain(
                ArgumentTypeError(
                    where,
                    expected="texts themselves, for a model can take strings on TensorFlow only",
                    got=f"the input of a model, on {keras.backend.backend()}",
                    hint="layer(texts), or dataset.map(layer), before the model, which takes ids",
                )
            )
        shape = tuple(inputs.shape)
        if inputs.dtype != "string" or not (len(shape) == 1 or shape[1:] == (1,)):
            got = f"{inputs.dtype} {shape}"
            raise plain(ArgumentTypeError(where, expected="strings (batch,)", got=got, hint=INPUT))

    def save_assets(self, dir_path: str) -> None:
        """Write the `TextToIds` into a saved model."""
        self._loaded().save(os.path.join(dir_path, FILE))

    def load_assets(self, dir_path: str) -> None:
        """Read the `TextToIds` of a saved model."""
        self.to_ids = TextToIds.load(os.path.join(dir_path, FILE))

    def get_config(self) -> dict[str, Any]:
        """The layer without its vocabulary."""
        config: dict[str, Any] = super().get_config()
        own = {"in_python": self.in_python, "max_length": self.max_length}
        return config | own | {"to_ids": Assets(self)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Build the layer again: with its vocabulary in this process, without until loaded else."""
        given = config.get("to_ids")
        to_ids = given.layer._to_ids if isinstance(given, Assets) else None
        return cls(**config | {"to_ids": to_ids})


class Assets(Numbers):
    """A line of a config that JSON reads as text, and `clone_model` as the layer to copy from."""

    __slots__ = ()
    text = "in the assets"


def _on_tensorflow() -> bool:
    return bool(keras.backend.backend() == "tensorflow")


def _is_tensorflows(inputs: Any) -> bool:
    tensorflow: Any = sys.modules.get("tensorflow")
    return tensorflow is not None and bool(tensorflow.is_tensor(inputs))


def _listed(inputs: Any) -> Any:
    """An array of strings as a list of them, `(n, 1)` too; anything else as it is."""
    if not isinstance(inputs, np.ndarray):
        return inputs
    flat = inputs[:, 0] if inputs.ndim == 2 and inputs.shape[1] == 1 else inputs
    texts: list[Any] = flat.tolist()
    return [t.decode("utf-8", "replace") if isinstance(t, bytes) else t for t in texts]
