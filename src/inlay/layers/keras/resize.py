"""A Keras layer gets the rows of new tokens, and its model's optimiser the numbers with them."""

from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.checks import described
from inlay.core.unknown import Unknown
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.hosts import keras as host
from inlay.hosts.keras import keras
from inlay.hosts.memory import aligned_copy
from inlay.layers.keras.chosen import RowsEmbedding
from inlay.layers.keras.delta import DeltaEmbedding
from inlay.layers.keras.embedding import TableEmbedding
from inlay.layers.resizing import Resized, moved, resized, rows_that_train

AVERAGE = "_model_variables_moving_average"  # which starts at the row itself
# Lists of an optimiser that are not of averages; and Adafactor's, which is over all rows.
OTHERS = ("_variables", "_trainable_variables", "_c")
FUNCTIONS = ("train_function", "test_function", "predict_function")


def resize(
    layer: Any,
    old: Any,
    new: Any,
    *,
    unknown: Unknown = "covariance",
    seed: int = 0,
    model: Any = None,
) -> Any:
    """Give a layer the rows of another vocabulary: known tokens keep theirs, to the bit.

    Where some rows train (`trainable="rows"`), these go on training, and those of new tokens with
    them; the others stay frozen.

    The layer itself changes, for the shapes of what it gives have no vocabulary in them. Its
    variables are new ones, of which the model around it must be told. A function that you have
    compiled yourself is to be made anew.

    Args:
        layer: A `keras.layers.Embedding` that has been built, such as `inlay.to_keras` makes.
        old: The vocabulary whose ids the layer takes, a table in its order, or its tokens.
        new: The one whose ids it is to take: what `Table.align` takes. Its ids may be others, and a
            token that it lacks loses its row.
        unknown: What a new token gets, as in `Table.align`: `"covariance"` draws it from where
            the others lie; a dict gives vectors or glosses. Before that, another case of the token
            is looked for, as there.
        seed: The seed of the random vectors.
        model: The model that holds the layer. What Keras has compiled of it is made anew, and the
            averages of its optimiser move with the rows; those of new tokens begin as they would in
            a new optimiser, but for the count of steps, which all rows share. None: no model has
            been fitted, evaluated or asked for predictions.

    Returns:
        The layer that came. Allocates the new matrix, twice for a moment, and a new optimiser.

    Raises:
        ArgumentTypeError: No such layer, or `model` is no Keras model.
        ArgumentError: `old` has another number of tokens than the layer has rows; the layer is not
            built, has LoRA, or masks the id 0, which is not padding in `new`; of a layer of which
            some rows train, none would.

    Examples:
        >>> import numpy as np
        >>> from inlay import Table, to_keras
        >>> layer = to_keras(Table(["good", "film"], np.eye(2, dtype="float32")))
        >>> more = resize(layer, ["good", "film"], ["good", "film", "best"],
        ...     unknown={"best": "good film"})
        >>> more is layer, layer.input_dim, layer.get_weights()[0].tolist()[-1]
        (True, 3, [0.5, 0.5])

    Source: Hewitt 2021, "Initializing new word embeddings for pretrained language models".
    """
    _check(layer, model)
    ours = isinstance(layer, TableEmbedding)
    matrix = layer._matrix() if ours else np.array(host.as_array(layer.embeddings), np.float32)
    pad_id = layer.pad_id if ours else None
    found = resized(old, matrix, new, pad_id=pad_id, unknown=unknown, seed=seed)
    if not ours and layer.mask_zero and found.table.pad_id not in (None, 0):
        got = f"pad_id={found.table.pad_id}"
        raise ArgumentError(
            "new", expected="padding at id 0, which the layer masks", got=got, hint="pad_id=0"
        )
    if ours:
        layer._leave_file()
    some = isinstance(layer, RowsEmbedding)
    was = layer.rows if some else layer._embeddings
    came_from = _rows(layer, found) if some else _matrix(layer, found)
    now = layer.rows if some else layer._embeddings
    for part in [] if model is None else model._flatten_layers():
        if isinstance(part, keras.Model):
            _tell(part, was, now, came_from)
    return layer


