"""Steps of rows that move each other: h += sum_k w[k] y[k] while each y[k] += w[k] h.

That is the step of every objective that asks for the logits h . y[k]: with w the errors times the
learning rate, the rows h and y go along their gradients. Both sums are made on one way through
the rows, a register of each at a time. Rows are as in `inlay.kernels.rows`. The rows of y are
gone through one by one: if one stands there twice, the second time it has moved already.

`targets[first:last]` are the numbers of the rows y; the weights of the first begin at
`weights[at]`, those of the next `by` further on.
"""

import numpy as np

from inlay.kernels.logistic import weigh_errors, weigh_losses
from inlay.kernels.rows import lanes_row, part, plus
from inlay.kernels.wide import WIDTH, fma, load, splat, spread, store, store_sums, zeros


@part
def dots_four(a, a0, a1, b, four, out, out0, out1, lanes):
    """The products of rows `a0`, `a1` of a with four rows of b."""
    b0, b1, b2, b3 = four
    s0, s1, s2, s3 = zeros(), zeros(), zeros(), zeros()
    t0, t1, t2, t3 = zeros(), zeros(), zeros(), zeros()
    for at in range(0, len(lanes) * 8, WIDTH):
        x, y = load(a, a0 + at), load(a, a1 + at)
        z = load(b, b0 + at)
        s0, t0 = fma(x, z, s0), fma(y, z, t0)
        z = load(b, b1 + at)
        s1, t1 = fma(x, z, s1), fma(y, z, t1)
        z = load(b, b2 + at)
        s2, t2 = fma(x, z, s2), fma(y, z, t2)
        z = load(b, b3 + at)
        s3, t3 = fma(x, z, s3), fma(y, z, t3)
    store_sums(s0, s1, s2, s3, out, out0)
    store_sums(t0, t1, t2, t3, out, out1)


@part
def dots_of_pairs(a, four_a, b, four_b, out, out0, lanes):
    """The products of four rows of a, each with its own row of b."""
    a0, a1, a2, a3 = four_a
    b0, b1, b2, b3 = four_b
    s0, s1, s2, s3 = zeros(), zeros(), zeros(), zeros()
    for at in range(0, len(lanes) * 8, WIDTH):
        s0 = fma(load(a, a0 + at), load(b, b0 + at), s0)
        s1 = fma(load(a, a1 + at), load(b, b1 + at), s1)
        s2 = fma(load(a, a2 + at), load(b, b2 + at), s2)
        s3 = fma(load(a, a3 + at), load(b, b3 + at), s3)
    store_sums(s0, s1, s2, s3, out, out0)


@part
def exchange_row(y, at, weights, w, by, x, s):
    """A register of a row of y and those of four rows x: `s += w y` and `y += w x`.

    The weights of the four are `by` apart. Returns s.
    """
    w0, w1 = spread(weights, w), spread(weights, w + by)
    w2, w3 = spread(weights, w + 2 * by), spread(weights, w + 3 * by)
    z = load(y, at)
    store(y, at, fma(w3, x[3], fma(w2, x[2], fma(w1, x[1], fma(w0, x[0], z)))))
    return fma(w0, z, s[0]), fma(w1, z, s[1]), fma(w2, z, s[2]), fma(w3, z, s[3])


@part
def exchange_four(h, four, d, d0, y, targets, first, last, weights, at, by, lanes):
    """Steps of four rows h, written to four rows of d from `d0` on; and of the rows y, in place."""
    h0, h1, h2, h3 = four
    row = lanes_row(lanes)
    for c in range(0, len(lanes) * 8, WIDTH):
        x = load(h, h0 + c), load(h, h1 + c), load(h, h2 + c), load(h, h3 + c)
        s = zeros(), zeros(), zeros(), zeros()
        for k in range(first, last):
            s = exchange_row(y, targets[k] * row + c, weights, at + (k - first) * by, 1, x, s)
        store(d, d0 + c, s[0])
        store(d, d0 + row + c, s[1])
        store(d, d0 + 2 * row + c, s[2])
        store(d, d0 + 3 * row + c, s[3])


