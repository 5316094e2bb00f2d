"""The numbers of a transformer of the BERT family, by the names that its files give them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from inlay.aliases import Array
from inlay.encode.transformer.shape import Shape
from inlay.errors import FormatError

# Before all names, where the model stands within another: with a head, say.
PREFIXES = ("", "bert.", "roberta.", "distilbert.", "model.", "0.auto_model.", "auto_model.")
WORDS = "embeddings.word_embeddings.weight"
POSITIONS = "embeddings.position_embeddings.weight"
TYPES = "embeddings.token_type_embeddings.weight"
NORM = "embeddings.LayerNorm"
BERT_LAYER = {
    "query": "encoder.layer.{}.attention.self.query",
    "key": "encoder.layer.{}.attention.self.key",
    "value": "encoder.layer.{}.attention.self.value",
    "out": "encoder.layer.{}.attention.output.dense",
    "out_norm": "encoder.layer.{}.attention.output.LayerNorm",
    "up": "encoder.layer.{}.intermediate.dense",
    "down": "encoder.layer.{}.output.dense",
    "down_norm": "encoder.layer.{}.output.LayerNorm",
}
DISTILBERT_LAYER = {
    "query": "transformer.layer.{}.attention.q_lin",
    "key": "transformer.layer.{}.attention.k_lin",
    "value": "transformer.layer.{}.attention.v_lin",
    "out": "transformer.layer.{}.attention.out_lin",
    "out_norm": "transformer.layer.{}.sa_layer_norm",
    "up": "transformer.layer.{}.ffn.lin1",
    "down": "transformer.layer.{}.ffn.lin2",
    "down_norm": "transformer.layer.{}.output_layer_norm",
}
# As BERT's first checkpoints, from TensorFlow, have them.
OLDER = {"weight": "gamma", "bias": "beta"}


class Affine(NamedTuple):
    """`x -> x @ matrix + bias`: float32 `(depth, width)` and `(width,)`."""

    matrix: Array
    bias: Array


class Norm(NamedTuple):
    """Of a layer norm: float32 `(dim,)` both."""

    gain: Array
    bias: Array


class Layer(NamedTuple):
    """One layer: attention and what follows it, each with its norm."""

    qkv: Affine
    out: Affine
    out_norm: Norm
    up: Affine
    down: Affine
    down_norm: Norm


@dataclass(frozen=True, eq=False)
class Weights:
    """All numbers, float32; matrices as they multiply from the right.

    Attributes:
        words: `(pieces, dim)`: perhaps a map of the file.
        positions: `(places, dim)`, with the row of the first token type added.
        norm: Of the embeddings.
        layers: The first layer first.
    """

    words: Array
    positions: Array
    norm: Norm
    layers: tuple[Layer, ...]


def read_weights(arrays: Mapping[str, Any], shape: Shape, where: str) -> Weights:
    """Take a model out of the arrays of its file.

    Args:
        arrays: Names and arrays, which may be lazy.
        shape: What `config.json` says.
        where: What to call the file in messages.

    Raises:
        FormatError: One is missing, or has another shape.
    """
    prefix = next((p for p in PREFIXES if p + WORDS in arrays), "")
    dim, inner = shape.dim, shape.inner

    def array(name: str, *expected: int) -> Array:
        found = arrays.get(prefix + name)
        if found is None:
            last = name.rpartition(".")[2]
            found = arrays.get(prefix + name.removesuffix(last) + OLDER.get(last, last))
        if found is None:
            got = f"{len(arrays)} arrays, none of this name"
            raise FormatError(where, expected=f"an array {prefix + name!r}", got=got)
        if tuple(found.shape) != expected:
            raise FormatError(
                where,
                expected=f"{prefix + name!r} of shape {expected}, as config.json says",
                got=f"one of {tuple(found.shape)}",
                hint="download both again: they do not belong together",
            )
        return np.asarray(found[...], np.float32)

    def affine(depth: int, width: int, *names: str) -> Affine:
        matrices = [array(f"{name}.weight", width, depth).T for name in names]
        biases = [array(f"{name}.bias", width) for name in names]
        return Affine(np.concatenate(matrices, 1), np.concatenate(biases))

    def norm(name: str) -> Norm:
        return Norm(array(f"{name}.weight", dim), array(f"{name}.bias", dim))

    def layers() -> Iterator[Layer]:
        table = DISTILBERT_LAYER if shape.family == "distilbert" else BERT_LAYER
        for i in range(shape.layers):
            own = {part: name.format(i) for part, name in table.items()}
            yield Layer(
                affine(dim, dim, own["query"], own["key"], own["value"]),
                affine(dim, dim, own["out"]),
                norm(own["out_norm"]),
                affine(dim, inner, own["up"]),
                affine(inner, dim, own["down"]),
                norm(own["down_norm"]),
            )

    positions = array(POSITIONS, shape.places, dim)
    if prefix + TYPES in arrays:
        types = arrays[prefix + TYPES]
        positions = positions + array(TYPES, len(types[...]), dim)[0]
    return Weights(array(WORDS, shape.pieces, dim), positions, norm(NORM), tuple(layers()))
