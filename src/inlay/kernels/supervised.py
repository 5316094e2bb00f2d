"""fastText's classifier: a text is the mean of rows, and labels are told by a linear model.

A text's rows x_1 ... x_n give h = (x_1 + ... + x_n) / n, and each output row o_k the score o_k.h.
A step of rate a, with e_k = (1 if k is right else 0) - p_k over the outputs that it looks at,

    o_k += a e_k h        x_i += a sum_k e_k o_k / n        (o_k as it was before)

    softmax  all labels, p = softmax of the scores
    ova      all labels, each p_k = s(score), s(z) = 1 / (1 + exp(-z)); a text may have several
    ns       the label, and `negative` others drawn by their counts to the power of 1/2; p_k = s
    hs       the nodes of a Huffman tree on the label's way to the root; p_k = s

A row that a text has c times is added c times and moved c times as far; the caller merges
such rows, see `inlay.kernels.word_ngrams`. Vectors are rows of flat arrays as `inlay.kernels.rows`
describes them. A step on n rows of `dim` numbers costs about 4 n dim FLOP and moves 8 n dim bytes,
so its time is that of memory: the rows of the next text are asked for while this one's are changed.

Source: Joulin et al. 2017, Bag of Tricks for Efficient Text Classification, section 2;
https://github.com/facebookresearch/fastText, src/model.cc, loss.cc.
"""

from collections import namedtuple

import numpy as np

from inlay.kernels.compiled import njit
from inlay.kernels.lanes import fma, load, splat, store, store_sums, zeros
from inlay.kernels.rows import FAST, ROW, aligned_zeros, fetch, part, row_width
from inlay.kernels.sampling import HIGH, INCREMENT, MULTIPLIER, below
from inlay.kernels.subwords import accumulate

SOFTMAX, HS, NS, OVA = range(4)
f32 = np.float32

# `rows`, int32, `weights`, uint8, `ends`, int64 (n + 1,), of `word_ngrams.merge`; `totals`, int32
# (n,): the sums of weights and of what has no row; `labels`, int32, `label_ends`, int64 (n + 1,).
Texts = namedtuple("Texts", "rows weights ends totals labels label_ends")
# Flat float32: a row for each word or bucket; one for each label or node, filled up by rows of
# zeros to a multiple of 4.
Model = namedtuple("Model", "inputs outputs")
# Where each label's nodes begin, int64 (n_labels + 1,); the nodes, int32, and on which side, uint8.
Tree = namedtuple("Tree", "ends nodes codes")
# A loss of those above, float32 rates of the first text and behind the last, int64, uint64.
Step = namedtuple("Step", "loss first last n_labels negative seed")
Scratch = namedtuple("Scratch", "hidden gradient scores")

kernel = njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")


def make_scratch(n_labels, dim):
    """Work space of one thread."""
    width = row_width(dim)
    return Scratch(aligned_zeros(width), aligned_zeros(width), np.zeros(n_labels + 4, np.float32))


@part
def sum_rows(out, inputs, texts, begin, end, row, lanes):
    """`out` = the weighted sum of the rows of a text."""
    rows, weights = texts
    for i in range(len(lanes)):
        store(out, i * 8, zeros())
    for k in range(begin, end, 4):
        r0, r1 = rows[k] * row, rows[k + 1] * row
        r2, r3 = rows[k + 2] * row, rows[k + 3] * row
        v0, v1 = splat(f32(weights[k])), splat(f32(weights[k + 1]))
        v2, v3 = splat(f32(weights[k + 2])), splat(f32(weights[k + 3]))
        for i in range(len(lanes)):
            at = i * 8
            x = fma(v0, load(inputs, r0 + at), load(out, at))
            x = fma(v1, load(inputs, r1 + at), x)
            x = fma(v2, load(inputs, r2 + at), x)
            store(out, at, fma(v3, load(inputs, r3 + at), x))


@part
def scale_row(a, factor, lanes):
    """`a` *= factor."""
    v, none = splat(factor), zeros()
    for i in range(len(lanes)):
        store(a, i * 8, fma(v, load(a, i * 8), none))


