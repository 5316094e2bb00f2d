"""What inlay's own encoders do alike: read texts, in blocks; look at vectors; travel.

An encoder of ours derives from `TextEncoder` and writes `_block` and `_hash`; one with a vector
for each token `tokenize` and `_layers` too. An encoder of a user's own need not know of it: see
`inlay.encode.protocol`.
"""

import os
from collections.abc import Iterable, Iterator, Sized
from functools import cached_property
from itertools import chain, islice
from typing import Any

import numpy as np

from inlay.aliases import Array, Text
from inlay.calls import refuses_unknown
from inlay.checks import choice, every_text, flag, warn, whole_or_none
from inlay.encode.batching import blocks
from inlay.encode.elsewhere import OF_TEXTS, check_assignment, check_reading
from inlay.errors import ArgumentError, UnsupportedError
from inlay.jobs.progress import progress as show_progress
from inlay.tokenizers import doubts

CHARACTERS = 1 << 20  # of a block: what is read ahead, with `READ`
LOOKED = 2000  # texts, after which nothing more is said of them
LOOKED_AT_ONCE = 10
SORTED = 16  # batches of the user's size among which texts are sorted by length


class TextEncoder:
    """Texts to vectors: the contract of `inlay.encode.protocol`, but for the vectors themselves.

    Attributes:
        dim: Numbers in a vector.
        n_layers: Vectors of a token.
        pools: What `pool=` may be, the default first.
        max_length: Tokens read of a text; None: all.
        READ: The most texts that are read ahead.
        MADE: Attributes that are made when they are first used, and neither copied nor pickled.
    """

    dim: int
    n_layers: int = 1
    pools: tuple[str, ...] = ("mean",)
    max_length: int | None = None
    READ: int = 1024
    MADE: tuple[str, ...] = ()
    _n_looked: int = 0

    # -- what an encoder writes -------------------------------------------------------------

    def _hash(self) -> str:
        """SHA-256 over everything that a vector depends on, but for the text and `settings`."""
        raise NotImplementedError

    def _block(self, texts: list[str | list[str]], pool: str) -> Array:
        """Vectors of some texts, float32 `(len(texts), dim)`; `pool` is one of `pools`."""
        raise NotImplementedError

    def _layers(self, texts: list[str | list[str]]) -> Iterator[Array]:
        """Of each text in order, float32 `(n_layers, tokens, dim)`: no padding."""
        raise self._lacks("_layers")

    def _pooled(self, texts: list[str | list[str]], pool: str) -> Array:
        """Vectors of some texts, layer by layer: float32 `(len(texts), n_layers, dim)`."""
        if self.n_layers == 1:
            return self._block(texts, pool)[:, None]
        means = [
            layers.mean(axis=1) if layers.shape[1] else np.zeros((self.n_layers, self.dim))
            for layers in self._layers(texts)
        ]
        return np.array(means, np.float32).reshape(-1, self.n_layers, self.dim)

    def tokenize(self, text: Text) -> list[str]:
        """The tokens of a text, cut at `max_length`.

        Raises:
            UnsupportedError: The encoder has no vectors of tokens.
        """
        raise self._lacks("tokenize")

    def mix(self, layers: Array) -> Array:
        """Layers `(n_layers, ...)` to one `(...)`: the last, if the encoder does not mix them."""
        last: Array = layers[-1]
        return last

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write the encoder into a folder, from which `inlay.load_encoder` gives it back.

        Raises:
            UnsupportedError: It cannot be written.
        """
        raise self._lacks("save")

    def _doubts(self, texts: list[str | list[str]]) -> list[str]:
        """Why the vectors of such texts may be worth little, in words; nothing if they are fine.

        Asked of the first texts that an encoder reads, and warned of once.
        """
        tokenizer = getattr(self, "tokenizer", None)
        return [] if tokenizer is None else doubts(tokenizer, texts)

    def _learned(self) -> Iterable[Array]:
        """The arrays of numbers that were learned; none, where they cannot be told."""
        return ()

    @property
    def settings(self) -> dict[str, Any]:
        """What may change a vector besides what `hash` names, as JSON values."""
        return {"pool": self.pools[0], "max_length": self.max_length}

    # -- what all have alike ------------------------------------------------------------------

    @cached_property
    def hash(self) -> str:
        """Names everything that a vector depends on, except the text and `settings`."""
        return self._hash()

    @property
    def has_tokens(self) -> bool:
        """Whether there is a vector for each token too: `tokenize`, `tokens` and `layers`."""
        return type(self)._layers is not TextEncoder._layers

    @property
    def n_parameters(self) -> int | None:
        """How many numbers were learned; None: it cannot be told."""
        return sum(array.size for array in self._learned()) or None

    @property
    def n_bytes(self) -> int | None:
        """The bytes of these numbers, in memory or in the file that is mapped; None: as above."""
        return sum(array.nbytes for array in self._learned()) or None

    @refuses_unknown(OF_TEXTS)
    def encode(
        self,
        texts: Iterable[Text],
        *,
        pool: str | None = None,
        normalize: bool = False,
        batch_size: int | None = None,
        progress: bool | None = None,
    ) -> Array:
        """One vector for each text.

        Texts are read a block at a time, as they are needed; besides the result, memory does not
        grow with their number. A text has the same vector whatever stands beside it.

        Args:
            texts: Strings, or lists of tokens; any number, in a list or from a generator.
            pool: How the vectors of a text's tokens become one: of `pools`. None: the first.
            normalize: Give each vector the length 1; zeros stay zeros.
            batch_size: The most texts that run at once. None: as many as serve the encoder.
            progress: Show a bar with texts a second. None: on a terminal.

        Returns:
            float32 `(n, dim)`, in order. What an empty text, or one of unknown tokens alone, has is
            said by the encoder's own class: zeros, where it does not say.

        Raises:
            ArgumentTypeError: A text that is neither a string nor a list of strings.
            ArgumentError: Another `pool`; NaN or infinity among the vectors.
        """
        pool = self._chosen(pool)
        normalize = flag("normalize", normalize)
        batch_size = whole_or_none("batch_size", batch_size)
        checked = every_text("texts", texts)
        total = len(texts) if isinstance(texts, Sized) else None
        found = _Rows(self.dim, total)
        with show_progress(total, unit=" texts", desc="encoding", enabled=progress) as report:
            for block in self._read(checked, batch_size):
                vectors = self._finite(self._in_batches(block, pool, batch_size), found.n)
                found.add(unit(vectors) if normalize else vectors)
                report.update(len(block))
        return found.all()

    @refuses_unknown(OF_TEXTS)
    def pooled(self, texts: Iterable[Text], *, pool: str | None = None) -> Array:
        """As `encode`, layer by layer: float32 `(n, n_layers, dim)`."""
        pool = self._chosen(pool)
        found = [self._pooled(b, pool) for b in self._read(every_text("texts", texts), None)]
        return np.concatenate([np.empty((0, self.n_layers, self.dim), np.float32), *found])

    @refuses_unknown(OF_TEXTS)
    def layers(self, texts: Iterable[Text]) -> Iterator[Array]:
        """All layers of each text, in order: float32 `(n_layers, tokens, dim)`.

        Texts are read a block at a time, so that neither they nor the results need fit into memory.

        Raises:
            UnsupportedError: The encoder has no vectors of tokens.
        """
        if not self.has_tokens:
            raise self._lacks("layers")
        checked = every_text("texts", texts)  # now, not when the first is asked for
        return (one for block in self._read(checked, None) for one in self._layers(block))

    @refuses_unknown(OF_TEXTS)
    def tokens(self, texts: Iterable[Text]) -> tuple[Array, Array]:
        """A vector for each token.

        Returns:
            `(vectors, mask)`: float32 `(n, tokens, dim)`, zeros where a text has ended, and bool
            `(n, tokens)`.

        Raises:
            UnsupportedError: The encoder has no vectors of tokens.
        """
        every = [self.mix(layers) for layers in self.layers(texts)]
        shape = len(every), max(map(len, every), default=0)
        vectors, mask = np.zeros((*shape, self.dim), np.float32), np.zeros(shape, bool)
        for i, one in enumerate(every):
            vectors[i, : len(one)], mask[i, : len(one)] = one, True
        return vectors, mask

    def __getattr__(self, name: str) -> Any:
        check_reading(self, name)
        return object.__getattribute__(self, name)  # whose error is Python's, or a property's own

    def __setattr__(self, name: str, value: Any) -> None:
        check_assignment(self, name)
        super().__setattr__(name, value)

    def __getstate__(self) -> dict[str, Any]:
        """All but what is made when it is first used: engines cannot be copied."""
        return {name: value for name, value in vars(self).items() if name not in self.MADE}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)

    def _chosen(self, pool: str | None) -> str:
        return self.pools[0] if pool is None else choice("pool", pool, self.pools)

    def _read(
        self, texts: Iterable[str | list[str]], batch_size: int | None
    ) -> Iterator[list[str | list[str]]]:
        """Checked texts in blocks."""
        most = (
            self.READ
            if batch_size is None
            else max(min(SORTED * batch_size, self.READ), batch_size)
        )
        for block in blocks(texts, most=most, size=len, total=CHARACTERS):
            self._look(block)
            yield block

    def _look(self, texts: list[str | list[str]]) -> None:
        """Warn, once, of texts that are not for this encoder."""
        if self._n_looked >= LOOKED:
            return
        self._n_looked += len(texts)
        if found := self._doubts(texts):
            self._n_looked = LOOKED
        for doubt in found:
            warn(doubt)

    def _looked_at(self, texts: Iterable[str | list[str]]) -> Iterator[str | list[str]]:
        """The texts, the first of which are looked at: a few, for more would be read ahead."""
        left = iter(texts)
        first = list(islice(left, LOOKED_AT_ONCE))
        self._look(first)
        yield from chain(first, left)

    def _in_batches(self, texts: list[str | list[str]], pool: str, batch_size: int | None) -> Array:
        """Vectors of a block, of which no more than `batch_size` texts run at once."""
        if batch_size is None or len(texts) <= batch_size:
            return self._fitting(self._block(texts, pool), len(texts))
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        vectors = np.empty((len(texts), self.dim), np.float32)
        for begin in range(0, len(order), batch_size):
            batch = order[begin : begin + batch_size]
            found = self._block([texts[i] for i in batch], pool)
            vectors[batch] = self._fitting(found, len(batch))
        return vectors

    def _fitting(self, vectors: Array, n: int) -> Array:
        if vectors.shape != (n, self.dim):
            raise ArgumentError(
                "encoder", expected=f"vectors of shape {(n, self.dim)}", got=str(vectors.shape)
            )
        return vectors

    def _finite(self, vectors: Array, before: int) -> Array:
        """Vectors in which every number is one; `before`: how many texts came before."""
        if not np.isfinite(vectors).all():
            first = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
            raise ArgumentError(
                f"text {before + first}",
                expected="a vector of finite numbers from the encoder",
                got="NaN or infinity",
            )
        return vectors

    def _lacks(self, what: str) -> UnsupportedError:
        name = type(self).__name__
        expected, hint = "an encoder that can be saved", ""
        if what != "save":
            expected = "an encoder with a vector for each token"
            hint = "encode(texts), for a vector of each text"
        where = f"{name}.{what.lstrip('_')}"
        return UnsupportedError(where, expected=expected, got=f"a {name}", hint=hint)


class _Rows:
    """Rows that come a block at a time, in one array that grows.

    Args:
        dim: Numbers in a row.
        total: How many are expected; None: unknown.

    Attributes:
        n: How many are there.
    """

    def __init__(self, dim: int, total: int | None) -> None:
        self._array, self.n = np.empty((total or 0, dim), np.float32), 0

    def add(self, rows: Array) -> None:
        end = self.n + len(rows)
        if end > len(self._array):
            grown = max(end, len(self._array) * 9 // 8)  # more would be memory for nothing
            self._array.resize((grown, self._array.shape[1]), refcheck=False)
        self._array[self.n : end] = rows
        self.n = end

    def all(self) -> Array:
        if self.n < len(self._array):
            self._array.resize((self.n, self._array.shape[1]), refcheck=False)
        return self._array


def unit(vectors: Array) -> Array:
    """Vectors `(..., dim)`, each with the length 1; zeros stay zeros."""
    wide = vectors.astype(np.float64)
    length = np.sqrt(np.einsum("...j,...j->...", wide, wide))[..., None]
    found: Array = (wide / np.where(length > 0, length, 1)).astype(np.float32)
    return found
