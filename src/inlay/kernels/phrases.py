"""Neighbouring words of a numbered text as one word each, to be counted as words are.

Source: Mikolov et al. 2013, section 4; with connectors inside a phrase, as gensim has them.
"""

from inlay.kernels.compiled import njit
from inlay.kernels.word_keys import key_of

kernel = njit(cache=True, nogil=True)


@kernel
def joined_neighbours(ids, offsets, blob, connects, delimiter, text, items):
    """Join each word with the next one that is no connector, and all connectors between them.

    Args:
        ids: int32, words, and -1 at the end of each sentence, over which nothing is joined.
        offsets: int64: word `i` is `blob[offsets[i]:offsets[i + 1]]`.
        blob: uint8.
        connects: bool, whether each word is a connector.
        delimiter: uint8, what is put between words.
        text: uint8; receives what was joined, of each word and delimiter at most two copies.
        items: uint64 keys, int32 starts and int32 stops, as `inlay.kernels.spaces.split` gives
            them; as many as there are ids.

    Returns:
        How many there are.
    """
    keys, starts, stops = items
    n = at = 0
    begin = -1
    for i in range(ids.size):
        word = ids[i]
        if word < 0:
            begin = -1
            continue
        if connects[word]:
            continue
        if begin >= 0:
            starts[n] = at
            for j in range(begin, i + 1):
                if j > begin:
                    for k in range(delimiter.size):
                        text[at] = delimiter[k]
                        at += 1
                for k in range(offsets[ids[j]], offsets[ids[j] + 1]):
                    text[at] = blob[k]
                    at += 1
            stops[n] = at
            keys[n] = key_of(text, starts[n], stops[n])
            n += 1
        begin = i
    return n
