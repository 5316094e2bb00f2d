"""Several tables as one layer: how their vectors are joined."""

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from inlay.aliases import Array, Text
from inlay.calls import refuses_unknown
from inlay.checks import choice, described, every_text, flag, many, whole
from inlay.core import HashingVocabulary, Table, Vocabulary
from inlay.core.alignment import as_vocabulary, coverage_of
from inlay.core.immutable import Immutable
from inlay.core.rows import Rows
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.hosts.backends import load_keras
from inlay.layers.bags import embedding_bag
from inlay.layers.rows import Check, Trainable, checked_check, checked_trainable, chosen
from inlay.layers.rows import Rows as Chosen
from inlay.layers.stack_coverage import StackCoverage, has_token, joined_from
from inlay.optional import require

if TYPE_CHECKING:
    from inlay.layers.keras.stack import StackEmbedding as KerasStack
    from inlay.layers.torch.stack import StackEmbedding as TorchStack

Mode = Literal["concatenate", "average", "mix", "scalar_mix"]
MODES: tuple[Mode, ...] = ("concatenate", "average", "mix", "scalar_mix")
MIXES = ("mix", "scalar_mix")  # which are learned
BY_LAYER = "a layer, which learns how to mix: inlay.to_torch(stack, vocab), or to_keras"


@refuses_unknown({"axis": "mode=", "weights": 'mode="mix", which learns them'})
def stack(
    tables: Iterable[Table | str | os.PathLike[str]],
    mode: Mode = "concatenate",
    *,
    dim: int | None = None,
) -> "Stack":
    """Join several tables, of which `inlay.to_torch` and `to_keras` then make one layer.

    The tables stay as they are: a layer looks the ids of a batch up in each of them and joins what
    it found, so there is never a matrix of all.

    Args:
        tables: Tables, files of tables, or names of the catalogue, for `inlay.load`.
        mode: `"concatenate"` puts the vectors of a token side by side. `"average"` takes the mean
            of those that tables have; shorter ones end in zeros. `"mix"` learns it: each table's
            vectors are projected to one width, and summed with weights that a softmax gives each
            token. `"scalar_mix"` learns one weight for each table, the same for all tokens.
        dim: The width of a mix. None: that of the widest table.

    Returns:
        A `Stack`.

    Raises:
        ArgumentTypeError: Something that is no table.
        ArgumentError: No table, another mode, or a `dim` without `mode="mix"`.

    Examples:
        >>> glove = Table(["good", "film"], np.eye(2, dtype="float32"))
        >>> other = Table(["film", "plot"], np.ones((2, 3), "float32"))
        >>> both = stack([glove, other])
        >>> both
        Stack(2 tables, 'concatenate', dim 5)
        >>> print(both.align(["good", "film", "plot", "xyzzy"]).coverage.together)
        types found: 3 of 4, 75.0% (1 in 2 tables, 2 in 1 table)
        most frequent misses: xyzzy

    Source: Yin and Schütze 2016, "Learning word meta-embeddings", for concatenation; Coates and
    Bollegala 2018, "Frustratingly easy meta-embedding", for the mean of vectors that end in zeros;
    Kiela, Wang and Cho 2018, "Dynamic meta-embeddings", equations 1 and 2, for the mix; Peters et
    al. 2018, "Deep contextualized word representations", equation 1, for weights of a whole table.
    """
    if isinstance(tables, Table):  # which is iterable: its tokens
        got = described(tables)
        raise ArgumentTypeError("tables", expected="a list of tables", got=got, hint=_LIST)
    found = [_loaded(i, x) for i, x in enumerate(many("tables", tables, "tables", hint=_LIST))]
    mode = choice("mode", mode, MODES)
    if not found:
        raise ArgumentError("tables", expected="at least one table", got="none")
    if dim is not None and mode not in MIXES:
        raise ArgumentError(
            "dim", expected=f"None, for mode={mode!r}", got=described(dim), hint='mode="mix"'
        )
    widths = [table.dim for table in found]
    width = sum(widths) if mode == "concatenate" else max(widths)
    return Stack(tuple(found), mode, width if dim is None else whole("dim", dim))


