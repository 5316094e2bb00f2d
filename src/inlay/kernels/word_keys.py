"""The keys of words: what a vocabulary compares in place of their bytes.

A word's key is its bytes, if they are at most seven, with their number on top; such words are
equal if their keys are. A longer word's key is a hash below a byte of ones, and its bytes are
compared as well. Most words of running text are short, so that looking one up is one comparison.
The hash takes eight bytes at a time, the last eight of the word among them.
"""

import numpy as np

from inlay.kernels.compiled import njit
from inlay.kernels.hashing import GOLDEN, equal
from inlay.kernels.parse import _load8

SHORT = 7  # bytes that fit into a key
TOP = np.uint64(56)
LONG = np.uint64(0xFF << 56)
U1, U3, U7, U8, U29 = (np.uint64(k) for k in (1, 3, 7, 8, 29))
MIXER = np.uint64(0xC2B2AE3D27D4EB4F)  # of xxHash

kernel = njit(cache=True, nogil=True)
part = njit(cache=True, nogil=True, forceinline=True)


@part
def _long_key(text, start, stop):
    """The key of a word of eight bytes or more."""
    mixed = _load8(text, start) * MIXER
    at, last = start + U8, stop - U8
    while at < last:
        mixed = ((mixed ^ (mixed >> U29)) + _load8(text, at)) * MIXER
        at += U8
    mixed = ((mixed ^ (mixed >> U29)) + _load8(text, last)) * GOLDEN
    return (mixed >> U8) | LONG


@part
def quick_key(text, start, stop):
    """The key of `text[start:stop]`, where eight bytes follow `start`; 0 if there is nothing."""
    start, stop = np.uint64(start), np.uint64(stop)
    size = stop - start
    if size > U7:
        return _long_key(text, start, stop)
    return (_load8(text, start) & ((U1 << (size << U3)) - U1)) | (size << TOP)


@part
def key_of(text, start, stop):
    """The same, wherever the text ends."""
    if stop - start > SHORT:
        return _long_key(text, np.uint64(start), np.uint64(stop))
    key = np.uint64(stop - start) << TOP
    for at in range(stop - start):
        key |= np.uint64(text[start + at]) << (np.uint64(at) << U3)
    return key


@part
def equal_words(text, start, stop, other, other_start, other_stop):
    """Whether two words have the same bytes, eight at a time."""
    if stop - start != other_stop - other_start:
        return False
    if stop - start <= SHORT:
        return equal(text, start, stop, other, other_start, other_stop)
    at, behind, last = np.uint64(start), np.uint64(other_start), np.uint64(stop) - U8
    same = _load8(text, last) == _load8(other, np.uint64(other_stop) - U8)
    while same and at < last:
        same = _load8(text, at) == _load8(other, behind)
        at += U8
        behind += U8
    return same


@kernel
def word_keys(text, offsets, keys, starts, stops):
    """The items of words that are known already: word `i` is `text[offsets[i]:offsets[i + 1]]`.

    Args:
        text: uint8.
        offsets: int64 `(words + 1,)`.
        keys: uint64 `(words,)`; receives each word's key, never that of a line end.
        starts: int32, as many; receives where each begins.
        stops: int32, as many; receives where each ends.
    """
    for i in range(offsets.size - 1):
        start, stop = offsets[i], offsets[i + 1]
        keys[i] = key_of(text, start, stop) if start < stop else LONG
        starts[i] = start
        stops[i] = stop


@kernel
def joined_keys(text, keys, starts, stops):
    """The items of words that stand between zero bytes, as of `word_keys`; returns how many.

    Args:
        text: uint8: the words, with a zero byte after each.
        keys: uint64; receives the keys of as many words as it has room for, and so do the others.
        starts: int32, as many.
        stops: int32, as many.
    """
    n, start = 0, 0
    for at in range(text.size):
        if text[at] == 0:
            if n < keys.size:
                if start == at:
                    keys[n] = LONG
                elif start + 8 <= text.size:
                    keys[n] = quick_key(text, start, at)
                else:
                    keys[n] = key_of(text, start, at)
                starts[n] = start
                stops[n] = at
            n += 1
            start = at + 1
    return n
