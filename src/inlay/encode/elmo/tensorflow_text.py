"""Strings to words to characters inside a TensorFlow graph, as `characters.py` outside of one."""

from typing import Any

import tensorflow as tf

from inlay.encode.elmo.characters import (
    BOS,
    EOS,
    PADDING,
    WORD_BEGIN,
    WORD_END,
    character_ids,
)


def tokens_of(strings: Any, max_length: int | None = None) -> Any:
    """Words of texts, or words that are already apart.

    Args:
        strings: `(batch,)` or `(batch, 1)` whole texts, split at spaces; or `(batch, tokens)`.
        max_length: Read so many tokens of each.

    Returns:
        Strings `(batch, tokens)`, "" where there is none.
    """
    if strings.shape.rank == 1 or strings.shape[-1] == 1:
        pieces = tf.strings.split(tf.reshape(strings, [-1]), " ")
        words = tf.ragged.boolean_mask(pieces, pieces != "")
        return words[:, :max_length].to_tensor("")
    return strings[:, :max_length]


def character_ids_of(words: Any, word_length: int) -> Any:
    """Words `(n,)` to their characters, int32 `(n, word_length)`; of any string, so never 0."""
    room = word_length - 2
    found = tf.io.decode_raw(words, tf.uint8, fixed_length=room)
    size = tf.minimum(tf.strings.length(words), room)[:, None]
    at = tf.range(room + 1)[None]
    text = tf.pad(tf.cast(found, tf.int32) + 1, [[0, 0], [0, 1]])
    ids = tf.where(at < size, text, tf.where(at == size, WORD_END, PADDING))
    ids = tf.pad(ids, [[0, 0], [1, 0]], constant_values=WORD_BEGIN)
    for mark in (BOS, EOS):
        ids = tf.where((words == mark)[:, None], character_ids([mark], word_length), ids)
    return ids


def distinct_words(strings: Any, word_length: int, max_length: int | None) -> tuple[Any, Any]:
    """Characters `(n, word_length)` of the distinct words, and `(batch, tokens)` which is where."""
    words = tokens_of(strings, max_length)
    distinct, index = tf.unique(tf.reshape(words, [-1]))
    return character_ids_of(distinct, word_length), tf.reshape(index, tf.shape(words))
