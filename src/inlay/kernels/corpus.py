"""A growing vocabulary: the numbers of words, and how often each was seen.

Words are numbered in the order in which they first appear, and known by their keys
(`inlay.kernels.word_keys`). The vocabulary so far is a tuple of

    table    uint64 (2 * slots,)       of each slot a key, and behind it a count and a number in
                                       one: `count << BITS | number + 1`, 0 where it is empty
    offsets  int64 (slots / 2 + 1,)    word i is blob[offsets[i]:offsets[i + 1]]
    blob     uint8                     the words' bytes

The number of slots is a power of two, and collisions go to the next (open addressing). All that
is asked of a word of at most seven bytes lies in one line of the cache.

Splitting and looking up are two loops: the second then waits for memory many words at a time.
"""

import numpy as np

from inlay.kernels.compiled import njit
from inlay.kernels.hashing import GOLDEN
from inlay.kernels.lanes import prefetch
from inlay.kernels.word_keys import LONG, equal_words

AHEAD = np.uint64(32)  # words between asking for a slot and reading it
U1, U2 = np.uint64(1), np.uint64(2)  # places without a sign need no look at whether they have one
BITS = np.uint64(27)  # of a number; the others are the count's
ONE = np.uint64(1 << 27)  # what counts a word once
NONE = np.uint64(0)  # what looks it up and does not count it
NUMBER = np.uint64((1 << 27) - 1)
END = -1  # of a sentence
PARTS = 1 << 10  # into which words may be divided
TO_PART = np.uint64(64 - 10)
PRIME = np.uint64(0x100000001B3)

kernel = njit(cache=True, nogil=True)
part = njit(cache=True, nogil=True, forceinline=True)


@part
def slot_of(key, shift):
    """Where the search for a key begins in the table."""
    return ((key * GOLDEN) >> shift) << U1


@kernel
def enter(old, table, shift):
    """Enter all that an old table holds into an empty one; `shift` is 64 - log2(slots)."""
    mask = np.uint64(table.size - 1)
    for i in range(0, old.size, 2):
        if old[i + 1] != 0:
            slot = slot_of(old[i], shift)
            while table[slot + U1] != 0:
                slot = (slot + U2) & mask
            table[slot] = old[i]
            table[slot + U1] = old[i + 1]


@kernel
def read_table(table, keys, counts):
    """The keys and counts of all words, by their number."""
    for i in range(0, table.size, 2):
        if table[i + 1] != 0:
            word = np.int64(table[i + 1] & NUMBER) - 1
            keys[word] = table[i]
            counts[word] = np.int64(table[i + 1] >> BITS)


@kernel
def look_up(text, items, begin, end, words, n_words, shift, once, ids):
    """Number and count the items `begin` to `end` of `inlay.kernels.spaces.split`.

    Args:
        text: What was split.
        items: The `keys`, `starts` and `stops` of `split`.
        begin: The first of them.
        end: After the last of them.
        words: The vocabulary, as described above; it grows.
        n_words: How many words it has.
        shift: 64 - log2(number of slots).
        once: `ONE` to count each, or `NONE`.
        ids: int32, receives the number of each item, -1 for a line end.

    Returns:
        `(next, n_words)`. `next` is less than `end` when the vocabulary is full: enlarge it
        and call again from there.
    """
    item_keys, starts, stops = items
    table, offsets, blob = words  # and no call takes them on: that would count references
    mask, last = np.uint64(table.size - 1), np.uint64(end) - U1
    for i in range(np.uint64(begin), np.uint64(end)):
        prefetch(table, slot_of(item_keys[min(np.uint64(i) + AHEAD, last)], shift))
        key = item_keys[i]
        if key == 0:
            ids[i] = END
            continue
        slot = slot_of(key, shift)
        value = table[slot + U1]
        while value != 0:
            if table[slot] == key:
                if key < LONG:
                    break
                word = (value & NUMBER) - U1
                if equal_words(text, starts[i], stops[i], blob, offsets[word], offsets[word + U1]):
                    break
            slot = (slot + U2) & mask
            value = table[slot + U1]
        if value == 0:
            offset = offsets[n_words]
            size = stops[i] - starts[i]
            if n_words == offsets.size - 1 or offset + size > blob.size:
                return np.int64(i), n_words
            for j in range(size):
                blob[offset + j] = text[starts[i] + j]
            n_words += 1
            offsets[n_words] = offset + size
            table[slot] = key
            value = np.uint64(n_words)
        table[slot + U1] = value + once
        ids[i] = np.int64(value & NUMBER) - 1
    return end, n_words


@part
def part_of(key):
    """In which of `PARTS` parts a word is; by other bits than its slot."""
    mixed = key * PRIME
    mixed = (mixed ^ (mixed >> np.uint64(29))) * GOLDEN
    return np.int64(mixed >> TO_PART)


@kernel
def by_part(keys, order, starts):
    """Order words by their parts: those of part `p` are `order[starts[p]:starts[p + 1]]`.

    Args:
        keys: uint64 `(words,)`.
        order: int32, as many; receives their numbers, in each part from small to large.
        starts: int64 `(PARTS + 2,)`, zeros; receives where each part begins.
    """
    for key in keys:
        starts[part_of(key) + 2] += 1
    for i in range(1, starts.size):
        starts[i] += starts[i - 1]
    for i in range(keys.size):
        at = part_of(keys[i]) + 1
        order[starts[at]] = i
        starts[at] += 1


@kernel
def merge(theirs, rows, begin, words, n_words, shift, numbers):
    """Enter and count words of another vocabulary.

    Args:
        theirs: Their `keys`, `counts`, `offsets` and `blob`.
        rows: int32, which of them.
        begin: The first of these to look at.
        words: The vocabulary, as for `look_up`.
        n_words: How many words it has.
        shift: 64 - log2(number of slots).
        numbers: int32, receives the number of each of these.

    Returns:
        As `look_up`.
    """
    keys, counts, ends, text = theirs
    table, offsets, blob = words
    mask = np.uint64(table.size - 1)
    for i in range(begin, rows.size):
        ahead = min(np.uint64(i) + AHEAD, np.uint64(rows.size - 1))
        prefetch(table, slot_of(keys[np.uint64(rows[ahead])], shift))
        row = np.uint64(rows[i])
        key, start, stop = keys[row], ends[row], ends[row + U1]
        slot = slot_of(key, shift)
        value = table[slot + U1]
        while value != 0:
            if table[slot] == key:
                word = (value & NUMBER) - U1
                if key < LONG or equal_words(
                    text, start, stop, blob, offsets[word], offsets[word + U1]
                ):
                    break
            slot = (slot + U2) & mask
            value = table[slot + U1]
        if value == 0:
            offset = offsets[n_words]
            if n_words == offsets.size - 1 or offset + stop - start > blob.size:
                return i, n_words
            for j in range(stop - start):
                blob[offset + j] = text[start + j]
            n_words += 1
            offsets[n_words] = offset + stop - start
            table[slot] = key
            value = np.uint64(n_words)
        table[slot + U1] = value + (np.uint64(counts[row]) << BITS)
        numbers[i] = np.int64(value & NUMBER) - 1
    return rows.size, n_words
