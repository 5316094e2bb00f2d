"""Rows of a variable in JAX, and a step of training that never makes a gradient of the whole.

JAX knows no sparse gradient. So a look-up adds to its rows an argument of zeros, a tap, and the
gradient of the tap is that of the rows. How many rows there are is known once the step has
been traced; it is traced twice, when it is compiled.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

import jax
from jax import numpy as jnp

from inlay.errors import ArgumentError


class RowGradient(NamedTuple):
    """The gradient of rows: ids `(n,)`, of which some may repeat, and rows `(n, dim)`."""

    ids: Any
    rows: Any


class _Taps:
    """The look-ups of one pass through a model."""

    def __init__(self, tables: dict[int, Any], taps: Sequence[Any] | None) -> None:
        self.tables = tables  # by the id() of the variable
        self.taps = None if taps is None else iter(taps)
        self.seen: list[tuple[int, Any]] = []  # whose rows, and which

    def __call__(self, variable: Any, ids: Any) -> Any:
        table = self.tables[id(variable)]
        ids = jnp.where(ids < 0, ids + table.shape[0], ids)
        self.seen.append((id(variable), ids))
        rows = jnp.take(table, ids, axis=0)
        return rows if self.taps is None else rows + next(self.taps)


_TAPS: ContextVar[_Taps | None] = ContextVar("_TAPS", default=None)


@contextmanager
def _tapped(tables: dict[int, Any], taps: Sequence[Any] | None) -> Iterator[_Taps]:
    taps_of_pass = _Taps(tables, taps)
    token = _TAPS.set(taps_of_pass)
    try:
        yield taps_of_pass
    finally:
        _TAPS.reset(token)


def lookup(variable: Any, ids: Any) -> Any:
    """Rows by ids; in a step of `train_step` with a tap, else as Keras looks them up."""
    taps = _TAPS.get()
    if taps is None or id(variable) not in taps.tables:
        return jnp.take(variable.value, ids, axis=0)
    return taps(variable, ids)


def train_step(model: Any, tables: Sequence[Any], state: Any, data: Any) -> tuple[Any, Any]:
    """Do what Keras' own step does, with gradients of rows for some of the variables.

    Args:
        model: Compiled, and built.
        tables: Variables whose every use is a `lookup`; those that do not train are left out.
        state: The numbers of all variables, as Keras hands them over.
        data: A batch.

    Returns:
        What was measured, and the state after the step.

    Raises:
        ArgumentError: A table has another use, whose gradient would be lost.
    """
    import keras

    trainable, others, slots, metrics = state
    x, y, weight = keras.utils.unpack_x_y_sample_weight(data)
    wanted = {id(table) for table in tables}
    names = [id(v) if id(v) in wanted else 0 for v in model.trainable_variables]
    values = {name: value for name, value in zip(names, trainable, strict=True) if name}

    def loss_of(plain: list[Any], tables: list[Any], taps: Any) -> Any:
        rest, theirs = iter(plain), iter(tables)
        whole = [next(theirs) if name else next(rest) for name in names]
        with _tapped(values, taps) as found:
            loss, aux = model.compute_loss_and_updates(
                whole, others, metrics, x, y, weight, training=True, optimizer_variables=slots
            )
        seen.clear()
        seen.extend(name for name, _ in found.seen)
        return loss, (aux[0], aux[1], aux[2], aux[3], [ids for _, ids in found.seen])

    seen: list[int] = []
    plain = [value for name, value in zip(names, trainable, strict=True) if not name]
    held = list(values.values())
    traced, shapes = jax.make_jaxpr(lambda t: loss_of(plain, t, None), return_shape=True)(held)
    _check_only_looked_up(traced.jaxpr)
    dims = {name: value.shape[1] for name, value in values.items()}
    taps = [
        jnp.zeros((*ids.shape, dims[name]), values[name].dtype)
        for name, ids in zip(seen, shapes[1][-1], strict=True)
    ]
    differentiate = jax.value_and_grad(loss_of, argnums=(0, 2), has_aux=True)
    (_, aux), (gradients, of_taps) = differentiate(plain, held, taps)
    loss, y_pred, others, metrics, ids = aux
    rest = iter(gradients)
    found = [_gradient_of(name, seen, ids, of_taps) if name else next(rest) for name in names]
    trainable, slots = model.optimizer.stateless_apply(slots, found, trainable)
    with keras.StatelessScope(list(zip(model.metrics_variables, metrics, strict=True))) as scope:
        model._loss_tracker.update_state(loss, sample_weight=jax.tree.leaves(x)[0].shape[0])
        logs = model.compute_metrics(x, y, y_pred, weight)
    metrics = [scope.get_current_value(variable) for variable in model.metrics_variables]
    return logs, (trainable, others, slots, metrics)


def _gradient_of(name: int, seen: list[int], ids: Any, rows: Any) -> RowGradient | None:
    own = [i for i, other in enumerate(seen) if other == name]
    if not own:
        return None
    return RowGradient(
        jnp.concatenate([ids[i].ravel() for i in own]),
        jnp.concatenate([rows[i].reshape(-1, rows[i].shape[-1]) for i in own]),
    )


def _check_only_looked_up(jaxpr: Any) -> None:
    used = {id(variable) for equation in jaxpr.eqns for variable in equation.invars}
    if any(id(table) in used for table in jaxpr.invars):
        raise ArgumentError(
            "train_rows",
            expected="a table that the model only looks up",
            got="one that it also multiplies or regularises as a whole",
            hint="train without train_rows, for such a gradient has all rows",
        )


def is_by_rows(gradient: Any) -> bool:
    """Whether a gradient is that of rows."""
    return isinstance(gradient, RowGradient)


def compact(gradient: RowGradient, size: int) -> tuple[Any, Any]:
    """The ids of a gradient, each once, and the sums of their rows.

    As many as there were: the ids beyond those that differ are `size`, which `put` leaves out.
    """
    n = gradient.ids.shape[0]
    ids, places = jnp.unique(gradient.ids, return_inverse=True, size=n, fill_value=size)
    return ids, jax.ops.segment_sum(gradient.rows, places.ravel(), n)


def take(variable: Any, ids: Any) -> Any:
    """Rows of a variable."""
    return jnp.take(variable.value, ids, axis=0, mode="clip")


def put(variable: Any, ids: Any, rows: Any) -> None:
    """Change rows of a variable; in compiled code in their place."""
    variable.assign(variable.value.at[ids].set(rows, mode="drop"))
