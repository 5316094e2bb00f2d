"""Code points in a graph of TensorFlow: in lower case, in NFC and NFKC, as Python has them."""

from typing import Any

import tensorflow as tf

from inlay.tokenizers.composing import JOINS, composing
from inlay.tokenizers.letters import lowering
from inlay.tokenizers.paged import PAGE, Paged

SIGMA, FINAL_SIGMA = 0x3A3, 0x3C2
I64 = tf.int64


def looked_up(table: Paged, codes: Any) -> Any:
    """The numbers of code points."""
    pages = tf.gather(table.page_of, codes // PAGE)
    return tf.gather(table.pages, pages * PAGE + codes % PAGE)


def lowered(codes: Any) -> Any:
    """`str.lower` of ragged code points `(n, None)`, the final sigma included."""
    tables = lowering()
    kinds = looked_up(tables.kinds, codes.values)
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
    low = codes.values + looked_up(tables.shift, codes.values)
    low = tf.tensor_scatter_nd_update(
        low, final[:, None], tf.fill(tf.shape(final), tf.constant(FINAL_SIGMA, tf.int32))
    )
    second = looked_up(tables.second, codes.values)  # which only one letter has
    pairs = tf.reshape(tf.stack([low, second], 1), [-1])
    both = codes.with_values(tf.RaggedTensor.from_uniform_row_length(pairs, 2)).merge_dims(1, 2)
    kept = tf.reshape(tf.stack([tf.ones_like(second, tf.bool), second > 0], 1), [-1])
    return tf.ragged.boolean_mask(both, both.with_values(kept))


def composed(codes: Any, form: str) -> Any:
    """`unicodedata.normalize` of ragged code points `(n, None)`.

    What joins nothing before it begins a stretch. All stretches are composed at once, a code point
    of each in a step, so that the steps are as many as the longest stretch has code points.

    Args:
        codes: Of texts.
        form: "nfc", or "nfkc" as the tokenizers have it.

    Source: The Unicode Standard, section 3.11.
    """
    tables = composing(form)
    rows, points = _taken_apart(codes, form)
    classes = looked_up(tables.classes, points)
    first = tf.concat([tf.ones_like(rows[:1]), rows[1:] - rows[:-1]], 0) > 0
    starts = tf.where((classes == 0) | first)[:, 0]
    sizes = tf.concat([starts[1:], [tf.size(points, I64)]], 0)[: tf.size(starts)] - starts
    classes %= JOINS
    last_pair = len(tables.pairs) - 1

    def step(i: Any, points: Any, alive: Any, base: Any, last: Any) -> Any:
        here = tf.where(i < sizes)[:, 0]  # stretches that have so many
        at = tf.gather(starts, here) + i
        point, kind = tf.gather(points, at), tf.gather(classes, at)
        before, highest = tf.gather(base, here), tf.gather(last, here)
        key = tf.bitwise.left_shift(tf.cast(tf.gather(points, tf.maximum(before, 0)), I64), 21)
        key += tf.cast(point, I64)
        pair = tf.minimum(tf.searchsorted(tables.pairs, key), last_pair)
        joins = (tf.gather(tables.pairs, pair) == key) & (before >= 0) & (highest < kind)
        wholes = tf.boolean_mask(tf.gather(tables.wholes, pair), joins)
        points = tf.tensor_scatter_nd_update(
            points, tf.boolean_mask(before, joins)[:, None], wholes
        )
        alive = tf.tensor_scatter_nd_update(alive, at[:, None], ~joins)
        begins = (kind == 0) & ~joins
        before = tf.where(begins, at, before)
        highest = tf.where(begins, -1, tf.where(joins, highest, kind))
        base = tf.tensor_scatter_nd_update(base, here[:, None], before)
        return i + 1, points, alive, base, tf.tensor_scatter_nd_update(last, here[:, None], highest)

    longest = tf.reduce_max(tf.concat([sizes, [0]], 0))
    none = -tf.ones_like(starts)
    begin = (
        tf.constant(0, I64),
        points,
        tf.ones_like(points, tf.bool),
        none,
        tf.cast(none, tf.int32),
    )
    _, points, alive, _, _ = tf.while_loop(lambda i, *_: i < longest, step, begin)
    points, rows = tf.boolean_mask(points, alive), tf.boolean_mask(rows, alive)
    return tf.RaggedTensor.from_value_rowids(points, rows, nrows=codes.nrows())


def _taken_apart(codes: Any, form: str) -> tuple[Any, Any]:
    """The text of each code point, and the code points, with marks in their order."""
    tables = composing(form)
    sizes = tf.cast(looked_up(tables.sizes, codes.values), I64)
    rows, whole = (tf.repeat(x, sizes) for x in (codes.value_rowids(), codes.values))
    nth = tf.range(tf.reduce_sum(sizes)) - tf.repeat(tf.cumsum(sizes, exclusive=True), sizes)
    start = looked_up(tables.starts, whole)
    part = tf.gather(
        tables.parts, tf.maximum(start - 1, 0) + tf.where(start > 0, tf.cast(nth, tf.int32), 0)
    )
    points = tf.where(start > 0, part, whole)
    classes = tf.cast(looked_up(tables.classes, points) % JOINS, I64)
    block = tf.cumsum(tf.cast(classes == 0, I64)) + rows
    order = tf.argsort(block * JOINS + classes, stable=True)
    return rows, tf.gather(points, order)
