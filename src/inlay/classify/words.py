"""The words of texts with their vectors in a table: what a classifier on a table learns from."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from inlay.aliases import Array, Text
from inlay.classify import vectors
from inlay.classify.batches import encode, rectangle
from inlay.classify.settings import ClassifierSettings, Variant
from inlay.classify.vectors import PAD_ID, UNK_ID
from inlay.core import Coverage, Table, Vocabulary
from inlay.errors import ArgumentError, FormatError, InlayError
from inlay.hosts.backends import load_keras
from inlay.tokenizers import tokenizer_name

VOCABULARY, VECTORS = "vocabulary.json", "vectors"  # a file, and an array among the weights


@dataclass(frozen=True)
class Words:
    """See `inlay.classify.inputs`: a row is the ids of a text's tokens, int32 `(tokens,)`.

    Attributes:
        vocabulary: The words it knows, with their tokenizer.
        table: Their vectors.
        settings: Those of the fit.
        variant: How the vectors train.
        given: The table from which they started.
    """

    vocabulary: Vocabulary
    table: Table
    settings: ClassifierSettings
    variant: Variant = "static"
    given: Table | None = None

    by_token, fixed, n_layers, block = True, False, None, 1 << 16

    @classmethod
    def of_texts(
        cls, settings: ClassifierSettings, variant: Variant, given: Table | None, texts: list[Text]
    ) -> Self:
        """Those of the texts to learn from, with their first vectors.

        Raises:
            ArgumentError: No word is left.
        """
        vocab = _vocabulary(settings, texts)
        table = vectors.start(given, vocab, settings.dim, settings.seed)
        return cls(vocab, table, settings, variant, given)

    @property
    def coverage(self) -> Coverage | None:
        """How many of the words the given table has; None without one."""
        return self.table.coverage

    @property
    def dim(self) -> int:
        """Numbers in a vector."""
        return self.table.dim

    def rows(self, texts: Sequence[Text]) -> list[Array]:
        """See `Inputs`."""
        return encode(self.vocabulary, texts, self.settings.max_length)

    @contextmanager
    def learning_rows(
        self, texts: Sequence[Text], *, progress: bool | None
    ) -> Iterator[Sequence[Array]]:
        """See `Inputs`."""
        yield self.rows(texts)

    def rectangle(self, rows: Sequence[Array], width: int, n_rows: int) -> Array:
        """See `Inputs`: ids int32 `(n_rows, width)`."""
        return rectangle(rows, width, PAD_ID, n_rows)

    def below(self, body: Any) -> Any:
        """See `Inputs`."""
        load_keras("a text classifier")
        from inlay.classify.keras_table import with_table

        return with_table(body, self.table, self.variant)

    def learned(self, model: Any) -> Self:
        """See `Inputs`: the words of the given table that the texts did not have come in too."""
        from inlay.classify.keras_table import final_vectors

        found = final_vectors(model, self.table, self.variant)
        vocab, table = vectors.with_rest(
            self.vocabulary,
            found,
            self.given,
            max_size=self.settings.max_size,
            times=2 if self.variant == "multichannel" else 1,
        )
        return replace(self, vocabulary=vocab, table=table, variant="static", given=None)

    def shown(self) -> dict[str, Any]:
        """See `Inputs`."""
        return {"vocabulary_": self.vocabulary, "table_": self.table}

    def arrays(self) -> dict[str, Array]:
        """See `Inputs`."""
        return {VECTORS: np.ascontiguousarray(self.table.vectors)}

    def write(self, folder: Path, *, by_reference: bool) -> dict[str, Any]:
        """See `Inputs`.

        Raises:
            ArgumentError: By reference: what was learned is in no other file.
        """
        if by_reference:
            raise ArgumentError(
                "by_reference=True",
                expected="a classifier on an encoder",
                got="one on the words of a table, whose rows it keeps itself",
            )
        self.vocabulary.save(folder / VOCABULARY)
        return {"tokenizer": tokenizer_name(self.vocabulary.tokenizer)}

    @classmethod
    def read(cls, folder: Path, settings: ClassifierSettings, arrays: dict[str, Array]) -> Self:
        """What `write` and `arrays` gave; takes its array out of `arrays`.

        Raises:
            FormatError: The files do not fit each other.
        """
        vocab = Vocabulary.load(folder / VOCABULARY, tokenizer=settings.tokenizer)
        if (vocab.pad_id, vocab.unk_id) != (PAD_ID, UNK_ID):
            expected = f"{PAD_ID} and {UNK_ID} as pad_id and unk_id"
            got = f"{vocab.pad_id} and {vocab.unk_id}"
            raise FormatError(str(folder / VOCABULARY), expected=expected, got=got)
        try:
            rows = arrays.pop(VECTORS)
            table = Table(vocab.tokens, rows, counts=vocab.counts, pad_id=PAD_ID, unk_id=UNK_ID)
        except (KeyError, InlayError) as error:
            expected = "vectors for the words of its vocabulary"
            raise FormatError(str(folder), expected=expected, got=str(error)) from error
        return cls(vocab, table, settings)


def _vocabulary(settings: ClassifierSettings, texts: list[Text]) -> Vocabulary:
    vocab = Vocabulary.from_texts(
        texts,
        min_count=settings.min_count,
        max_size=settings.max_size,
        tokenizer=settings.tokenizer,
    )
    if len(vocab) == 2:
        raise ArgumentError(
            "texts",
            expected=f"a word with a count of {settings.min_count} or more",
            got=f"none in {len(texts)} texts",
            hint="a smaller min_count" if settings.min_count > 1 else "another tokenizer",
        )
    return vocab
