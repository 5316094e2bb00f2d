"""The shape of a transformer of the BERT family, as its `config.json` says it.

What is not written here exactly (another activation, relative positions, a decoder) is no shape
of this file's: such a model runs through the `transformers` library instead.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inlay.checks import described
from inlay.errors import FormatError

GELU = "gelu"  # the exact one, by the error function
# What each family calls the numbers of its shape, where it has words of its own.
BERT = {
    "dim": "hidden_size",
    "layers": "num_hidden_layers",
    "heads": "num_attention_heads",
    "inner": "intermediate_size",
    "activation": "hidden_act",
}
DISTILBERT = {
    "dim": "dim",
    "layers": "n_layers",
    "heads": "n_heads",
    "inner": "hidden_dim",
    "activation": "activation",
}
FAMILIES = {
    "bert": BERT,
    "roberta": BERT,
    "xlm-roberta": BERT,
    "camembert": BERT,
    "distilbert": DISTILBERT,
}
# Which count positions from behind the id of the padding.
SHIFTED = ("roberta", "xlm-roberta", "camembert")


@dataclass(frozen=True)
class Shape:
    """Sizes, as the weights must have them.

    Attributes:
        family: The `model_type`.
        pieces: Rows of the embedding.
        places: Rows of the positions' embedding.
        first: The row of a text's first piece in it.
        dim: Numbers of a vector.
        layers: How many.
        heads: Of the attention.
        inner: Numbers between the two products behind the attention.
        eps: Of the layer norms.
    """

    family: str
    pieces: int
    places: int
    first: int
    dim: int
    layers: int
    heads: int
    inner: int
    eps: float

    @property
    def longest(self) -> int:
        """Pieces that run at once, the special ones included."""
        return self.places - self.first


def shape_of(config: Mapping[str, Any], where: str) -> Shape | None:
    """The shape that a configuration says; None if it is another architecture.

    Args:
        config: What `config.json` holds.
        where: What to call the file in messages.

    Raises:
        FormatError: A size is missing, or none.
    """
    family = config.get("model_type")
    if family not in FAMILIES:
        return None
    names = FAMILIES[family]
    plain = (
        config.get(names["activation"], GELU) == GELU
        and config.get("position_embedding_type", "absolute") == "absolute"
        and not config.get("is_decoder")
        and not config.get("add_cross_attention")
    )
    if not plain:
        return None

    def size(name: str, default: Any = None) -> int:
        found = config.get(name, default)
        if type(found) is not int or found < 0:
            raise FormatError(where, expected=f"{name!r} as a whole number", got=described(found))
        return found

    eps = config.get("layer_norm_eps", 1e-12)
    if type(eps) not in (int, float) or not 0 <= eps < 1:
        raise FormatError(where, expected="'layer_norm_eps' as a number", got=described(eps))
    shape = Shape(
        family=str(family),
        pieces=size("vocab_size"),
        places=size("max_position_embeddings"),
        first=size("pad_token_id", 1) + 1 if family in SHIFTED else 0,
        dim=size(names["dim"]),
        layers=size(names["layers"]),
        heads=size(names["heads"]),
        inner=size(names["inner"]),
        eps=float(eps),
    )
    if not shape.heads or shape.dim % shape.heads or not shape.dim or shape.longest < 1:
        got = f"{shape.dim} numbers in {shape.heads} heads, {shape.places} positions"
        raise FormatError(where, expected="heads that share the numbers evenly", got=got)
    return shape