def _check(layer: Any, model: Any) -> None:
    if not isinstance(layer, TableEmbedding) and type(layer) is not keras.layers.Embedding:
        expected = "a keras.layers.Embedding, as inlay.to_keras makes"
        hint = "inlay.to_keras(layer.merged(old), new, ...)" if hasattr(layer, "merged") else ""
        raise ArgumentTypeError("layer", expected=expected, got=described(layer), hint=hint)
    where = f"layer {layer.name!r}"
    if isinstance(layer, DeltaEmbedding):
        hint = 'inlay.to_keras(layer.merged(old), new, trainable="delta")'
        got = 'one with trainable="delta"'
        raise ArgumentError(where, expected="a layer of one matrix", got=got, hint=hint)
    if not layer.built:
        got = "one before its first call"
        raise ArgumentError(where, expected="a layer with numbers", got=got, hint="layer.build()")
    if layer.lora_enabled or layer.quantization_mode:
        got = "one with LoRA" if layer.lora_enabled else "one that is quantised"
        hint = "inlay.Table(old, layer.embeddings), and inlay.to_keras(table, new)"
        raise ArgumentError(where, expected="a layer of one matrix", got=got, hint=hint)
    if model is None:
        return
    if not isinstance(model, keras.Model):
        raise ArgumentTypeError("model", expected="a Keras model, or None", got=described(model))
    if not any(part is layer for part in model._flatten_layers()):
        expected = f"one that holds the layer {layer.name!r}"
        raise ArgumentError("model", expected=expected, got=f"the model {model.name!r}")


def _matrix(layer: Any, found: Resized) -> Array:
    """Give a layer its matrix; return where each row that trains came from."""
    table, came_from = found
    matrix = _moved(layer._embeddings, table.storage, came_from)
    if isinstance(layer, TableEmbedding):
        start = None if layer.start is None else _moved(layer.start, table.storage, came_from)
        layer._become(table)
        layer._fill(matrix, start=start)
        return came_from
    layer._tracker.unlock()
    layer._untrack_variable(layer._embeddings)
    layer.input_dim = len(table)
    tensor = host.as_tensor(aligned_copy(matrix, layer.variable_dtype), layer.variable_dtype)
    layer._embeddings = layer.add_weight(
        name="embeddings",
        shape=matrix.shape,
        initializer=lambda shape, dtype=None: tensor,
        regularizer=layer.embeddings_regularizer,
        constraint=layer.embeddings_constraint,
        trainable=True,
    )
    layer._tracker.lock()
    return came_from


def _rows(layer: RowsEmbedding, found: Resized) -> Array:
    """As `_matrix`, of a layer of which some rows train."""
    table, came_from = found
    ids, numbers = rows_that_train(host.as_array(layer.slots), found)
    matrix = _moved(layer._embeddings, table.storage, came_from)
    rows = _moved(layer.rows, table.storage[ids], numbers)
    layer._become(table)
    layer.n_rows = ids.size
    layer._fill_rows(matrix, rows, ids)
    return numbers


def _moved(variable: Any, new: Array, came_from: Array) -> Array:
    """`new` in the type of a variable, with the rows of it where a token has one."""
    old = host.as_array(variable)
    return moved(old, new.astype(old.dtype), came_from)


def _tell(model: Any, was: Any, now: Any, came_from: Array) -> None:
    """Make anew what a model has compiled, and its optimiser with the state of each row."""
    for name in FUNCTIONS:
        setattr(model, name, None)
    old = getattr(model, "optimizer", None)
    if old is None or not old.built:
        return
    known = _inner(old)._trainable_variables
    at = next((i for i, variable in enumerate(known) if variable is was), None)
    if at is None:
        return
    new = type(old).from_config(old.get_config())
    _leave_out(new, old, was, now)
    new.build([now if variable is was else variable for variable in known])
    done = set()
    for mine, its in ((new, old), (_inner(new), _inner(old))):
        for name, variable in _averages(its, at, was.shape[0]).items():
            slot = vars(mine)[name][at]
            first = host.as_array(now if name == AVERAGE else slot).copy()
            slot.assign(moved(host.as_array(variable), first, came_from))
            done.add(id(slot))
    for slot, variable in zip(new.variables, old.variables, strict=True):
        if id(slot) not in done:
            slot.assign(variable)
    model.optimizer = new


def _averages(optimizer: Any, at: int, n_rows: int) -> dict[str, Any]:
    """What an optimiser keeps for each row of its variable number `at`, by its lists' names."""
    n = len(optimizer._trainable_variables)
    lists = {name: found for name, found in vars(optimizer).items() if isinstance(found, list)}
    of_it = {name: found[at] for name, found in lists.items() if len(found) == n}
    return {
        name: found
        for name, found in of_it.items()
        if name not in OTHERS and isinstance(found, keras.Variable) and found.shape[:1] == (n_rows,)
    }


def _leave_out(new: Any, old: Any, was: Any, now: Any) -> None:
    """Have an optimiser leave out of weight decay what another does."""
    for mine, its in ((new, old), (_inner(new), _inner(old))):
        if hasattr(its, "_exclude_from_weight_decay"):
            keys = set(its._exclude_from_weight_decay)
            if its._var_key(was) in keys:
                keys.add(mine._var_key(now))
            mine._exclude_from_weight_decay = keys
            mine._exclude_from_weight_decay_pattern = its._exclude_from_weight_decay_pattern


def _inner(optimizer: Any) -> Any:
    """What steps: the optimiser itself, or the one that mixed_float16 has another around."""
    return getattr(optimizer, "inner_optimizer", optimizer)
