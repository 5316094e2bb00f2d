"""What an encoder is: texts in, vectors out; and two parts that some encoders have besides.

This is all that an object of the user's needs, and what stands on an encoder (features,
classifiers) asks for nothing else. inlay's own can do more, all in the same way: see
`inlay.encode.TextEncoder`.
"""

import inspect
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeGuard, runtime_checkable

from inlay.aliases import Array, Text
from inlay.checks import described
from inlay.errors import ArgumentError, ArgumentTypeError


@runtime_checkable
class Encoder(Protocol):
    """Texts to vectors, one for each.

    A text has the same vector whatever stands beside it and in whatever order. An encoder may
    also have `settings`; see `settings_of`.
    """

    @property
    def dim(self) -> int:
        """Numbers in a vector."""

    @property
    def hash(self) -> str:
        """Names everything that a vector depends on, except the text and `settings`."""

    def encode(self, texts: Iterable[Text]) -> Array:
        """float32 `(n, dim)`: a vector for each text, in order.

        Zeros for a text without a known token, unless the model itself has a vector for it.
        """


@runtime_checkable
class WordEncoder(Encoder, Protocol):
    """An encoder that has a vector for each token too."""

    def tokenize(self, text: Text) -> list[str]:
        """The tokens of a text; a list of tokens is taken as it is, but for its length."""

    def tokens(self, texts: Iterable[Text]) -> tuple[Array, Array]:
        """`(vectors, mask)`: float32 `(n, tokens, dim)`, and bool `(n, tokens)`.

        The mask is False, and the vectors are zeros, where a text has ended.
        """


@runtime_checkable
class LayeredEncoder(WordEncoder, Protocol):
    """An encoder whose vectors are a mix of layers, which can be had one by one."""

    @property
    def n_layers(self) -> int:
        """Vectors of a token."""

    def layers(self, texts: Iterable[Text]) -> Iterator[Array]:
        """Of each text in order, float32 `(n_layers, tokens, dim)`."""

    def pooled(self, texts: Iterable[Text]) -> Array:
        """float32 `(n, n_layers, dim)`: means over tokens, zeros where there are none."""

    def mix(self, layers: Array) -> Array:
        """Layers `(n_layers, ...)` weighted and added up: `(...)`."""


@runtime_checkable
class LearningEncoder(Protocol):
    """An encoder that can go on learning, as a layer of Keras on its current backend."""

    def learning_layer(self, *, by_token: bool) -> Any:
        """A layer that trains, from rows to vectors: `(batch, dim)`, or `(batch, tokens, dim)`.

        Raises:
            InlayError: There is none on this backend, or none with a vector for each token.
        """

    def layer_rows(self, texts: Sequence[Text]) -> Sequence[Array]:
        """What the layer takes of each text: ids whose first axis is filled up with zeros.

        Or the text itself, in UTF-8 and as the one object of an array, if it takes strings.
        """


def is_encoder(value: Any) -> bool:
    """Whether a value has the members of `Encoder`.

    None of them is asked for, as `isinstance` does in Python 3.11: a hash may read all weights.
    """
    return _has(value, "dim", "hash", "encode")


def is_word_encoder(value: Any) -> TypeGuard[WordEncoder]:
    """Whether a value has the members of `WordEncoder`; see `is_encoder`."""
    return is_encoder(value) and _has(value, "tokenize", "tokens")


def has_tokens(value: Any) -> bool:
    """Whether an encoder has a vector for each token, by its own `has_tokens` where it says so."""
    return bool(getattr(value, "has_tokens", is_word_encoder(value)))


def is_layered(value: Any) -> TypeGuard[LayeredEncoder]:
    """Whether a value has the members of `LayeredEncoder`; see `is_encoder`."""
    return is_word_encoder(value) and _has(value, "n_layers", "layers", "pooled", "mix")


def _has(value: Any, *members: str) -> bool:
    return not isinstance(value, type) and all(
        inspect.getattr_static(value, name, None) is not None for name in members
    )


def hash_of(encoder: Any) -> str | None:
    """An encoder's hash; None, if it cannot name what it computes."""
    try:
        return str(encoder.hash)
    except ArgumentError:  # a function without a name
        return None


def check_encoder(name: str, value: Any) -> None:
    """Refuse an argument that is no encoder.

    Raises:
        ArgumentTypeError: It lacks a member.
    """
    if not is_encoder(value):
        raise ArgumentTypeError(
            name,
            expected="an encoder: an object with dim, hash and encode(texts)",
            got=described(value),
            hint="inlay.load_encoder(path)",
        )


def settings_of(encoder: Encoder) -> dict[str, Any]:
    """What may change an encoder's vectors besides what its hash names, as JSON values.

    These are the encoder's own words: its `settings`, if it has any. Under the name
    "tokenizer" stands a name, or None for a function that has none.

    Raises:
        ArgumentError: The encoder's vectors depend on texts that it has seen before.
        ArgumentTypeError: Something that JSON cannot hold.
    """
    settings = getattr(encoder, "settings", {})
    try:
        return dict(json.loads(json.dumps(settings)))  # as a file would give them back
    except (TypeError, ValueError) as error:
        raise ArgumentTypeError(
            "encoder.settings", expected="a dict of JSON values", got=described(settings)
        ) from error
