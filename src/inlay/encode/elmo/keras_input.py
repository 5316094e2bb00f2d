"""What the Keras layer of an ELMo is given: checked, and where its real tokens are."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from inlay.checks import described
from inlay.core import Vocabulary
from inlay.encode.elmo.characters import character_ids
from inlay.encode.elmo.options import N_CHARACTERS
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.hosts.keras import check_dtype, check_range, is_text, keras, ops, plain


@keras.saving.register_keras_serializable("inlay", "ElmoTokenMask")
class TokenMask(keras.layers.Layer):  # type: ignore[misc]  # optional, so untyped here
    """True where `ElmoLayer` finds a token, bool `(batch, tokens)`.

    A layer, so that a functional model can hold it: Keras makes masks a part of the graph.

    Args:
        no_token_ids: Word ids that stand for no token; None: inputs are characters or strings.
        pad_token: A word that stands for no token.
        word_length: Characters of a word.
        max_length: Tokens to read of a text that comes as strings.
        with_marks: Whether the mask is that of texts between their marks, moved to the left.
        **kwargs: `name` of any Keras layer.
    """

    def __init__(
        self,
        *,
        no_token_ids: Sequence[int] | None,
        pad_token: str | None,
        word_length: int,
        max_length: int | None,
        with_marks: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.no_token_ids = None if no_token_ids is None else tuple(no_token_ids)
        self.pad_token, self.max_length = pad_token, max_length
        self.word_length, self.with_marks = word_length, with_marks
        self.supports_jit = keras.backend.backend() != "tensorflow"

    def of_tokens(self, inputs: Any) -> Any:
        """The mask without marks, whatever `with_marks` says."""
        if is_text(inputs):
            words = tensorflow_text().tokens_of(inputs, self.max_length)
            mask = ops.not_equal(words, "")
            return mask if self.pad_token is None else mask & (words != self.pad_token)
        if self.no_token_ids is not None:
            mask = ops.ones_like(inputs, dtype="bool")
            for id_ in self.no_token_ids:
                mask = ops.logical_and(mask, ops.not_equal(inputs, id_))
            return mask
        mask = ops.any(ops.not_equal(inputs, 0), axis=-1)
        if self.pad_token is None:
            return mask
        padding = ops.convert_to_tensor(character_ids([self.pad_token], self.word_length)[0])
        other = ops.not_equal(ops.cast(inputs, "int32"), padding)
        return ops.logical_and(mask, ops.any(other, axis=-1))

    def call(self, inputs: Any) -> Any:
        """Find the tokens of `ElmoLayer`'s inputs."""
        mask = self.of_tokens(inputs)
        if not self.with_marks:
            return mask
        size = ops.sum(ops.cast(mask, "int32"), axis=-1, keepdims=True) + 2
        return ops.arange(ops.shape(mask)[-1] + 2, dtype="int32") < size

    def compute_output_spec(self, inputs: Any) -> Any:
        """`(batch, tokens)`, or two more with marks; None where only the data know."""
        tokens, before = None, inputs.shape[:1]
        if not is_text(inputs):
            *before, tokens = inputs.shape[:-1] if self.no_token_ids is None else inputs.shape
        elif len(inputs.shape) == 2 and inputs.shape[1] not in (None, 1):
            tokens = min(inputs.shape[1], self.max_length or inputs.shape[1])
        if tokens is not None and self.with_marks:
            tokens += 2
        return keras.KerasTensor((*before, tokens), dtype="bool")

    def get_config(self) -> dict[str, Any]:
        """All that the constructor takes."""
        names = ("no_token_ids", "pad_token", "word_length", "max_length", "with_marks")
        config: dict[str, Any] = super().get_config()
        return config | {name: getattr(self, name) for name in names}


def words_and_none(
    vocabulary: Sequence[str] | Vocabulary | None, pad_token: str | None
) -> tuple[list[str] | None, tuple[int, ...]]:
    """Words of `vocab_to_cache` by id, and the ids that stand for no token."""
    if vocabulary is None:
        return None, (0,)
    if isinstance(vocabulary, Vocabulary):
        words, none = list(vocabulary.tokens), vocabulary.pad_id
    else:
        words, none = list(vocabulary), 0
    pads = {none, words.index(pad_token) if pad_token in words else None}
    return words, tuple(sorted(id_ for id_ in pads if id_ is not None))


