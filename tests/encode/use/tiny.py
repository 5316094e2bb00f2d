"""A Universal Sentence Encoder of small sizes and random numbers, with pieces of its own."""

import functools
import io

import numpy as np

from inlay.encode.use import Pieces, Use, Weights
from inlay.encode.use.weights import Shape
from tests.encode.use.reference import reference_vector

KINDS = 3
SHAPE = Shape(51, 6, (2, 3, 5), 4, 5, 4, 5, 7)
TEXTS = ["a good film", "", "a", "the film is good", "xyz 😀", "a " * 40, "good film, the good"]


def published(seed=0):
    """The arrays as the package's file has them."""
    rng = np.random.default_rng(seed)
    arrays = {
        f"q{i + 1}": rng.integers(0, 64, (SHAPE.pieces // KINDS, SHAPE.width)).astype(np.uint8)
        for i in range(KINDS)
    }
    arrays["lo"] = rng.uniform(-3, -1, KINDS).astype(np.float32)
    arrays["scale"] = rng.uniform(0.02, 0.1, KINDS).astype(np.float32)
    arrays["bits"] = np.array([6], np.int8)
    for name, shape in SHAPE.arrays():
        # Small enough for the last function not to be 1 or -1 everywhere.
        size = np.sqrt(1 / shape[0]) if len(shape) == 2 else 0.3
        arrays[name] = rng.normal(scale=size, size=shape).astype(np.float32)
    return arrays | {"eps": np.array(0.01)}


@functools.cache
def model():
    """A SentencePiece model that a few lines train."""
    import sentencepiece

    lines = ["a good film", "the film is good", "good films are the good ones", "zyx wvu"] * 9
    file = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_writer=file,
        vocab_size=40,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    return file.getvalue()


@functools.cache
def tiny_weights():
    return Weights.take(published(), "tiny")


def tiny(**settings):
    return Use(tiny_weights(), Pieces(model(), "tiny.model"), **settings)


def folder_of(path, **other):
    """A folder as the package has it."""
    path.mkdir()
    np.savez_compressed(path / "weights.npz", **(published() | other))
    (path / "sp.model").write_bytes(model())
    return path


def expected(encoder, texts):
    """Vectors by the plain implementation."""
    weights = encoder.weights
    arrays = weights.network | {"eps": weights.eps}
    every = encoder.pieces.ids(texts, encoder.max_length)
    return np.array([reference_vector(arrays, weights.rows(ids)) for ids in every])