@part
def add_row(a, a0, b, factor, lanes):
    """Row `a0` of a += factor * b."""
    v = splat(factor)
    for i in range(len(lanes)):
        at = i * 8
        store(a, a0 + at, fma(v, load(b, at), load(a, a0 + at)))


@part
def score_four(h, outputs, o0, scores, k, lanes):
    """`scores[k : k + 4]` = the products of h with four output rows from `o0` on."""
    row = (len(lanes) + 1) // 2 * ROW
    s0, s1, s2, s3 = zeros(), zeros(), zeros(), zeros()
    for i in range(len(lanes)):
        at = i * 8
        x = load(h, at)
        s0 = fma(x, load(outputs, o0 + at), s0)
        s1 = fma(x, load(outputs, o0 + row + at), s1)
        s2 = fma(x, load(outputs, o0 + 2 * row + at), s2)
        s3 = fma(x, load(outputs, o0 + 3 * row + at), s3)
    store_sums(s0, s1, s2, s3, scores, k)


@part
def move_four(h, g, outputs, o0, errors, k, lanes):
    """Add to g four errors times their output rows, and then to these their errors times h."""
    row = (len(lanes) + 1) // 2 * ROW
    v0, v1, v2, v3 = (
        splat(errors[k]),
        splat(errors[k + 1]),
        splat(errors[k + 2]),
        splat(errors[k + 3]),
    )
    for i in range(len(lanes)):
        at = i * 8
        x, z = load(h, at), load(g, at)
        y0, y1 = load(outputs, o0 + at), load(outputs, o0 + row + at)
        y2, y3 = load(outputs, o0 + 2 * row + at), load(outputs, o0 + 3 * row + at)
        store(g, at, fma(v3, y3, fma(v2, y2, fma(v1, y1, fma(v0, y0, z)))))
        store(outputs, o0 + at, fma(v0, x, y0))
        store(outputs, o0 + row + at, fma(v1, x, y1))
        store(outputs, o0 + 2 * row + at, fma(v2, x, y2))
        store(outputs, o0 + 3 * row + at, fma(v3, x, y3))


@part
def _loss_of(p):
    return -np.log(max(p, f32(1e-20)))


@part
def _sigmoid(z):
    return f32(1) / (f32(1) + np.exp(-z))


@part
def learn_one(h, g, outputs, o0, is_right, rate, scores, lanes):
    """The step of one output by the logistic loss, which is returned."""
    s = zeros()
    for i in range(len(lanes)):
        s = fma(load(h, i * 8), load(outputs, o0 + i * 8), s)
    store_sums(s, s, s, s, scores, 0)
    p = _sigmoid(scores[0])
    error = rate * ((f32(1) if is_right else f32(0)) - p)
    v = splat(error)
    for i in range(len(lanes)):
        at = i * 8
        y = load(outputs, o0 + at)
        store(g, at, fma(v, y, load(g, at)))
        store(outputs, o0 + at, fma(v, load(h, at), y))
    return _loss_of(p if is_right else f32(1) - p)


@part
def softmax_errors(scores, n, target, rate):
    """Scores become rate * errors; returns the loss."""
    highest = scores[0]
    for k in range(1, n):
        highest = max(highest, scores[k])
    total = f32(0)
    for k in range(n):
        scores[k] = np.exp(scores[k] - highest)
        total += scores[k]
    loss = _loss_of(scores[target] / total)
    factor = -rate / total
    for k in range(n):
        scores[k] *= factor
    scores[target] += rate
    return loss


@part
def logistic_errors(scores, n, labels, begin, end, rate):
    """The same, where each label is told by itself."""
    loss = f32(0)
    for k in range(n):
        scores[k] = _sigmoid(scores[k])
        loss += _loss_of(f32(1) - scores[k])
        scores[k] *= -rate
    for k in range(begin, end):
        p = -scores[labels[k]] / rate
        loss += _loss_of(p) - _loss_of(f32(1) - p)
        scores[labels[k]] += rate
    return loss


