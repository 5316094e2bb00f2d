"""Text bytes to word numbers: splitting, counting and renumbering.

Words are numbered in the order in which they first appear. A word's key is its bytes, if they
are at most seven, with their number on top; such words are equal if their keys are. A longer
word's key is a hash (FNV-1a) below a byte of ones, and its bytes are compared as well. Most
words of running text are short, so that looking one up is one comparison.

The vocabulary so far is a tuple of

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
from inlay.kernels.hashing import equal
from inlay.kernels.lanes import prefetch

PRIME = np.uint64(0x100000001B3)
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
SHORT = 7  # bytes that fit into a key
TOP = np.uint64(56)
LONG = np.uint64(0xFF << 56)
EIGHT = np.uint64(8)
AHEAD = 12  # words between asking for a slot and reading it
BITS = np.uint64(27)  # of a number; the others are the count's
ONE = np.uint64(1 << 27)  # what counts a word once
NONE = np.uint64(0)  # what looks it up and does not count it
NUMBER = np.uint64((1 << 27) - 1)
END = -1  # of a sentence
NOWHERE = np.int64(-1)
LENGTH = 0xFFFFFFFF  # the bits of a span that are its length
LEFT_OUT = np.int64(0)  # the class of a character that takes more than itself to tell

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


@part
def key_of(text, start, stop):
    """The key of a word, as `split` makes it."""
    key = np.uint64(0)
    for at in range(start, stop):
        if at - start < SHORT:
            key = (key << EIGHT) | np.uint64(text[at])
        else:
            key = (key ^ np.uint64(text[at])) * PRIME
    if stop - start <= SHORT:
        return key | (np.uint64(stop - start) << TOP)
    return key | LONG


@kernel
def word_keys(text, offsets, keys, starts, stops):
    """The items of words that are known already: word `i` is `text[offsets[i]:offsets[i + 1]]`.

    Args:
        text: uint8.
        offsets: int64 `(words + 1,)`.
        keys: uint64 `(words,)`; receives each word's key, 0 for an empty one.
        starts: int32, as many; receives where each begins.
        stops: int32, as many; receives where each ends.
    """
    for i in range(offsets.size - 1):
        keys[i] = key_of(text, offsets[i], offsets[i + 1])
        starts[i] = offsets[i]
        stops[i] = offsets[i + 1]


@kernel
def simple_words(text, offsets, classes, keys, starts, stops, counts):
    """Split runs of plain letters and symbols as `inlay.tokenizers.words` does; returns how many.

    A character's class is 1 in a word, 2 for a symbol by itself, 3 for an apostrophe, which is
    part of a word between two of class 1, and 0 where it takes more than that to tell: a run
    with one of these is left out.

    Args:
        text: uint8, valid UTF-8 without white space; run `i` is
            `text[offsets[i]:offsets[i + 1]]`.
        offsets: int64 `(runs + 1,)`.
        classes: uint8 `(65536,)`; characters beyond are of class 0.
        keys: uint64, as many as bytes; receives each word's key.
        starts: int32, as many; receives where each begins.
        stops: int32, as many; receives where each ends.
        counts: int64 `(runs,)`; receives how many words each has, -1 where it is left out.
    """
    n = 0
    for i in range(counts.size):
        at, end, before = offsets[i], offsets[i + 1], n
        begun = NOWHERE  # where the word begins that we are in
        joined = NOWHERE  # where an apostrophe stands behind it
        while at < end:
            byte = np.int64(text[at])
            code, width = byte, 1
            if byte >= 0xF0:
                width = 4
            elif byte >= 0xE0:
                code = (byte & 0x0F) << 12 | (np.int64(text[at + 1]) & 0x3F) << 6
                code, width = code | (np.int64(text[at + 2]) & 0x3F), 3
            elif byte >= 0x80:
                code, width = (byte & 0x1F) << 6 | (np.int64(text[at + 1]) & 0x3F), 2
            kind = np.int64(classes[code]) if width < 4 else LEFT_OUT
            if kind == LEFT_OUT:
                break
            if kind == 1:
                if begun < 0:
                    begun = at
                joined = NOWHERE
            elif begun >= 0 and joined < 0 and kind == 3:
                joined = at
                wide = width
            else:
                if begun >= 0:
                    starts[n], stops[n] = begun, at if joined < 0 else joined
                    n += 1
                    if joined >= 0:
                        starts[n], stops[n] = joined, joined + wide
                        n += 1
                    begun = joined = NOWHERE
                starts[n], stops[n] = at, at + width
                n += 1
            at += width
        if at < end:
            n, counts[i] = before, -1
            continue
        if begun >= 0:
            starts[n], stops[n] = begun, at if joined < 0 else joined
            n += 1
            if joined >= 0:
                starts[n], stops[n] = joined, joined + wide
                n += 1
        counts[i] = n - before
    for i in range(n):
        keys[i] = key_of(text, starts[i], stops[i])
    return n


@part
def slot_of(key, shift):
    """Where the search for a key begins in the table."""
    return np.int64((key * GOLDEN) >> shift) << 1


@kernel
def enter(old, table, shift):
    """Enter all that an old table holds into an empty one; `shift` is 64 - log2(slots)."""
    mask = table.size - 1
    for i in range(0, old.size, 2):
        if old[i + 1] != 0:
            slot = slot_of(old[i], shift)
            while table[slot + 1] != 0:
                slot = (slot + 2) & mask
            table[slot] = old[i]
            table[slot + 1] = old[i + 1]


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
    """Number and count the items `begin` to `end` of `split`.

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
    mask = table.size - 1
    for i in range(begin, end):
        if i + AHEAD < end:
            prefetch(table, slot_of(item_keys[i + AHEAD], shift))
        key = item_keys[i]
        if key == 0:
            ids[i] = END
            continue
        slot = slot_of(key, shift)
        value = table[slot + 1]
        while value != 0:
            if table[slot] == key:
                if key < LONG:
                    break
                word = np.int64(value & NUMBER) - 1
                if equal(text, starts[i], stops[i], blob, offsets[word], offsets[word + 1]):
                    break
            slot = (slot + 2) & mask
            value = table[slot + 1]
        if value == 0:
            offset = offsets[n_words]
            size = stops[i] - starts[i]
            if n_words == offsets.size - 1 or offset + size > blob.size:
                return i, n_words
            for j in range(size):
                blob[offset + j] = text[starts[i] + j]
            n_words += 1
            offsets[n_words] = offset + size
            table[slot] = key
            value = np.uint64(n_words)
        table[slot + 1] = value + once
        ids[i] = np.int64(value & NUMBER) - 1
    return end, n_words


