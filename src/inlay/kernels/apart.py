"""A piece of a corpus with rows of its own: learned from apart, and what changed added later.

Threads that change the same rows at the same time never do the same twice. Here a piece gets
copies of the rows that it needs, under numbers of its own, and any kernel learns on these as on
a small model. Then the copies become differences, which are added to the model whenever it is
time: in the order of the pieces, if the result is to be the same for any number of threads.

Noise words must be among the rows, so they are drawn before, into a pool from which the kernel
draws evenly. In expectation that is the same.

Rows are `row` floats each, one after the other in flat float32 arrays. (Loops go over slices, for
of those the compiler knows that no index is negative.) All of this reads and
writes each row of a piece once or twice: 12 bytes of traffic for each of its numbers.
"""

from inlay.kernels.sampling import draw_noise, kernel


@kernel
def localise(ids, accept, alias, seed, number, words, pool, rows):
    """Give the words of a piece numbers of its own, in the order in which they come.

    Args:
        ids: int32, words of the model; -1 ends a sentence.
        accept: Of the model's `Noise`; the words of the pool are drawn from it.
        alias: Of the same.
        seed: uint64, of these draws alone.
        number: int32 `(vocab_size,)`, all -1, and so again at the end.
        words: int32, at least as many as `ids`: filled with the piece's own numbers.
        pool: int32: filled with noise words, by the piece's own numbers.
        rows: int32, as many as `ids` and `pool` together: filled with the model's number of each.

    Returns:
        How many words the piece has, and how many there are with those of the pool.
    """
    n = 0
    for i in range(ids.size):
        word = ids[i]
        if word < 0:
            words[i] = -1
            continue
        if number[word] < 0:
            number[word] = n
            rows[n] = word
            n += 1
        words[i] = number[word]
    own = n
    draw_noise(accept, alias, seed, pool, 0, pool.size)
    for k in range(pool.size):
        word = pool[k]
        if number[word] < 0:
            number[word] = n
            rows[n] = word
            n += 1
        pool[k] = number[word]
    for i in range(n):
        number[rows[i]] = -1
    return own, n


@kernel
def localise_lists(starts, items, rows, n, number, outs, own_starts, own_items):
    """Give what the words of a piece are made of, or lead to, numbers of its own.

    Args:
        starts: int64 `(vocab_size + 1,)`: where each word's items begin.
        items: int32: what each word has.
        rows: The model's number of each word of the piece.
        n: How many words it has.
        number: int32, more than there are different items, all -1, and so again at the end.
        outs: int32: filled with the model's number of each item.
        own_starts: int64, more than n: filled with the piece's own list, as the next one is.
        own_items: int32.

    Returns:
        How many different items there are.
    """
    found, at = 0, 0
    for i in range(n):
        own_starts[i] = at
        for k in range(starts[rows[i]], starts[rows[i] + 1]):
            item = items[k]
            if number[item] < 0:
                number[item] = found
                outs[found] = item
                found += 1
            own_items[at] = number[item]
            at += 1
    own_starts[n] = at
    for i in range(found):
        number[outs[i]] = -1
    return found


@kernel
def localise_paths(starts, points, codes, rows, n, number, outs, own_starts, own_points, own_codes):
    """Give the nodes on the paths of a piece's words numbers of its own.

    Args:
        starts: Of the model's `huffman.Tree`.
        points: Of the same.
        codes: Of the same.
        rows: The model's number of each word of the piece.
        n: How many words it has.
        number: int32, more than there are nodes, all -1, and so again at the end.
        outs: int32: filled with the model's number of each node.
        own_starts: int64, more than n: filled with the piece's own tree, as the next two are.
        own_points: int32.
        own_codes: int8.

    Returns:
        How many nodes there are.
    """
    nodes = localise_lists(starts, points, rows, n, number, outs, own_starts, own_points)
    for i in range(n):
        there = starts[rows[i]] - own_starts[i]
        for k in range(own_starts[i], own_starts[i + 1]):
            own_codes[k] = codes[there + k]
    return nodes


@kernel
def gather(matrix, rows, n, row, own):
    """Copy the first n rows: `own[i] = matrix[rows[i]]`."""
    for i in range(n):
        x, y = own[i * row : (i + 1) * row], matrix[rows[i] * row : (rows[i] + 1) * row]
        for j in range(row):
            x[j] = y[j]


@kernel
def pull(words, n, anchors, rows, factor, row, own):
    """Move the row of each word towards its anchor, once for each time that it stands there.

    `own[w] += factor[rows[w]] * (anchors[rows[w]] - own[w])`
    """
    for i in range(n):
        word = words[i]
        if word >= 0 and factor[rows[word]] > 0:
            by, there = factor[rows[word]], rows[word] * row
            x, y = own[word * row : (word + 1) * row], anchors[there : there + row]
            for j in range(row):
                x[j] += by * (y[j] - x[j])


@kernel
def differences(matrix, rows, n, row, own):
    """`own[i] -= matrix[rows[i]]`, of the first n rows."""
    for i in range(n):
        x, y = own[i * row : (i + 1) * row], matrix[rows[i] * row : (rows[i] + 1) * row]
        for j in range(row):
            x[j] -= y[j]


@kernel
def add(own, rows, n, row, factors, part, parts, matrix):
    """`matrix[rows[i]] += factors[rows[i]] * own[i]`, for rows whose number leaves `part`.

    Args:
        own: What is added.
        rows: The model's number of each row.
        n: How many there are.
        row: Floats of a row.
        factors: float32 `(vocab_size,)`. What is multiplied by 0 stays as it is, to the bit.
        part: Only rows with `rows[i] % parts == part`, so that threads share the work.
        parts: How many such shares there are, a power of 2.
        matrix: Changed in place.
    """
    for i in range(n):
        factor = factors[rows[i]]
        if (rows[i] & (parts - 1)) == part and factor != 0:
            x, y = matrix[rows[i] * row : (rows[i] + 1) * row], own[i * row : (i + 1) * row]
            for j in range(row):
                x[j] += factor * y[j]
