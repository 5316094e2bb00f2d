"""Optimisers of Keras for a model with a large table: a step costs what its batch looks up."""

import importlib
from typing import Any

from inlay.calls import refuses_unknown
from inlay.hosts.keras import keras, ops

_DENSE = "leave it out: it goes over the whole table in every step"
_ELSEWHERE = {
    "amsgrad": "leave it out: keras.optimizers.Adam has it",
    "use_ema": _DENSE,
    "ema_momentum": _DENSE,
    "ema_overwrite_frequency": _DENSE,
    "gradient_accumulation_steps": _DENSE,
    "loss_scale_factor": "leave it out: mixed_bfloat16 needs no scale",
    "lr": "learning_rate=",
}


def backend() -> Any:
    """The file that changes rows on Keras' backend."""
    return importlib.import_module(f"inlay.layers.{keras.backend.backend()}.rows")


class _Rows:
    """Updates the rows that have a gradient, and leaves dense gradients to Keras' optimiser."""

    SETTINGS: tuple[str, ...]

    def _backend_apply_gradients(self, grads: list[Any], trainable_variables: list[Any]) -> None:
        host: Any = self
        rows = backend()
        ids: dict[int, Any] = {}
        grads = list(grads)
        for i, (gradient, variable) in enumerate(zip(grads, trainable_variables, strict=True)):
            if rows.is_by_rows(gradient):
                ids[i], grads[i] = rows.compact(gradient, variable.shape[0])
        if ids:  # the norm of the rows is that of the whole, whose other rows are zero
            grads = host._clip_gradients(grads)
        for i, of in ids.items():
            self._update(rows, of, grads[i], trainable_variables[i])
        # The rest last, even where there is none: this counts the step.
        dense = [i for i in range(len(grads)) if i not in ids]
        super()._backend_apply_gradients(  # type: ignore[misc]  # clips again: that changes nothing
            [grads[i] for i in dense], [trainable_variables[i] for i in dense]
        )

    def _apply_weight_decay(self, variables: list[Any]) -> None:
        if variables:  # PyTorch cannot go through none
            super()._apply_weight_decay(variables)  # type: ignore[misc]

    def _update(self, rows: Any, ids: Any, gradient: Any, variable: Any) -> None:
        host: Any = self
        rate = ops.cast(host.learning_rate, variable.dtype)
        slots = self._slots(host._get_variable_index(variable))
        values = rows.take(variable, ids)
        if host.weight_decay is not None and host._use_weight_decay(variable):
            values = values - values * host.weight_decay * rate
        change, slot_rows = self._change(
            gradient, rate, [rows.take(slot, ids) for slot in slots], variable.dtype
        )
        rows.put(variable, ids, values - change)
        for slot, new in zip(slots, slot_rows, strict=True):
            rows.put(slot, ids, new)

    def _slots(self, i: int) -> list[Any]:
        raise NotImplementedError

    def _change(self, g: Any, rate: Any, slots: list[Any], dtype: str) -> tuple[Any, list[Any]]:
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """What it is made of; JSON."""
        config = super().get_config()  # type: ignore[misc]
        return {name: config[name] for name in (*self.SETTINGS, *COMMON)}


COMMON = ("name", "learning_rate", "weight_decay", "clipnorm", "global_clipnorm", "clipvalue")


class _AdamRows(_Rows):
    SETTINGS = ("beta_1", "beta_2", "epsilon")

    def _slots(self, i: int) -> list[Any]:
        host: Any = self
        return [host._momentums[i], host._velocities[i]]

    def _change(self, g: Any, rate: Any, slots: list[Any], dtype: str) -> tuple[Any, list[Any]]:
        host: Any = self
        step = ops.cast(host.iterations + 1, dtype)
        beta1, beta2 = ops.cast(host.beta_1, dtype), ops.cast(host.beta_2, dtype)
        first = slots[0] + (g - slots[0]) * (1 - host.beta_1)
        second = slots[1] + (ops.square(g) - slots[1]) * (1 - host.beta_2)
        alpha = rate * ops.sqrt(1 - ops.power(beta2, step)) / (1 - ops.power(beta1, step))
        return first * alpha / (ops.sqrt(second) + host.epsilon), [first, second]


