"""Numbers of runs of text to those of the words in them, and to ranks."""

import numpy as np

from inlay.kernels.compiled import njit
from inlay.kernels.lanes import prefetch

U0, U1 = np.uint64(0), np.uint64(1)
AHEAD = np.uint64(16)  # runs between asking for a span and reading it
END = -1  # of a sentence
RUN = -2  # what the numbers of runs are taken from, where they stand among those of tokens

kernel = njit(cache=True, nogil=True)


@kernel
def remember(ids, lengths, spans, flat, size):
    """Note the tokens of some runs.

    Args:
        ids: int32, the tokens of all of them, one behind the other.
        lengths: int64, of each run how many it has.
        spans: int32, for each run; receives its only token, or `~at`, where `flat[at]` is how
            many it has, and they follow.
        flat: int32; receives what there is, from `size` on, at most one more than tokens for each.
        size: How much there is.

    Returns:
        How much there is then.
    """
    at = 0
    for run in range(lengths.size):
        n = lengths[run]
        if n == 1:
            spans[run] = ids[at]
        else:
            spans[run] = ~size
            flat[size] = n
            for j in range(n):
                flat[size + 1 + j] = ids[at + j]
            size += n + 1
        at += n
    return size


@kernel
def expand(items, begin, spans, flat, out):
    """Write the tokens of runs in their places among others, as long as there is room.

    Args:
        items: int32: tokens and -1, which stay, and `RUN - i` for run `i`.
        begin: The first of them to look at.
        spans: int32, from `remember`.
        flat: int32, likewise.
        out: int32.

    Returns:
        `(next, n)`: the item for which there is no room, or `items.size`, and how many tokens are
        written.
    """
    n, room = U0, np.uint64(out.size)
    last = np.uint64(items.size) - U1
    for i in range(np.uint64(begin), np.uint64(items.size)):
        prefetch(spans, max(RUN - items[min(np.uint64(i) + AHEAD, last)], 0))
        token = items[i]
        is_one = token >= END
        if not is_one:
            token = spans[np.uint64(RUN - token)]
            is_one = token >= 0
        if is_one:
            if n == room:
                return np.int64(i), np.int64(n)
            out[n] = token
            n += U1
            continue
        first = np.uint64(~token)
        size = np.uint64(flat[first])
        if n + size > room:
            return np.int64(i), np.int64(n)
        for j in range(size):
            out[n + np.uint64(j)] = flat[first + U1 + np.uint64(j)]
        n += size
    return items.size, np.int64(n)


@kernel
def credit(run_counts, spans, flat, counts):
    """Add to `counts`, int64 by token, how often each is in runs that were seen so often."""
    for run in range(run_counts.size):
        token = spans[run]
        if token >= 0:
            counts[token] += run_counts[run]
            continue
        first = ~token + 1
        for at in range(first, first + flat[first - 1]):
            counts[flat[at]] += run_counts[run]


@kernel
def renumber(ids, rank, every_end):
    """Replace each number i by `rank[i]`, in place, and leave out those of rank -1.

    Sentence ends stay: all of them if `every_end`, and else not two in a row. Returns how many
    entries are left.
    """
    n = U0
    ended = False  # whether the last that is left is an end
    for i in range(np.uint64(ids.size)):
        word = ids[i]
        if word >= 0:
            word = rank[np.uint64(word)]
            ids[n] = word
            n += np.uint64(word >= 0)  # no branch, which nobody could predict
            ended &= word < 0
        elif every_end or not ended:
            ids[n] = END
            n += U1
            ended = True
    return np.int64(n)
