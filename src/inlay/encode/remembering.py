"""An encoder that knows some texts by heart: those that are encoded again and again."""

import time
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from inlay.aliases import Array, Text
from inlay.checks import described
from inlay.encode.base import TextEncoder, unit
from inlay.errors import ArgumentError


class Remembered:
    """An encoder whose vectors of some texts are made now and kept: `4 * n * dim` bytes.

    Others are encoded when they are asked for, and not kept.

    Args:
        encoder: What has the vectors.
        texts: Those to know.
        progress: Whether to show a bar.

    Attributes:
        seconds: How long it took.
    """

    def __init__(
        self, encoder: Any, texts: Sequence[Text], *, progress: bool | None = None
    ) -> None:
        self.encoder, self.dim = encoder, int(encoder.dim)
        known = {_key(text): text for text in texts}
        begin = time.perf_counter()
        self._rows = {key: i for i, key in enumerate(known)}
        self._vectors = encoded(encoder, list(known.values()), progress=progress)
        self.seconds = time.perf_counter() - begin

    @property
    def hash(self) -> str:
        """The encoder's."""
        return str(self.encoder.hash)

    @property
    def settings(self) -> dict[str, Any]:
        """The encoder's."""
        return dict(getattr(self.encoder, "settings", {}))

    def encode(self, texts: Iterable[Text]) -> Array:
        """float32 `(n, dim)`: what the encoder gives."""
        listed = list(texts)
        rows = np.array([self._rows.get(_key(text), -1) for text in listed], np.int64)
        found = self._vectors[rows] if len(self._vectors) else np.empty((len(rows), self.dim), "f4")
        new = np.flatnonzero(rows < 0)
        if new.size:
            found[new] = encoded(self.encoder, [listed[i] for i in new])
        return found


def encoded(
    encoder: Any,
    texts: Sequence[Text],
    *,
    pool: str | None = None,
    normalize: bool = False,
    batch_size: int | None = None,
    progress: bool | None = False,
) -> Array:
    """The vectors of an encoder of anyone's, float32 `(len(texts), dim)`.

    Args:
        encoder: One of ours looks at its vectors itself, and obeys all that follows.
        texts: Any number of them.
        pool: Of the encoder's pools, if it has any. None: the first.
        normalize: Whether to give each vector the length 1.
        batch_size: The most texts that it is given at once.
        progress: Whether one of ours shows a bar.

    Raises:
        ArgumentError: As of `fitting`.
    """
    if isinstance(encoder, TextEncoder):
        how: dict[str, Any] = {"pool": pool, "normalize": normalize, "progress": progress}
        return encoder.encode(texts, batch_size=batch_size, **how)
    named = {} if pool is None or not hasattr(encoder, "pools") else {"pool": pool}
    size = batch_size or max(1, len(texts))
    blocks = [texts[i : i + size] for i in range(0, len(texts), size)] or [texts]
    parts = [fitting(encoder.encode(block, **named), len(block), encoder) for block in blocks]
    vectors = parts[0] if len(parts) == 1 else np.concatenate(parts)
    return unit(vectors) if normalize else vectors


def fitting(vectors: Any, n: int, encoder: Any) -> Array:
    """The vectors that an encoder of anyone's gave of `n` texts, float32 `(n, dim)`.

    Raises:
        ArgumentError: They are of another shape, such as `(dim, n)`, or no finite numbers.
    """
    shape = n, int(encoder.dim)
    try:
        found = np.asarray(vectors, np.float32)
    except (TypeError, ValueError, RuntimeError):  # ragged lists, strings, a tensor elsewhere
        raise _unfit(shape, described(vectors)) from None
    if n == 0 and found.size == 0:  # of a list that was empty
        return found.reshape(shape)
    if found.shape != shape:
        raise _unfit(shape, f"an array of shape {found.shape}")
    if not np.isfinite(found).all():
        raise _unfit(shape, "NaN or infinity")
    return found


def _unfit(shape: tuple[int, int], got: str) -> ArgumentError:
    expected = f"finite numbers of shape {shape}, a row for each text"
    return ArgumentError("encoder", expected=expected, got=got)


def _key(text: Text) -> Any:
    return text if isinstance(text, str) else tuple(text)
