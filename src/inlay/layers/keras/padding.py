"""What Keras does to the numbers of a matrix, all but its row of padding, which stays zero."""

from typing import Any

from inlay.hosts.keras import keras, ops


def spared(rows: Any, pad_id: int) -> Any:
    """A tensor of rows, with zeros for padding."""
    rows = ops.convert_to_tensor(rows)
    padding = ops.expand_dims(ops.equal(ops.arange(rows.shape[0]), pad_id), -1)
    return ops.where(padding, ops.zeros_like(rows), rows)


class SparingRegularizer(keras.regularizers.Regularizer):  # type: ignore[misc]  # optional
    """A regulariser of all rows but padding: JAX gives |x| a gradient of 1 at 0.

    Args:
        regularizer: Of a matrix.
        pad_id: The row of padding.
    """

    def __init__(self, regularizer: Any, pad_id: int) -> None:
        self.regularizer, self.pad_id = regularizer, pad_id

    def __call__(self, matrix: Any) -> Any:
        """The penalty for a matrix, a scalar."""
        return self.regularizer(spared(matrix, self.pad_id))


class SparingConstraint(keras.constraints.Constraint):  # type: ignore[misc]
    """A constraint after which padding is zero, as some make something of a row of zeros.

    Args:
        constraint: Of a matrix.
        pad_id: The row of padding.
    """

    def __init__(self, constraint: Any, pad_id: int) -> None:
        self.constraint, self.pad_id = constraint, pad_id

    def __call__(self, matrix: Any) -> Any:
        """The matrix as it is to be."""
        return spared(self.constraint(matrix), self.pad_id)


def spare(variable: Any, pad_id: int | None) -> None:
    """Let neither the regulariser nor the constraint of a matrix touch its row of padding."""
    if pad_id is None:
        return
    if variable.regularizer is not None:
        variable.regularizer = SparingRegularizer(variable.regularizer, pad_id)
    if variable.constraint is not None:
        variable.constraint = SparingConstraint(variable.constraint, pad_id)


def sparing(initializer: Any, pad_id: int | None) -> Any:
    """An initialiser of a matrix whose row of padding is zero."""
    initializer = keras.initializers.get(initializer)
    if pad_id is None:
        return initializer
    return lambda shape, dtype=None: spared(initializer(shape, dtype=dtype), pad_id)
