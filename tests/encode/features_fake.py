"""An encoder that is quick and counts what it is asked: for the tests of features."""

import hashlib

import numpy as np


class Fake:
    """Layers of small numbers that depend on a token and its place alone.

    Args:
        die_at: Call this function instead of encoding the text with this content.
    """

    n_layers, dim = 3, 4

    def __init__(self, hash="a" * 64, die_at=None, die=None):
        self.hash, self.calls, self.texts = hash, 0, 0
        self._die_at, self._die = die_at, die
        self.settings = {"tokenizer": "split"}

    def tokenize(self, text):
        return text.split() if isinstance(text, str) else list(text)

    def layers(self, texts):
        self.calls += 1
        for text in texts:
            if text == self._die_at:
                self._die()
            self.texts += 1
            yield self._vectors(text)

    def pooled(self, texts):
        rows = np.zeros((len(texts), self.n_layers, self.dim), np.float32)
        for row, vectors in zip(rows, self.layers(texts), strict=True):
            if vectors.shape[1]:
                row[:] = vectors.mean(axis=1)
        return rows

    def encode(self, texts):
        return self.mix(np.moveaxis(self.pooled(texts), 1, 0))

    def tokens(self, texts):
        every = [self.mix(layers) for layers in self.layers(texts)]
        vectors = np.zeros((len(every), max(map(len, every), default=0), self.dim), np.float32)
        mask = np.zeros(vectors.shape[:2], bool)
        for i, one in enumerate(every):
            vectors[i, : len(one)], mask[i, : len(one)] = one, True
        return vectors, mask

    def mix(self, layers):
        return layers[0] / 2 + layers[1] / 4 + layers[2] / 4

    def _vectors(self, text):
        tokens = self.tokenize(text)
        words = [hashlib.md5(token.encode()).digest()[: self.dim] for token in tokens]
        numbers = np.frombuffer(b"".join(words), np.uint8).reshape(len(tokens), self.dim)
        place = np.arange(len(tokens))[:, None] / 8
        first = numbers.astype(np.float32) / 256 + place.astype(np.float32)
        return np.stack([first * (layer + 1) for layer in range(self.n_layers)])


class Plain:
    """No more than an encoder must have."""

    dim, hash = 2, "c" * 64

    def encode(self, texts):
        return np.array([[len(text), len(set(text))] for text in texts], np.float32).reshape(-1, 2)
