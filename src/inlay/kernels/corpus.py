"""Text bytes to word numbers: splitting, counting and renumbering.

Words are numbered in the order in which they first appear. A word's key is its bytes, if they
are at most seven, with their number on top; such words are equal if their keys are. A longer
word's key is a hash (FNV-1a) below a byte of ones, and its bytes are compared as well. Most
words of running text are short, so that looking one up is one comparison.

The vocabulary so far is a tuple of

    slots    int32 (a power of two,)   number + 1, or 0 when empty: open addressing
    keys     uint64 (slots / 2,)       one for each word
    offsets  int64 (slots / 2 + 1,)    word i is blob[offsets[i]:offsets[i + 1]]
    blob     uint8                     the words' bytes
    counts   int64 (slots / 2,)        how often each was seen

Splitting and looking up are two loops: the second then waits for memory many words at a time.
"""

import numpy as np

from inlay.kernels.compiled import njit
from inlay.kernels.hashing import equal
from inlay.kernels.lanes import prefetch

PRIME = np.uint64(0x100000001B3)
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
SHORT = 7  # bytes that fit into a key
TOP = np.uint64(56)
LONG = np.uint64(0xFF << 56)
EIGHT = np.uint64(8)
AHEAD = 12  # words between asking for a slot and reading it
END = -1  # of a sentence

kernel = njit(cache=True, nogil=True)
part = njit(cache=True, nogil=True, forceinline=True)


@part
def wide_space(text, at):
    """Bytes of the white space beyond ASCII at `at`, or 0: what `str.split` splits at."""
    first, second, third = text[at], text[at + 1], text[at + 2]
    if first == 0xC2:
        return 2 if second == 0x85 or second == 0xA0 else 0
    if first == 0xE2:
        if second == 0x80:  # U+2000 to U+200A, U+2028, U+2029, U+202F
            return 3 if third <= 0x8A or third == 0xA8 or third == 0xA9 or third == 0xAF else 0
        return 3 if second == 0x81 and third == 0x9F else 0
    if first == 0xE1:
        return 3 if second == 0x9A and third == 0x80 else 0
    return 3 if first == 0xE3 and second == 0x80 and third == 0x80 else 0


@kernel
def split(text, size, keys, starts, stops):
    """Find the words and line ends of `text[:size]`; returns how many.

    A word that reaches `size` is taken as whole: the caller cuts at white space.

    Args:
        text: uint8, valid UTF-8, with two more bytes beyond `size`.
        size: Where the text ends.
        keys: uint64, at least `size` of them; receives each word's key, 0 for a line end.
        starts: int32, at least `size`; receives where each word begins.
        stops: int32, at least `size`; receives where each ends.
    """
    n = 0
    at = 0
    while at < size:
        byte = text[at]
        if byte <= 0x20:
            if byte == 0x0A:
                keys[n] = 0
                n += 1
            if byte == 0x20 or 0x09 <= byte <= 0x0D or byte >= 0x1C:
                at += 1
                continue
        elif byte >= 0xC2:
            width = wide_space(text, at)
            if width > 0:
                at += width
                continue
        start = at
        key = np.uint64(0)
        while at < size:
            byte = text[at]
            if byte <= 0x20:
                if byte == 0x20 or 0x09 <= byte <= 0x0D or byte >= 0x1C:
                    break
            elif byte >= 0xC2 and wide_space(text, at) > 0:
                break
            if at - start < SHORT:
                key = (key << EIGHT) | np.uint64(byte)
            else:
                key = (key ^ np.uint64(byte)) * PRIME
            at += 1
        if at - start <= SHORT:
            keys[n] = key | (np.uint64(at - start) << TOP)
        else:
            keys[n] = key | LONG
        starts[n] = start
        stops[n] = at
        n += 1
    return n


