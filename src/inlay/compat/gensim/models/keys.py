"""Keys and their vectors, as gensim asks for them."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, Self

import numpy as np

from inlay.aliases import Array
from inlay.checks import described, shown
from inlay.core import Table, Tokens
from inlay.core.cosine import inverse_norms
from inlay.core.elsewhere import Elsewhere
from inlay.core.immutable import read_only
from inlay.core.storage import StoredRows
from inlay.errors import (
    ArgumentError,
    ArgumentTypeError,
    ImmutableError,
    UnknownArrayError,
    UnknownTokenError,
)

Key = str | int

BY_ITSELF = "leave it out: lengths are computed when they are first needed"
UNCHANGED = "KeyedVectors(inlay.Table(tokens, matrix)), for a table never changes"
# gensim 3's names, and what of gensim 4 changes vectors in their place.
ELSEWHERE = {
    "vocab": "kv.key_to_index, and kv.get_vecattr(key, 'count')",
    "index2word": "kv.index_to_key",
    "index2entity": "kv.index_to_key",
    "syn0": "kv.vectors",
    "syn0norm": "kv.get_normed_vectors()",
    "vectors_norm": "kv.get_normed_vectors()",
    "wv": "kv itself",
    "word_vec": "kv.get_vector(key)",
    "words_closer_than": "kv.closer_than(key1, key2)",
    "accuracy": "kv.evaluate_word_analogies(path)",
    "log_accuracy": "kv.evaluate_word_analogies(path)",
    "log_evaluate_word_pairs": "kv.evaluate_word_pairs(path)",
    "init_sims": BY_ITSELF,
    "fill_norms": BY_ITSELF,
    "norms": "numpy.linalg.norm(kv.vectors, axis=1)",
    "unit_normalize_all": "kv.get_normed_vectors()",
    "add": UNCHANGED,
    "add_vector": UNCHANGED,
    "add_vectors": UNCHANGED,
    "resize_vectors": UNCHANGED,
    "allocate_vecattrs": UNCHANGED,
    "set_vecattr": "KeyedVectors(inlay.Table(tokens, matrix, counts=counts))",
    "expandos": "kv.get_vecattr(key, 'count')",
    "sort_by_descending_frequency": "kv.save_word2vec_format(path), which sorts by the counts",
    "intersect_word2vec_format": "kv.table.align(vocab)",
    "train": "inlay.train.word2vec(corpus)",
    "get_keras_embedding": "inlay.to_keras(kv.table)",
}


class Keys(Elsewhere):
    """The keys of a table, and a vector for each.

    Attributes:
        table: The table itself, whose matrix is not copied.
    """

    _elsewhere = ELSEWHERE

    def __init__(self, table: Table) -> None:
        """Give a table gensim's names.

        Args:
            table: The table.

        Raises:
            ArgumentTypeError: Something else, as the dimension of one that is to be filled.
        """
        if not isinstance(table, Table):
            raise ArgumentTypeError(
                type(self).__name__, expected="a Table", got=described(table), hint=UNCHANGED
            )
        self.table = table

    @property
    def vectors(self) -> Array:
        """The matrix `(len(kv), vector_size)`, as it is stored.

        It is writable, as gensim's is, so that `torch.from_numpy` takes it; it is the memory of
        the table, and whoever writes to it changes that. Of a table that is stored as bfloat16
        or int8, every call makes a matrix of float32.
        """
        return self.table.storage

    @property
    def vector_size(self) -> int:
        """Numbers in a vector."""
        return self.table.dim

    @property
    def key_to_index(self) -> dict[str, int]:
        """Key to row, as a dict that is made when it is first asked for."""
        return self.table.key_to_index

    @property
    def index_to_key(self) -> Tokens:
        """The keys in row order: a sequence, of which a slice is a list."""
        return self.table.tokens

    def __len__(self) -> int:
        return len(self.table)

    def __contains__(self, key: object) -> bool:
        return self.has_index_for(key) or (isinstance(key, str) and self.table.can_compose)

    def __getitem__(self, key_or_keys: Key | Iterable[Key]) -> Array:
        """The vector of a key, read-only, or those of several `(n, vector_size)`."""
        if isinstance(key_or_keys, str | int | np.integer):
            return self.get_vector(key_or_keys)
        return np.vstack([self.get_vector(key) for key in key_or_keys])

    def __setitem__(self, key: object, vector: object) -> None:
        expected, got = "no change, for a table never changes", "an assignment"
        raise ImmutableError(type(self).__name__, expected=expected, got=got, hint=UNCHANGED)

    def __repr__(self) -> str:
        return f"{type(self).__name__}<vector_size={self.vector_size}, {len(self)} keys>"

    def has_index_for(self, key: object) -> bool:
        """Whether a key has a row: a string, or the number of the row itself."""
        return self._find(key) >= 0

    def get_index(self, key: Key, default: int | None = None) -> int:
        """The row of a key.

        Args:
            key: A string; a whole number is the row itself.
            default: What to give for a key that is not here. None: that is an error.

        Raises:
            UnknownTokenError: The key is not here, and there is no default.
        """
        row = self._find(key)
        if row >= 0:
            return row
        if default is None:
            raise self._unknown(key)
        return default

    def get_vector(self, key: Key, norm: bool = False) -> Array:
        """The vector of a key `(vector_size,)`, read-only.

        Args:
            key: A string, or the number of a row. A model of fastText composes unseen words.
            norm: Whether to give it length 1.

        Raises:
            UnknownTokenError: The key is not here, and cannot be composed.
        """
        row = self._find(key)
        if row < 0 and isinstance(key, str) and self.table.can_compose:
            vector = self.table[key]
        else:
            vector = self.table._rows[self.get_index(key)]
        return read_only(unit(vector) if norm else vector)

    def get_mean_vector(
        self,
        keys: Sequence[Any] | Array,
        weights: Sequence[float] | Array | None = None,
        pre_normalize: bool = True,
        post_normalize: bool = False,
        ignore_missing: bool = True,
    ) -> Array:
        """The weighted mean of the vectors of keys `(vector_size,)`.

        Args:
            keys: Keys and vectors; vectors are taken as they are.
            weights: One for each. None: 1. Their sum without signs divides.
            pre_normalize: Whether to give the vectors of keys length 1 before.
            post_normalize: Whether to give the mean length 1.
            ignore_missing: Whether to leave out keys that are not here.

        Raises:
            ArgumentError: No keys, another number of weights, or a vector of another shape.
            UnknownTokenError: A key is not here, and `ignore_missing=False`.
        """
        if not len(keys):
            raise ArgumentError("keys", expected="one key or more", got="none")
        numbers = np.ones(len(keys)) if weights is None else np.asarray(weights)
        if len(numbers) != len(keys):
            expected = f"{len(keys)}, one for each key"
            raise ArgumentError("weights", expected=expected, got=str(len(numbers)))
        total, of_all = np.zeros(self.vector_size, np.float64), 0.0
        for key, weight in zip(keys, numbers.tolist(), strict=True):
            if isinstance(key, np.ndarray):
                total += weight * self._checked(key)
            elif key in self or not ignore_missing:
                total += weight * self.get_vector(key, norm=pre_normalize)
            else:
                continue
            of_all += abs(weight)
        mean = (total / of_all if of_all else total).astype(self.table.dtype)
        return unit(mean) if post_normalize else mean

    def _checked(self, vector: Any) -> Array:
        """A vector that was given, as an array.

        Raises:
            ArgumentError: It has another shape than those of the table.
        """
        array = np.asarray(vector)
        if array.shape != (self.vector_size,) or array.dtype.kind not in "fiu":
            expected = f"{self.vector_size} numbers, as each vector here has"
            got = f"{array.dtype} of shape {array.shape}"
            raise ArgumentError("vector", expected=expected, got=got)
        return array

    def get_normed_vectors(self) -> Array:
        """All vectors at length 1: a new matrix."""
        normed: Array = self.vectors * self._inverse[:, None].astype(self.table.dtype)
        return normed

    def get_vecattr(self, key: Key, attr: str) -> Any:
        """What is known of a key besides its vector: `"count"`, where the file had counts.

        Where it had none, gensim invents them; here that is an error.

        Raises:
            UnknownTokenError: The key is not here.
            UnknownArrayError: There is no such attribute.
        """
        row = self.get_index(key)
        if attr != "count" or self.table.counts is None:
            raise UnknownArrayError(
                "get_vecattr",
                expected="'count'" if self.table.counts is not None else "vectors with counts",
                got=shown(attr) if attr != "count" else "vectors without any",
                hint="load_word2vec_format(path, fvocab=...), or a file that gensim saved",
            )
        return int(self.table.counts[row])

    def vectors_for_all(
        self, keys: Iterable[Key], allow_inference: bool = True, copy_vecattrs: bool = False
    ) -> Self:
        """The vectors of those of these keys that are here, in their order, each once.

        Args:
            keys: Keys, of which those that are not here are left out.
            allow_inference: Whether a model of fastText composes the others.
            copy_vecattrs: Whether to keep the counts.

        Returns:
            A copy of these rows.
        """
        has = self.__contains__ if allow_inference else self.has_index_for
        found = [
            key if isinstance(key, str) else self.index_to_key[key]
            for key in dict.fromkeys(keys)
            if has(key)
        ]
        rows = self.table.tokens.find_many(found)
        counts = None
        if self.table.counts is not None and copy_vecattrs:
            counts = np.where(rows >= 0, self.table.counts[rows], 0)
        matrix = self.table[found] if self.table.can_compose else self.table._rows[rows]
        made = Table(found, matrix, counts=counts, provenance=self.table.provenance)
        return type(self)(made)

    @cached_property
    def _inverse(self) -> Array:
        """One over the length of each vector: float32 `(len(kv),)`."""
        return inverse_norms(self.table._whole)

    def _between(self, start: int, stop: int | None) -> Array | StoredRows:
        """The rows from `start` to `stop`, as they are stored: a view."""
        whole = self.table._whole
        if not isinstance(whole, StoredRows):
            return whole[start:stop]
        return whole if not start and stop is None else whole.taken(slice(start, stop))

    def _find(self, key: object) -> int:
        if isinstance(key, str):
            return self.table.find(key)
        is_row = isinstance(key, int | np.integer) and 0 <= key < len(self)
        return int(key) if is_row else -1  # type: ignore[call-overload]

    def _unknown(self, key: object) -> UnknownTokenError:
        return UnknownTokenError(
            type(self).__name__,
            expected="a key that is here",
            got=shown(key) if isinstance(key, str) else described(key),
            hint="key in kv",
        )


def unit(vector: Array) -> Array:
    """The vector at length 1, in its own dtype; zeros stay zeros."""
    norm = np.linalg.norm(vector)
    return vector / norm if norm > 0 else vector
