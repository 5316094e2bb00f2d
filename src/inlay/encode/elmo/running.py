"""Tokens to layers: texts in blocks, blocks in batches, batches in threads."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.encode.batching import BATCH, packed_batches
from inlay.encode.elmo.characters import BOS, EOS
from inlay.encode.elmo.lexicon import Lexicon
from inlay.encode.elmo.network import Network, States
from inlay.jobs.threads import Pool


@dataclass(frozen=True)
class Runner:
    """What makes the layers of texts.

    Both methods take tokens without the marks around a text, and give with each text its
    layers, float32 `(n_layers, n, dim)` of its n tokens that are not `pad_token`.

    Attributes:
        network: Makes the layers.
        lexicon: Makes the words' own vectors.
        pad_token: A token that the network does not see.
        workers: Threads.
    """

    network: Network
    lexicon: Lexicon
    pad_token: str | None
    workers: int

    def in_threads(self, texts: list[list[str]]) -> Iterator[tuple[list[str], Array]]:
        """Each text by itself, in order."""
        with Pool(self.workers) as pool:
            layers = self._layers(texts, pool.map, None)
        return zip(texts, layers, strict=True)

    def as_one(self, texts: list[list[str]], states: States) -> Iterator[tuple[list[str], Array]]:
        """All texts as one batch that begins with `states` and leaves its ends there."""
        return zip(texts, self._layers(texts, map, states), strict=True)

    def _layers(
        self, texts: list[list[str]], run: Callable[..., Iterable[Any]], states: States | None
    ) -> list[Array]:
        real = [[BOS, *(w for w in text if w != self.pad_token), EOS] for text in texts]
        words = list(dict.fromkeys(word for text in real for word in text))
        rows = {word: row for row, word in enumerate(words)}
        vectors = self.lexicon.vectors(words, run)
        sentences = [np.array([rows[word] for word in text]) for text in real]

        def layers(batch: list[int]) -> list[Array]:
            some = [sentences[i] for i in batch]
            joined = self.network.layers(vectors, some, states)
            ends = np.cumsum([len(sentence) for sentence in some])
            return [joined[:, b + 1 : e - 1] for b, e in zip([0, *ends], ends, strict=False)]

        lengths = [len(sentence) for sentence in sentences]
        whole = [list(range(len(texts)))]
        batches = (
            whole if states is not None else packed_batches(lengths, self.workers, tokens=BATCH)
        )
        found: list[Array] = [vectors] * len(texts)
        for batch, some in zip(batches, run(layers, batches), strict=True):
            for i, one in zip(batch, some, strict=True):
                found[i] = one
        return found
