"""Texts to ids in one fixed way: what training, serving and every framework must share."""

import os
from dataclasses import asdict
from typing import Any, Self

from inlay.aliases import Array
from inlay.bytes.damage import damage_reported
from inlay.calls import refuses_unknown
from inlay.checks import choice, described, whole_or_none
from inlay.core.elsewhere import OF_ENCODING, OF_TEXT_TO_IDS, Elsewhere
from inlay.core.hashing import HashingVocabulary
from inlay.core.immutable import Immutable
from inlay.core.json_file import read_json, write_json
from inlay.core.numericalizer import Side
from inlay.core.vocabulary import Vocabulary
from inlay.core.vocabulary_file import SavedVocabulary
from inlay.errors import ArgumentTypeError, FormatError, InlayError
from inlay.tokenizers import TokenizerLike, get_tokenizer, saved_tokenizer, tokenizer_name

FORMAT = "inlay-text-to-ids"
EXPECTED = "what a TextToIds saved"
HINT = "TextToIds.load(path, tokenizer=...)"


class TextToIds(Immutable, Elsewhere):
    """A vocabulary with its tokenizer, and how long its texts are: `to_ids(texts)` makes ids.

    `vocab.encode` has the length and the side of padding as arguments of each call, so that two
    programs may disagree about them without any error. Here they are part of one object, which is
    saved as one file. It never changes, and can be pickled, so workers may have it.

    `inlay.layers.keras.text.TextLayer` and `inlay.layers.tensorflow.text.TextModule` do the same
    to strings of TensorFlow, within a model.

    Args:
        vocab: Which token has which id, and what splits a text into tokens.
        max_length: Tokens of a text: longer texts are cut, shorter ones padded. None: each batch
            is as wide as its longest text.
        truncate: Where a text that is too long loses its tokens.
        pad_side: Where padding goes.

    Raises:
        ArgumentTypeError: `vocab` is no vocabulary of ours.
        ArgumentError: `max_length` below 1, or another side than "start" and "end".

    Examples:
        >>> to_ids = TextToIds(Vocabulary(["a", "good", "film"]), max_length=4)
        >>> to_ids(["a good film", "film"])
        array([[2, 3, 4, 0],
               [4, 0, 0, 0]], dtype=int32)
    """

    vocab: Vocabulary | HashingVocabulary
    max_length: int | None
    truncate: Side
    pad_side: Side
    _elsewhere = OF_TEXT_TO_IDS

    @refuses_unknown(OF_ENCODING)
    def __init__(
        self,
        vocab: Vocabulary | HashingVocabulary,
        *,
        max_length: int | None = None,
        truncate: Side = "end",
        pad_side: Side = "end",
    ) -> None:
        if not isinstance(vocab, Vocabulary | HashingVocabulary):
            raise ArgumentTypeError(
                "vocab",
                expected="a Vocabulary or a HashingVocabulary",
                got=described(vocab),
                hint="Vocabulary.from_texts(texts), or Vocabulary(tokens)",
            )
        sides = ("start", "end")
        self._set(
            vocab=vocab,
            max_length=whole_or_none("max_length", max_length),
            truncate=choice("truncate", truncate, sides),
            pad_side=choice("pad_side", pad_side, sides),
        )

    def __call__(self, texts: Any) -> Array:
        """Turn texts into ids, int32 `(batch, tokens)`: what `vocab.encode` takes, and raises."""
        return self.vocab.encode(
            texts,
            max_length=self.max_length,
            truncate=self.truncate,
            pad_side=self.pad_side,
        )

    def __repr__(self) -> str:
        settings = f"truncate={self.truncate!r}, pad_side={self.pad_side!r}"
        return f"TextToIds({self.vocab!r}, max_length={self.max_length}, {settings})"

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write readable JSON. A tokenizer of your own is not in it: pass it to `load`."""
        if isinstance(self.vocab, Vocabulary):
            kept: dict[str, Any] = asdict(self.vocab._saved())
        else:
            name = None if self.vocab.tokenizer is None else tokenizer_name(self.vocab.tokenizer)
            kept = {"tokenizer": name, "vocab_size": len(self.vocab)}
        names = ("max_length", "truncate", "pad_side")
        write_json(path, FORMAT, {name: getattr(self, name) for name in names} | {"vocab": kept})

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, tokenizer: TokenizerLike | None = None) -> Self:
        """Read what `save` wrote.

        Args:
            path: The file.
            tokenizer: Another than the one in the file, or the one that it could not hold; see
                `Vocabulary.load`.

        Raises:
            FormatError: The file is something else or damaged.
            MissingFileError: There is no such file.
        """
        if tokenizer is not None:
            get_tokenizer(tokenizer)
        content = read_json(path, FORMAT, what="the file of a TextToIds", expected=EXPECTED)
        with damage_reported(str(path), expected=EXPECTED, hint="save it again"):
            try:
                return cls(_vocabulary(content.pop("vocab"), tokenizer), **content)
            except InlayError as error:
                got = str(error).rstrip(".")
                raise FormatError(str(path), expected=EXPECTED, got=got) from error


def _vocabulary(
    kept: dict[str, Any], tokenizer: TokenizerLike | None
) -> Vocabulary | HashingVocabulary:
    if "vocab_size" not in kept:
        return Vocabulary._of_saved(SavedVocabulary(**kept), tokenizer, HINT)
    if tokenizer is None:
        tokenizer = saved_tokenizer(kept["tokenizer"], hint=HINT)
    vocab = HashingVocabulary(kept["vocab_size"])
    vocab._set(tokenizer=tokenizer)  # None too, which is not the default here, but asked for
    return vocab
