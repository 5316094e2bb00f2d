"""Tokens, a matrix, and where they came from: every static embedding is one of these."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Self, overload

import numpy as np

from inlay.aliases import Array
from inlay.core.alignment import Alignment, Coverage, Unknown, align_rows
from inlay.core.cosine import cosines, highest, inverse_norms, unit
from inlay.core.tokens import Tokens
from inlay.core.vocabulary import Vocabulary, check_row, checked_counts
from inlay.errors import ArgumentError, ArgumentTypeError, UnknownTokenError

if TYPE_CHECKING:
    from inlay.formats import Format

Query = str | Array
Queries = Query | Sequence[Query]


class Table:
    """An immutable table of vectors: row `i` of the matrix belongs to token `i`.

    Make one with `inlay.load`, `Table.from_arrays`, `table.align` or a trainer. A table read
    from a native file is a map of that file: nothing is in memory until it is used.

    Attributes:
        tokens: The tokens in row order; a sequence of strings.
        counts: How often each token was seen, int64 `(vocab_size,)`, or None if unknown.
        pad_id: The row that is padding, all zeros, or None.
        unk_id: The row that stands for unknown tokens, or None.
        provenance: Where it came from, as plain JSON values.
        coverage: After `align`: which tokens were found. Otherwise None.

    Example:
        >>> table = Table.from_arrays(["good", "film"], np.eye(2, dtype="float32"))
        >>> table["film"]
        array([0., 1.], dtype=float32)
        >>> "bad" in table, len(table), table.dim
        (False, 2, 2)
    """

    def __init__(
        self,
        tokens: Tokens,
        matrix: Array,
        *,
        counts: Array | None = None,
        pad_id: int | None = None,
        unk_id: int | None = None,
        provenance: Mapping[str, Any] | None = None,
        coverage: Coverage | None = None,
    ) -> None:
        """For readers that have checked their arrays already; `from_arrays` checks."""
        self._storage = matrix
        self.tokens, self.counts, self.pad_id, self.unk_id = tokens, counts, pad_id, unk_id
        self.provenance: dict[str, Any] = dict(provenance or {})
        self.coverage = coverage

    @classmethod
    def from_arrays(
        cls,
        tokens: Sequence[str],
        matrix: Any,
        *,
        counts: Any = None,
        pad_id: int | None = None,
        unk_id: int | None = None,
        provenance: Mapping[str, Any] | None = None,
    ) -> Self:
        """Make a table of tokens and an array.

        The array is shared, not copied, if it is C-contiguous: change it and the table changes.

        Args:
            tokens: Each once.
            matrix: float16, float32 or float64 `(len(tokens), dim)`; keeps its dtype.
            counts: Whole numbers `(len(tokens),)`, if they are known.
            pad_id: The row that is padding; it must be zero.
            unk_id: The row for unknown tokens.
            provenance: Where it came from: JSON values.

        Raises:
            ArgumentError: Shapes that do not fit, a token twice, a pad row that is not zero.
            ArgumentTypeError: A matrix that is not of floating-point numbers.
            IdError: `pad_id` or `unk_id` beyond the table.
        """
        store = tokens if isinstance(tokens, Tokens) else Tokens.from_list(tokens)
        matrix = _checked_matrix(matrix, len(store))
        store.check_distinct()
        check_row("pad_id", pad_id, len(store))
        check_row("unk_id", unk_id, len(store))
        if pad_id is not None and matrix[pad_id].any():
            raise ArgumentError("pad_id", expected=f"row {pad_id} all zeros", got="other numbers")
        if counts is not None:
            counts = checked_counts(counts, len(store))
        return cls(
            store, matrix, counts=counts, pad_id=pad_id, unk_id=unk_id, provenance=provenance
        )

    # -- the arrays --------------------------------------------------------------------------

    @cached_property
    def matrix(self) -> Array:
        """The matrix as stored, float16, float32 or float64 `(vocab_size, dim)`, read-only."""
        view = self._storage.view()
        view.flags.writeable = False
        return view

    @property
    def vectors(self) -> Array:
        """The matrix as float32 `(vocab_size, dim)`, read-only.

        A view when it is stored as float32; otherwise every call converts, allocating
        `4 * vocab_size * dim` bytes.
        """
        if self.matrix.dtype == np.float32:
            return self.matrix
        converted = self.matrix.astype(np.float32)
        converted.flags.writeable = False
        return converted

    @property
    def storage(self) -> Array:
        """The array behind `matrix`, for layers that share it instead of copying.

        From a native file this is a copy-on-write map: writing to it never reaches the file.
        """
        return self._storage

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
        if isinstance(token, Sequence):
            return np.array(self._storage[[self._row(t) for t in token]], np.float32)
        raise ArgumentTypeError(
            "table[...]",
            expected="a token or a list of tokens",
            got=f"{type(token).__name__} {token!r}",
            hint="table.vectors[row] for a row by its number",
        )

    def __repr__(self) -> str:
        source = self.provenance.get("source", "")
        return f"Table({len(self)} x {self.dim} {self._storage.dtype}{source and f', {source}'})"

    # -- similarity --------------------------------------------------------------------------

    def similarity(self, a: str, b: str) -> float:
        """The cosine of two tokens' vectors; 0 if one of them is all zeros."""
        return float(unit(self[a]) @ unit(self[b]))

    def most_similar(
        self, positive: Queries = (), negative: Queries = (), topn: int = 10
    ) -> list[tuple[str, float]]:
        """The tokens nearest to a sum of directions, by cosine.

        `most_similar(["king", "woman"], ["man"])` is the analogy man : king = woman : ?.

        Args:
            positive: A token or vector, or several, whose unit vectors are added.
            negative: The same, subtracted.
            topn: How many to return.

        Returns:
            `(token, cosine)` by falling cosine, the tokens asked about left out. Costs one
            product with the matrix; the first call also computes all norms, kept in
            `4 * vocab_size` bytes.

        Raises:
            UnknownTokenError: A token is not here.
            ArgumentError: Nothing to look for.

        Source: Mikolov et al. 2013, Linguistic regularities in continuous space word
        representations, equation 1.
        """
        plus, minus = _as_list(positive), _as_list(negative)
        if not plus and not minus:
            raise ArgumentError("most_similar", expected="a token or a vector", got="nothing")
        total = np.zeros(self.dim, np.float32)
        for sign, queries in ((1, plus), (-1, minus)):
            for query in queries:
                total += sign * unit(self._vector(query))
        near = cosines(self._storage, self._inverse_norms, unit(total))
        for query in plus + minus:
            if isinstance(query, str):
                near[self._row(query)] = -np.inf
        if self.pad_id is not None:
            near[self.pad_id] = -np.inf
        best = highest(near, topn)
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
            UnknownTokenError: `unknown="error"` and a token is not in the table.

        Example:
            >>> t = Table.from_arrays(["good", "film"], np.eye(2, dtype="float32"))
            >>> t.mean(["good", "film", "xyzzy"])
            (array([0.5, 0.5], dtype=float32), 2)

        Source: Iyyer et al. 2015, equation 1.
        """
        rows = self.tokens.find_many(_as_list(tokens))
        if unknown == "error" and (rows < 0).any():
            self._row(tokens[int((rows < 0).argmax())])
        known = rows[rows >= 0]
        if not known.size:
            return np.zeros(self.dim, np.float32), 0
        return self._storage[known].mean(axis=0, dtype=np.float64).astype(np.float32), known.size

    # -- to a model --------------------------------------------------------------------------

    def align(
        self,
        vocab: Vocabulary,
        unknown: Unknown = "normal",
        *,
        seed: int = 0,
        fallback: Iterable[str] = ("lower",),
    ) -> "Table":
        """Arrange vectors in a vocabulary's order, so that its ids are rows of the result.

        Args:
            vocab: The model's own vocabulary.
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
            >>> table = Table.from_arrays(["good", "film"], np.eye(2, dtype="float32"))
            >>> aligned = table.align(Vocabulary.from_tokens(["Film"]))
            >>> aligned.vectors[2], aligned.coverage.found_by
            (array([0., 1.], dtype=float32), {'exact': 0, 'lower': 1})

        Source: Kim 2014, section 3.2, for the variance of the random vectors.
        """
        found: Alignment = align_rows(
            self.tokens, self._storage, vocab, unknown, seed=seed, fallback=fallback
        )
        policy = unknown if isinstance(unknown, str) else "callable"
        return Table(
            vocab.tokens,
            found.matrix,
            counts=vocab.counts,
            pad_id=vocab.pad_id,
            unk_id=vocab.unk_id,
            provenance={"aligned_from": self.provenance, "unknown": policy, "seed": seed},
            coverage=found.coverage,
        )

    def save(self, path: str | os.PathLike[str], *, format: "str | Format | None" = None) -> None:
        """Write a file in one step; its suffix, or `format`, says which kind.

        See `inlay.save`; `.safetensors` is our own format, which opens in milliseconds.
        """
        from inlay.formats import save  # the one import that points up: a convenience

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

    def _vector(self, query: Query) -> Array:
        if isinstance(query, str):
            return self[query]
        vector = np.asarray(query, np.float32)
        if vector.shape != (self.dim,):
            raise ArgumentError(
                "most_similar", expected=f"a token or a vector ({self.dim},)", got=str(vector.shape)
            )
        return vector

    @cached_property
    def _inverse_norms(self) -> Array:
        return inverse_norms(self._storage)


def _checked_matrix(matrix: Any, n: int) -> Array:
    array = np.asarray(matrix)
    if array.dtype not in (np.float16, np.float32, np.float64):
        raise ArgumentTypeError(
            "matrix",
            expected="float16, float32 or float64",
            got=str(array.dtype),
            hint="np.asarray(matrix, 'float32')",
        )
    if array.ndim != 2 or len(array) != n or array.shape[1] == 0:
        raise ArgumentError("matrix", expected=f"shape ({n}, dim)", got=f"shape {array.shape}")
    return np.ascontiguousarray(array)


def _as_list(queries: Any) -> list[Any]:
    return [queries] if isinstance(queries, str | np.ndarray) else list(queries)
