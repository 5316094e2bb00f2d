"""The language models of an ELMo in Keras' operations: functions of tensors, on any backend.

Tokens need not lie at the left. Each direction gathers the real ones, in its own order, into
time-major rows, and what it makes of them is put back where they were.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from inlay.encode.elmo.keras_part import Part
from inlay.encode.elmo.keras_words import Get, cell_names
from inlay.encode.elmo.options import Options
from inlay.encode.elmo.weights import FORGET_BIAS, cell_parts, names_and_shapes, numbered
from inlay.hosts.keras import keras, ops
from inlay.optional import require

State = tuple[Any, Any]  # h (batch, P) and c (batch, C)


class BiLM(Part):
    """The LSTM layers of both directions."""

    def __init__(self, options: Options, **kwargs: Any) -> None:
        cells, arrays = cell_names(options), names_and_shapes(options)
        shapes = {name: shape for name, shape in arrays if name in cells}
        super().__init__(options, shapes, **kwargs)

    def layers_of(
        self, words: tuple[Any, Any], mask: Any, states: Sequence[State] = ()
    ) -> tuple[list[Any], list[State]]:
        """Run both directions over texts with their marks; see `run_layers`."""
        return run_layers(self.options, self.get, words, mask, states)


def run_layers(
    options: Options, get: Get, words: tuple[Any, Any], mask: Any, states: Sequence[State] = ()
) -> tuple[list[Any], list[State]]:
    """Run both directions over texts with their marks.

    Args:
        options: The shape of the network.
        get: Its arrays.
        words: Vectors `(n, P)`, and `(batch, steps)` which of them each position is.
        mask: Bool `(batch, steps)`, true where a token or mark is; each text has a first.
        states: To start from, forward layers first; none: zeros.

    Returns:
        The word layer and each LSTM layer, `(batch, steps, 2P)`, 0 where the mask is false; and
        the states at the end of each text, if there were states to start from.
    """
    rows, index = words
    here = ops.expand_dims(mask, -1)
    rank = ops.cumsum(ops.cast(mask, "int32"), axis=1) - 1
    word = _take(rows, index)
    sides: list[list[Any]] = [[word], [word]]
    last: list[State] = []
    for d, side in enumerate(sides):
        read_at = rank[:, -1:] - rank if d else rank
        enter, leave, live = _orders(read_at, mask, rank[:, -1])
        x = _take(rows, _take(ops.reshape(index, (-1,)), enter))
        for k in range(options.n_layers):
            start = states[d * options.n_layers + k] if states else None
            out, end = _lstm(options, _cell(options, get, d, k), x, start, live)
            x = out + x if options.use_skip_connections and k else out
            side.append(_take(ops.reshape(x, (-1, options.projection_dim)), leave))
            if start is not None:
                last.append(end)
    both = [ops.concatenate(pair, axis=-1) for pair in zip(*sides, strict=True)]
    return [ops.where(here, layer, ops.zeros_like(layer)) for layer in both], last


def to_the_left(tensor: Any, mask: Any) -> Any:
    """Put what the mask `(batch, steps)` keeps at the left, in order, and the rest behind it."""
    rank = ops.cumsum(ops.cast(mask, "int32"), axis=1) - 1
    enter, _, _ = _orders(rank, mask, rank[:, -1])
    rows = _take(ops.reshape(tensor, (-1, tensor.shape[-1])), enter)
    return ops.transpose(rows, (1, 0, 2))


def _take(table: Any, index: Any) -> Any:
    """Rows of a table. JAX forgets the shape of an index into a table without rows."""
    found = ops.take(table, index, axis=0)
    return ops.reshape(found, (*ops.shape(index), *table.shape[1:]))


def _orders(read_at: Any, mask: Any, last: Any) -> tuple[Any, Any, Any]:
    """Indices into flat arrays, from the step `(batch, steps)` at which a position is read.

    Returns:
        `(steps, batch)` into batch-major rows; `(batch, steps)` into time-major rows; and bool
        `(steps, batch, 1)`, whether a text still runs.
    """
    batch, steps = ops.shape(mask)[0], ops.shape(mask)[1]
    # Positions without a token come last, in whatever order: nobody reads them.
    order = ops.argsort(ops.where(mask, read_at, steps), axis=1)
    text = ops.expand_dims(ops.arange(batch, dtype="int32"), -1)
    enter = ops.transpose(ops.cast(order, "int32") + text * steps)
    live = ops.expand_dims(ops.arange(steps, dtype="int32"), -1) <= last
    return enter, read_at * batch + text, ops.expand_dims(live, -1)


def _cell(options: Options, get: Get, direction: int, layer: int) -> tuple[Any, Any, Any]:
    """The kernel, the bias, and the projection or None."""
    kernel, bias, *projection = map(get, numbered(cell_parts(options), direction, layer))
    return kernel, bias, (projection or [None])[0]


def _lstm(
    options: Options, cell: tuple[Any, Any, Any], x: Any, start: State | None, live: Any
) -> tuple[Any, State]:
    """Time-major inputs `(steps, batch, P)` to outputs like them, and the last state."""
    kernel, bias, projection = cell
    width = options.projection_dim
    forget = np.repeat([0, 0, FORGET_BIAS, 0], options.dim)
    bias = bias + ops.cast(ops.convert_to_tensor(forget), bias.dtype)
    product = ops.matmul(x, kernel[:width]) + bias  # of all steps at once
    recurrent = kernel[width:]

    def step(state: State, inputs: tuple[Any, Any]) -> tuple[State, Any]:
        before, memory = state
        gates, running = inputs
        i, j, f, o = ops.split(gates + ops.matmul(before, recurrent), 4, axis=-1)
        c = ops.sigmoid(f) * memory + ops.sigmoid(i) * ops.tanh(j)
        c = _clip(c, options.cell_clip)
        h = ops.sigmoid(o) * ops.tanh(c)
        h = h if projection is None else ops.matmul(h, projection)
        h = _clip(h, options.state_clip)
        if start is not None:  # else nobody reads a state behind its text
            c, h = ops.where(running, c, memory), ops.where(running, h, before)
        return (h, c), h

    if start is None:
        batch = ops.shape(x)[1]
        start_at = tuple(ops.zeros((batch, n), x.dtype) for n in (width, options.dim))
    else:
        start_at = start
    end, outputs = _scan(step, start_at, (product, live))
    return outputs, end


def _clip(x: Any, bound: float | None) -> Any:
    return x if bound is None else ops.clip(x, -bound, bound)


def _scan(step: Callable[..., Any], start: Any, inputs: tuple[Any, ...]) -> tuple[Any, Any]:
    """`ops.scan`. That of TensorFlow would store c at each step: it wants outputs like states."""
    if keras.backend.backend() != "tensorflow":
        return ops.scan(step, start, inputs)  # type: ignore[no-any-return]
    tf = require("tensorflow", extra="tensorflow", need="a Keras layer on this backend")
    n = ops.shape(inputs[0])[0]
    arrays = [tf.TensorArray(x.dtype, n).unstack(x) for x in inputs]
    outputs = tf.TensorArray(start[0].dtype, n, element_shape=start[0].shape)

    def body(at: Any, state: Any, outputs: Any) -> tuple[Any, Any, Any]:
        state, out = step(state, tuple(array.read(at) for array in arrays))
        return at + 1, state, outputs.write(at, out)

    _, end, outputs = tf.while_loop(
        lambda at, *_: at < n, body, (0, start, outputs), maximum_iterations=n
    )
    return end, outputs.stack()
