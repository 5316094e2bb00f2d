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
from inlay.classify.embeddings import opened
from inlay.core import Table
from inlay.errors import ArgumentError, ArgumentTypeError, MissingFileError
from inlay.optional import require
from inlay.tokenizers import TokenizerLike, get_tokenizer

FEW = 1_000  # training texts below which holding some out costs more than it tells
FEW_SETTINGS = {"validation": None, "epochs": 20, "batch_size": 20}
DIM = 100  # of random vectors, where no table has another
EXPECTED = '"tfidf", "random"'
TFIDF, RANDOM = "TF-IDF + logistic regression", "CNN, random vectors"

Choice = Literal["tfidf", "random"] | Table | str | os.PathLike[str]


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
        one = isinstance(embeddings, Table | str | os.PathLike)
        if not one and not isinstance(embeddings, list | tuple):
            raise ArgumentTypeError(
                "embeddings",
                expected=f"{EXPECTED}, tables and files of vectors, or a dict of them by name",
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
    """TF-IDF with logistic regression; Kim's network with random, frozen and tuned vectors.

    With few texts the networks train a fixed number of epochs, instead of choosing one on
    texts that they could have learned from.

    Args:
        embeddings: By name.
        n_texts: How many there will be to learn from.
        tokenizer: As of `compare`.
        max_length: As of `compare`.
    """
    tables = {name: _table(name, e) for name, e in embeddings.items() if not _is_named(e)}
    how: dict[str, Any] = {"max_length": max_length, "progress": False}
    if tokenizer is not None:
        how["tokenizer"] = tokenizer
    if n_texts < FEW:
        how |= FEW_SETTINGS
    dim = next((table.dim for table in tables.values() if table is not None), DIM)
    chosen: list[tuple[str, Contestant]] = []
    for name, embedding in embeddings.items():
        if name in tables:
            for what, variant in (("frozen", "static"), ("fine-tuned", "non-static")):
                estimator = TextClassifier(tables[name], variant=variant, **how)
                chosen.append((f"CNN, {name} {what}", estimator))
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


def _table(name: str, embedding: Any) -> Table | None:
    where = f"embeddings, {name}"
    if isinstance(embedding, str | os.PathLike) and kind_of(Path(embedding)) is None:
        raise MissingFileError(
            where, expected=f"{EXPECTED}, or the path of a file of vectors", got="no such file"
        )
    try:
        if embedding is not None:
            return opened(embedding).value  # type: ignore[no-any-return]
    except ArgumentTypeError as error:
        error.where = where
        raise
    raise ArgumentTypeError(where, expected=f"{EXPECTED}, a Table or its file", got="None")


def _is_named(embedding: Any) -> bool:
    return isinstance(embedding, str) and embedding in ("tfidf", "random")


def _names(embeddings: list[Any]) -> list[str]:
    """File names, where these differ; "these vectors", where no name is known."""
    files = [Path(e).name for e in embeddings if isinstance(e, str | os.PathLike)]
    n_tables = sum(isinstance(e, Table) for e in embeddings)
    names, n = [], 0
    for embedding in embeddings:
        if isinstance(embedding, str | os.PathLike):
            file = Path(embedding).name
            names.append(file if files.count(file) == 1 else os.fspath(embedding))
        elif n_tables == 1:
            names.append("these vectors")
        else:
            n += 1
            names.append(f"vectors {n}")
    return names
