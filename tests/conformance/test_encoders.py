"""The contract on small encoders, and the contract's own test: what breaks it is noticed."""

from pickle import PicklingError

import numpy as np
import pytest

from inlay.encode import FunctionEncoder
from inlay.encode.elmo import Elmo, Weights
from inlay.errors import InlayError
from inlay.train import doc2vec
from tests.conformance.check_encoder import TEXTS, check_encoder
from tests.conformance.encoders import Tiny, letters
from tests.encode.elmo.test_network import TINY


def test_a_small_encoder(tmp_path):
    check_encoder(Tiny, tmp_path, unknown="qza qzb", load=Tiny.load)


def test_a_function_of_ones_own(tmp_path):
    def make():
        return FunctionEncoder(letters, name="letters-1")

    check_encoder(make, tmp_path, saves=False)


def test_elmo(tmp_path):
    weights = Weights.random(TINY, 3)
    check_encoder(lambda: Elmo(TINY, weights, workers=1), tmp_path)


@pytest.mark.parametrize("settings", [{}, {"architecture": "dm"}], ids=["dbow", "dm"])
def test_paragraph_vectors(settings, tmp_path):
    def make():
        texts = [*TEXTS, "long film"]
        return doc2vec(texts, vector_size=8, min_count=1, epochs=2, deterministic=True, **settings)

    check_encoder(make, tmp_path, unknown="qza qzb")


class Unlike(Tiny):
    """Vectors that depend on what stands beside."""

    def _block(self, texts, pool):
        return super()._block(texts, pool) * np.float32(1 + len(texts) * 1e-4)


class Reversed(Tiny):
    def _block(self, texts, pool):
        return super()._block(texts, pool)[::-1]


class Wide(Tiny):
    def encode(self, texts, **given):
        return super().encode(texts, **given).astype(np.float64)


class Nan(Tiny):
    def _block(self, texts, pool):
        vectors = super()._block(texts, pool)
        vectors[[text == "" for text in texts]] = np.nan
        return vectors


class Greedy(Tiny):
    """Reads all texts before the first is encoded."""

    def _read(self, texts, batch_size):
        return super()._read(iter(list(texts)), batch_size)


class Nameless(Tiny):
    def _hash(self):
        return f"{id(self):064x}"


class Padded(Tiny):
    def tokens(self, texts):
        vectors, mask = super().tokens(texts)
        return vectors + 1, mask


class Cut(Tiny):
    def tokenize(self, text):
        return super().tokenize(text)[:3]

    def _block(self, texts, pool):
        return super()._block([" ".join(text.split()) + " " for text in texts], pool)


class Forgetful(Tiny):
    """What it saves comes back as another one."""

    def save(self, folder):
        Tiny(self.dim + 1).save(folder)


class Costly(Tiny):
    """Its hash changes with its use, so that features are never found again."""

    n = 0

    @property
    def hash(self):
        self.n += 1
        return f"{self.n:064x}"


class Local(Tiny):
    """It cannot be sent anywhere."""

    def __init__(self):
        super().__init__()
        self.made = lambda: None


class Short(Tiny):
    """A text of more tokens than it holds is refused."""

    def _block(self, texts, pool):
        if max(map(len, texts)) > 5000:
            raise IndexError("position 512 is out of range")
        return super()._block(texts, pool)


RAISED = (AssertionError, AttributeError, IndexError, PicklingError, InlayError)


@pytest.mark.parametrize(
    ("broken", "where"),
    [
        (Unlike, "check_company"),
        (Reversed, "check_vectors"),
        (Wide, "check_vectors"),
        (Nan, "check_vectors"),
        (Greedy, "check_reading"),
        (Nameless, "check_names"),
        (Padded, "check_tokens"),
        (Cut, "check_tokens"),
        (Forgetful, "check_saved"),
        (Costly, "check_names"),
        (Local, "check_copies"),
        (Short, "check_long"),
    ],
)
def test_what_breaks_the_contract_is_noticed(broken, where, tmp_path):
    with pytest.raises(RAISED) as caught:
        check_encoder(broken, tmp_path, unknown="qza qzb", load=Tiny.load)
    assert caught.traceback[2].name == where
