"""Texts to tokens inside a graph of TensorFlow: what `inlay.tokenizers` do, to the character."""

from typing import Any

import tensorflow as tf

from inlay.layers.tensorflow.unicode import composed, looked_up, lowered
from inlay.tokenizers.letters import Lettered

MARK = "<"  # goes before each token, among the letters


class Tokens:
    """A tokenizer over letters. Called with texts, strings `(n,)`: ragged strings `(n, None)`.

    Bytes that are no UTF-8 count as U+FFFD. About 60 operations, whatever the texts.
    """

    def __init__(self, lettered: Lettered) -> None:
        self._all = lettered

    def __call__(self, texts: Any) -> Any:
        """Split texts."""
        codes = tf.strings.unicode_decode(texts, "UTF-8")
        for step in self._all.steps:
            codes = lowered(codes) if step == "lower" else composed(codes, step)
        letters = codes.with_values(looked_up(self._all.letters, codes.values))
        begins = _begins(letters, self._all.word)
        inside = letters.values != ord(self._all.space)  # what is no space is in a token
        begins = tf.boolean_mask(begins, inside)
        word = tf.cumsum(tf.cast(begins, tf.int64)) - 1
        words = tf.RaggedTensor.from_value_rowids(tf.boolean_mask(codes.values, inside), word)
        rows = tf.boolean_mask(tf.boolean_mask(codes.value_rowids(), inside), begins)
        if self._all.part is not None:
            parts = _begins(
                words.with_values(tf.boolean_mask(letters.values, inside)), self._all.part
            )
            words, of_word = _ngrams(words, parts, self._all.n)
            rows = tf.gather(rows, of_word)
        tokens = tf.strings.unicode_encode(words, "UTF-8")
        return tf.RaggedTensor.from_value_rowids(tokens, rows, nrows=codes.nrows())


def _begins(letters: Any, pattern: str) -> Any:
    """Where in ragged letters a token begins, bool like their values."""
    texts = tf.strings.unicode_encode(letters, "UTF-8")
    marked = tf.strings.regex_replace(texts, f"({pattern})", rf"{MARK}\0")
    is_mark = tf.strings.unicode_decode(marked, "UTF-8").values == ord(MARK)
    behind_mark = tf.concat([tf.zeros([tf.minimum(tf.size(is_mark), 1)], tf.bool), is_mark], 0)
    return tf.boolean_mask(behind_mark[: tf.size(is_mark)], ~is_mark)


def _ngrams(words: Any, begins: Any, n: int) -> tuple[Any, Any]:
    """Runs of n characters, ragged code points, and the word of each.

    Args:
        words: Ragged code points.
        begins: Where in them a character begins.
        n: Characters of a run; a word that has fewer is one itself.
    """
    starts = tf.where(begins)[:, 0]
    sizes = tf.math.unsorted_segment_sum(
        tf.cast(begins, tf.int64), words.value_rowids(), words.nrows()
    )
    runs = tf.maximum(sizes - (n - 1), 1)
    of_word = tf.repeat(tf.range(words.nrows()), runs)
    nth = tf.range(tf.reduce_sum(runs)) - tf.gather(tf.cumsum(runs, exclusive=True), of_word)
    first = tf.gather(tf.cumsum(sizes, exclusive=True), of_word) + nth
    beyond = tf.minimum(first + n, tf.size(starts, tf.int64) - 1)
    stop = tf.where(
        nth + n < tf.gather(sizes, of_word),
        tf.gather(starts, beyond),
        tf.gather(words.row_limits(), of_word),
    )
    points = tf.ragged.range(tf.gather(starts, first), stop)
    return points.with_values(tf.gather(words.values, points.values)), of_word
