"""What fastText's classifier has learned: rows of words and buckets, and an output of labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np

from inlay.aliases import Array, Text
from inlay.checks import described
from inlay.classify.fasttext.numbering import Numbered, numbered
from inlay.classify.fasttext.rows import Lookup, Rule, TextRows
from inlay.classify.fasttext.tree import Paths, along, paths_of
from inlay.classify.forms import in_known_forms
from inlay.classify.settings import ClassifierSettings
from inlay.core import Table, Vocabulary
from inlay.core.subwords import CENTROIDS, Coded, as_kernels_take
from inlay.errors import ArgumentError, FormatError, InlayError
from inlay.tokenizers import get_tokenizer, tokenizer_name

VOCABULARY = "vocabulary.json"
OFFICIAL = "fasttext"  # the tokenizer
BLOCK = 4096  # texts answered at once
SCORES = 1 << 24  # at once
# fastText looks the logistic function up: what it answers is that of the next lower 1/32.
STEPS, BOUND = 512, 8.0


@dataclass(frozen=True)
class Supervised:
    """See `inlay.classify.learned`.

    Attributes:
        settings: Those of the fit.
        vocabulary: The words that have rows, with their tokenizer.
        rows: A row for each word, then those of the buckets: float32 `(n, dim)`, or coded.
        output: A row for each label, or for each node of their tree: float32 `(n, dim)`.
        labels: int64 `(n_labels,)`: which class each label is. Labels stand by falling count.
        label_counts: int64 `(n_labels,)`: how often each was learned from.
        buckets: int32 `(n,)`: those that have rows; None: all.
        places: int32 `(n,)`: which row behind the words' each of them has; None: in order.
        counts_all: Whether buckets without rows count, as rows of zeros.
    """

    settings: ClassifierSettings
    vocabulary: Vocabulary
    rows: Array | Coded
    output: Array
    labels: Array
    label_counts: Array
    buckets: Array | None
    places: Array | None = None
    counts_all: bool = True

    def __getstate__(self) -> dict[str, Any]:
        hidden = ("lookup", "paths", "columns")
        return {name: value for name, value in vars(self).items() if name not in hidden}

    @property
    def rule(self) -> Rule:
        """How texts become buckets."""
        return rule_of(self.settings)

    @cached_property
    def lookup(self) -> Lookup:
        """What finds rows."""
        return Lookup(
            self.vocabulary.tokens,
            self.rule,
            self.buckets,
            self.places,
            self.counts_all,
            self.settings.max_length,
        )

    @cached_property
    def paths(self) -> Paths:
        """The way from each label to the root of their tree."""
        return paths_of(self.label_counts)

    @cached_property
    def columns(self) -> Array:
        """Where each class stands among the labels, int64 `(n_classes,)`."""
        return np.argsort(self.labels)

    def ready(self, where: str) -> None:
        """See `Learned`: everything is there."""

    def rows_of(self, texts: Numbered) -> TextRows:
        """The rows of texts to answer; words may be known in another form than they come in.

        With fastText's own tokenizer they may not: there the answers are those of its program.
        """
        if self.vocabulary.tokenizer != OFFICIAL:
            words = in_known_forms(texts.words, self.vocabulary.tokens, texts.counts)
            texts = texts._replace(words=words)
        return self.lookup.rows(texts)

    def vectors(self, texts: Sequence[Text]) -> Array:
        """The mean of the rows of each text, float32 `(n, dim)`; zeros where it has none."""
        from inlay.kernels.supervised import mean_rows

        found = self.rows_of(numbered(texts, get_tokenizer(self.vocabulary.tokenizer)))
        out = np.empty((len(texts), self.rows.shape[1]), np.float32)
        mean_rows(*found, as_kernels_take(self.rows), out)
        return out

    def probabilities(self, texts: Sequence[Text]) -> Array:
        """See `Learned`: with the losses `ova` and `ns`, each class is told by itself."""
        found = np.empty((len(texts), self.labels.size), np.float32)
        block = max(1, min(BLOCK, SCORES // self.output.shape[0]))
        for i in range(0, len(texts), block):
            vectors = self.vectors(texts[i : i + block])
            found[i : i + block] = self.chances(vectors)[:, self.columns]
        return found

    def chances(self, vectors: Array) -> Array:
        """How probable each label is, float32 `(n, n_labels)`."""
        scores = vectors @ self.output.T
        if self.settings.loss == "softmax":
            powers = np.exp(scores - scores.max(axis=1, keepdims=True))
            return np.asarray(powers / powers.sum(axis=1, keepdims=True))
        if self.settings.loss == "hs":
            with np.errstate(over="ignore"):
                return along(self.paths, 1 / (1 + np.exp(-scores)))
        return looked_up(scores)

    def shown(self) -> dict[str, Any]:
        """See `Learned`."""
        n = len(self.vocabulary)
        if isinstance(self.rows, Coded):
            return {"vocabulary_": self.vocabulary}
        table = Table._unchecked(
            self.vocabulary.tokens, self.rows[:n], counts=self.vocabulary.counts
        )
        return {"vocabulary_": self.vocabulary, "table_": table}

    def arrays(self) -> dict[str, Array]:
        """See `Learned`."""
        found = {"output": self.output, "labels": self.labels, "label_counts": self.label_counts}
        for name in ("buckets", "places"):
            if (array := getattr(self, name)) is not None:
                found[name] = array
        if isinstance(self.rows, Coded):
            names = ("codes", "centroids", "norms", "scales")
            found |= {name: getattr(self.rows, name) for name in names}
        else:
            found["rows"] = self.rows
        return {name: np.ascontiguousarray(array) for name, array in found.items()}

    def write(self, folder: Path, *, by_reference: bool) -> dict[str, Any]:
        """See `Learned`.

        Raises:
            ArgumentError: By reference: what was learned is in no other file.
        """
        if by_reference:
            raise ArgumentError(
                "by_reference=True",
                expected="a classifier on an encoder",
                got="one of fastText, which keeps its rows itself",
            )
        self.vocabulary.save(folder / VOCABULARY)
        width = self.rows.width if isinstance(self.rows, Coded) else 0
        return {
            "tokenizer": tokenizer_name(self.vocabulary.tokenizer),
            "fasttext": {"counts_all": self.counts_all, "width": width},
        }

    @classmethod
    def read(
        cls,
        folder: Path,
        about: dict[str, Any],
        settings: ClassifierSettings,
        arrays: dict[str, Array],
        *,
        n_classes: int,
    ) -> Self:
        """What `write` and `arrays` gave.

        Raises:
            FormatError: The files do not fit each other.
        """
        vocab = Vocabulary.load(folder / VOCABULARY, tokenizer=settings.tokenizer)
        said = about.get("fasttext")
        expected = "what a classifier of fastText has learned"
        if not isinstance(said, dict) or type(said.get("counts_all")) is not bool:
            raise FormatError(str(folder), expected=expected, got=described(said))
        try:
            rows: Array | Coded = arrays["rows"] if "rows" in arrays else _coded(arrays, said)
            made = cls(
                settings,
                vocab,
                rows,
                arrays["output"],
                arrays["labels"],
                arrays["label_counts"],
                arrays.get("buckets"),
                arrays.get("places"),
                said["counts_all"],
            )
            made.check(n_classes)
        except (KeyError, TypeError, InlayError) as error:
            raise FormatError(str(folder), expected=expected, got=str(error)) from error
        return made

    def check(self, n_classes: int) -> None:
        """Look whether everything that an answer needs is there: a kernel follows it blindly.

        Raises:
            FormatError: Something is not.
        """
        n_words, rule = len(self.vocabulary), self.rule
        n_rows, dim = self.rows.shape
        n_buckets = 0
        if self.buckets is not None:
            _check_kind("buckets", self.buckets, "i4", (self.buckets.size,), most=rule.bucket)
            n_buckets = self.buckets.size
        elif rule.hashes:
            n_buckets = rule.bucket
        if self.places is not None:
            most = n_rows - n_words
            _check_kind("places", self.places, "i4", (n_buckets,), most=most)
        elif n_rows < n_words + n_buckets:
            raise FormatError("rows", expected=f"{n_words + n_buckets} or more", got=str(n_rows))
        if isinstance(self.rows, Coded):
            _check_coded(self.rows)
        else:
            _check_kind("rows", self.rows, "f4", (n_rows, dim))
        _check_kind("labels", self.labels, "i8", (n_classes,), most=n_classes)
        if np.unique(self.labels).size != n_classes:
            raise FormatError("labels", expected="each class once", got="one twice")
        _check_kind("label_counts", self.label_counts, "i8", (n_classes,))
        _check_kind("output", self.output, "f4", (n_classes, dim))


def rule_of(settings: ClassifierSettings) -> Rule:
    """How texts become buckets."""
    return Rule(settings.word_ngrams, settings.min_n, settings.max_n, settings.bucket)


def looked_up(scores: Array) -> Array:
    """The logistic function as fastText's table has it, float32.

    Source: https://github.com/facebookresearch/fastText, src/loss.cc, `sigmoid`.
    """
    at = np.trunc((np.clip(scores, -BOUND, BOUND) + BOUND) * (STEPS / BOUND / 2))
    x = at.astype(np.float32) * np.float32(2 * BOUND / STEPS) - np.float32(BOUND)
    found = 1 / (1 + np.exp(-x))
    found[scores < -BOUND], found[scores > BOUND] = 0, 1
    return np.asarray(found)


def _coded(arrays: dict[str, Array], said: dict[str, Any]) -> Coded:
    names = ("codes", "centroids", "norms", "scales")
    codes, centroids, norms, scales = (arrays[name] for name in names)
    return Coded(codes, centroids, said["width"], norms, scales)


def _check_coded(rows: Coded) -> None:
    n, dim = rows.shape
    width = rows.width
    if type(width) is not int or width < 1:
        raise FormatError("width", expected="a number of 1 or more", got=described(width))
    _check_kind("codes", rows.codes, "u1", (n, -(-dim // width)))
    _check_kind("centroids", rows.centroids, "f4", (CENTROIDS * dim,))
    if rows.norms.size or rows.scales.size:
        _check_kind("norms", rows.norms, "u1", (n,))
        _check_kind("scales", rows.scales, "f4", (CENTROIDS,))


def _check_kind(
    name: str, array: Array, kind: str, shape: tuple[int, ...], *, most: int | None = None
) -> None:
    """Raise `FormatError` unless an array is of this kind, shape, and below `most` numbers."""
    found = f"{array.dtype} {array.shape}"
    if array.dtype != np.dtype(kind) or array.shape != shape:
        raise FormatError(name, expected=f"{np.dtype(kind)} {shape}", got=found)
    if most is not None and array.size and not 0 <= array.min() <= array.max() < most:
        raise FormatError(
            name, expected=f"numbers from 0 to {most - 1}", got=f"{array.min()} to {array.max()}"
        )
