"""The vectors of words without context, each made once."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.checks import many_tokens
from inlay.core import Table, Vocabulary
from inlay.encode.elmo.characters import character_ids
from inlay.encode.elmo.network import WORDS, Network
from inlay.errors import ArgumentError, MissingFileError
from inlay.paths import path_to_read

LIMIT = 32_768  # words kept: 80 MB at the official size; the frequent ones are soon made again


class Lexicon:
    """Words and their vectors, made when they are first seen.

    Args:
        network: What makes them.
        table: Vectors made before.
    """

    def __init__(self, network: Network, table: Table | None = None) -> None:
        self._network, self._table = network, table
        self._known: dict[str, Array] = {}

    def vectors(self, words: Sequence[str], run: Callable[..., Iterable[Any]] = map) -> Array:
        """Look words up, and make those that are new.

        Args:
            words: Different ones.
            run: Maps, perhaps over threads.

        Returns:
            float32 `(len(words), P)`.
        """
        out = np.empty((len(words), self._network.options.projection_dim), np.float32)
        left = list(range(len(words)))
        if self._table is not None:
            found = self._table.tokens.find_many(list(words))
            out[found >= 0] = self._table.vectors[found[found >= 0]]
            left = np.flatnonzero(found < 0).tolist()
        new, known = [], self._known  # another thread may begin a new one
        for i in left:
            made = known.get(words[i])
            if made is None:
                new.append(i)
            else:
                out[i] = made
        # Together with words of their length, for `Network.words` works on as many windows of
        # each as the longest has.
        new.sort(key=lambda i: len(words[i]))
        parts = [new[at : at + WORDS] for at in range(0, len(new), WORDS)]
        for part, vectors in zip(
            parts, run(lambda p: self._make([words[i] for i in p]), parts), strict=True
        ):
            out[part] = vectors
        if len(self._known) + len(new) > LIMIT:
            self._known = {}
        self._known.update((words[i], out[i].copy()) for i in new[:LIMIT])
        return out

    def _make(self, words: Sequence[str]) -> Array:
        return self._network.words(character_ids(words, self._network.options.word_length))


def given_words(given: Any) -> Table | Path | list[str] | None:
    """What is given for `vocab_to_cache`: a table, the path of one, or words.

    Raises:
        MissingFileError: There is no such file.
        ArgumentTypeError: None of these.
    """
    if given is None or isinstance(given, Table):
        return given
    if isinstance(given, str | os.PathLike):
        path = path_to_read("vocab_to_cache", given).absolute()
        if not path.is_file():
            raise MissingFileError(
                str(path),
                expected="a table that encoder.word_table made",
                got="no such file",
                hint="vocab_to_cache=[word], for a word",
            )
        return path
    words = given.tokens if isinstance(given, Vocabulary) else given
    return many_tokens("vocab_to_cache", list(words) if isinstance(words, Mapping) else words)


def check_origin(table: Table, origin: Mapping[str, Any]) -> Table:
    """The table, if `Elmo.word_table` made it with the weights and precision of `origin`.

    Raises:
        ArgumentError: It is another one.
    """
    wanted, found = (
        f"{made.get('elmo', 'unknown')!s:.12} in {made.get('precision', 'unknown')}"
        for made in (origin, table.provenance)
    )
    if found != wanted:
        raise ArgumentError(
            "vocab_to_cache",
            expected=f"a table that word_table made with these weights, {wanted}",
            got=found,
            hint="make it again: encoder.word_table(words)",
        )
    return table
