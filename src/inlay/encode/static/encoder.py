"""A table as an encoder: the vectors of a text's words, looked up and pooled."""

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Self

from inlay.aliases import Text
from inlay.calls import refuses_unknown
from inlay.checks import described, flag, whole_or_none
from inlay.core import Table
from inlay.encode.static.fitting import Counts, fit_sif, fit_tfidf
from inlay.encode.static.learned import Fitted
from inlay.encode.static.pooling import LEARNED, checked_pool, parts_of
from inlay.encode.static.saving import write
from inlay.encode.static.vectors import StaticVectors
from inlay.encode.tokenizer_file import saved_name
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.tokenizers import (
    DEFAULT,
    TokenizerLike,
    get_tokenizer,
    saved_tokenizer,
    tokenizer_name,
)
from inlay.tokenizers.pieces import MARK, Pieces


class StaticEncoder(StaticVectors):
    """A table, or several, whose vectors of a text's words are pooled into one.

    Words that no table has are left out, unless the table composes them (as fastText's models do);
    `known(texts)` counts them. A text without a known word is all zeros, and so is an empty one.

    Args:
        table: A table, its file, or several of them: each pools the words that it has, and the
            results are laid side by side.
        tokenizer: How strings become words: a name or a callable; see `inlay.tokenizers`. None:
            what the first table was trained with, if its provenance says so, else "words".
        pool: `"mean"`, `"sum"`, `"max"`, `"min"`, `"power:2"` and so on (the power mean
            `(sum x^p / n)^(1/p)`; an odd power keeps the sign), or several, such as
            `("mean", "max", "min")`, which are laid side by side. `"sif"` and `"tfidf"` are
            learned on texts: call `fit` first.
        max_length: Words read of each text, unknown ones among them. None: all.
        max_characters: Characters read of each string, before it is split. None: all.
        normalize: Give every vector the length 1, also where `encode` is not asked to.

    Attributes:
        tables: The tables.
        dim: The numbers of all tables, times the number of poolings.
        fitted: What `fit` has learned, or None.

    Raises:
        ArgumentTypeError: No table.
        ArgumentError: No such pooling.

    Examples:
        >>> import numpy as np
        >>> table = Table(["good", "film"], np.eye(2, dtype="float32"))
        >>> StaticEncoder(table).encode(["a good film", "film", "xyzzy"])
        array([[0.5, 0.5],
               [0. , 1. ],
               [0. , 0. ]], dtype=float32)
        >>> StaticEncoder(table, pool=("mean", "max")).encode(["good film"])
        array([[0.5, 0.5, 1. , 1. ]], dtype=float32)

    Source: Iyyer et al. 2015 for the mean; Arora, Liang and Ma 2017, "A Simple but Tough-to-Beat
    Baseline for Sentence Embeddings", for SIF; Rücklé et al. 2018, "Concatenated power mean word
    embeddings as universal cross-lingual sentence representations", for several side by side.
    """

    @refuses_unknown(
        dict.fromkeys(("pooling", "mode", "powers"), "pool=")
        | dict.fromkeys(("a", "components", "texts", "corpus"), "encoder.fit(texts, a=...)")
        | {"normalise": "normalize="}
    )
    def __init__(
        self,
        table: "Table | str | os.PathLike[str] | Sequence[Table | str | os.PathLike[str]]",
        *,
        tokenizer: TokenizerLike | None = None,
        pool: str | Sequence[str] = "mean",
        max_length: int | None = None,
        max_characters: int | None = None,
        normalize: bool = False,
    ) -> None:
        self.tables = _tables(table)
        self.pool = checked_pool(pool)
        self.dim = sum(one.dim for one in self.tables) * len(parts_of(self.pool))
        self.tokenizer: TokenizerLike = _tokenizer(tokenizer, self.tables[0])
        self.max_length = whole_or_none("max_length", max_length)
        self.max_characters = whole_or_none("max_characters", max_characters)
        self.normalize = flag("normalize", normalize)
        self.fitted: Fitted | None = None

    def __repr__(self) -> str:
        sizes = " and ".join(f"{len(table):,} x {table.dim}" for table in self.tables)
        return f"StaticEncoder({sizes}, {self.pool!r}: vectors of {self.dim})"

    @property
    def settings(self) -> dict[str, Any]:
        """What may change a vector besides what `hash` names."""
        tokenizer = get_tokenizer(self.tokenizer)
        name = tokenizer_name(tokenizer) or None
        if isinstance(tokenizer, Pieces):  # the same wherever its file lies, and once saved
            name = f"{saved_name(tokenizer)}{MARK}{tokenizer.sha256}"
        return {
            "tokenizer": name,
            "pool": self.pool,
            "max_length": self.max_length,
            "max_characters": self.max_characters,
            "normalize": self.normalize,
        }

    # -- what is learned ----------------------------------------------------------------------

    @refuses_unknown(dict.fromkeys(("X", "corpus"), "texts=") | {"npc": "components="})
    def fit(
        self,
        texts: Iterable[Text] | None = None,
        *,
        a: float | None = None,
        components: int | None = None,
        counts: Counts | None = None,
        progress: bool | None = None,
    ) -> Self:
        """Learn what `"sif"` or `"tfidf"` needs of texts; labels are not asked for.

        With SIF a word counts `a / (a + p)`, p being its probability, and the directions that the
        vectors of all texts share most are taken away. With TF-IDF it counts
        `ln((1 + n) / (1 + texts with it)) + 1`, as in scikit-learn, and a vector is divided by
        the sum of what its words count. A word that the texts do not have counts most.

        Args:
            texts: Texts like those to be encoded, in a list or another collection: they are read
                twice with SIF. What can be read only once is held in memory. None: SIF with
                `components=0`, for which the table alone is enough.
            a: The `a` of SIF. None: 0.001.
            components: How many directions SIF takes away. None: 1.
            counts: Where SIF has a word's probability from: `"texts"`; `"table"`, the table's
                own counts; or `"zipf"`, `1 / rank`, for a table that begins with the most frequent
                word. None: the texts; without them the table's counts, else Zipf's law.
            progress: Show a bar. None: on a terminal.

        Returns:
            The encoder itself. `encoder.fitted.about` says what was learned from what.

        Raises:
            ArgumentError: A pooling that learns nothing; no texts where they are needed; a setting
                that has no effect.
        """
        if self.pool not in LEARNED:
            raise ArgumentError(
                "fit",
                expected="an encoder whose pool is learned: 'sif' or 'tfidf'",
                got=repr(self.pool),
                hint="StaticEncoder(table, pool='sif')",
            )
        held = list(texts) if isinstance(texts, Iterator) else texts
        fit = fit_sif if self.pool == "sif" else fit_tfidf
        self.fitted = fit(self, held, a=a, components=components, counts=counts, progress=progress)
        vars(self).pop("hash", None)
        return self

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write the tables, what was learned, and `encoder.json`; `inlay.load_encoder` reads them.

        A tokenizer that is a file is copied into the folder. A callable of yours is not in it: give
        it again when you load.

        Raises:
            MissingFileError: There is no folder around it.
            ArgumentError: It is a file, or a folder with something else in it.
        """
        write(self, folder)


def _tables(given: Any) -> tuple[Table, ...]:
    """What was given as tables, read where it is a file."""
    mode = getattr(given, "mode", None)
    if mode is not None and hasattr(given, "tables"):  # a stack, of a room that this one knows not
        if mode != "concatenate":
            raise ArgumentError(
                "table",
                expected="a stack whose vectors are laid side by side",
                got=f"mode={mode!r}",
                hint="stack.merged(vocab), for one table of the joined vectors",
            )
        given = given.tables
    several = [given] if isinstance(given, Table | str | os.PathLike) else given
    if not isinstance(several, Sequence) or not several:
        raise _no_table(given)
    found = []
    for one in several:
        if isinstance(one, str | os.PathLike):
            from inlay.formats import load

            one = load(one)
        if not isinstance(one, Table):
            raise _no_table(one)
        found.append(one)
    return tuple(found)


def _tokenizer(given: TokenizerLike | None, table: Table) -> TokenizerLike:
    """The tokenizer that was asked for; else that of the table's texts; else "words"."""
    if given is not None:
        found = get_tokenizer(given)
        return found if isinstance(found, Pieces) else given  # which knows its file's digest
    if table.tokenizer is None:
        return DEFAULT
    return saved_tokenizer(table.tokenizer, hint="StaticEncoder(table, tokenizer=...)") or DEFAULT


def _no_table(got: Any) -> ArgumentTypeError:
    return ArgumentTypeError(
        "table",
        expected="a Table, its file, or several of them in a list",
        got=described(got),
        hint="inlay.load(path)",
    )