@part
def exchange_here(h, four, y, targets, first, last, weights, at, by, lanes):
    """Four rows h and the rows y move each other, in place.

    Where a row h stands there again, its weights must be zeros.
    """
    h0, h1, h2, h3 = four
    row = lanes_row(lanes)
    for c in range(0, len(lanes) * 8, WIDTH):
        x = load(h, h0 + c), load(h, h1 + c), load(h, h2 + c), load(h, h3 + c)
        s = zeros(), zeros(), zeros(), zeros()
        for k in range(last - first):
            y0 = targets[np.uint64(first + k)] * row + c
            s = exchange_row(y, y0, weights, at + k * by, 1, x, s)
        # Loaded again: they may have changed, where one of the rows stands there twice.
        store(h, h0 + c, plus(load(h, h0 + c), s[0]))
        store(h, h1 + c, plus(load(h, h1 + c), s[1]))
        store(h, h2 + c, plus(load(h, h2 + c), s[2]))
        store(h, h3 + c, plus(load(h, h3 + c), s[3]))


@part
def exchange_two(h, two, y, targets, first, last, weights, at, by, lanes):
    """As `exchange_here`, of two rows h; the weights of the second are `by` further on."""
    h0, h1 = two
    row = lanes_row(lanes)
    for c in range(0, len(lanes) * 8, WIDTH):
        x0, x1 = load(h, h0 + c), load(h, h1 + c)
        s0, s1 = zeros(), zeros()
        for k in range(last - first):
            y0 = targets[np.uint64(first + k)] * row + c
            v0, v1 = spread(weights, at + k), spread(weights, at + by + k)
            z = load(y, y0)
            s0, s1 = fma(v0, z, s0), fma(v1, z, s1)
            store(y, y0, fma(v1, x1, fma(v0, x0, z)))
        store(h, h0 + c, plus(load(h, h0 + c), s0))
        store(h, h1 + c, plus(load(h, h1 + c), s1))


@part
def exchange_pair(h, h0, d, d0, y, y0, w, lanes):
    """One row each: `d += w y` and `y += w h`."""
    v = splat(w)
    for c in range(0, len(lanes) * 8, WIDTH):
        z = load(y, y0 + c)
        store(d, d0 + c, fma(v, z, load(d, d0 + c)))
        store(y, y0 + c, fma(v, load(h, h0 + c), z))


@part
def dots_one(a, a0, b, four, out, out0, lanes):
    """The products of one row of a with four rows of b."""
    b0, b1, b2, b3 = four
    s0, s1, s2, s3 = zeros(), zeros(), zeros(), zeros()
    for at in range(0, len(lanes) * 8, WIDTH):
        x = load(a, a0 + at)
        s0, s1 = fma(x, load(b, b0 + at), s0), fma(x, load(b, b1 + at), s1)
        s2, s3 = fma(x, load(b, b2 + at), s2), fma(x, load(b, b3 + at), s3)
    store_sums(s0, s1, s2, s3, out, out0)


@part
def exchange_one(h, h0, d, y, targets, first, last, weights, at, lanes):
    """The step of one row h is added to the row d; the rows y are changed in place."""
    row = lanes_row(lanes)
    whole = first + (last - first) // 4 * 4
    for k in range(first, whole, 4):
        w = at + k - first
        v0, v1 = spread(weights, w), spread(weights, w + 1)
        v2, v3 = spread(weights, w + 2), spread(weights, w + 3)
        y0, y1 = targets[k] * row, targets[k + 1] * row
        y2, y3 = targets[k + 2] * row, targets[k + 3] * row
        for c in range(0, len(lanes) * 8, WIDTH):
            x, s = load(h, h0 + c), load(d, c)
            z0, z1, z2, z3 = load(y, y0 + c), load(y, y1 + c), load(y, y2 + c), load(y, y3 + c)
            store(d, c, fma(v3, z3, fma(v2, z2, fma(v1, z1, fma(v0, z0, s)))))
            store(y, y0 + c, fma(v0, x, z0))
            store(y, y1 + c, fma(v1, x, z1))
            store(y, y2 + c, fma(v2, x, z2))
            store(y, y3 + c, fma(v3, x, z3))
    for k in range(whole, last):
        v, y0 = splat(weights[at + k - first]), targets[k] * row
        for c in range(0, len(lanes) * 8, WIDTH):
            z = load(y, y0 + c)
            store(d, c, fma(v, z, load(d, c)))
            store(y, y0 + c, fma(v, load(h, h0 + c), z))


