"""Texts as a frozen encoder has them: what a classifier on an encoder learns from.

Each text is encoded once, into a file of features, however many epochs follow.
"""

import hashlib
import itertools
import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from inlay.aliases import Array, Text
from inlay.classify.encoder_file import ENCODER, Saved
from inlay.classify.settings import BY_TEXT, MIX, ClassifierSettings
from inlay.core import Coverage
from inlay.encode.features import DEFAULT, Features, write_features
from inlay.encode.one_layer import OneLayer
from inlay.encode.protocol import settings_of
from inlay.encode.remembering import encoded

TEMPORARY = "0" * 64  # the hash of an encoder whose features are kept for one fit


@dataclass(frozen=True)
class Encoded:
    """See `inlay.classify.inputs`: a row is a text's vectors, float32.

    It is `(tokens, dim)`, or `(1, dim)` where a text has one vector; with layers to mix
    `(tokens, n_layers, dim)` or `(1, n_layers, dim)`.

    Attributes:
        encoder: What has the vectors.
        by_token: Whether a text has a vector for each token.
        mixes: Whether the network mixes the encoder's layers.
        folder: Where features are kept from fit to fit; None: nowhere.
        origin: The path or name that the encoder was given by; None: it was given itself.
    """

    encoder: Any
    by_token: bool
    mixes: bool = False
    folder: Path | None = None
    origin: str | None = None

    fixed: ClassVar[bool] = True
    coverage: ClassVar[Coverage | None] = None

    @property
    def dim(self) -> int:
        """Numbers in a vector."""
        return int(self.encoder.dim)

    @property
    def n_layers(self) -> int | None:
        """Layers to mix, if any."""
        return int(self.encoder.n_layers) if self.mixes else None

    @property
    def block(self) -> int:
        """Texts whose rows are in memory together."""
        return 64 if self.by_token else 1024

    def rows(self, texts: Sequence[Text]) -> list[Array]:
        """See `Inputs`."""
        if not self.by_token:
            found = self.encoder.pooled(texts) if self.mixes else encoded(self.encoder, texts)
            return list(found[:, None])
        if self.mixes:
            return [layers.transpose(1, 0, 2) for layers in self.encoder.layers(texts)]
        return [vectors[real] for vectors, real in zip(*self.encoder.tokens(texts), strict=True)]

    @contextmanager
    def learning_rows(
        self, texts: Sequence[Text], *, progress: bool | None
    ) -> Iterator[Sequence[Array]]:
        """See `Inputs`: mapped from a file of features."""
        encoder = self.encoder if self.mixes else OwnVectors(self.encoder, kept=bool(self.folder))
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as passing:
            folder = Path(passing)
            if self.folder is not None:
                self.folder.mkdir(exist_ok=True)
                folder = self.folder
            features = write_features(
                encoder,
                texts,
                folder / f"{self._named(encoder, texts)}.safetensors",
                pool=None if self.by_token else DEFAULT,
                progress=progress,
            )
            yield self._rows_of(features)

    def _named(self, encoder: Any, texts: Sequence[Text]) -> str:
        """A name for these features, so that those of other texts can stand beside them."""
        about = [encoder.hash, settings_of(encoder), self.by_token, self.mixes]
        found = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
        for text in texts:
            found.update(json.dumps(text).encode())
        return found.hexdigest()[:32]

    def _rows_of(self, features: Features) -> list[Array]:
        vectors, offsets = features.vectors, features.offsets
        vectors = vectors if self.mixes else vectors[:, 0]
        if offsets is None:
            return list(vectors[:, None])
        bounds = offsets.tolist()
        return [vectors[a:b] for a, b in itertools.pairwise(bounds)]

    def rectangle(self, rows: Sequence[Array], width: int, n_rows: int) -> Any:
        """See `Inputs`: vectors, and if there are several for a text the mask of real ones."""
        shape = rows[0].shape[1:]
        if not self.by_token:
            flat = np.zeros((n_rows, *shape), np.float32)
            flat[: len(rows)] = np.concatenate(rows)
            return flat
        vectors, mask = (
            np.zeros((n_rows, width, *shape), np.float32),
            np.zeros((n_rows, width), bool),
        )
        for i, row in enumerate(rows):
            vectors[i, : len(row)], mask[i, : len(row)] = row, True
        return vectors, mask

    def below(self, body: Any) -> Any:
        """See `Inputs`: the body reads vectors, and there is nothing below it."""
        return body

    def learned(self, model: Any) -> Self:
        """See `Inputs`: they are as they were."""
        return replace(self, folder=None)

    def shown(self) -> dict[str, Any]:
        """See `Inputs`."""
        return {"encoder_": self.encoder}

    def arrays(self) -> dict[str, Array]:
        """See `Inputs`: none."""
        return {}

    def write(self, folder: Path, *, by_reference: bool) -> dict[str, Any]:
        """See `Inputs`: the encoder."""
        saved = Saved.write(self.encoder, folder, origin=self.origin, by_reference=by_reference)
        return {ENCODER: saved}

    @classmethod
    def read(cls, folder: Path, about: Any, settings: ClassifierSettings, given: Any) -> Self:
        """What `write` gave.

        Args:
            folder: The classifier's.
            about: What the settings' file says of the encoder.
            settings: Those of the fit.
            given: The encoder, or its path or name, if it was given again.

        Raises:
            InlayError: It cannot be read, or is another encoder than that of the fit.
        """
        saved = Saved.read(about, str(folder))
        encoder = saved.opened(folder, given)
        origin = None if saved.path == ENCODER else saved.path
        by_token = settings.model not in BY_TEXT
        return cls(encoder, by_token, settings.trainable == MIX, origin=origin)


class OwnVectors(OneLayer):
    """An encoder's own vectors, of texts or of tokens, as its one layer.

    Args:
        encoder: Any.
        kept: Whether its features will be looked for later, so that it must have a hash.
    """

    def __init__(self, encoder: Any, *, kept: bool) -> None:
        self._encoder, self.dim = encoder, encoder.dim
        self.hash = encoder.hash if kept else TEMPORARY
        self.settings = settings_of(encoder)

    def encode(self, texts: Iterable[Text]) -> Array:
        """float32 `(n, dim)`."""
        return encoded(self._encoder, list(texts))
