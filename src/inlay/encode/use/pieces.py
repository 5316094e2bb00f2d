"""Texts to the ids of pieces, by a SentencePiece model, between the marks of a text."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Self

import numpy as np

from inlay.aliases import Array
from inlay.errors import FormatError
from inlay.tokenizers.pieces import opened_model

PADDING = 0  # outside of the marks; between them the same number is an unknown piece


class Pieces:
    """A SentencePiece model with marks for the beginning and the end of a text.

    A text is split as it is; what is normalised is what the model itself says. A list of tokens is
    read with a space between them.

    Args:
        model: The bytes of the model.
        where: What to call it in messages.

    Raises:
        FormatError: They are no model, or one without marks.
        MissingPackageError: sentencepiece is not installed.
    """

    def __init__(self, model: bytes, where: str) -> None:
        self.model, self.where = model, where
        if min(self._marks) < 0:
            raise FormatError(
                where, expected="a model with marks of beginning and end", got="one without"
            )

    def __getstate__(self) -> dict[str, Any]:
        return {"model": self.model, "where": self.where}

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __len__(self) -> int:
        return int(self._library.get_piece_size())

    @cached_property
    def _library(self) -> Any:
        expected = "a SentencePiece model"
        return opened_model(self.where, self.model, expected=expected, extra="use")

    @property
    def _marks(self) -> tuple[int, int]:
        return self._library.bos_id(), self._library.eos_id()

    def ids(self, texts: Sequence[str | list[str]], max_length: int | None = None) -> list[Array]:
        """The ids of each text, int32 `(n,)`, both marks among them.

        Args:
            texts: Strings, or lists of tokens.
            max_length: The most pieces between the marks; None: all.
        """
        strings = [_whole(text if isinstance(text, str) else " ".join(text)) for text in texts]
        first, last = self._marks
        found = self._library.encode(strings, out_type=int, num_threads=1)
        return [np.array([first, *ids[:max_length], last], np.int32) for ids in found]

    def padded(self, texts: Sequence[str | list[str]], max_length: int | None = None) -> Array:
        """As `ids`, in one array: int32 `(len(texts), pieces)`, 0 behind a text's end."""
        every = self.ids(texts, max_length)
        width = max(map(len, every), default=0) if max_length is None else max_length + 2
        padded = np.full((len(every), width), PADDING, np.int32)
        for row, ids in zip(padded, every, strict=True):
            row[: len(ids)] = ids
        return padded


def _whole(text: str) -> str:
    """A text whose halves of surrogate pairs, which no UTF-8 has, are the mark for such."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
