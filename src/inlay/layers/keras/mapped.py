"""A Keras layer over a table in files, of which it holds the rows of one batch: on any backend."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.checks import described, whole
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.hosts import keras as host
from inlay.hosts.keras import keras, ops
from inlay.layers.mapped_rows import MappedRows


@keras.saving.register_keras_serializable("inlay", "MappedEmbedding")
class MappedEmbedding(keras.layers.Layer):  # type: ignore[misc]  # optional, so untyped here
    """Looks up the rows of a batch, which were pulled out of a `MappedRows`, and learns them.

    A model with it is called with positions, which `pull` and `step` make of ids: a position says
    which of the pulled rows, and 0 is padding, which is masked. So the model is never larger than
    a batch, whatever the vocabulary, and is compiled once. The optimiser of the model trains all
    else; that of the `MappedRows` trains the rows. Where a model is called with ids by mistake, or
    with the positions of another batch, its answer is NaN as soon as one is too large.

    `fit` cannot pull rows between two steps. Write the loop, of `model.train_on_batch` in a
    `step`.

    A saved model holds neither rows nor folder, but the number of steps. A loaded one is given its
    rows: `model.get_layer(name).rows = MappedRows.open(folder)`.

    Args:
        rows: The table.
        size: How many distinct ids a batch may have: texts times tokens always suffices.
        **kwargs: Of `keras.layers.Layer`, such as `name`.

    Raises:
        ArgumentTypeError: `rows` is something else.

    Examples:
        >>> import tempfile
        >>> from inlay import Table
        >>> table = Table(["<pad>", "good", "film"], np.eye(3, 2, -1, "float32"), pad_id=0)
        >>> rows = MappedRows.create(table, tempfile.mkdtemp() + "/rows", learning_rate=0.1)
        >>> words, inputs = MappedEmbedding(rows, size=4), keras.Input((None,), dtype="int32")
        >>> out = keras.layers.Dense(1)(keras.layers.GlobalAveragePooling1D()(words(inputs)))
        >>> model = keras.Model(inputs, out)
        >>> model.compile("sgd", "mse")
        >>> with words.step(model, [[1, 2], [2, 0]]) as positions:
        ...     loss = model.train_on_batch(positions, np.ones((2, 1)))
        >>> rows.steps, model.predict_on_batch(words.pull([[1]])).shape
        (1, (1, 1))
    """

    def __init__(self, rows: MappedRows, size: int, **kwargs: Any) -> None:
        _check_rows(rows)
        self._set_up(rows.dim, rows.pad_id, whole("size", size, least=1), kwargs)
        self.rows = rows

    def _set_up(self, dim: int, pad_id: int | None, size: int, kwargs: dict[str, Any]) -> None:
        super().__init__(**kwargs)
        self.dim, self.pad_id, self.size = dim, pad_id, size
        self.supports_masking = pad_id is not None
        self._rows: MappedRows | None = None
        self._saved_steps: int | None = None
        self._given: Array = np.zeros((0, dim), np.float32)
        # Row 0 is that of padding. All optimisers of Keras put into such a variable its gradient.
        self.window = self.add_weight(
            name="window", shape=(size + 1, dim), initializer=_not_pulled, dtype="float32"
        )
        self.window.overwrite_with_gradient = True
        self.built = True

    @property
    def rows(self) -> MappedRows | None:
        """The table in its files; None in a loaded model, until it is set.

        Raises:
            ArgumentError: From setting it, to one that has another size, or has taken another
                number of steps than the saved model.
        """
        return self._rows

    @rows.setter
    def rows(self, rows: MappedRows) -> None:
        _check_rows(rows)
        if (rows.dim, rows.pad_id) != (self.dim, self.pad_id):
            raise ArgumentError(
                "rows",
                expected=f"rows of {self.dim} numbers, of which {self.pad_id} is padding",
                got=f"rows of {rows.dim} numbers, of which {rows.pad_id} is padding",
            )
        if self._saved_steps not in (None, rows.steps):
            raise ArgumentError(
                "rows",
                expected=f"rows after {self._saved_steps} steps, as the model was saved",
                got=f"rows after {rows.steps}",
                hint="load the model that was saved before rows.checkpoint() at that step",
            )
        self._rows, self._saved_steps = rows, None

    def pull(self, ids: Any) -> Array:
        """Pull the rows of a batch, for a call of the model.

        Args:
            ids: Whole numbers of any shape.

        Returns:
            What to call the model with: int32 like `ids`.

        Raises:
            IdError: An id is out of range.
            ArgumentError: There are more distinct ids than `size`.
        """
        ids = np.asarray(ids)
        pulled, positions = self._files().pull(ids, size=self.size)
        pulled[int(positions.max(initial=-1)) + 1 :] = np.nan
        self._given = np.concatenate([np.zeros((1, self.dim), np.float32), pulled])
        self.window.assign(self._given)
        positions += 1
        if self.pad_id is not None:
            positions[ids == self.pad_id] = 0
        return positions.astype(np.int32)

    @contextmanager
    def step(self, model: Any, ids: Any) -> Iterator[Array]:
        """Pull the rows of a batch, and when the block ends, have them learn from their gradient.

        Args:
            model: With this layer in it, and compiled. In the block it is trained once, by
                `model.train_on_batch(positions, ...)`.
            ids: Whole numbers of any shape.

        Yields:
            The positions, as of `pull`.

        Raises:
            IdError: An id is out of range.
            ArgumentError: There are more distinct ids than `size`; the block has not trained the
                model; or its optimiser accumulates gradients, averages weights or scales the loss.
        """
        _check_optimizer(getattr(model, "optimizer", None))
        positions = self.pull(ids)
        yield positions
        gradient = np.asarray(host.as_array(self.window), np.float32)
        if np.array_equal(gradient, self._given, equal_nan=True):
            expected = "a step of training in the block, of a layer that trains"
            hint = "model.train_on_batch(positions, targets)"
            raise ArgumentError(f"layer {self.name!r}", expected=expected, got="none", hint=hint)
        self._files().push(gradient[1:])
        self.window.assign(np.full(gradient.shape, np.nan, np.float32))

    def _files(self) -> MappedRows:
        if self._rows is None:
            raise ArgumentError(
                f"layer {self.name!r}",
                expected="its rows, which no saved model holds",
                got="none",
                hint=f"model.get_layer({self.name!r}).rows = MappedRows.open(folder)",
            )
        return self._rows

    def call(self, positions: Any) -> Any:
        """Look up positions `(...)`: vectors `(..., dim)`."""
        return ops.cast(ops.take(self.window, positions, axis=0), self.compute_dtype)

    def compute_mask(self, positions: Any, mask: Any = None) -> Any:
        """True for a word, like `positions`; None for a table without padding."""
        return ops.not_equal(positions, 0) if self.supports_masking else None

    def compute_output_shape(self, shape: Any) -> Any:
        """A vector for each position."""
        return (*shape, self.dim)

    def save_own_variables(self, store: Any) -> None:
        """Write how many steps the rows have taken, and no rows."""
        store["steps"] = np.int64(-1 if self._rows is None else self._rows.steps)

    def load_own_variables(self, store: Any) -> None:
        """Read how many steps the rows must have taken."""
        steps = int(np.asarray(store["steps"]))
        self._saved_steps = None if steps < 0 else steps
        if self._rows is not None:
            self.rows = self._rows

    def get_config(self) -> dict[str, Any]:
        """The layer without its rows."""
        config: dict[str, Any] = super().get_config()
        return config | {"dim": self.dim, "pad_id": self.pad_id, "size": self.size}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "MappedEmbedding":
        """Build the layer again, without its rows."""
        layer, rest = cls.__new__(cls), dict(config)
        dim, pad_id, size = rest.pop("dim"), rest.pop("pad_id"), rest.pop("size")
        layer._set_up(dim, pad_id, size, rest)
        return layer


def _check_rows(rows: Any) -> None:
    if not isinstance(rows, MappedRows):
        expected, hint = "a MappedRows", "MappedRows.create(table, folder)"
        raise ArgumentTypeError("rows", expected=expected, got=described(rows), hint=hint)


def _check_optimizer(optimizer: Any) -> None:
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    for name in ("gradient_accumulation_steps", "use_ema", "loss_scale_factor"):
        if value := getattr(inner, name, None):
            raise ArgumentError(
                "model.optimizer",
                expected="one whose every step has the gradient of its batch",
                got=f"{name}={value}",
                hint="leave it out",
            )
    if inner is not optimizer:
        raise ArgumentError(
            "model.optimizer",
            expected="one that does not scale the loss",
            got=type(optimizer).__name__,
            hint='the policy "mixed_bfloat16", which needs no scale',
        )


def _not_pulled(shape: Any, dtype: Any = None) -> Any:
    return ops.full(shape, np.nan, dtype=dtype)
