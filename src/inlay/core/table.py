"""Tokens, a matrix, and where they came from: every static embedding is one of these."""

import os
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Self, overload

import numpy as np

from inlay.aliases import Array
from inlay.checks import choice, described, many_tokens, whole, whole_or_none
from inlay.core.alignment import Coverage, Unknown, align_rows, as_vocabulary
from inlay.core.cosine import cosines, highest, inverse_norms, unit
from inlay.core.given import checked_counts, checked_matrix, holds_strings, plain_json, row_or_none
from inlay.core.immutable import Immutable, read_only
from inlay.core.queries import Queries, direction, weighted
from inlay.core.tokens import Tokens
from inlay.core.vocabulary import Vocabulary
from inlay.errors import ArgumentError, ArgumentTypeError, UnknownTokenError

if TYPE_CHECKING:
    from inlay.formats import Format


class Table(Immutable):
    """An immutable table of vectors: row `i` of the matrix belongs to token `i`.

    Make one of arrays, with `inlay.load`, `table.align` or a trainer. A table read
    from a native file is a map of that file: nothing is in memory until it is used.

    Attributes:
        tokens: The tokens in row order; a sequence of strings.
        counts: How often each token was seen, int64 `(vocab_size,)`, read-only, or None.
        pad_id: The row that is padding, all zeros, or None.
        unk_id: The row that stands for unknown tokens, or None.
        coverage: After `align`: which tokens were found. Otherwise None.

    Example:
        >>> table = Table(["good", "film"], np.eye(2, dtype="float32"))
        >>> table["film"]
        array([0., 1.], dtype=float32)
        >>> "bad" in table, len(table), table.dim
        (False, 2, 2)
    """

    tokens: Tokens
    counts: Array | None
    pad_id: int | None
    unk_id: int | None
    coverage: Coverage | None
    _storage: Array
    _provenance: dict[str, Any]

    def __init__(
        self,
        tokens: Iterable[str],
        matrix: Any,
        *,
        counts: Any = None,
        pad_id: int | None = None,
        unk_id: int | None = None,
        provenance: Mapping[str, Any] | None = None,
    ) -> None:
        """Make a table of tokens and an array.

        The array is shared, not copied, if it is C-contiguous: change it and the table changes.

        Args:
            tokens: Each once, in row order: a list, a numpy array of strings, a pandas Index,
                a `Tokens` (shared, not copied); or a `Vocabulary`, whose special ids and counts
                the table then has, or another table, of which the same holds.
            matrix: float16, float32 or float64 `(len(tokens), dim)`; keeps its dtype.
            counts: How often each token was seen, whole numbers `(len(tokens),)`.
            pad_id: The row that is padding; it must be all zeros.
            unk_id: The row for unknown tokens.
            provenance: Where it came from: JSON values.

        Raises:
            ArgumentError: Shapes that do not fit, a token twice, a pad row that is not zero.
            ArgumentTypeError: A matrix that is not of floating-point numbers, tokens that are
                not strings or in no order, or the two the other way round.
            IdError: `pad_id` or `unk_id` beyond the table.
        """
        try:
            store = Tokens.from_list(tokens)
        except ArgumentTypeError:
            if holds_strings(matrix):
                got = "the matrix, then the tokens"
                expected, hint = "the tokens, then the matrix", "Table(tokens, matrix)"
                raise ArgumentTypeError("Table", expected=expected, got=got, hint=hint) from None
            raise
        if isinstance(tokens, Vocabulary | Table):
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
        self._fill(store, matrix, counts, pad_id, unk_id, plain_json(provenance))

    @classmethod
    def _unchecked(
        cls,
        tokens: Tokens,
        matrix: Array,
        *,
        counts: Array | None = None,
        pad_id: int | None = None,
        unk_id: int | None = None,
        provenance: Mapping[str, Any] | None = None,
        coverage: Coverage | None = None,
    ) -> Self:
        """For readers that have checked their arrays already: nothing is read."""
        table = cls.__new__(cls)
        table._fill(tokens, matrix, counts, pad_id, unk_id, dict(provenance or {}), coverage)
        return table

    def _fill(
        self,
        tokens: Tokens,
        matrix: Array,
        counts: Array | None,
        pad_id: int | None,
        unk_id: int | None,
        provenance: dict[str, Any],
        coverage: Coverage | None = None,
    ) -> None:
        self._set(
            tokens=tokens,
            counts=None if counts is None else read_only(counts),
            pad_id=pad_id,
            unk_id=unk_id,
            coverage=coverage,
            _storage=matrix,
            _provenance=provenance,
        )

    def __getstate__(self) -> dict[str, Any]:
        # Views of the matrix would be pickled as matrices of their own.
        return {k: v for k, v in vars(self).items() if k not in ("matrix", "_inverse_norms")}

    @staticmethod
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
    def provenance(self) -> dict[str, Any]:
        """Where the table came from, as plain JSON values: a copy, for the table never changes."""
        return deepcopy(self._provenance)

    # -- the arrays --------------------------------------------------------------------------

    @cached_property
    def matrix(self) -> Array:
        """The matrix as stored, float16, float32 or float64 `(vocab_size, dim)`, read-only."""
        return read_only(self._storage)

    @property
    def vectors(self) -> Array:
        """The matrix as float32 `(vocab_size, dim)`, read-only.

        A view when it is stored as float32; otherwise every call converts, allocating
        `4 * vocab_size * dim` bytes.
        """
        if self.matrix.dtype == np.float32:
            return self.matrix
        return read_only(self.matrix.astype(np.float32))

    @property
    def storage(self) -> Array:
        """The array behind `matrix`, for layers that share it instead of copying.

        It is writable, because frameworks take no other, but whoever writes to it changes every
        table and layer that shares it: write to a copy. From a native file it is a copy-on-write
        map, so that writing never reaches the file.
        """
        return self._storage

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        """`vectors`, for `np.asarray(table)`; or the matrix in another dtype.

        Read-only and shared where the matrix is stored so; `np.array(table)` copies.
        """
        wanted = np.dtype(np.float32 if dtype is None else dtype)
        if copy:
            return np.array(self.matrix, wanted)
        if copy is False and wanted != self.matrix.dtype:
            raise ArgumentError(
                "copy",
                expected=f"True or None, to make {wanted} of {self.matrix.dtype}",
                got="False",
                hint="np.asarray(table), or table.matrix as it is stored",
            )
        return np.asarray(self.matrix, wanted)

    @property
    def shape(self) -> tuple[int, int]:
        """`(vocab_size, dim)`."""
        return self.vocab_size, self.dim

    @property
    def vocab_size(self) -> int:
        """How many tokens there are: `len(table)`."""
        return len(self)

    @property
    def dim(self) -> int:
        """Numbers in a vector."""
        return int(self._storage.shape[1])

    @property
    def vector_size(self) -> int:
        """`dim`, as gensim says it."""
        return self.dim

    # -- tokens ------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.tokens)

    def __iter__(self) -> Iterator[str]:
        return iter(self.tokens)

    def __contains__(self, token: object) -> bool:
        return token in self.tokens

    @property
    def key_to_index(self) -> dict[str, int]:
        """Token to row as a dict, built when first asked for: about 100 bytes a token."""
        return self.tokens.as_dict

    @property
    def stoi(self) -> dict[str, int]:
        """`key_to_index`, as torchtext says it."""
        return self.key_to_index

    @property
    def index_to_key(self) -> Tokens:
        """`tokens`, as gensim says it."""
        return self.tokens

    @property
    def itos(self) -> Tokens:
        """`tokens`, as torchtext says it."""
        return self.tokens

    def find(self, token: str) -> int:
        """The row of `token`, or -1."""
        return self.tokens.find(token)

    @overload
    def __getitem__(self, token: str) -> Array: ...
    @overload
    def __getitem__(self, token: Sequence[str]) -> Array: ...
    def __getitem__(self, token: str | Sequence[str]) -> Array:
        """The vector of a token, float32 `(dim,)`, or of several, `(n, dim)`: a copy.

        Raises:
            UnknownTokenError: A token is not here.
            ArgumentTypeError: Not a token; rows by number are `table.vectors[row]`.
        """
        if isinstance(token, str):
            return np.array(self._storage[self._row(token)], np.float32)
        hint = "table.vectors[row] for a row by its number"
        rows = [self._row(t) for t in many_tokens("table[...]", token, hint=hint)]
        return np.array(self._storage[rows], np.float32)

    def __repr__(self) -> str:
        source = self._provenance.get("source", "")
        return f"Table({len(self)} x {self.dim} {self._storage.dtype}{source and f', {source}'})"

    # -- similarity --------------------------------------------------------------------------

    def similarity(self, a: str, b: str) -> float:
        """The cosine of two tokens' vectors; 0 if one of them is all zeros.

        Raises:
            UnknownTokenError: A token is not here.
            ArgumentTypeError: Not a token.
        """
        pair: tuple[Any, Any] = (a, b)
        for token in pair:
            if not isinstance(token, str):
                got, hint = described(token), "most_similar takes vectors and several tokens"
                raise ArgumentTypeError("similarity", expected="two tokens", got=got, hint=hint)
        return float(unit(self[a]) @ unit(self[b]))

    @overload
    def most_similar(
        self, positive: Queries = ..., negative: Queries = ..., topn: int = ...
    ) -> list[tuple[str, float]]: ...
    @overload
    def most_similar(
        self, positive: Queries = ..., negative: Queries = ..., *, topn: None
    ) -> Array: ...
    def most_similar(
        self, positive: Queries = (), negative: Queries = (), topn: int | None = 10
    ) -> list[tuple[str, float]] | Array:
        """The tokens nearest to a sum of directions, by cosine.

        `most_similar(["king", "woman"], ["man"])` is the analogy man : king = woman : ?. A
        weight, as in `[("king", 0.5), "woman"]`, takes the place of the 1 of `positive` or the
        -1 of `negative`, as in gensim: `negative=[("man", 2.0)]` adds.

        Args:
            positive: A token or vector, or several, whose unit vectors are added.
            negative: The same, subtracted.
            topn: How many to return. None: the cosine of every row.

        Returns:
            `(token, cosine)` by falling cosine, the tokens asked about left out; with
            `topn=None` all cosines in row order, float32 `(vocab_size,)`. Costs one product
            with the matrix; the first call also computes all norms, kept in `4 * vocab_size`
            bytes.

        Raises:
            UnknownTokenError: A token is not here.
            ArgumentError: Nothing to look for, or `topn` below 0.
            ArgumentTypeError: What is neither a token nor a vector, or no number.

        Source: Mikolov et al. 2013, Linguistic regularities in continuous space word
        representations, equation 1.
        """
        most = whole_or_none("topn", topn, least=0)
        queries = [*weighted("positive", positive, 1.0), *weighted("negative", negative, -1.0)]
        if not queries:
            raise ArgumentError("most_similar", expected="a token or a vector", got="nothing")
        vectors = [
            (self[query] if isinstance(query, str) else np.asarray(query, np.float32), weight)
            for query, weight in queries
        ]
        near = cosines(self._storage, self._inverse_norms, direction(vectors, self.dim))
        if most is None:
            return near
        for query, _ in queries:
            if isinstance(query, str):
                near[self._row(query)] = -np.inf
        if self.pad_id is not None:
            near[self.pad_id] = -np.inf
        best = highest(near, most)
        return [(self.tokens[i], float(near[i])) for i in best if near[i] > -np.inf]

    def mean(
        self, tokens: Sequence[str], *, unknown: Literal["skip", "error"] = "skip"
    ) -> tuple[Array, int]:
        """Average the vectors of `tokens`.

        Unknown tokens are left out, so a text of only unknown words is all zeros with
        `n_known == 0`: look at the count before you trust the vector.

        Args:
            tokens: The text, already tokenised. May be empty.
            unknown: What an unknown token does.

        Returns:
            `(vector, n_known)`: float32 `(dim,)`, and how many tokens were found.

        Raises:
            ArgumentTypeError: An item that is not a string.
            UnknownTokenError: `unknown="error"` and a token is not in the table.

        Example:
            >>> t = Table(["good", "film"], np.eye(2, dtype="float32"))
            >>> t.mean(["good", "film", "xyzzy"])
            (array([0.5, 0.5], dtype=float32), 2)

        Source: Iyyer et al. 2015, equation 1.
        """
        choice("unknown", unknown, ("skip", "error"))
        listed = [tokens] if isinstance(tokens, str) else many_tokens("tokens", tokens)
        rows = self.tokens.find_many(listed)
        if unknown == "error" and (rows < 0).any():
            self._row(listed[int((rows < 0).argmax())])
        known = rows[rows >= 0]
        if not known.size:
            return np.zeros(self.dim, np.float32), 0
        return self._storage[known].mean(axis=0, dtype=np.float64).astype(np.float32), known.size

    # -- to a model --------------------------------------------------------------------------

    def align(
        self,
        vocab: "Vocabulary | Table | Mapping[str, int] | Sequence[str]",
        unknown: Unknown = "normal",
        *,
        seed: int = 0,
        fallback: Iterable[str] = ("lower",),
    ) -> "Table":
        """Arrange vectors in a vocabulary's order, so that its ids are rows of the result.

        Args:
            vocab: The model's own vocabulary; or another table, for its rows, pad and unk among
                them; or a dict of token to id; or a list of tokens, which become these rows in
                this order, without pad and unk.
            unknown: What a token gets that the table does not hold: `"normal"` and
                `"uniform"` draw at random with the variance of the vectors found, `"mean"`
                their mean, `"zeros"`, `"error"` raises (for the unk token itself: as
                `"normal"`), and a callable `token -> (dim,)` decides itself.
            seed: Of the random vectors.
            fallback: What else to look for, in this order, when a token is not found:
                `"lower"`, `"upper"`, `"capitalize"`, `"nfc"`, `"nfkc"`.

        Returns:
            float32 `(len(vocab), dim)` with `pad_id` and `unk_id` of the vocabulary, the pad
            row all zeros, and a `coverage` report. Allocates `4 * len(vocab) * dim` bytes.

        Raises:
            UnknownTokenError: `unknown="error"` and a token was not found.
            ArgumentError: A policy or fallback of another name, a callable's vector of
                another shape, or an empty table, which has no mean or variance.

        Example:
            >>> table = Table(["good", "film"], np.eye(2, dtype="float32"))
            >>> aligned = table.align(Vocabulary(["Film"]))
            >>> aligned.vectors[2], aligned.coverage.found_by
            (array([0., 1.], dtype=float32), {'exact': 0, 'lower': 1})

        Source: Kim 2014, section 3.2, for the variance of the random vectors.
        """
        if isinstance(vocab, Table):
            vocab = Vocabulary._of(
                vocab.tokens, pad_id=vocab.pad_id, unk_id=vocab.unk_id, counts=vocab.counts
            )
        vocab, seed = as_vocabulary(vocab), whole("seed", seed, least=0)
        found = align_rows(self.tokens, self._storage, vocab, unknown, seed=seed, fallback=fallback)
        policy = unknown if isinstance(unknown, str) else "callable"
        return Table._unchecked(
            vocab.tokens,
            found.matrix,
            counts=vocab.counts,
            pad_id=vocab.pad_id,
            unk_id=vocab.unk_id,
            provenance={"aligned_from": self._provenance, "unknown": policy, "seed": seed},
            coverage=found.coverage,
        )

    def save(self, path: str | os.PathLike[str], *, format: "str | Format | None" = None) -> None:
        """Write a file in one step; its suffix, or `format`, says which kind.

        See `inlay.save`; `.safetensors` is our own format, which opens in milliseconds.
        """
        from inlay.formats import save  # with `load`, all that points up: a convenience

        save(self, path, format=format)

    # -- helpers -----------------------------------------------------------------------------

    def _row(self, token: str) -> int:
        row = self.tokens.find(token)
        if row < 0:
            raise UnknownTokenError(
                "table",
                expected="a token of the table",
                got=repr(token),
                hint="token in table, or table.align(vocab) for a vector for every token",
            )
        return row

    @cached_property
    def _inverse_norms(self) -> Array:
        return inverse_norms(self._storage)