@kernel
def split_at_spaces(text, offsets, keys, starts, stops, counts):
    """Find what stands between spaces, U+0020, in each of some texts; returns how many.

    Args:
        text: uint8: text `i` is `text[offsets[i]:offsets[i + 1]]`.
        offsets: int64 `(texts + 1,)`.
        keys: uint64, at least half as many as bytes, and one for each text.
        starts: int32, as many; receives where each piece begins.
        stops: int32, as many; receives where each ends.
        counts: int64 `(texts,)`; receives how many pieces each text has.
    """
    n = 0
    for i in range(counts.size):
        before, at, end = n, offsets[i], offsets[i + 1]
        while at < end:
            if text[at] == 0x20:
                at += 1
                continue
            start = at
            key = np.uint64(0)
            while at < end and text[at] != 0x20:
                if at - start < SHORT:
                    key = (key << EIGHT) | np.uint64(text[at])
                else:
                    key = (key ^ np.uint64(text[at])) * PRIME
                at += 1
            if at - start <= SHORT:
                keys[n] = key | (np.uint64(at - start) << TOP)
            else:
                keys[n] = key | LONG
            starts[n] = start
            stops[n] = at
            n += 1
        counts[i] = n - before
    return n


@kernel
def enter(words, n_words, shift):
    """Enter the first `n_words` words into empty slots; `shift` is 64 - log2(slots)."""
    slots, keys, _, _, _ = words
    mask = slots.size - 1
    for word in range(n_words):
        slot = np.int64((keys[word] * GOLDEN) >> shift)
        while slots[slot] != 0:
            slot = (slot + 1) & mask
        slots[slot] = word + 1


@kernel
def look_up(text, items, begin, end, words, n_words, shift, ids):
    """Number and count the items `begin` to `end` of `split`.

    Args:
        text: What was split.
        items: The `keys`, `starts` and `stops` of `split`.
        begin: The first of them.
        end: After the last of them.
        words: The vocabulary, as described above; it grows.
        n_words: How many words it has.
        shift: 64 - log2(number of slots).
        ids: int32, receives the number of each item, -1 for a line end.

    Returns:
        `(next, n_words)`. `next` is less than `end` when the vocabulary is full: enlarge it
        and call again from there.
    """
    item_keys, starts, stops = items
    slots, keys, offsets, blob, counts = words
    mask = slots.size - 1
    for i in range(begin, end):
        if i + AHEAD < end:
            prefetch(slots, np.int64((item_keys[i + AHEAD] * GOLDEN) >> shift))
        key = item_keys[i]
        if key == 0:
            ids[i] = END
            continue
        slot = np.int64((key * GOLDEN) >> shift)
        word = np.int64(slots[slot]) - 1
        while word >= 0:
            if keys[word] == key and (
                key < LONG
                or equal(text, starts[i], stops[i], blob, offsets[word], offsets[word + 1])
            ):
                break
            slot = (slot + 1) & mask
            word = np.int64(slots[slot]) - 1
        if word < 0:
            offset = offsets[n_words]
            size = stops[i] - starts[i]
            if n_words == keys.size or offset + size > blob.size:
                return i, n_words
            word = np.int64(n_words)
            slots[slot] = word + 1
            keys[word] = key
            for j in range(size):
                blob[offset + j] = text[starts[i] + j]
            offsets[word + 1] = offset + size
            n_words += 1
        counts[word] += 1
        ids[i] = word
    return end, n_words


@kernel
def renumber(ids, rank, every_end):
    """Replace each number i by `rank[i]`, in place, and leave out those of rank -1.

    Sentence ends stay: all of them if `every_end`, and else not two in a row, nor one at the
    beginning. Returns how many entries are left.
    """
    n = 0
    for i in range(ids.size):
        word = ids[i]
        if word >= 0:
            word = rank[word]
            if word < 0:
                continue
        elif not every_end and (n == 0 or ids[n - 1] < 0):
            continue
        ids[n] = word
        n += 1
    return n