@kernel
def train(order, texts, model, tree, noise, scratch, step, lanes):
    """Learn from some texts in this order; returns the sum of their losses, and how many had one.

    A text without rows or without labels is passed over.

    Args:
        order: int64: numbers of texts.
        texts: `Texts`.
        model: `Model`, changed in place, also by other threads at the same time.
        tree: `Tree`; empty but for `hs`.
        noise: `sampling.Noise`; empty but for `ns`.
        scratch: `Scratch`, this thread's own.
        step: `Step`. A text of several labels draws one of them, but for `ova`.
        lanes: `row_lanes(dim)`.
    """
    inputs, outputs = model.inputs, model.outputs
    rows, weights, ends, totals = texts.rows, texts.weights, texts.ends, texts.totals
    labels, label_ends = texts.labels, texts.label_ends
    h, g, scores = scratch.hidden, scratch.gradient, scratch.scores
    row = (len(lanes) + 1) // 2 * ROW
    n_labels, state = step.n_labels, np.uint64(step.seed)
    whole, n_learned = 0.0, 0
    change = (step.last - step.first) / f32(max(order.size, 1))
    for i in range(order.size):
        text = order[i]
        begin, end = ends[text], ends[text + 1]
        first, last = label_ends[text], label_ends[text + 1]
        follows = order[i + 1] if i + 1 < order.size else text
        ahead, stop = ends[follows], ends[follows + 1]
        if begin == end or first == last:
            continue
        rate = step.first + change * f32(i)
        share = f32(1) / f32(totals[text])
        sum_rows(h, inputs, (rows, weights), begin, end, row, lanes)
        scale_row(h, share, lanes)
        scale_row(g, f32(0), lanes)
        target = labels[first]
        if last - first > 1 and step.loss != OVA:
            state = state * MULTIPLIER + INCREMENT
            target = labels[first + below(state, last - first)]
        loss = f32(0)
        if step.loss == SOFTMAX or step.loss == OVA:
            for k in range(0, n_labels, 4):
                score_four(h, outputs, k * row, scores, k, lanes)
            if step.loss == SOFTMAX:
                loss = softmax_errors(scores, n_labels, target, rate)
            else:
                loss = logistic_errors(scores, n_labels, labels, first, last, rate)
            for k in range(n_labels, (n_labels + 3) & -4):
                scores[k] = 0
            for k in range(0, n_labels, 4):
                move_four(h, g, outputs, k * row, scores, k, lanes)
        else:
            node, n_nodes = np.int64(0), np.int64(step.negative) + 1
            if step.loss == HS:
                node = tree.ends[target]
                n_nodes = tree.ends[target + 1] - node
            for k in range(n_nodes):
                which, is_right = np.int64(target), k == 0
                if step.loss == HS:
                    which, is_right = np.int64(tree.nodes[node + k]), tree.codes[node + k] == 1
                elif k > 0:
                    while which == target:
                        state = state * MULTIPLIER + INCREMENT
                        which = below(state, noise.alias.size)
                        state = state * MULTIPLIER + INCREMENT
                        if (state >> HIGH) >= noise.accept[which]:
                            which = np.int64(noise.alias[which])
                loss += learn_one(h, g, outputs, which * row, is_right, rate, scores, lanes)
        whole += np.float64(loss)
        n_learned += 1
        scale_row(g, share, lanes)
        for k in range(begin, end):
            if ahead < stop:
                fetch(inputs, rows[ahead] * row, lanes)
                ahead += 1
            if weights[k] > 0:
                add_row(inputs, rows[k] * row, g, f32(weights[k]), lanes)
    return whole, n_learned


@njit(cache=True, nogil=True, error_model="numpy")
def mean_rows(rows, ends, totals, table, out):
    """Write the mean of the rows of each text; zeros where there is none.

    Args:
        rows: int32, of `word_ngrams.gather`.
        ends: int64 `(n + 1,)`.
        totals: int32 `(n,)`.
        table: Rows as `inlay.kernels.subwords` takes them.
        out: float32 `(n, dim)`, written.
    """
    for text in range(totals.size):
        x = out[text]
        x[:] = 0
        for k in range(ends[text], ends[text + 1]):
            accumulate(x, table, rows[k])
        if totals[text] > 0:
            x *= f32(1.0 / totals[text])
