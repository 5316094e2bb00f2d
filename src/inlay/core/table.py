"""Tokens, a matrix, and where they came from: every static embedding is one of these."""

import os
from collections.abc import Container, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from inlay.calls import refuses_unknown
from inlay.checks import LONG, choice, number, whole
from inlay.core.agreement import split_by, warn_of_cost
from inlay.core.alignment import DEFAULT, align_rows, as_vocabulary, check_buckets
from inlay.core.given import (
    check_order,
    checked_counts,
    checked_matrix,
    checked_parts,
    plain_json,
    row_or_none,
)
from inlay.core.hashing import HashingVocabulary
from inlay.core.held import Held
from inlay.core.rows import Rows
from inlay.core.tokens import Tokens
from inlay.core.unknown import DISTRIBUTIONS, Distribution, Unknown, checked_unknown, drawn
from inlay.core.vocabulary import Vocabulary
from inlay.errors import ArgumentError

if TYPE_CHECKING:
    from inlay.formats import Format


class Table(Held):
    """An immutable table of vectors: row `i` of the matrix belongs to token `i`.

    Make one of arrays, with `inlay.load`, `table.align`, `Table.random` or a trainer. A table read
    from a native file is a map of that file: nothing is in memory until it is used, and a pickle
    of it holds the file's name and digest instead of its numbers. A copy is the table itself.

    Attributes:
        tokens: The tokens in row order; a sequence of strings.
        counts: How often each token was seen, int64 `(vocab_size,)`, read-only, or None.
        pad_id: The row that is padding, all zeros, or None.
        unk_id: The row that stands for unknown tokens, or None.
        coverage: After `align`: which tokens were found. Otherwise None.
        parts: What else its trainer made, by name, each a table: `parts["context"]` has the
            context vectors of word2vec and GloVe. The native format keeps them, and so does a
            pickle; `inlay.load` with `limit=` or `keep=`, and `inlay.train.refine.prune`, take the
            same rows of a part that has the same tokens. A table that was aligned has none: they
            are aligned by themselves, by `table.parts["context"].align(vocab)`. Nor has one whose
            vectors were changed by another function of `inlay.train.refine`.

    Examples:
        >>> import numpy as np
        >>> table = Table(["good", "film"], np.eye(2, dtype="float32"))
        >>> table["film"]
        array([0., 1.], dtype=float32)
        >>> "bad" in table, len(table), table.dim
        (False, 2, 2)
    """

    @refuses_unknown(
        dict.fromkeys(("vectors", "embeddings", "weights"), "matrix=")
        | {"dtype": "matrix=np.asarray(matrix, dtype)"}
    )
    def __init__(
        self,
        tokens: Iterable[str],
        matrix: Any = None,
        *,
        counts: Any = None,
        pad_id: int | None = None,
        unk_id: int | None = None,
        provenance: Mapping[str, Any] | None = None,
        parts: "Mapping[str, Table] | None" = None,
    ) -> None:
        """Make a table of tokens and an array.

        The array is shared, not copied, if it is C-contiguous: change it and the table changes.

        Args:
            tokens: Each once, in row order: a list, a numpy array of strings, a pandas Index,
                a `Tokens` (shared, not copied); or a `Vocabulary`, whose special ids and counts
                the table then has, or another table, of which the same holds. Of a
                `HashingVocabulary` the rows are its ids.
            matrix: float16, float32 or float64 `(len(tokens), dim)`; keeps its dtype.
            counts: How often each token was seen, whole numbers `(len(tokens),)`.
            pad_id: The row that is padding; it must be all zeros.
            unk_id: The row for unknown tokens.
            provenance: Where it came from: JSON values.
            parts: Tables that belong to this one, by names that Python could have.

        Raises:
            ArgumentError: Shapes that do not fit, a token twice, a pad row that is not zero,
                a part with another name.
            ArgumentTypeError: A matrix that is not of floating-point numbers, tokens that are
                not strings or in no order, or the two the other way round.
            IdError: `pad_id` or `unk_id` beyond the table.
        """
        check_order(tokens, matrix)
        if isinstance(tokens, HashingVocabulary):
            tokens = as_vocabulary(tokens)
        store = Tokens.from_list(tokens)
        came_from = plain_json(provenance)
        if (splits := split_by(tokens, None)) is not None:
            came_from.setdefault("tokenizer", splits)
        if isinstance(tokens, Rows):
            pad_id = tokens.pad_id if pad_id is None else pad_id
            unk_id = tokens.unk_id if unk_id is None else unk_id
            counts = tokens.counts if counts is None else counts
        matrix = checked_matrix(matrix, len(store))
        store.check_distinct()
        pad_id = row_or_none("pad_id", pad_id, len(store))
        unk_id = row_or_none("unk_id", unk_id, len(store))
        if pad_id is not None and matrix[pad_id].any():
            raise ArgumentError("pad_id", expected=f"row {pad_id} all zeros", got="other numbers")
        if counts is not None:
            counts = checked_counts(counts, len(store))
        self._fill(store, matrix, counts, pad_id, unk_id, came_from)
        self._set(_parts=checked_parts(parts, Table))

    @staticmethod
    @refuses_unknown(
        dict.fromkeys(("scale", "std", "stddev", "sigma"), "deviation=")
        | {"initializer": "distribution=", "unknown": "table.align(vocab, unknown=...) of a table"}
    )
    def random(
        vocab: "Vocabulary | HashingVocabulary | Table | Mapping[str, int] | Sequence[str]",
        dim: int,
        *,
        distribution: Distribution = "normal",
        deviation: float = 1.0,
        seed: int = 0,
    ) -> "Table":
        """Draw a vector for each id of a vocabulary, for a layer that learns them from scratch.

        Args:
            vocab: The model's own vocabulary, or what `align` takes for one. Of a
                `HashingVocabulary` the rows are its ids, and called `<bucket 1>` and so on.
            dim: Numbers in a vector.
            distribution: `"normal"`, or `"uniform"` on both sides of 0.
            deviation: The standard deviation of the numbers. PyTorch's layers start with 1, which
                is large beside pretrained vectors; Keras' start uniform with 0.029, between -0.05
                and 0.05.
            seed: The same seed gives the same vectors, on any machine.

        Returns:
            float32 `(len(vocab), dim)`, with the special ids of the vocabulary; the pad row is all
            zeros. Allocates `4 * len(vocab) * dim` bytes.

        Raises:
            ArgumentError: Another distribution, or numbers out of bounds.

        Examples:
            >>> table = Table.random(Vocabulary(["good", "film"]), 50)
            >>> table.shape, bool(table.vectors[table.pad_id].any())
            ((4, 50), False)
        """
        wanted, dim = as_vocabulary(vocab), whole("dim", dim)
        kind = choice("distribution", distribution, DISTRIBUTIONS)
        deviation = number("deviation", deviation, above=0)
        seed = whole("seed", seed, least=0)
        matrix = drawn((len(wanted), dim), kind, deviation, np.random.default_rng(seed))
        if wanted.pad_id is not None:
            matrix[wanted.pad_id] = 0
        made: dict[str, Any] = {"random": kind, "deviation": deviation, "seed": seed}
        if (splits := split_by(wanted, None)) is not None:
            made["tokenizer"] = splits
        return Table._unchecked(
            wanted.tokens,
            matrix,
            counts=wanted.counts,
            pad_id=wanted.pad_id,
            unk_id=wanted.unk_id,
            provenance=made,
        )

    @staticmethod
    @refuses_unknown()
    def load(
        path: str | os.PathLike[str],
        *,
        format: "str | Format | None" = None,
        limit: int | None = None,
        keep: Container[str] | None = None,
        member: str | None = None,
        verify: bool = False,
        mmap: bool = True,
    ) -> "Table":
        """Read a file of vectors of any kind: `inlay.load`, which says what each argument does."""
        from inlay.formats import load  # with `save`, all that points up: a convenience

        return load(
            path, format=format, limit=limit, keep=keep, member=member, verify=verify, mmap=mmap
        )

    @property
    def parts(self) -> "Mapping[str, Table]":
        """Tables that belong to this one, by name; they cannot be changed."""
        return MappingProxyType(self._parts)

    def __repr__(self) -> str:
        source = str(self._provenance.get("source", ""))[:LONG]
        return f"Table({len(self)} x {self.dim} {self.stored_dtype}{source and f', {source}'})"

    # -- to a model --------------------------------------------------------------------------

    @refuses_unknown(dict.fromkeys(("oov", "unk", "missing", "default"), "unknown="))
    def align(
        self,
        vocab: "Vocabulary | HashingVocabulary | Table | Mapping[str, int] | Sequence[str]",
        unknown: Unknown = "normal",
        *,
        seed: int = 0,
        fallback: Iterable[str] = DEFAULT,
    ) -> "Table":
        """Arrange vectors in a vocabulary's order, so that its ids are rows of the result.

        Args:
            vocab: The model's own vocabulary; or another table, for its rows, pad and unk among
                them; or a dict of token to id; or a list of tokens, which become these rows in
                this order, without pad and unk. A `HashingVocabulary` only if the rows are its ids,
                as `random` makes them.
            unknown: What a token gets that the table does not hold: `"normal"` and
                `"uniform"` draw at random with the variance of the vectors found,
                `"covariance"` with their mean and all their covariances, so that new vectors lie
                where the others do; `"mean"` is their mean, `"zeros"`, and `"error"` raises (for
                the unk token itself: as `"normal"`). A callable `token -> (dim,)` decides itself.
                A dict has for each token a vector `(dim,)`, or a gloss, a text or a list of tokens,
                whose mean the token gets; a token that is not in it gets `"normal"`.
            seed: The seed of the random vectors.
            fallback: What else to look for, in this order, when a token is not found: `"nfc"`,
                the same letters composed, as Korean text from a Mac often is not; `"lower"`,
                `"capitalize"` and `"upper"`, so that `american` finds `American` in a cased
                table, and `nasa` `NASA`; `"nfkc"`, plain forms of full-width ones (`，` finds
                `,`). Then `"subwords"`, always the last, which composes the vector if the table
                can. The coverage says how many each found. `()`: nothing else.

        Returns:
            float32 `(len(vocab), dim)` with `pad_id` and `unk_id` of the vocabulary, the pad
            row all zeros, and a `coverage` report. Warns if the vocabulary splits texts by another
            tokenizer than the table was trained with. Allocates `4 * len(vocab) * dim` bytes.

        Raises:
            UnknownTokenError: `unknown="error"` and a token was not found.
            ArgumentError: A policy or fallback of another name, a given vector of another
                shape, a gloss without a known word, or an empty table, which has no mean or
                variance.

        Examples:
            >>> import numpy as np
            >>> table = Table(["good", "film"], np.eye(2, dtype="float32"))
            >>> aligned = table.align(Vocabulary(["Film"]))
            >>> aligned.vectors[2], aligned.coverage.found_by["lower"]
            (array([0., 1.], dtype=float32), 1)

        Source: Kim 2014, section 3.2, for the variance of the random vectors; Hewitt 2021,
        "Initializing new word embeddings for pretrained language models", for the covariance.
        """
        if isinstance(vocab, HashingVocabulary):
            check_buckets(self.tokens, vocab)
        wanted, seed = as_vocabulary(vocab), whole("seed", seed, least=0)
        compose = self._composed if self.can_compose else None
        policy = checked_unknown(unknown, self.dim, self.mean, self.tokenizer)
        found = align_rows(
            (self.tokens, self._rows, compose), wanted, policy, seed=seed, fallback=fallback
        )
        made: dict[str, Any] = {"aligned_from": self._provenance, "seed": seed}
        of_each = "dict" if isinstance(unknown, Mapping) else "callable"
        made["unknown"] = unknown if isinstance(unknown, str) else of_each
        if (splits := split_by(vocab, self.tokenizer)) is not None:
            made["tokenizer"] = splits
            if self.tokenizer not in (None, splits):
                warn_of_cost(self.tokens, self.tokenizer, wanted, splits, found.coverage)
        return Table._unchecked(
            wanted.tokens,
            found.matrix,
            counts=wanted.counts,
            pad_id=wanted.pad_id,
            unk_id=wanted.unk_id,
            provenance=made,
            coverage=found.coverage,
        )

    @refuses_unknown()
    def save(self, path: str | os.PathLike[str], *, format: "str | Format | None" = None) -> None:
        """Write a file in one step; its suffix, or `format`, says which kind.

        See `inlay.save`; `.safetensors` is our own format, which opens in milliseconds.
        """
        from inlay.formats import save  # with `load`, all that points up: a convenience

        save(self, path, format=format)
