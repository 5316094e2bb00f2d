"""Texts to tokens inside a graph of TensorFlow: what `inlay.tokenizers` do, to the character."""

from typing import Any

import tensorflow as tf

from inlay.tokenizers.letters import PAGE, Lettered, Paged, lowering

MARK = "<"  # goes before each token, among the letters
SIGMA, FINAL_SIGMA = 0x3A3, 0x3C2


class Tokens:
    """A tokenizer over letters. Called with texts, strings `(n,)`: ragged strings `(n, None)`.

    Bytes that are no UTF-8 count as U+FFFD. About 60 operations, whatever the texts.
    """

    def __init__(self, lettered: Lettered) -> None:
        self._all = lettered

    def __call__(self, texts: Any) -> Any:
        """Split texts."""
        codes = tf.strings.unicode_decode(texts, "UTF-8")
        if self._all.lowers:
            codes = lowered(codes)
        letters = codes.with_values(_looked_up(self._all.letters, codes.values))
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


def lowered(codes: Any) -> Any:
    """`str.lower` of ragged code points `(n, None)`, the final sigma included."""
    tables = lowering()
    kinds = _looked_up(tables.kinds, codes.values)
    # What is seen through is taken out, so that the neighbours that count stand side by side.
    places = tf.where(kinds >= 0)[:, 0]
    with_case = tf.gather(kinds, places) == 1
    rows = tf.gather(codes.value_rowids(), places)
    same = rows[1:] == rows[:-1]
    none = tf.zeros([tf.minimum(tf.size(rows), 1)], tf.bool)
    before = tf.concat([none, with_case[:-1] & same], 0)
    behind = tf.concat([with_case[1:] & same, none], 0)
    is_sigma = tf.gather(codes.values, places) == SIGMA
    final = tf.boolean_mask(places, is_sigma & before & ~behind)
    low = codes.values + _looked_up(tables.shift, codes.values)
    low = tf.tensor_scatter_nd_update(
        low, final[:, None], tf.fill(tf.shape(final), tf.constant(FINAL_SIGMA, tf.int32))
    )
    second = _looked_up(tables.second, codes.values)  # which only one letter has
    pairs = tf.reshape(tf.stack([low, second], 1), [-1])
    both = codes.with_values(tf.RaggedTensor.from_uniform_row_length(pairs, 2)).merge_dims(1, 2)
    kept = tf.reshape(tf.stack([tf.ones_like(second, tf.bool), second > 0], 1), [-1])
    return tf.ragged.boolean_mask(both, both.with_values(kept))


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


def _looked_up(table: Paged, codes: Any) -> Any:
    pages = tf.gather(table.page_of, codes // PAGE)
    return tf.gather(table.pages, pages * PAGE + codes % PAGE)
