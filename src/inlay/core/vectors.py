"""Rows of numbers and the tokens they belong to: what is asked of vectors, by every name."""

import unicodedata
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

from inlay.aliases import Array
from inlay.calls import refuses_unknown
from inlay.checks import choice, described, many_tokens, shown, whole_or_none
from inlay.core.cosine import cosines, highest, inverse_norms, unit
from inlay.core.elsewhere import OF_TABLES
from inlay.core.immutable import read_only
from inlay.core.queries import Queries, asked, direction
from inlay.core.rows import Rows
from inlay.core.storage import PACKED, StoredRows
from inlay.core.tokens import Tokens
from inlay.errors import ArgumentError, ArgumentTypeError, UnknownTokenError

if TYPE_CHECKING:
    from inlay.core.subwords import Subwords, WordRows

# A normal form, and what the letters are of a word that was not in it.
FORMS: tuple[tuple[Literal["NFC", "NFD"], str], ...] = (("NFC", "decomposed"), ("NFD", "composed"))
CACHED = ("matrix", "_inverse_norms")  # made of the rows when first asked for


class Vectors(Rows):
    """A vector for each token: the reading half of a `Table`."""

    # The matrix, or what makes rows of it when they are asked for.
    _rows: "Array | WordRows | StoredRows"
    _subwords: "Subwords | None"
    _elsewhere = OF_TABLES

    # -- the arrays --------------------------------------------------------------------------

    @cached_property
    def matrix(self) -> Array:
        """The matrix as stored, float16, float32 or float64 `(vocab_size, dim)`, read-only.

        Of a fastText model it is made when it is first asked for, in `4 * vocab_size * dim` bytes.

        Raises:
            ArgumentTypeError: The table is stored as bfloat16 or int8, which numpy does not have.
        """
        if isinstance(self._rows, StoredRows) and self._rows.name in PACKED:
            raise ArgumentTypeError(
                "table.matrix",
                expected="numbers of a type that numpy has",
                got=self._rows.name,
                hint="table.vectors, which are float32",
            )
        return read_only(self._storage)

    @property
    def vectors(self) -> Array:
        """The matrix as float32 `(vocab_size, dim)`, read-only.

        A view when it is stored as float32; otherwise every call converts, allocating
        `4 * vocab_size * dim` bytes.
        """
        if isinstance(self._rows, StoredRows):
            return read_only(np.asarray(self._rows[...], np.float32))
        if self.matrix.dtype == np.float32:
            return self.matrix
        return read_only(self.matrix.astype(np.float32))

    @property
    def storage(self) -> Array:
        """The array behind `matrix`, for layers that share it instead of copying.

        It is writable, because frameworks take no other, but whoever writes to it changes every
        table and layer that shares it: write to a copy. From a native file it is a copy-on-write
        map, so that writing never reaches the file. Stored as bfloat16 or int8, there is no such
        array: every call makes one, as `vectors` does.
        """
        return self._rows[...] if isinstance(self._rows, StoredRows) else self._storage

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        """`vectors`, for `np.asarray(table)`; or the matrix in another dtype.

        Read-only and shared where the matrix is stored so; `np.array(table)` copies.
        """
        wanted = np.dtype(np.float32 if dtype is None else dtype)
        stored = isinstance(self._rows, StoredRows)
        if copy is False and (stored or wanted != self.dtype):
            raise ArgumentError(
                "copy",
                expected=f"True or None, to make {wanted} of {self.stored_dtype}",
                got="False",
                hint="np.asarray(table), or table.matrix as it is stored",
            )
        matrix = self.vectors if stored else self.matrix
        return np.array(matrix, wanted) if copy else np.asarray(matrix, wanted)

    @property
    def shape(self) -> tuple[int, int]:
        """`(vocab_size, dim)`."""
        return self.vocab_size, self.dim

    @property
    def dim(self) -> int:
        """Numbers in a vector."""
        return int(self._rows.shape[1])

    @property
    def dtype(self) -> np.dtype[Any]:
        """What the numbers of a vector are: float32 if they are stored as bfloat16 or int8."""
        return self._rows.dtype

    @property
    def stored_dtype(self) -> str:
        """What the numbers are stored as: `"float16"`, `"float32"`, `"float64"`, `"bfloat16"`, or
        `"int8"`, with a scale for each row.
        """
        return self._rows.name if isinstance(self._rows, StoredRows) else str(self._rows.dtype)

    @property
    def stored_bytes(self) -> int:
        """What the numbers take as they are stored, the scales of int8 among them."""
        if isinstance(self._rows, StoredRows):
            return self._rows.nbytes
        return self.vocab_size * self.dim * self.dtype.itemsize

    @property
    def vector_size(self) -> int:
        """`dim`, as gensim says it."""
        return self.dim

    # -- tokens ------------------------------------------------------------------------------

    @property
    def key_to_index(self) -> dict[str, int]:
        """Token to row as a dict, built when first asked for: about 100 bytes a token."""
        return self.tokens.as_dict

    @property
    def index_to_key(self) -> Tokens:
        """`tokens`, as gensim says it."""
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

        That of a token that is not here is composed of its parts, if the table `can_compose`: as
        fastText does it, and so all zeros for a word that has no n-gram.

        Raises:
            UnknownTokenError: A token is not here, and the table cannot compose.
            ArgumentTypeError: Not a token; rows by number are `table.vectors[row]`.
        """
        if isinstance(token, str):
            row = self.tokens.find(token) if self._subwords is not None else self._row(token)
            found = self._rows[row] if row >= 0 else self._composed([token])[0][0]
            return np.array(found, np.float32)
        hint = "table.vectors[row] for a row by its number"
        if not hasattr(token, "__iter__"):
            expected, got = "a token, or a list of tokens", described(token)
            raise ArgumentTypeError("table[...]", expected=expected, got=got, hint=hint)
        listed = many_tokens("table[...]", token, hint=hint)
        if not self.can_compose:
            return np.array(self._rows[[self._row(t) for t in listed]], np.float32)
        return self._known_or_composed(listed)[0]

    @property
    def can_compose(self) -> bool:
        """Whether a token that is not here has a vector all the same, made of its parts.

        So it is with the models of fastText. `token in table` is about the tokens that are here.
        """
        return self._subwords is not None

    # -- similarity --------------------------------------------------------------------------

    @refuses_unknown({"b": "most_similar(token), for the tokens nearest to one"})
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
    @refuses_unknown(
        dict.fromkeys(("k", "n", "top", "top_k", "top_n"), "topn=")
        | {"restrict_vocab": "inlay.load(path, limit=...), for the most frequent alone"}
    )
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
        queries = asked(positive, negative)
        vectors = [
            (self[query] if isinstance(query, str) else np.asarray(query, np.float32), weight)
            for query, weight in queries
        ]
        if not len(self) and self.can_compose:
            raise ArgumentError(
                "most_similar",
                expected="a table with tokens",
                got="one without, which composes the vector of any word",
                hint="table.align(words).most_similar(...), with the words to look among",
            )
        near = cosines(self._whole, self._inverse_norms, direction(vectors, self.dim))
        if most is None:
            return near
        for query, _ in queries:
            if isinstance(query, str) and query in self:
                near[self._row(query)] = -np.inf
        if self.pad_id is not None:
            near[self.pad_id] = -np.inf
        best = highest(near, most)
        return [(self.tokens[i], float(near[i])) for i in best if near[i] > -np.inf]

    @refuses_unknown({"ignore_missing": "unknown='skip' or 'error'"})
    def mean(
        self, tokens: Sequence[str], *, unknown: Literal["skip", "error"] = "skip"
    ) -> tuple[Array, int]:
        """Average the vectors of `tokens`.

        Unknown tokens are left out, so a text of only unknown words is all zeros with
        `n_known == 0`: look at the count before you trust the vector. A token that the table can
        compose is not unknown.

        Args:
            tokens: The text, already tokenised. May be empty.
            unknown: What an unknown token does.

        Returns:
            `(vector, n_known)`: float32 `(dim,)`, and how many tokens were found.

        Raises:
            ArgumentTypeError: An item that is not a string, or a text instead of its tokens.
            UnknownTokenError: `unknown="error"` and a token is neither in the table nor composed.

        Examples:
            >>> from inlay import Table
            >>> t = Table(["good", "film"], np.eye(2, dtype="float32"))
            >>> t.mean(["good", "film", "xyzzy"])
            (array([0.5, 0.5], dtype=float32), 2)

        Source: Iyyer et al. 2015, equation 1.
        """
        choice("unknown", unknown, ("skip", "error"))
        if isinstance(tokens, str):
            if tokens not in self and len(tokens.split()) > 1:
                expected, hint = "the tokens of a text", "table.mean(inlay.tokenizers.words(text))"
                raise ArgumentTypeError("mean", expected=expected, got=described(tokens), hint=hint)
            tokens = [tokens]
        listed = many_tokens("tokens", tokens)
        rows = self.tokens.find_many(listed)
        missing = rows < 0
        known = self._rows[rows[~missing]]
        if self.can_compose and missing.any():
            made, is_made = self._composed([listed[i] for i in np.flatnonzero(missing).tolist()])
            known = np.concatenate([known, made[is_made]])
            missing[missing] = ~is_made
        if unknown == "error" and missing.any():
            self._row(listed[int(missing.argmax())])
        if not len(known):
            return np.zeros(self.dim, np.float32), 0
        return known.mean(axis=0, dtype=np.float64).astype(np.float32), len(known)

    # -- helpers -----------------------------------------------------------------------------

    @property
    def _storage(self) -> Array:
        """The whole matrix, in memory or mapped: made now, if it is not there yet."""
        if not isinstance(self._rows, np.ndarray):
            self._set(_rows=self._rows[...])
        return self._rows  # type: ignore[return-value]

    @property
    def _whole(self) -> "Array | StoredRows":
        """For who goes through all rows: the matrix, or rows that are float32 block by block."""
        return self._rows if isinstance(self._rows, StoredRows) else self._storage

    def _composed(self, tokens: Sequence[str]) -> tuple[Array, Array]:
        """Vectors of any tokens, of their parts alone, and whether they had any."""
        if self._subwords is None:
            return np.zeros((len(tokens), self.dim), np.float32), np.zeros(len(tokens), bool)
        vectors, parts = self._subwords.compose(tokens)
        return vectors, parts > 0

    def _known_or_composed(self, tokens: Sequence[str]) -> tuple[Array, Array]:
        """Vectors of tokens in the dtype of the table, and which of them it has or can compose."""
        rows = self.tokens.find_many(tokens)
        is_known, unknown = rows >= 0, np.flatnonzero(rows < 0)
        vectors = np.empty((len(tokens), self.dim), self.dtype)
        vectors[is_known] = self._rows[rows[is_known]]
        vectors[unknown], is_known[unknown] = self._composed([tokens[i] for i in unknown.tolist()])
        return vectors, is_known

    def _row(self, token: str) -> int:
        row = self.tokens.find(token)
        if row < 0:
            hint = "token in table, or table.align(vocab) for a vector for every token"
            for form, others in FORMS:
                if self.tokens.find(unicodedata.normalize(form, token)) >= 0:  # it looks the same
                    hint = f"unicodedata.normalize('{form}', token), for this one's letters are "
                    hint += others
            raise UnknownTokenError(
                "table",
                expected="a token of the table",
                got=shown(token),
                hint=hint,
            )
        return row

    @cached_property
    def _inverse_norms(self) -> Array:
        return inverse_norms(self._whole)
