"""Words from their characters in Keras' operations: convolutions, highways, a projection."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.encode.elmo.characters import BOS, EOS, NO_TOKEN, PADDING, character_ids
from inlay.encode.elmo.keras_input import tensorflow_text
from inlay.encode.elmo.keras_part import Part
from inlay.encode.elmo.options import Options
from inlay.encode.elmo.weights import (
    CHARACTERS,
    CONVOLUTION,
    HIGHWAY,
    PROJECTION,
    cell_parts,
    names_and_shapes,
    numbered,
)
from inlay.hosts.keras import is_text, keras, ops
from inlay.optional import require

Get = Callable[[str], Any]  # the official name of an array -> a tensor
TABLE = "word_table"  # the vectors of `<S>`, `</S>` and words
WORDS_AT_ONCE = 512  # the convolutions take 180 KB for each at the official sizes


class CharacterWords(Part):
    """Words read by their characters."""

    def __init__(self, options: Options, *, max_length: int | None, **kwargs: Any) -> None:
        cells, arrays = cell_names(options), names_and_shapes(options)
        shapes = {name: shape for name, shape in arrays if name not in cells}
        super().__init__(options, shapes, **kwargs)
        self.max_length = max_length

    def look_up(self, inputs: Any) -> tuple[Any, Any]:
        """Vectors of `<S>`, `</S>` and words, and the number of each position's word, from 0.

        Args:
            inputs: Characters `(batch, tokens, word_length)`, or strings.
        """
        length = self.options.word_length
        if is_text(inputs):
            ids, index = tensorflow_text().distinct_words(inputs, length, self.max_length)
        else:
            ids, index = distinct(ops.reshape(ops.cast(inputs, "int32"), (-1, length)))
            index = ops.reshape(index, ops.shape(inputs)[:2])
        marks = ops.convert_to_tensor(character_ids([BOS, EOS], length))
        return word_vectors(self.options, self.get, ops.concatenate([marks, ids])), index


class CachedWords(Part):
    """Words whose vectors were made once, by their ids."""

    def __init__(self, options: Options, *, n_cached: int, **kwargs: Any) -> None:
        super().__init__(options, {TABLE: (n_cached + 2, options.projection_dim)}, **kwargs)

    def look_up(self, inputs: Any) -> tuple[Any, Any]:
        """As `CharacterWords.look_up`, of word ids `(batch, tokens)`."""
        return self.get(TABLE), ops.cast(inputs, "int32")


def cell_names(options: Options) -> set[str]:
    """The arrays of the LSTM layers, by their official names; the others make words."""
    every = (numbered(cell_parts(options), d, k) for d in range(2) for k in range(options.n_layers))
    return {name for names in every for name in names}


def distinct(ids: Any) -> tuple[Any, Any]:
    """Characters `(n, word_length)` of the distinct words, and `(n,)` which of them is where.

    Of running text a third are distinct, and convolutions cost more than all the rest. JAX, which
    must know how many there are when it compiles, keeps all.
    """
    match keras.backend.backend():
        case "tensorflow":
            tf = require("tensorflow", extra="tensorflow", need="a Keras layer on this backend")
            with tf.device("CPU:0"):  # those for GPUs take vectors only
                return tuple(tf.raw_ops.UniqueV2(x=ids, axis=[0]))
        case "torch":
            torch = require("torch", extra="torch", need="a Keras layer on this backend")
            found: tuple[Any, Any] = torch.unique(ids, dim=0, return_inverse=True)
            return found
    return ids, ops.arange(ids.shape[0], dtype="int32")


def word_vectors(options: Options, get: Get, ids: Any) -> Any:
    """Characters `(n, word_length)` to vectors `(n, P)`, in memory that is bounded on JAX."""
    if keras.backend.backend() != "jax":
        return _vectors(options, get, _without_filling(ids, max(w for w, _ in options.filters)))
    n, length = ids.shape
    if n <= WORDS_AT_ONCE:
        return _vectors(options, get, ids)
    blocks = -(-n // WORDS_AT_ONCE)
    ids = ops.pad(ids, ((0, blocks * WORDS_AT_ONCE - n), (0, 0)))
    blocked = ops.reshape(ids, (blocks, WORDS_AT_ONCE, length))
    vectors = ops.map(lambda block: _vectors(options, get, block), blocked)
    return ops.reshape(vectors, (-1, options.projection_dim))[:n]


def word_table(options: Options, arrays: dict[str, Array], words: Sequence[str]) -> Array:
    """Vectors of `<S>`, `</S>` and words, float32 `(2 + n, P)`."""
    tensors: dict[str, Any] = {}

    def get(name: str) -> Any:
        if name not in tensors:
            tensors[name] = ops.convert_to_tensor(arrays[name])
        return tensors[name]

    ids = character_ids([BOS, EOS, *words], options.word_length)
    blocks = [ids[at : at + WORDS_AT_ONCE] for at in range(0, len(ids), WORDS_AT_ONCE)]
    vectors = [word_vectors(options, get, ops.convert_to_tensor(block)) for block in blocks]
    return np.concatenate([ops.convert_to_numpy(block) for block in vectors])


def _without_filling(ids: Any, widest: int) -> Any:
    """Cut off what no word needs: windows over filling alone are equal, so that one will do."""
    used = ops.logical_and(ops.not_equal(ids, PADDING), ops.not_equal(ids, NO_TOKEN))
    places = ops.arange(1, ids.shape[1] + 1, dtype="int32")
    longest = ops.max(ops.where(used, places, 0))
    return ids[:, : longest + widest]


def _vectors(options: Options, get: Get, ids: Any) -> Any:
    table = get(CHARACTERS[0])
    table = ops.concatenate([ops.zeros_like(table[:1]), table])
    characters = ops.take(table, ids, axis=0)
    maps = []
    for i in range(len(options.filters)):
        kernel, bias = map(get, numbered(CONVOLUTION, i))
        found = ops.conv(characters, kernel[0], padding="valid", data_format="channels_last")
        maps.append(ops.max(found, axis=1) + bias)
    activation = ops.tanh if options.activation == "tanh" else ops.relu
    x = activation(ops.concatenate(maps, axis=-1))
    for i in range(options.n_highway):
        carry, carry_bias, transform, transform_bias = map(get, numbered(HIGHWAY, i))
        gate = ops.sigmoid(ops.matmul(x, carry) + carry_bias)
        new = ops.relu(ops.matmul(x, transform) + transform_bias)
        x = gate * new + (1 - gate) * x
    if options.has_projection:
        projection, bias = map(get, PROJECTION)
        x = ops.matmul(x, projection) + bias
    return x
