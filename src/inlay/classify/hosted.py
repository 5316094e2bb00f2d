"""Texts as the Keras layer of an encoder takes them: what a classifier trains the encoder with."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np

from inlay.aliases import Array, Text
from inlay.checks import described
from inlay.classify.encoder_file import ENCODER, Saved
from inlay.classify.settings import BY_TEXT, ClassifierSettings
from inlay.encode.protocol import LearningEncoder
from inlay.errors import ArgumentError, FormatError
from inlay.hosts.backends import load_keras

PREFIX = "encoder "  # of its numbers among the weights


class Hosted:
    """See `inlay.classify.inputs`: a row is what the layer takes of a text.

    Args:
        encoder: Where the layer starts.
        by_token: Whether a text has a vector for each token.
        origin: The path or name that the encoder was given by; None: it was given itself.
        numbers: What the layer has learned, by name; None: nothing yet.

    Raises:
        ArgumentError: The encoder is no layer.
    """

    fixed, n_layers, block, coverage = False, None, 256, None
    numbers: dict[str, Array] | None

    def __init__(
        self,
        encoder: Any,
        by_token: bool,
        *,
        origin: str | None = None,
        numbers: dict[str, Array] | None = None,
    ) -> None:
        if not isinstance(encoder, LearningEncoder):
            raise ArgumentError(
                "trainable",
                expected="False, or 'mix' if it has layers: the encoder is no layer that trains",
                got=f"True with {described(encoder)}",
            )
        self.encoder: Any = encoder
        self.by_token, self.origin = by_token, origin
        self.numbers = numbers

    @property
    def dim(self) -> int:
        """Numbers in a vector."""
        return int(self.encoder.dim)

    @cached_property
    def layer(self) -> Any:
        """The layer, with what it has learned."""
        load_keras("training an encoder")
        layer = self.encoder.learning_layer(by_token=self.by_token)
        if self.numbers is not None:
            from inlay.classify.keras_layer import fill_layer

            fill_layer(layer, self.numbers, PREFIX)
        return layer

    def __getstate__(self) -> dict[str, Any]:
        """All but the layer, which belongs to a backend."""
        return {name: value for name, value in vars(self).items() if name != "layer"}

    def rows(self, texts: Sequence[Text]) -> list[Array]:
        """See `Inputs`."""
        return list(self.encoder.layer_rows(texts))

    @contextmanager
    def learning_rows(
        self, texts: Sequence[Text], *, progress: bool | None
    ) -> Iterator[Sequence[Array]]:
        """See `Inputs`."""
        yield self.rows(texts)

    def rectangle(self, rows: Sequence[Array], width: int, n_rows: int) -> Any:
        """See `Inputs`: what the layer takes, and by token the mask of real ones."""
        if rows[0].dtype == object:  # whole strings
            return np.array([*(row[0] for row in rows), *[b""] * (n_rows - len(rows))], object)
        given = np.zeros((n_rows, width, *rows[0].shape[1:]), rows[0].dtype)
        mask = np.zeros((n_rows, width), bool)
        for i, row in enumerate(rows):
            given[i, : len(row)], mask[i, : len(row)] = row, True
        return (given, mask) if self.by_token else given

    def below(self, body: Any) -> Any:
        """See `Inputs`."""
        from inlay.classify.keras_layer import with_layer

        return with_layer(body, self.layer, self.rows([""])[0], by_token=self.by_token)

    def learned(self, model: Any) -> Self:
        """See `Inputs`: the same, with the numbers of the layer."""
        from inlay.classify.keras_layer import numbers_of

        self.numbers = numbers_of(self.layer, PREFIX)
        return self

    def shown(self) -> dict[str, Any]:
        """See `Inputs`: the encoder from which the layer started."""
        return {"encoder_": self.encoder}

    def arrays(self) -> dict[str, Array]:
        """See `Inputs`."""
        return dict(self.numbers or {})

    def write(self, folder: Path, *, by_reference: bool) -> dict[str, Any]:
        """See `Inputs`: the encoder from which the layer started."""
        saved = Saved.write(self.encoder, folder, origin=self.origin, by_reference=by_reference)
        return {ENCODER: saved}

    @classmethod
    def read(
        cls,
        folder: Path,
        about: Any,
        settings: ClassifierSettings,
        given: Any,
        arrays: dict[str, Array],
    ) -> Self:
        """What `write` and `arrays` gave; takes its arrays out of `arrays`.

        Raises:
            InlayError: It cannot be read, or is another encoder than that of the fit.
        """
        saved = Saved.read(about, str(folder))
        encoder = saved.opened(folder, given)
        numbers = {name: arrays.pop(name) for name in [*arrays] if name.startswith(PREFIX)}
        origin = None if saved.path == ENCODER else saved.path
        try:
            return cls(encoder, settings.model not in BY_TEXT, origin=origin, numbers=numbers)
        except ArgumentError as error:
            raise FormatError(str(folder), expected=error.expected, got=error.got) from error