def tensorflow_text() -> Any:
    """The file of functions that know strings; only TensorFlow does."""
    from inlay.encode.elmo import tensorflow_text

    return tensorflow_text


def checked(where: str, inputs: Any, *, word_length: int, n_cached: int | None) -> Any:
    """Return what a layer was called with, a list as an array; raise what is wrong with it.

    Raises:
        ArgumentTypeError: Strings where the layer cannot read them.
        IdError: No whole numbers, or, if they are there already, numbers out of range.
        ArgumentError: Another number of dimensions.
    """
    found = inputs if hasattr(inputs, "dtype") else _rectangle(where, inputs)
    if is_text(found):
        _check_text(where, n_cached)
        return ops.convert_to_tensor(found.astype(object)) if _is_numpy(found) else found
    words = n_cached is not None
    check_dtype(where, found)
    hint = "inlay.encode.elmo.characters.batch_to_ids(lists of tokens)"
    shape = tuple(found.shape)
    if len(shape) != 2 if words else len(shape) < 3 or shape[-1] != word_length:
        expected = "(batch, tokens)" if words else f"(batch, tokens, {word_length})"
        raise plain(ArgumentError(where, expected=f"ids {expected}", got=str(shape), hint=hint))
    size = N_CHARACTERS if n_cached is None else n_cached
    check_range(
        f"{where}, ids", found, size, hint="the vocabulary that was cached" if words else hint
    )
    return found.astype("int32") if _is_numpy(found) else found


def in_rows(inputs: Any) -> tuple[Any, tuple[Any, ...]]:
    """Characters `(batch, tokens, word_length)`, and what stood before the tokens, if it was more.

    Word ids and strings stay as they are.
    """
    if len(inputs.shape) <= 3:
        return inputs, ()
    *before, tokens, length = ops.shape(inputs)
    return ops.reshape(inputs, (math.prod(before), tokens, length)), tuple(before)


def rows_in(shape: Sequence[int | None]) -> int | None:
    """How many rows `in_rows` makes of a shape; None where only the data know."""
    before = shape[: max(1, len(shape) - 2)]
    return None if None in before else math.prod(before)  # type: ignore[arg-type]


def check_split(where: str, inputs: Any, tokenizer: str | None) -> None:
    """Refuse whole texts that a graph would split into other words than the encoder does.

    Raises:
        ArgumentTypeError: So it would: it splits at spaces, and nothing else.
    """
    if tokenizer == "split" or not is_text(inputs):
        return
    if len(inputs.shape) == 1 or inputs.shape[-1] == 1:
        raise plain(
            ArgumentTypeError(
                where,
                expected="words (batch, tokens): a graph splits at spaces, and this encoder by "
                f"{tokenizer or 'a function'}",
                got="whole texts",
                hint='load_encoder(path, tokenizer="split"), or ids of characters by '
                "inlay.encode.elmo.characters.batch_to_ids(lists of tokens)",
            )
        )


def _rectangle(where: str, inputs: Any) -> Any:
    try:
        return np.asarray(inputs)
    except ValueError:
        raise plain(
            ArgumentTypeError(
                where,
                expected="as many tokens in each text, in an array",
                got=described(inputs),
                hint="inlay.encode.elmo.characters.batch_to_ids(lists of tokens)",
            )
        ) from None


def _check_text(where: str, n_cached: int | None) -> None:
    backend = keras.backend.backend()
    if backend != "tensorflow":
        raise plain(
            ArgumentTypeError(
                where,
                expected="ids: Keras has strings on TensorFlow only",
                got=f"strings, on {backend}",
                hint="inlay.encode.elmo.characters.batch_to_ids(lists of tokens)",
            )
        )
    if n_cached is not None:
        raise plain(
            ArgumentTypeError(
                where,
                expected="word ids, as it was made with vocab_to_cache",
                got="strings",
                hint="a Vocabulary's encode",
            )
        )


def _is_numpy(inputs: Any) -> bool:
    return isinstance(inputs, np.ndarray)
