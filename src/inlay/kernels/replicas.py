"""Rows that every thread changes all the time, in copies of its own: taken, and given back.

A cache line that two cores change in turns goes to and fro between them, and each waits for it. A
thread with copies waits when it takes and gives them, and not in between. Both read and write a row
twice or three times: 20 bytes of traffic for each of its numbers.
"""

from inlay.kernels.sampling import kernel


@kernel
def take(matrix, there, by, before):
    """Copy the rows from `there` on to where they stand `by` further on, and to `before`.

    Args:
        matrix: float32, flat; changed.
        there: Where the first row begins.
        by: How far behind it its copy does.
        before: float32, as long as the rows are together; changed.
    """
    x = matrix[there : there + before.size]
    y = matrix[there + by : there + by + before.size]
    for i in range(before.size):
        y[i] = x[i]
        before[i] = x[i]


@kernel
def give(matrix, there, by, before, factors, row):
    """Add to each row how far its copy has come from `before`, times its factor; see `take`.

    `factors` is float32, one for each row of `row` floats.
    """
    for r in range(factors.size):
        at, factor = there + r * row, factors[r]
        x, y = matrix[at : at + row], matrix[at + by : at + by + row]
        z = before[r * row : (r + 1) * row]
        for i in range(row):
            x[i] += factor * (y[i] - z[i])


@kernel
def renumber(ids, first, hot, by, into):
    """`into = ids`, and `by` more for the `hot` of them from `first` on.

    Both are int32; they may be the same array.
    """
    for i in range(ids.size):
        into[i] = ids[i] + (by if first <= ids[i] < first + hot else 0)
