"""One vector for each text in TensorFlow: the sum, mean or maximum of its words' vectors."""

from typing import Any

import tensorflow as tf


def pooled(table: Any, ids: Any, *, mode: str, pad_id: int | None, weights: Any) -> Any:
    """Pool the vectors of each text: of a sum each distinct row is read once.

    Args:
        table: A variable or tensor `(rows, dim)`.
        ids: `(texts, tokens)`.
        mode: As of the layer.
        pad_id: The id to leave out, or None.
        weights: What each place counts, like `ids`, or None.

    Returns:
        `(texts, dim)`. A maximum allocates the vectors of all words that are no padding.
    """
    kept = tf.ones_like(ids, tf.bool) if pad_id is None else tf.not_equal(ids, pad_id)
    places = tf.where(kept)
    words, texts = tf.gather_nd(ids, places), places[:, 0]
    n = tf.shape(ids, tf.int64)[0]
    if mode == "max":
        best = tf.math.segment_max(tf.gather(table, words), texts)  # zeros for a text without words
        return tf.pad(best, [[0, n - tf.shape(best, tf.int64)[0]], [0, 0]])  # those at the end
    distinct, where = tf.unique(words)
    rows = tf.gather(table, distinct)
    count = tf.cast(kept, rows.dtype)
    if weights is None:
        total = tf.sparse.segment_sum(rows, where, texts, num_segments=n)
    else:
        count *= tf.cast(weights, rows.dtype)
        cells = tf.stack([texts, tf.cast(where, tf.int64)], 1)
        shape = tf.stack([n, tf.size(distinct, tf.int64)])
        by = tf.SparseTensor(cells, tf.gather_nd(count, places), shape)
        total = tf.sparse.sparse_dense_matmul(by, rows)
    return (
        total if mode == "sum" else tf.math.divide_no_nan(total, tf.reduce_sum(count, 1)[:, None])
    )
