"""Where texts ended, row by row, for a stateful ELMo in Keras."""

from collections.abc import Sequence
from typing import Any

from inlay.encode.elmo.keras_bilm import State
from inlay.encode.elmo.options import Options
from inlay.errors import ArgumentError
from inlay.hosts.keras import keras, ops, plain


class RowStates(keras.layers.Layer):  # type: ignore[misc]  # optional, so untyped here
    """A state of each LSTM layer for each row of a batch.

    Variables and no plain tensors, for compiled functions may change nothing else; so the number
    of rows is fixed when they are made.

    Args:
        options: Sizes.
        where: What errors name.
        **kwargs: `name` and `dtype` of any Keras layer.
    """

    def __init__(self, options: Options, where: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.where, self.sizes = where, (options.projection_dim, options.dim)
        self.n_cells = 2 * options.n_layers
        self.pairs: list[State] = []

    @property
    def rows(self) -> int | None:
        """For how many rows there are states; None before `build`."""
        return int(self.pairs[0][0].shape[0]) if self.pairs else None

    def build(self, input_shape: Any) -> None:
        """Make zeros for the rows of a batch `(batch, ...)`.

        Raises:
            ArgumentError: The batch is None.
        """
        rows = input_shape[0]
        if rows is None:
            raise plain(
                ArgumentError(
                    self.where,
                    expected="a batch of known size, as stateful keeps a state for each row",
                    got="None",
                    hint="keras.Input(shape, batch_size=n), n the largest batch",
                )
            )
        self.pairs = [
            tuple(self._zeros((rows, size)) for size in self.sizes) for _ in range(self.n_cells)
        ]
        self.built = True

    def _zeros(self, shape: tuple[int, ...]) -> Any:
        return self.add_weight(shape, initializer="zeros", trainable=False)

    def read(self, mask: Any) -> list[State]:
        """Copies of the first rows, as many as a mask `(batch, tokens)` has.

        Raises:
            ArgumentError: There are not so many.
        """
        batch, rows = mask.shape[0], self.rows
        if batch is not None and rows is not None and batch > rows:
            raise plain(
                ArgumentError(
                    self.where,
                    expected=f"at most {rows} texts, for so many states were made",
                    got=str(batch),
                    hint="build it for the largest batch",
                )
            )
        n = ops.shape(mask)[0]
        # Copies: torch writes the new states into the memory of the old.
        return [(ops.copy(h[:n]), ops.copy(c[:n])) for h, c in self.pairs]

    def write(self, ends: Sequence[State]) -> None:
        """Keep new states of the first rows; no gradient flows through them."""
        for pair, end in zip(self.pairs, ends, strict=True):
            for variable, new in zip(pair, end, strict=True):
                new = ops.cast(ops.stop_gradient(new), variable.dtype)
                rest = ops.cast(variable[ops.shape(new)[0] :], variable.dtype)
                variable.assign(ops.concatenate([new, rest]))

    def reset(self) -> None:
        """Set all to zero."""
        for pair in self.pairs:
            for variable in pair:
                variable.assign(ops.zeros_like(variable.value))