@keras.saving.register_keras_serializable("inlay", "LazyAdam")
class LazyAdam(_AdamRows, keras.optimizers.Adam):  # type: ignore[misc]  # optional, so untyped
    """Adam in which a row of a table changes only in the steps that look it up.

    For a model given to `train_rows`, and on TensorFlow for every model. The rows that a batch
    looks up get the step of `keras.optimizers.Adam`; the others, and their averages, stay as they
    are, whereas Adam goes on moving every row that it has ever moved. So a row that is looked
    up in every step comes out as with Adam, and others do not. The count of steps, in the
    correction for the averages' start at zero, is the optimiser's and not the row's, as in
    TensorFlow Addons' `LazyAdam` and in `torch.optim.SparseAdam`. All other variables get Keras'
    own step.

    The optimiser has the variables of Adam, and is saved and loaded with the model.

    Args:
        learning_rate: A number, or a schedule of Keras.
        beta_1: How much the average of the gradient keeps in a step.
        beta_2: How much the average of its square keeps.
        epsilon: Added to the root of the second average.
        weight_decay: Which share of a variable, times the rate, a step takes away. Of a table it
            shrinks only the rows that were looked up.
        clipnorm: How long the gradient of one variable may be.
        clipvalue: How large a number of a gradient may be.
        global_clipnorm: How long all gradients together may be.
        name: The optimiser's name.

    Raises:
        ArgumentTypeError: An argument of another name: `amsgrad`, moving averages of the weights,
            accumulated gradients and scaled losses are not offered.

    Source: Kingma and Ba 2015, "Adam: A Method for Stochastic Optimization", section 2, with the
    order of computation that is given there before section 2.1.
    """

    @refuses_unknown(_ELSEWHERE)
    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        *,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str = "lazy_adam",
    ) -> None:
        super().__init__(
            learning_rate,
            beta_1,
            beta_2,
            epsilon,
            weight_decay=weight_decay,
            clipnorm=clipnorm,
            clipvalue=clipvalue,
            global_clipnorm=global_clipnorm,
            name=name,
        )


@keras.saving.register_keras_serializable("inlay", "LazyAdamW")
class LazyAdamW(_AdamRows, keras.optimizers.AdamW):  # type: ignore[misc]
    """`LazyAdam` with a decay: that of AdamW, on the rows that a batch looks up.

    Args:
        learning_rate: A number, or a schedule of Keras.
        weight_decay: Which share of a variable, times the rate, a step takes away. Of a table it
            shrinks only the rows that were looked up; AdamW shrinks all rows in every step.
        beta_1: How much the average of the gradient keeps in a step.
        beta_2: How much the average of its square keeps.
        epsilon: Added to the root of the second average.
        clipnorm: How long the gradient of one variable may be.
        clipvalue: How large a number of a gradient may be.
        global_clipnorm: How long all gradients together may be.
        name: The optimiser's name.

    Raises:
        ArgumentTypeError: As `LazyAdam`.

    Source: Loshchilov and Hutter 2019, "Decoupled Weight Decay Regularization", algorithm 2.
    """

    @refuses_unknown(_ELSEWHERE)
    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        *,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str = "lazy_adamw",
    ) -> None:
        super().__init__(
            learning_rate,
            weight_decay,
            beta_1,
            beta_2,
            epsilon,
            clipnorm=clipnorm,
            clipvalue=clipvalue,
            global_clipnorm=global_clipnorm,
            name=name,
        )


@keras.saving.register_keras_serializable("inlay", "LazyAdagrad")
class LazyAdagrad(_Rows, keras.optimizers.Adagrad):  # type: ignore[misc]
    """Adagrad that goes over the rows of a table that a batch looks up, and over no others.

    A row without a gradient is not moved by Adagrad either, so without a decay both give the
    same numbers.

    Args:
        learning_rate: A number, or a schedule of Keras.
        initial_accumulator_value: Where the sums of squares start.
        epsilon: Added to the sums.
        weight_decay: Which share of a variable, times the rate, a step takes away. Of a table it
            shrinks only the rows that were looked up.
        clipnorm: How long the gradient of one variable may be.
        clipvalue: How large a number of a gradient may be.
        global_clipnorm: How long all gradients together may be.
        name: The optimiser's name.

    Raises:
        ArgumentTypeError: As `LazyAdam`.

    Source: Duchi, Hazan and Singer 2011, "Adaptive Subgradient Methods for Online Learning and
    Stochastic Optimization", figure 1 with a diagonal matrix.
    """

    SETTINGS = ("initial_accumulator_value", "epsilon")

    @refuses_unknown(_ELSEWHERE)
    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        *,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str = "lazy_adagrad",
    ) -> None:
        super().__init__(
            learning_rate,
            initial_accumulator_value,
            epsilon,
            weight_decay=weight_decay,
            clipnorm=clipnorm,
            clipvalue=clipvalue,
            global_clipnorm=global_clipnorm,
            name=name,
        )

    def _slots(self, i: int) -> list[Any]:
        return [self._accumulators[i]]

    def _change(self, g: Any, rate: Any, slots: list[Any], dtype: str) -> tuple[Any, list[Any]]:
        total = slots[0] + ops.square(g)
        return rate * g / ops.sqrt(total + self.epsilon), [total]
