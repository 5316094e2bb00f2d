"""`train_rows`: a Keras model whose tables are trained by the rows that a batch looks up."""

import functools
from typing import Any

from inlay.checks import described, many
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.hosts.keras import keras, ops, plain
from inlay.layers.keras.optimizers import LazyAdagrad, LazyAdam, LazyAdamW, backend

LAZY = (LazyAdam, LazyAdamW, LazyAdagrad)


class RowLookup:
    """What a layer has above `keras.layers.Embedding` so that it can be trained by rows."""

    by_rows = False
    one_table = True  # False: its vectors are made of more than one matrix
    has_many = True  # False: so few rows train that nothing is gained by rows

    @property
    def trained(self) -> Any:
        """The variable whose rows train."""
        layer: Any = self
        return layer._embeddings

    def call(self, inputs: Any) -> Any:
        """Look up ids."""
        layer: Any = self
        if self.by_rows and layer.trainable:
            return _look_up(layer, inputs)
        if keras.backend.backend() == "torch" and layer.check != "off":
            found = backend().found(ops.convert_to_tensor(layer.embeddings), inputs)
            return ops.cast(found, layer.compute_dtype)
        return super().call(inputs)  # type: ignore[misc]


def train_rows(model: Any, layers: Any = None) -> Any:
    """Have a model trained by rows: a step costs what its batch looks up, not what a table holds.

    Every optimiser of Keras goes over all rows of a table in each step, and on JAX and PyTorch the
    gradient has all rows too. After this the gradient has the rows that the batch looks up, and a
    `LazyAdam`, `LazyAdamW` or `LazyAdagrad` changes those and their averages. The model is compiled
    and fitted as ever, before or after. A saved model is one like any other; one that was loaded is
    given to `train_rows` again before it is trained further.

    On TensorFlow the model is no longer compiled by XLA, which has no tensors of unknown length. On
    JAX the step is Keras' own with other gradients, so a `train_step` of your own is not run.

    Args:
        model: A built model.
        layers: Which of its embedding layers; None: all that have one table of their own.

    Returns:
        The model that came.

    Raises:
        ArgumentTypeError: `model` is no Keras model; a layer is no Embedding.
        ArgumentError: There is no such layer; or a layer has a regulariser or a constraint, which
            go over the whole table in each step. From `fit`: an optimiser that is none of the
            three; on JAX a table that is used otherwise than for looking up.

    Examples:
        >>> import keras
        >>> ids = keras.Input((None,), dtype="int32")
        >>> words = keras.layers.Embedding(1000, 8)(ids)
        >>> out = keras.layers.Dense(1)(keras.layers.GlobalAveragePooling1D()(words))
        >>> model = train_rows(keras.Model(ids, out))
        >>> model.compile(LazyAdam(0.01), loss="mse")
    """
    if not isinstance(model, keras.Model):
        raise ArgumentTypeError("model", expected="a Keras model", got=described(model))
    found = [layer for layer in model._flatten_layers() if _is_table(layer)]
    for layer in found if layers is None else _listed(layers):
        _check(layer, found)
        layer.by_rows = True
        if not isinstance(layer, RowLookup):
            layer.call = functools.partial(_look_up_if_training, layer)
    if not found:
        raise ArgumentError("model", expected="a keras.layers.Embedding in it", got="none")
    if keras.backend.backend() == "tensorflow":
        for layer in found:
            layer.supports_jit = False
        model.jit_compile = False
    model.train_step = functools.partial(_step, model, model.train_step)
    return model


def _is_table(layer: Any) -> bool:
    known = isinstance(layer, RowLookup) and layer.has_many
    return known or type(layer) is keras.layers.Embedding


def _listed(layers: Any) -> list[Any]:
    listed = list(many("layers", layers, "layers", hint="[layer]"))
    if not listed:
        expected = "at least one layer, or None for all"
        raise ArgumentError("layers", expected=expected, got=described(layers))
    return listed


def _check(layer: Any, found: list[Any]) -> None:
    if layer not in found:
        raise ArgumentTypeError(
            "layers",
            expected="embedding layers of the model",
            got=described(layer),
            hint="keras.layers.Embedding, or inlay.to_keras",
        )
    if not layer.built:
        raise ArgumentError(
            "model", expected="a built model", got=f"layer {layer.name!r} before its first call"
        )
    if layer.lora_enabled:
        raise ArgumentError(
            f"layer {layer.name!r}",
            expected="one without LoRA, whose products have all rows",
            got="one with it",
            hint="train it as any other",
        )
    for what in ("regularizer", "constraint"):
        set_one = getattr(_trained(layer), what, None)  # also that of `pull=`
        if set_one is not None:
            raise ArgumentError(
                f"layer {layer.name!r}",
                expected=f"no {what}, for it goes over all rows in each step",
                got=described(set_one),
                hint="weight_decay of the optimiser, which shrinks the rows of a batch",
            )


def _trained(layer: Any) -> Any:
    return layer.trained if isinstance(layer, RowLookup) else layer._embeddings


def _look_up(layer: Any, inputs: Any) -> Any:
    if inputs.dtype != "int32" and inputs.dtype != "int64":
        inputs = ops.cast(inputs, "int32")
    return ops.cast(backend().lookup(layer._embeddings, inputs), layer.compute_dtype)


def _look_up_if_training(layer: Any, inputs: Any) -> Any:
    return _look_up(layer, inputs) if layer.trainable else type(layer).call(layer, inputs)


def _step(model: Any, own: Any, *args: Any) -> Any:
    """One step: Keras' own, or on JAX one whose gradients are of rows."""
    optimizer = model.optimizer
    if not isinstance(optimizer, LAZY):
        inner = getattr(optimizer, "inner_optimizer", None)  # around it, for mixed_float16
        hint = "mixed_bfloat16" if isinstance(inner, LAZY) else "model.compile(LazyAdam(), ...)"
        expected = "LazyAdam, LazyAdamW or LazyAdagrad, for a model given to train_rows"
        got = type(optimizer).__name__
        raise plain(ArgumentError("optimizer", expected=expected, got=got, hint=hint))
    if keras.backend.backend() != "jax":
        return own(*args)
    layers = [layer for layer in model._flatten_layers() if getattr(layer, "by_rows", False)]
    tables = [_trained(layer) for layer in layers]
    return backend().train_step(model, tables, *args)
