import struct

import numpy as np
import pytest
from fuzz.fasttext import hashed

from inlay.core.tokens import Tokens, pack, slot_shift
from inlay.kernels import ngrams

DENSE = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
WORDS = ["<film>", "<영화>", "<>", "<film😀é>", "<한국어를\u0301>", "<xxxxxxxxxxxxxxxxx>"]
LISTED = ["fi", "화>", "<", "😀", "xxx"]
ROWS = np.array([3, 39, 0, 3, 7])
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered")  # plain numpy: it wraps

# What finalfusion 0.7.1 for Python has for them: `FinalfusionHashIndexer(63)`.
FINALFUSION = {
    "<th": 4748676540690069734,
    "a": 9112007232285801109,
    "영화": 7287565642625838394,
    "😀é>": 4669986885860689858,
    "x" * 40: 1915796927241232557,
    "한국어를\u0301": 8566186158506509393,
}
# What spaCy 3.8 has for them, with the seed 2166136261: `Vectors._get_ngram_hashes`.
FLORET = {
    "<th": [3500661023, 3432374946, 3495011871, 2269669789],
    "영화": [1782045512, 2745871582, 1064369009, 4185217748],
    "x" * 40: [891120308, 2594168655, 1580692039, 2897856728],
    "0123456789abcdef": [968875587, 2430906874, 1666559244, 1945315753],
    "0123456789abcdef1234567": [1990119804, 2015298417, 2356904057, 2073465198],
}


def compiled_and_plain(kernel):
    return pytest.param(kernel, id="compiled"), pytest.param(kernel.py_func, id="plain")


@pytest.mark.parametrize("kernel", compiled_and_plain(ngrams.finalfusion_hash))
def test_hashes_are_finalfusion_s(kernel):
    for gram, hash_ in FINALFUSION.items():
        blob, offsets = pack(["é", gram])
        assert int(kernel(blob, *offsets[1:], len(gram))) % 2**63 == hash_


@pytest.mark.parametrize("kernel", compiled_and_plain(ngrams.murmur_128))
def test_hashes_are_floret_s(kernel):
    for gram, hashes in FLORET.items():
        blob, offsets = pack(["é", gram])
        two = kernel(blob, *offsets[1:], 2166136261)
        assert [*struct.unpack("<4I", struct.pack("<2Q", *map(int, two)))] == hashes


def grams(word, min_n, max_n):
    ends = [
        (i, i + n)
        for i in range(len(word))
        for n in range(max_n, min_n - 1, -1)
        if i + n <= len(word)
    ]
    return [word[i:j] for i, j in ends]


def rows_of(rule, gram, bucket=40):
    blob, offsets = pack([gram])
    if rule == ngrams.FASTTEXT:
        return [hashed(gram.encode()) % bucket]
    if rule == ngrams.FINALFUSION:
        return [int(ngrams.finalfusion_hash(blob, *offsets, len(gram))) % bucket]
    if rule == ngrams.EXPLICIT:
        return ROWS[[LISTED.index(gram)]].tolist() if gram in LISTED else []
    two = [int(half) for half in ngrams.murmur_128(blob, *offsets, 5)]
    return [h % bucket for half in two for h in (half % 2**32, half >> 32)][:3]


@pytest.mark.parametrize("kernel", compiled_and_plain(ngrams.sum_ngrams))
@pytest.mark.parametrize("rule", range(4))
@pytest.mark.parametrize(("min_n", "max_n"), [(1, 3), (3, 6), (2, 2), (5, 100)])
def test_the_sum_of_the_rows_of_n_grams(kernel, rule, min_n, max_n):
    listed = Tokens.from_list(LISTED)
    index = (listed.blob, listed.offsets, listed.slots, slot_shift(listed.slots.size), ROWS)
    out, parts = np.full((len(WORDS), 3), 7, np.float32), np.empty(len(WORDS), np.int32)
    codes, numbers = np.empty((0, 0), np.uint8), np.empty(0, np.float32)
    rows = (DENSE, codes, numbers, 0, codes.reshape(-1), numbers)
    kernel(*pack(WORDS), (rule, min_n, max_n, 40), (3, 5), index, rows, out, parts)
    for word, vector, n in zip(WORDS, out, parts, strict=True):
        whole = [word] if rule == ngrams.FLORET else []
        found = [row for gram in whole + grams(word, min_n, max_n) for row in rows_of(rule, gram)]
        total = np.zeros(3, np.float32)
        for row in found:
            total += DENSE[row]
        assert (n, vector.tobytes()) == (len(found), total.tobytes())
