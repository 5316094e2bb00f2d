"""Any encoder, where layers are asked for."""

from collections.abc import Iterable, Iterator

from inlay.aliases import Array, Text
from inlay.encode.protocol import (
    Encoder,
    LayeredEncoder,
    WordEncoder,
    has_tokens,
    is_layered,
    is_word_encoder,
)
from inlay.errors import ArgumentTypeError


def with_layers(encoder: Encoder) -> LayeredEncoder:
    """The encoder itself if it has layers, else one whose only layer is what it gives."""
    return encoder if is_layered(encoder) else OneLayer(encoder)


class OneLayer:
    """An encoder without layers, as one whose only layer is what it gives.

    Args:
        encoder: Any. For `tokenize` and `layers` it must be a `WordEncoder`.
    """

    n_layers = 1

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.dim, self.hash = encoder.dim, encoder.hash

    @property
    def _words(self) -> WordEncoder:
        if is_word_encoder(self._encoder):
            return self._encoder
        raise ArgumentTypeError(
            "encoder",
            expected="one with tokenize and tokens, for vectors or a number of tokens",
            got=type(self._encoder).__name__,
        )

    @property
    def has_tokens(self) -> bool:
        """Whether the encoder has vectors of tokens."""
        return has_tokens(self._encoder)

    def encode(self, texts: Iterable[Text]) -> Array:
        """See `Encoder`."""
        return self._encoder.encode(texts)

    def tokenize(self, text: Text) -> list[str]:
        """See `WordEncoder`."""
        return self._words.tokenize(text)

    def tokens(self, texts: Iterable[Text]) -> tuple[Array, Array]:
        """See `WordEncoder`."""
        return self._words.tokens(texts)

    def layers(self, texts: Iterable[Text]) -> Iterator[Array]:
        """See `LayeredEncoder`."""
        for vectors, real in zip(*self.tokens(texts), strict=True):
            yield vectors[None, real]

    def pooled(self, texts: Iterable[Text]) -> Array:
        """See `LayeredEncoder`."""
        return self.encode(texts)[:, None]

    def mix(self, layers: Array) -> Array:
        """See `LayeredEncoder`."""
        only: Array = layers[0]
        return only