@part
def part_of(key, parts):
    """In which of so many parts, a power of two, a word is; by other bits than its slot."""
    mixed = key * PRIME
    mixed = (mixed ^ (mixed >> np.uint64(29))) * GOLDEN
    return np.int64((mixed >> np.uint64(20)) & np.uint64(parts - 1))


@kernel
def merge(theirs, begin, which, words, n_words, shift, numbers):
    """Enter and count the words of another vocabulary, those of one part of all words.

    Args:
        theirs: Their `keys`, `counts`, `offsets` and `blob`.
        begin: The first of them to look at.
        which: `(part, parts)`.
        words: The vocabulary, as for `look_up`.
        n_words: How many words it has.
        shift: 64 - log2(number of slots).
        numbers: int32, receives the number of each of their words in this part.

    Returns:
        As `look_up`.
    """
    keys, counts, ends, text = theirs
    table, offsets, blob = words
    mask = table.size - 1
    for i in range(begin, keys.size):
        key = keys[i]
        if part_of(key, which[1]) != which[0]:
            continue
        start, stop = ends[i], ends[i + 1]
        slot = slot_of(key, shift)
        value = table[slot + 1]
        while value != 0:
            if table[slot] == key:
                word = np.int64(value & NUMBER) - 1
                if key < LONG or equal(text, start, stop, blob, offsets[word], offsets[word + 1]):
                    break
            slot = (slot + 2) & mask
            value = table[slot + 1]
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
        table[slot + 1] = value + (np.uint64(counts[i]) << BITS)
        numbers[i] = np.int64(value & NUMBER) - 1
    return keys.size, n_words


@kernel
def settle(keys, which, chosen, numbers):
    """Replace the numbers of the words of one part by `chosen[number]`."""
    for i in range(keys.size):
        if part_of(keys[i], which[1]) == which[0]:
            numbers[i] = chosen[numbers[i]]


@kernel
def expanded_size(ids, spans):
    """How many tokens there are in runs, with the ends of sentences; see `expand`."""
    n = 0
    for run in ids:
        n += 1 if run < 0 else spans[run] & LENGTH
    return n


@kernel
def expand(ids, spans, flat, out):
    """Write the tokens of runs, one behind the other.

    Args:
        ids: int32, numbers of runs, and -1, which stays.
        spans: int64: the tokens of run `i` begin at `spans[i] >> 32` in `flat`, and the other
            bits are how many there are.
        flat: int32.
        out: int32 `(expanded_size(ids, spans),)`.
    """
    n = 0
    for run in ids:
        if run < 0:
            out[n] = END
            n += 1
            continue
        begin = spans[run] >> 32
        for at in range(begin, begin + (spans[run] & LENGTH)):
            out[n] = flat[at]
            n += 1


@kernel
def credit(run_counts, spans, flat, counts):
    """Add to `counts`, int64 by token, how often each is in runs that were seen so often."""
    for run in range(run_counts.size):
        begin = spans[run] >> 32
        for at in range(begin, begin + (spans[run] & LENGTH)):
            counts[flat[at]] += run_counts[run]


@kernel
def renumber(ids, rank, every_end):
    """Replace each number i by `rank[i]`, in place, and leave out those of rank -1.

    Sentence ends stay: all of them if `every_end`, and else not two in a row. Returns how many
    entries are left.
    """
    n = 0
    for i in range(ids.size):
        word = ids[i]
        if word >= 0:
            word = rank[word]
            if word < 0:
                continue
        elif not every_end and n > 0 and ids[n - 1] < 0:
            continue
        ids[n] = word
        n += 1
    return n