@part
def exchange_all(h, h0, y, targets, first, last, weights, at, lanes):
    """A row h and rows y, no two alike, move each other in place, in one pass."""
    row = lanes_row(lanes)
    for c in range(0, len(lanes) * 8, WIDTH):
        x = load(h, h0 + c)
        s = x
        for k in range(last - first):
            y0 = targets[np.uint64(first + k)] * row + c
            v, z = spread(weights, at + k), load(y, y0)
            s = fma(v, z, s)
            store(y, y0, fma(v, x, z))
        store(h, h0 + c, s)


@part
def clear(a, lanes):
    """The first row of a becomes zeros."""
    for at in range(0, len(lanes) * 8, WIDTH):
        store(a, at, zeros())


@part
def add_row(a, a0, b, scale, lanes):
    """Row `a0` of a += `scale` times the first row of b."""
    v = splat(scale)
    for at in range(0, len(lanes) * 8, WIDTH):
        store(a, a0 + at, fma(v, load(b, at), load(a, a0 + at)))


@part
def gather(out, a, words, first, last, skip, scale, row, lanes):
    """The first row of out = `scale` times the sum of the rows of `words[first:last]` but one."""
    v = splat(scale)
    for at in range(0, len(lanes) * 8, WIDTH):
        s = zeros()
        for p in range(first, skip):
            s = fma(v, load(a, words[p] * row + at), s)
        for p in range(skip + 1, last):
            s = fma(v, load(a, words[p] * row + at), s)
        store(out, at, s)


@part
def weigh_targets(h, h0, y, targets, first, last, weights, errors, measured, lanes):
    """The errors of `targets[first:last]` for a row h, by `weigh_errors`; returns the loss."""
    row = lanes_row(lanes)
    n = last - first
    for k in range(0, n, 4):
        t = first + k
        y0 = targets[t] * row
        y1 = targets[min(t + 1, last - 1)] * row
        y2, y3 = targets[min(t + 2, last - 1)] * row, targets[min(t + 3, last - 1)] * row
        dots_one(h, h0, y, (y0, y1, y2, y3), errors, k, lanes)
    loss = np.float32(0)
    if measured:
        loss, _ = weigh_losses(errors, weights, 0, n)
    weigh_errors(errors, weights, 0, n)
    return loss


@part
def learn(h, h0, d, y, targets, first, last, weights, errors, measured, lanes):
    """One row h against the rows y of `targets[first:last]`: a whole step but that of h.

    Args:
        h: Where the row is; it is read only.
        h0: Its offset.
        d: A row, to which the step of h is added.
        y: The rows of the targets, changed in place.
        targets: Their numbers, no two alike.
        first: Where the targets begin.
        last: Where they end.
        weights: The learning rate for a target that is right, and less it for a wrong one.
        errors: Work space for as many numbers, and three more.
        measured: Whether the loss is.
        lanes: `row_lanes(dim)`.

    Returns:
        The loss times the learning rate, or 0.
    """
    loss = weigh_targets(h, h0, y, targets, first, last, weights, errors, measured, lanes)
    exchange_one(h, h0, d, y, targets, first, last, errors, 0, lanes)
    return loss
