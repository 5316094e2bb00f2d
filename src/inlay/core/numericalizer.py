"""Texts to a rectangle of ids: what a vocabulary and a hashing vocabulary have in common."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Literal

import numpy as np

from inlay.aliases import Array, Text
from inlay.calls import refuses_unknown
from inlay.checks import choice, described, every_text, whole_or_none
from inlay.core.elsewhere import OF_ENCODING
from inlay.errors import ArgumentError, IdError
from inlay.hosts.ids import check_width
from inlay.tokenizers import Tokenizer, TokenizerLike, batched, get_tokenizer

BATCH = 256  # texts that go to a tokenizer at a time
Side = Literal["start", "end"]


class Numericalizer:
    """The shared half of `Vocabulary` and `HashingVocabulary`: tokenise, look up, pad."""

    pad_id: int | None
    tokenizer: TokenizerLike | None

    def _ids(self, tokens: Sequence[str]) -> Array:
        raise NotImplementedError

    def _tokenizer(self) -> Tokenizer:
        if self.tokenizer is None:
            raise ArgumentError(
                "tokenizer",
                expected="the callable that this vocabulary was built with",
                got="none: a file cannot hold it",
                hint="Vocabulary.load(path, tokenizer=...)",
            )
        return get_tokenizer(self.tokenizer)

    def tokenize(self, text: str) -> list[str]:
        """Split one text with this vocabulary's tokeniser.

        Raises:
            ArgumentError: The vocabulary came from a file that could not hold its tokeniser.
        """
        return self._tokenizer()(text)

    @refuses_unknown(OF_ENCODING)
    def encode(
        self,
        texts: Iterable[Text],
        *,
        max_length: int | None = None,
        truncate: Side = "end",
        pad_side: Side = "end",
    ) -> Array:
        """Turn texts into ids, one row a text, filled up with `pad_id`.

        Args:
            texts: Texts, or texts already tokenised as lists (or numpy arrays) of strings.
                May be empty.
            max_length: Width of the result: longer texts are cut, shorter ones padded.
                None: as wide as the longest text.
            truncate: Where a text that is too long loses its tokens.
            pad_side: Where padding goes.

        Returns:
            int32 `(batch, tokens)`.

        Raises:
            ArgumentError: Texts of different lengths and no `pad_id`; an unknown token and
                no `unk_id`; `max_length` below 1.
            ArgumentTypeError: One string where a list of texts belongs, or no text.
        """
        choice("truncate", truncate, ("start", "end"))
        choice("pad_side", pad_side, ("start", "end"))
        max_length = whole_or_none("max_length", max_length)
        lists = list(token_lists(texts, self._tokenizer()))
        if max_length is not None:
            keep = slice(max_length) if truncate == "end" else slice(-max_length, None)
            lists = [tokens[keep] for tokens in lists]
        lengths = np.fromiter(map(len, lists), np.int64, len(lists))
        width = max_length or int(lengths.max(initial=0))
        if self.pad_id is None and (lengths < width).any():
            raise ArgumentError(
                "encode",
                expected=f"texts of {width} tokens each, for there is no pad id",
                got=f"one of {int(lengths.min())}",
                hint="build the vocabulary with pad='<pad>'",
            )
        result = np.full((len(lists), width), -1 if self.pad_id is None else self.pad_id, np.int32)
        column = np.arange(width)
        if pad_side == "end":
            real = column < lengths[:, None]
        else:
            real = column >= width - lengths[:, None]
        result[real] = self._ids([token for tokens in lists for token in tokens])
        return result


def token_lists(texts: Iterable[Text], tokenize: Tokenizer) -> Iterator[list[str]]:
    """The tokens of each text; anything but text is refused, None and NaN above all."""
    checked = every_text("texts", texts)
    while some := list(islice(checked, BATCH)):
        found = batched(tokenize, [text for text in some if isinstance(text, str)])
        for text in some:
            yield next(found) if isinstance(text, str) else text


def decoded(ids: Any, tokens: Sequence[str], pad_id: int | None) -> list[Any]:
    """Do what `Vocabulary.decode` says."""
    try:
        array = np.asarray(ids)
    except ValueError:  # rows of different lengths
        return [decoded(row, tokens, pad_id) for row in ids]
    if array.ndim == 0:
        expected = "ids of one text, or of many"
        raise IdError("decode", expected=expected, got=described(ids), hint="[id]")
    if array.size and array.dtype.kind not in "iu":
        raise IdError("decode", expected="whole numbers", got=f"{array.dtype}")
    if array.size:
        check_width("decode", array.dtype.name, len(tokens))
    if array.ndim > 1:
        return [decoded(row, tokens, pad_id) for row in array]
    if array.size and not (array.min() >= 0 and array.max() < len(tokens)):
        wrong = array[(array < 0) | (array >= len(tokens))][0]
        raise IdError("decode", expected=f"ids from 0 to {len(tokens) - 1}", got=str(wrong))
    return [tokens[i] for i in array if i != pad_id]
