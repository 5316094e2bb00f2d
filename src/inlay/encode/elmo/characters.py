"""Words as characters: UTF-8 bytes between marks, as ELMo reads them."""

from collections.abc import Iterable, Sequence

import numpy as np

from inlay.aliases import Array
from inlay.checks import many, whole, whole_or_none
from inlay.encode.elmo.options import WORD_LENGTH
from inlay.errors import ArgumentTypeError

NO_TOKEN = 0
SENTENCE_BEGIN, SENTENCE_END, WORD_BEGIN, WORD_END, PADDING = range(257, 262)
BOS, EOS = "<S>", "</S>"  # these words, also where a text has them
_BOUNDARY = {BOS: SENTENCE_BEGIN, EOS: SENTENCE_END}


def character_ids(words: Sequence[str], word_length: int = WORD_LENGTH) -> Array:
    """The characters of words.

    A word is a begin mark, its UTF-8 bytes, and an end mark, filled up. Of a long word the first
    `word_length - 2` bytes are read, though that may cut a character: so it was trained.

    Args:
        words: Any strings, also the empty one; "<S>" and "</S>" are the marks of a sentence.
        word_length: Characters of a word, the marks included.

    Returns:
        int32 `(len(words), word_length)`: a byte plus 1; 257 to 260 marks; 261 filling. Never 0,
        which stands for no token.

    Raises:
        ArgumentTypeError: Something is no string.

    Examples:
        >>> character_ids(["cat"])[0, :6].tolist()
        [259, 100, 98, 117, 260, 261]
    """
    ids = np.full((len(words), word_length), PADDING, np.int32)
    ids[:, 0] = WORD_BEGIN
    for row, word in zip(ids, words, strict=True):
        if not isinstance(word, str):
            raise _no_strings(f"{word!r:.50}")
        if word in _BOUNDARY:
            row[1:3] = _BOUNDARY[word], WORD_END
            continue
        # Half of a surrogate pair, which no UTF-8 has, can only come from Python.
        text = word.encode("utf-8", "surrogatepass")[: word_length - 2]
        row[1 : len(text) + 1] = np.frombuffer(text, np.uint8)
        row[1 : len(text) + 1] += 1
        row[len(text) + 1] = WORD_END
    return ids


def batch_to_ids(
    batch: Iterable[Sequence[str]],
    *,
    max_length: int | None = None,
    word_length: int = WORD_LENGTH,
    pad_token: str | None = None,
) -> Array:
    """The characters of tokenised texts, for the layers; AllenNLP's function of that name.

    Args:
        batch: Lists of tokens.
        max_length: Read so many tokens of each; and make the result so wide, whatever the
            lengths, which spares frameworks that compile for each shape. None: as the longest.
        word_length: Characters of a word.
        pad_token: Stands for no token, wherever it is in a text.

    Returns:
        int32 `(batch, tokens, word_length)`, 0 where there is no token.

    Raises:
        ArgumentTypeError: A text that is a string, or a token that is none; no whole number.
        ArgumentError: `max_length` is below 0, or `word_length` below 3.

    Examples:
        >>> batch_to_ids([["a", "film"], ["good"]]).shape
        (2, 2, 50)
    """
    max_length = whole_or_none("max_length", max_length, least=0)
    word_length = whole("word_length", word_length, least=3)
    hint = "lists of tokens: [text.split()]"
    texts = [check_tokens(t)[:max_length] for t in many("batch", batch, "texts", hint=hint)]
    width = max(map(len, texts), default=0) if max_length is None else max_length
    try:
        words = list(dict.fromkeys(word for tokens in texts for word in tokens))
    except TypeError:  # a list, say, which cannot be a key
        raise _no_strings("something that holds others") from None
    if pad_token is not None and pad_token in words:
        words.remove(pad_token)
    known = np.full((len(words) + 1, word_length), NO_TOKEN, np.int32)
    known[1:] = character_ids(words, word_length)
    rows = {word: row for row, word in enumerate(words, 1)}
    positions = np.zeros((len(texts), width), np.intp)
    for position, tokens in zip(positions, texts, strict=True):
        position[: len(tokens)] = [rows.get(word, 0) for word in tokens]
    ids: Array = known[positions]
    return ids


def check_tokens(tokens: Sequence[str]) -> Sequence[str]:
    """Refuse a string where a list of them is meant: its letters would pass for words."""
    if isinstance(tokens, str) or not hasattr(tokens, "__getitem__"):
        raise ArgumentTypeError(
            "batch", expected="lists of tokens", got=f"{tokens!r:.50}", hint="[text.split()]"
        )
    return tokens


def _no_strings(got: str) -> ArgumentTypeError:
    return ArgumentTypeError("words", expected="strings", got=got, hint="lists of tokens, not ids")
