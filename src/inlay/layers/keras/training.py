"""How a Keras layer's rows train: pulled back to where they started, or only from an epoch on."""

from typing import Any

from inlay.checks import whole
from inlay.hosts.keras import keras, ops


class Drift(keras.regularizers.Regularizer):  # type: ignore[misc]
    """The squared distance of what trains to its start, times the layer's `pull`.

    Args:
        layer: Has `start`, shaped as what trains, a variable or a function that gives a tensor.
        other: Another regulariser, to which this one is added.
    """

    def __init__(self, layer: Any, other: Any = None) -> None:
        self.layer, self.other = layer, other

    def __call__(self, rows: Any) -> Any:
        """The penalty for `rows`, a scalar."""
        start = self.layer.start
        start = start() if callable(start) else ops.convert_to_tensor(start)
        drift = ops.sum(ops.square(ops.convert_to_tensor(rows) - start))
        return self.layer.pull * drift + (self.other(rows) if self.other is not None else 0.0)


class Size(keras.regularizers.Regularizer):  # type: ignore[misc]
    """The squared size of a layer's difference, times its `pull`.

    Of `a @ b` that is the trace of `b.T @ a.T @ a @ b`, for which no more than `a.T @ a` is made.

    Args:
        layer: Has `b`, or None there.
        other: Another regulariser, to which this one is added.
    """

    def __init__(self, layer: Any, other: Any = None) -> None:
        self.layer, self.other = layer, other

    def __call__(self, trained: Any) -> Any:
        """The penalty for `delta` or `a`, a scalar."""
        rows, b = ops.convert_to_tensor(trained), self.layer.b
        if b is None:
            size = ops.sum(ops.square(rows))
        else:
            inner = ops.matmul(ops.transpose(rows), rows)
            size = ops.sum(inner * ops.matmul(b, ops.transpose(b)))
        return self.layer.pull * size + (self.other(trained) if self.other is not None else 0.0)


class Unfreeze(keras.callbacks.Callback):  # type: ignore[misc]
    """Lets a layer train from an epoch on; the optimiser keeps what it knows of all others.

    Args:
        layer: A layer of the model.
        epoch: The number of the first epoch in which it trains, from 0.
    """

    def __init__(self, layer: Any, epoch: int) -> None:
        super().__init__()
        self.layer, self.epoch = layer, whole("epoch", epoch, least=0)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Unfreeze the layer, once, and make the training step anew."""
        if epoch < self.epoch or self.layer.trainable:
            return
        model = self.model
        self.layer.trainable = True
        old = model.optimizer
        if old.built:
            new = type(old).from_config(old.get_config())
            new.build(model.trainable_variables)
            known = {variable.path: variable for variable in old.variables}
            for variable in new.variables:
                if variable.path in known:
                    # Copied, for on JAX the step takes the memory of one away from both.
                    variable.assign(ops.copy(known[variable.path]))
            model.optimizer = new
        # On JAX, Keras has noted at the start of `fit` what trains and where it lies.
        note = getattr(model, "_record_training_state_sharding_spec", None)
        if note is not None:
            note()
        model.make_train_function(force=True)
