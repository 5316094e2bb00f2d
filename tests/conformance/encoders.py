"""Small encoders that can be sent to other processes, for the tests of their contract."""

import hashlib
import json
from itertools import islice

import numpy as np

from inlay.encode import TextEncoder
from inlay.encode.folder import read_folder, written_folder


def letters(texts):
    """A function of a user's own: how often each of some letters is there."""
    return np.array([[str(text).count(c) for c in "aeio 的다"] for text in texts], np.float64)


class Tiny(TextEncoder):
    """An encoder of inlay's own kind: a vector of a token is made of its digest.

    Args:
        dim: Numbers in a vector.
        max_length: Tokens read of a text.
    """

    n_layers, pools = 2, ("mean", "max")

    def __init__(self, dim=6, max_length=None):
        self.dim, self.max_length = dim, max_length

    def __repr__(self):
        return f"{type(self).__name__}({self.dim})"

    def _hash(self):
        return hashlib.sha256(f"tiny {self.dim}".encode()).hexdigest()

    @property
    def settings(self):
        return super().settings | {"tokenizer": "split"}

    def tokenize(self, text):
        tokens = text.split() if isinstance(text, str) else [str(token) for token in text]
        return list(islice(tokens, self.max_length))

    def _layers(self, texts):
        for text in texts:
            tokens = self.tokenize(text)
            known = {token: self._vector(token) for token in {*tokens}}
            rows = [known[token] for token in tokens]
            words = np.array(rows, np.float32).reshape(len(tokens), self.dim)
            yield np.stack([words, words / 2])

    def _vector(self, token):
        if token.startswith("qz"):
            return np.zeros(self.dim, np.float32)
        seed = int.from_bytes(hashlib.md5(token.encode()).digest()[:4], "little")
        return np.random.default_rng(seed).normal(size=self.dim).astype(np.float32)

    def _block(self, texts, pool):
        how = np.mean if pool == "mean" else np.max
        every = (layers[-1] for layers in self._layers(texts))
        rows = [how(one, axis=0) if len(one) else np.zeros(self.dim, "f4") for one in every]
        return np.array(rows, np.float32).reshape(-1, self.dim)

    def save(self, folder):
        content = {"dim": self.dim, "max_length": self.max_length}
        with written_folder(folder, "tiny", content) as part:
            (part / "notes.json").write_text(json.dumps(content))

    @classmethod
    def load(cls, folder):
        return cls(**read_folder(folder, "tiny"))
