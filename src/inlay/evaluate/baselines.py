"""What is compared when only embeddings are named: a linear baseline, and Kim's network on each."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from inlay.aliases import Text
from inlay.bytes.content import kind_of
from inlay.checks import described
from inlay.classify.classifier import TextClassifier
from inlay.classify.embeddings import Given, is_of_encoder, opened
from inlay.core import Table
from inlay.encode.protocol import Encoder, is_encoder
from inlay.errors import ArgumentError, ArgumentTypeError, MissingFileError
from inlay.optional import require
from inlay.tokenizers import TokenizerLike, get_tokenizer

FEW = 1_000  # training texts below which holding some out costs more than it tells
FEW_SETTINGS = {"validation": None, "epochs": 20, "batch_size": 20}
# A layer that starts from zeros on vectors that stay as they are needs no texts to choose an epoch.
LINEAR: dict[str, Any] = {"validation": None, "epochs": 25}
DIM = 100  # of random vectors, where no table has another
EXPECTED = '"tfidf", "random"'
FILES = "the path or name of a table or an encoder"
TFIDF, RANDOM = "TF-IDF + logistic regression", "CNN, random vectors"

Choice = Literal["tfidf", "random"] | Table | Encoder | str | os.PathLike[str]


class Contestant(Protocol):
    """What can be compared: scikit-learn's two methods."""

    def fit(self, texts: Any, labels: Any) -> Any: ...
    def score(self, texts: Any, labels: Any) -> float: ...


class FirstTokens:
    """The tokens of a text that the networks read, so that TF-IDF reads the same."""

    def __init__(self, tokenizer: TokenizerLike, max_length: int | None) -> None:
        self.tokenize, self.max_length = get_tokenizer(tokenizer), max_length

    def __call__(self, text: Text) -> list[str]:
        """Tokens as they are, or those of a string."""
        tokens = self.tokenize(text) if isinstance(text, str) else list(text)
        return list(tokens)[: self.max_length]

    def __deepcopy__(self, memo: dict[int, Any]) -> "FirstTokens":
        return self  # nothing in it changes; a tokenizer may be large, or refuse


def named_embeddings(embeddings: Any) -> dict[str, Choice]:
    """Embeddings by the names that their rows will have.

    Args:
        embeddings: One, or a list, or a dict of them by name.

    Raises:
        ArgumentTypeError: It is none of these.
        ArgumentError: Two are the same.
    """
    if isinstance(embeddings, Mapping):
        listed = [(str(name), value) for name, value in embeddings.items()]
    else:
        one = isinstance(embeddings, Table | str | os.PathLike) or is_encoder(embeddings)
        if not one and not isinstance(embeddings, list | tuple):
            raise ArgumentTypeError(
                "embeddings",
                expected=f"{EXPECTED}, tables, encoders and their paths, or a dict of them by name",
                got=described(embeddings),
            )
        values = [embeddings] if one else list(embeddings)
        listed = list(zip(_names(values), values, strict=True))
    found = dict(listed)
    if len(found) < len(listed):
        names = [name for name, _ in listed]
        twice = next(name for name in names if names.count(name) > 1)
        raise ArgumentError("embeddings", expected="each of them once", got=f"{twice!r} twice")
    return found


def contestants(
    embeddings: Mapping[str, Choice],
    *,
    n_texts: int,
    tokenizer: TokenizerLike | None,
    max_length: int | None,
) -> list[tuple[str, Contestant]]:
    """TF-IDF with logistic regression; Kim's network with random, frozen and tuned vectors; one
    dense layer on an encoder.

    With few texts the networks train a fixed number of epochs, instead of choosing one on
    texts that they could have learned from.

    Args:
        embeddings: By name.
        n_texts: How many there will be to learn from.
        tokenizer: As of `compare`.
        max_length: As of `compare`.
    """
    read = {name: _read(name, e) for name, e in embeddings.items() if not _is_named(e)}
    how: dict[str, Any] = {"max_length": max_length, "progress": False}
    if tokenizer is not None:
        how["tokenizer"] = tokenizer
    if n_texts < FEW:
        how |= FEW_SETTINGS
    dim = next((g.value.dim for g in read.values() if isinstance(g.value, Table)), DIM)
    chosen: list[tuple[str, Contestant]] = []
    for name, embedding in embeddings.items():
        given = read.get(name)
        if given is not None and isinstance(given.value, Table):
            for what, variant in (("frozen", "static"), ("fine-tuned", "non-static")):
                estimator = TextClassifier(given.value, variant=variant, **how)
                chosen.append((f"CNN, {name} {what}", estimator))
        elif given is not None:
            estimator = TextClassifier(given.value, "linear", **LINEAR, progress=False)
            chosen.append((f"linear, {name} frozen", estimator))
        elif embedding == "tfidf":
            chosen.append((TFIDF, _linear(FirstTokens(tokenizer or "words", max_length))))
        else:
            chosen.append((RANDOM, TextClassifier(dim=dim, **how)))
    return chosen


def n_trainable(estimator: Any) -> int | None:
    """How many numbers of a fitted estimator were trained, if it can be seen."""
    last = estimator.steps[-1][1] if hasattr(estimator, "steps") else estimator
    if hasattr(last, "n_trainable_"):
        return int(last.n_trainable_)
    if hasattr(last, "coef_"):
        return int(np.size(last.coef_) + np.size(last.intercept_))
    return None


def _linear(tokens: FirstTokens) -> Contestant:
    text = require("sklearn.feature_extraction.text", extra="demo", need="the TF-IDF baseline")
    linear = require("sklearn.linear_model", extra="demo", need="the TF-IDF baseline")
    pipeline = require("sklearn.pipeline", extra="demo", need="the TF-IDF baseline")
    made: Contestant = pipeline.make_pipeline(
        text.TfidfVectorizer(analyzer=tokens, sublinear_tf=True),
        linear.LogisticRegression(C=10.0, max_iter=1000),
    )
    return made


def _read(name: str, embedding: Any) -> Given:
    """A table or an encoder, and the path or name that it was given by."""
    where = f"embeddings, {name}"
    if isinstance(embedding, str | os.PathLike):
        if kind_of(Path(embedding)) is None and not is_of_encoder(embedding):
            got = "no such file"
            raise MissingFileError(where, expected=f"{EXPECTED}, or {FILES}", got=got)
    elif embedding is None:
        expected = f"{EXPECTED}, a table or an encoder"
        raise ArgumentTypeError(where, expected=expected, got="None")
    try:
        return opened(embedding)
    except ArgumentTypeError as error:
        error.where = where
        raise


def _is_named(embedding: Any) -> bool:
    return isinstance(embedding, str) and embedding in ("tfidf", "random")


def _names(embeddings: list[Any]) -> list[str]:
    """File names, where these differ; of an encoder its class; "these vectors" of one table."""
    files = [Path(e).name for e in embeddings if isinstance(e, str | os.PathLike)]
    kinds = ["vectors" if isinstance(e, Table) else type(e).__name__ for e in embeddings]
    names, seen = [], dict.fromkeys(kinds, 0)
    for embedding, kind in zip(embeddings, kinds, strict=True):
        if isinstance(embedding, str | os.PathLike):
            file = Path(embedding).name
            names.append(file if files.count(file) == 1 else os.fspath(embedding))
        elif kinds.count(kind) == 1:
            names.append("these vectors" if kind == "vectors" else kind)
        else:
            seen[kind] += 1
            names.append(f"{kind} {seen[kind]}")
    return names
