"""Steps of rows that move each other: h += sum_k w[k] y[k] while each y[k] += w[k] h.

That is the step of every objective that asks for the logits h . y[k]: with w the errors times the
learning rate, the rows h and y go along their gradients. Both sums are made on one way through
the rows, a register of each at a time. Rows are as in `inlay.kernels.rows`. The rows of y are
gone through one by one: if one stands there twice, the second time it has moved already.

`targets[first:last]` are the numbers of the rows y; the weights of a row stand together,
`weights[at + k * by]` and on.
"""

from inlay.kernels.rows import lanes_row, part
from inlay.kernels.wide import WIDTH, fma, load, splat, store, store_sums, zeros


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
def exchange_four(h, four, d, d0, y, targets, first, last, weights, at, by, lanes):
    """Steps of four rows h, written to four rows of d from `d0` on; and of the rows y, in place."""
    h0, h1, h2, h3 = four
    row = lanes_row(lanes)
    for c in range(0, len(lanes) * 8, WIDTH):
        x0, x1, x2, x3 = load(h, h0 + c), load(h, h1 + c), load(h, h2 + c), load(h, h3 + c)
        s0, s1, s2, s3 = zeros(), zeros(), zeros(), zeros()
        for k in range(first, last):
            place, w = targets[k] * row + c, at + k * by
            z = load(y, place)
            w0, w1 = splat(weights[w]), splat(weights[w + 1])
            w2, w3 = splat(weights[w + 2]), splat(weights[w + 3])
            s0, s1, s2, s3 = fma(w0, z, s0), fma(w1, z, s1), fma(w2, z, s2), fma(w3, z, s3)
            store(y, place, fma(w3, x3, fma(w2, x2, fma(w1, x1, fma(w0, x0, z)))))
        store(d, d0 + c, s0)
        store(d, d0 + row + c, s1)
        store(d, d0 + 2 * row + c, s2)
        store(d, d0 + 3 * row + c, s3)


@part
def exchange_pair(h, h0, d, d0, y, y0, w, lanes):
    """One row each: `d += w y` and `y += w h`."""
    v = splat(w)
    for c in range(0, len(lanes) * 8, WIDTH):
        z = load(y, y0 + c)
        store(d, d0 + c, fma(v, z, load(d, d0 + c)))
        store(y, y0 + c, fma(v, load(h, h0 + c), z))