class Stack(Immutable):
    """Tables, and how a layer is to join their vectors: what `inlay.layers.stack` makes.

    Attributes:
        tables: In their order.
        mode: "concatenate", "average", "mix" or "scalar_mix".
        dim: Numbers in a joined vector.
    """

    tables: tuple[Table, ...]
    mode: Mode
    dim: int

    def __init__(self, tables: tuple[Table, ...], mode: Mode, dim: int) -> None:
        self._set(tables=tables, mode=mode, dim=dim)

    def __repr__(self) -> str:
        n = len(self.tables)
        return f"Stack({n} table{'s' * (n > 1)}, {self.mode!r}, dim {self.dim})"

    def align(self, vocab: Any, *, seed: int = 0) -> "Stack":
        """Arrange each table in a vocabulary's order, as `Table.align` does.

        What a table lacks and another has is zero in the first, and left out of a mean and a mix.
        What no table has gets a random vector in each. For other ways align the tables first, as
        in `stack([glove.align(vocab, unknown="mean"), ...])`, whose layer takes no `vocab`.

        Args:
            vocab: What `Table.align` takes.
            seed: The seed of the random vectors.

        Returns:
            A stack whose tables have the same tokens, and whose `coverage` says who has what.
            Allocates for each table `4 * len(vocab) * table.dim` bytes.
        """
        as_it_is = isinstance(vocab, Rows | HashingVocabulary)
        wanted: Any = vocab if as_it_is else as_vocabulary(vocab)
        seed = whole("seed", seed, least=0)
        aligned = [table.align(wanted, seed=seed + i) for i, table in enumerate(self.tables)]
        known = joined_from(aligned)
        for table, has in zip(aligned, known, strict=True):
            table.storage[~has] = 0  # nobody else has seen these matrices yet
        return Stack(tuple(aligned), self.mode, self.dim)

    @property
    def coverage(self) -> StackCoverage | None:
        """Which tokens were found, once all tables are aligned to one vocabulary; before, None."""
        each = [table.coverage for table in self.tables if table.coverage is not None]
        if len(each) < len(self.tables) or self._apart() is not None:
            return None
        has, n = has_token(self.tables), len(each)
        counts = has.sum(0)
        found_by = {
            f"in {k} table{'s' * (k > 1)}": np.flatnonzero(counts == k) for k in range(n, 0, -1)
        }
        vocab = as_vocabulary(self.tables[0])
        return StackCoverage(tuple(each), coverage_of(vocab, counts == 0, found_by))

    def merged(self, vocab: Any = None) -> Table:
        """One table of the joined vectors, for what takes tables and no stacks.

        Args:
            vocab: What `align` takes. None: the tables have the same tokens.

        Returns:
            A table with the tokens and special ids of the vocabulary. Allocates
            `4 * len(vocab) * dim` bytes.

        Raises:
            ArgumentError: A mix, which only a layer learns; its own `merged` makes a table.
        """
        self._check_no_mix("merged")
        ready = self.in_order(vocab)
        first, known = ready.tables[0], joined_from(ready.tables)
        joined = np.zeros((len(first), self.dim), np.float32)
        at = 0
        for table, has in zip(ready.tables, known, strict=True):
            if self.mode == "average":
                joined[:, : table.dim] += table.vectors * (has / known.sum(0))[:, None]
            else:
                joined[:, at : at + table.dim] = table.vectors
                at += table.dim
        found = self.coverage if vocab is None else ready.coverage
        return Table._unchecked(
            first.tokens,
            joined,
            counts=first.counts,
            pad_id=first.pad_id,
            unk_id=first.unk_id,
            provenance={"joined": self.mode, "tables": [t.provenance for t in ready.tables]},
            coverage=None if found is None else found.together,
        )

    def encode(self, texts: Iterable[Text]) -> Array:
        """The mean of the joined vectors of each text's words that some table has.

        Args:
            texts: Strings, which the tokenizer of the first table splits, or lists of tokens.

        Returns:
            float32 `(n, dim)`, zeros for a text without a known word.

        Raises:
            ArgumentError: A mix, which only a layer learns.
        """
        self._check_no_mix("encode")
        listed = list(every_text("texts", texts))
        if not listed:
            return np.zeros((0, self.dim), np.float32)
        vocab = Vocabulary.from_texts(listed, tokenizer=self.tables[0].tokenizer)
        table = self.merged(vocab)
        found = np.ones(len(table), np.float32)
        if table.coverage is not None:
            found[table.coverage.filled] = 0
        return embedding_bag(table, vocab.encode(listed), row_weights=found)

    def to_torch(
        self,
        vocab: Any = None,
        *,
        trainable: Trainable = False,
        rows: Chosen | None = None,
        sparse: bool = False,
        max_norm: float | None = None,
        check: Check = "debug",
    ) -> "TorchStack":
        """Make a PyTorch module: what `inlay.to_torch(stack, vocab)` returns.

        Args:
            vocab: Whose ids the module takes: what `align` takes. None: the tables have
                the same tokens, and ids are their rows.
            trainable: Whether the vectors train; `"rows"`: in each table only the rows that `rows`
                names. The weights of a mix always train.
            rows: The rows that train, as of `inlay.to_torch`. None: what no table has, and unk.
            sparse: As of `inlay.to_torch`, for the gradient of each table.
            max_norm: The greatest length of a row that trains, in each table.
            check: As of `inlay.to_torch`.

        Returns:
            See `inlay.layers.torch.stack.StackEmbedding`. Allocates what `align` does, once more
            where the vectors train, and for a mean and a mix a byte for each token and table.
        """
        trainable, check = _checked(trainable, rows), checked_check(check)
        require("torch", extra="torch", need="making a torch layer")
        from inlay.layers.torch.stack import StackEmbedding

        ready = self.in_order(vocab)
        settings: dict[str, Any] = {"mode": self.mode, "dim": self.dim, "check": check}
        settings |= {"sparse": flag("sparse", sparse), "max_norm": max_norm}
        known, ids = joined_from(ready.tables), ready._chosen(trainable, rows)
        return StackEmbedding.of(
            ready.tables, known, trainable=bool(trainable), ids=ids, **settings
        )

    def to_keras(
        self,
        vocab: Any = None,
        *,
        trainable: Trainable = False,
        rows: Chosen | None = None,
        mask: bool = True,
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        dtype: Any = None,
        check: Check = "debug",
        name: str | None = None,
    ) -> "KerasStack":
        """Make a Keras layer: what `inlay.to_keras(stack, vocab)` returns.

        Args:
            vocab: Whose ids the layer takes: what `align` takes. None: the tables have
                the same tokens, and ids are their rows.
            trainable: Whether the vectors train; `"rows"`: in each table only the rows that `rows`
                names. The weights of a mix always train.
            rows: The rows that train, as of `inlay.to_keras`. None: what no table has, and unk.
            mask: As of `inlay.to_keras`.
            embeddings_regularizer: As of `inlay.to_keras`, for the vectors of each table.
            embeddings_constraint: As of `inlay.to_keras`, for the vectors of each table.
            dtype: As of `inlay.to_keras`, for all that the layer holds.
            check: As of `inlay.to_keras`.
            name: The layer's name.

        Returns:
            See `inlay.layers.keras.stack.StackEmbedding`. Allocates what `align` does, once more
            where the vectors train, and for a mean and a mix a byte for each token and table.
        """
        trainable, check = _checked(trainable, rows), checked_check(check)
        load_keras("making a Keras layer")
        from inlay.layers.keras.stack import StackEmbedding

        ready = self.in_order(vocab)
        settings: dict[str, Any] = {
            "mode": self.mode,
            "dim": self.dim,
            "mask": mask,
            "regularizer": embeddings_regularizer,
            "constraint": embeddings_constraint,
            "dtype": dtype,
            "check": check,
            "name": name,
        }
        known, ids = joined_from(ready.tables), ready._chosen(trainable, rows)
        return StackEmbedding.of(
            ready.tables, known, trainable=bool(trainable), ids=ids, **settings
        )

    def in_order(self, vocab: Any = None) -> "Stack":
        """`align`, or without a vocabulary this stack itself, if its tables have the same tokens.

        Raises:
            ArgumentError: They do not.
        """
        if vocab is not None:
            return self.align(vocab)
        if (apart := self._apart()) is not None:
            raise ArgumentError(
                "vocab",
                expected="a vocabulary, for the tables have different tokens",
                got=f"None, and {apart}",
                hint="inlay.to_torch(stack, vocab), as Vocabulary.from_texts(texts) makes one",
            )
        return self

    def _chosen(self, trainable: Trainable, rows: Any) -> Array | None:
        """The ids of the rows that train in each table, or None: all of them, or none."""
        if trainable != "rows":
            return None
        first, found = self.tables[0], self.coverage
        if rows is None and found is not None:
            unk = [] if first.unk_id is None else [first.unk_id]
            rows = np.append(found.together.filled, unk).astype(np.int64)
        return chosen(first, rows)

    def _apart(self) -> str | None:
        """Where the rows of the tables differ, in words."""
        first = self.tables[0]
        if not len(first):
            return "a table without tokens"
        for number, table in enumerate(self.tables[1:], 2):
            if (first.pad_id, first.unk_id) != (table.pad_id, table.unk_id):
                return f"table {number} has another pad_id or unk_id than table 1"
            if len(first) != len(table):
                return f"tables of {len(first):,} and {len(table):,} tokens"
            if table.tokens is not first.tokens and table.tokens != first.tokens:
                return f"table {number} with other tokens, or in another order, than table 1"
        return None

    def _check_no_mix(self, where: str) -> None:
        if self.mode in MIXES:
            raise ArgumentError(
                f"stack.{where}",
                expected='mode="concatenate" or "average"',
                got=f'"{self.mode}"',
                hint=BY_LAYER,
            )


_LIST = "inlay.layers.stack([glove, fasttext])"


def _loaded(i: int, x: Any) -> Table:
    if isinstance(x, str | os.PathLike):
        from inlay.formats import load

        x = load(x)
    if not isinstance(x, Table):
        raise ArgumentTypeError(
            f"tables, item {i}", expected="a Table, or a file of vectors", got=described(x)
        )
    return x


def _checked(trainable: Any, rows: Any) -> Trainable:
    found = checked_trainable(trainable, rows)
    if found == "delta":
        expected = 'True, False or "rows" for a stack of several tables'
        raise ArgumentError(
            "trainable", expected=expected, got='"delta"', hint="stack.merged(vocab)"
        )
    return found
